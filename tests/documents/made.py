"""Documents for tests: of bills that are made through the API, and of the sample in each language."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from tallystick.accounts import store as accounts
from tallystick.core.account import Account
from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.party import Seller
from tallystick.credit_notes import store as credit_notes
from tallystick.documents import content, sample
from tallystick.documents.document import Document
from tallystick.documents.frame import For
from tallystick.invoices import store as invoices
from tallystick.quotations import store as quotations
from tallystick.store.db import Tx
from tests.api import Api

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
HOMES = {
    "en": ("GB", "GBP", None),
    "de": ("DE", "EUR", "DE02120300000000202051"),
    "fr": ("FR", "EUR", "FR1420041010050500013M02606"),
    "es": ("ES", "EUR", "ES9121000418450200051332"),
    "pt": ("PT", "EUR", "PT50000201231234567890154"),
    "nl": ("NL", "EUR", "NL91ABNA0417164300"),
    "it": ("IT", "EUR", "IT60X0542811101000000123456"),
    "pl": ("PL", "PLN", "PL61109010140000071219812874"),
    "ar": ("BH", "BHD", "BH67BMAG00001299123456"),
    "ja": ("JP", "JPY", None),
}
"""Of each language, a country that speaks it, its currency, and an IBAN of nobody's."""


def account_in(language: str) -> Account:
    """The account of a business that speaks a language at home."""
    country, currency, iban = HOMES[language]
    seller = Seller(
        name="Moorwind & Söhne",
        email="hello@moorwind.example",
        tax_id="XX999999999",
        language=language,
        address_line1="Lindenstieg 18",
        city="Moorstadt",
        postal_code="28777",
        country=country,
        iban=iban,
    )
    return Account(
        id=1,
        seller=seller,
        currency=currency,
        timezone="UTC",
        payment_terms_days=30,
        number_patterns={},
        rounding=Rounding.DOCUMENT,
        rounding_mode=RoundingMode.HALF_UP,
        prices_include_tax=False,
        version=1,
        created_at=NOW,
        updated_at=NOW,
    )


def sample_in(language: str) -> Document:
    """The document of the sample bill of a business that speaks a language at home."""
    account = account_in(language)
    return content.of_invoice(sample.invoice(account), For(account, NOW))


def document_of(api: Api, kind: str, bill: Any, language: str | None = None) -> Document:
    """The document of a bill as it stands now; ``kind`` is invoice, quotation or credit_note."""
    with api.database.read() as tx:
        whom = For(accounts_own(tx, api), tx.now, language)
        if kind == "invoice":
            return content.of_invoice(invoices.get(tx, whom.account, bill["id"]), whom)
        if kind == "quotation":
            return content.of_quotation(quotations.get(tx, whom.account, bill["id"]), whom)
        return content.of_credit_note(credit_notes.get(tx, whom.account, bill["id"]), whom)


def accounts_own(tx: Tx, api: Api) -> Account:
    """The account with its settings of now."""
    return accounts.get(tx, api.account.id)


def totals_of(document: Document) -> dict[str, str]:
    """The texts of the totals by their labels, with what stands beside them."""
    return {" ".join(part for part in (row.label, row.on) if part): row.text for row in document.totals}


def texts_of(document: Document) -> list[tuple[str, str]]:
    """Every text that a document holds for its reader, with the path to it."""
    return list(_texts(msgspec.to_builtins(document), ""))


UNREAD = {"key", "kind", "language", "region", "direction", "paper", "palette", "tone", "svg", "page"}
"""What is for programs."""


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path.lstrip("."), value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in UNREAD:
                yield from _texts(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, path)
