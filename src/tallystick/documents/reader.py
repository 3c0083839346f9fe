"""Who reads a document, and how it is written for them."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from tallystick.core.party import Party
from tallystick.documents.document import DocumentKind, Labelled
from tallystick.documents.languages import DEFAULT_LANGUAGE, LANGUAGES, words
from tallystick.documents.notation import Notation, locale_of

# Control characters but the line feed, and those that turn the direction of what follows (Unicode, UAX 9).
UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
# Where the tax on sales is none of value added, or its law has another name for it.
PLAINLY_TAXED = frozenset(
    ("AU", "BN", "BR", "CA", "CU", "HK", "IN", "JP", "KW", "MO", "MY", "NZ", "PK", "PR", "QA", "SG", "US")
)
# Where law asks that a bill with tax is titled so.
TAX_INVOICES = frozenset(("AE", "AU", "BH", "IN", "NZ", "OM", "SA", "SG", "ZA"))


class Readership:
    """How a document from a seller is written: in a language (a tag of BCP 47), on a day, in a currency.

    The words follow the reader's language, and what law asks for follows the seller's country.
    """

    def __init__(self, seller: Party, customer: Party | None, *, language: str | None, currency: str, today: date):
        tag = language or (customer.language if customer else None) or seller.language
        locale = locale_of(tag, customer.country if customer else None, seller.country)
        self.language = str(locale.language)
        self.region = locale.territory if (locale.territory or "").isalpha() else None
        self.words = words(self.language)
        self.notation = Notation(locale, currency)
        self.currency = currency
        self.today = today
        self._sellers_country = seller.country
        # The seller's own names of units may be in English, or in the language that it writes.
        own = (seller.language or DEFAULT_LANGUAGE).split("-")[0].lower()
        self.sellers_words = words(own if own in LANGUAGES else DEFAULT_LANGUAGE)
        names = dict.fromkeys((DEFAULT_LANGUAGE, self.language, own))
        self._vocabularies = [words(name) for name in names if name in LANGUAGES]

    @property
    def tax_name(self) -> str:
        """What the seller's tax on sales is called."""
        has_vat = self._sellers_country and self._sellers_country not in PLAINLY_TAXED
        return self.words("total.tax_name" if has_vat else "total.plain_tax_name")

    @property
    def tax_id_label(self) -> str:
        """What a number with the tax office is called."""
        has_vat = self._sellers_country and self._sellers_country not in PLAINLY_TAXED
        return "vat_id" if has_vat else "tax_number"

    def title(self, kind: DocumentKind, *, is_taxed: bool) -> str:
        """What the document is called."""
        is_tax_invoice = kind is DocumentKind.INVOICE and is_taxed and self._sellers_country in TAX_INVOICES
        return self.words("title.tax_invoice" if is_tax_invoice else f"title.{kind}")

    def numbered(self, title: str, number: str) -> str:
        """A title with the number of what it names."""
        return self.words("title.numbered", title=title, number=self.notation.isolated(number))

    def pair(self, first: str, second: str) -> str:
        """Two texts side by side."""
        return self.words("label.pair", first=first, second=second)

    def item(self, key: str, label: str, text: str) -> Labelled:
        """A text with its label, which is given by its key."""
        return Labelled(key=key, label=self.words(label), text=text)

    def unit(self, name: str | None, quantity: Decimal) -> str | None:
        """A unit of measure in the reader's words, for so many; one that no language of ours knows as it is."""
        if not name:
            return None
        for vocabulary in self._vocabularies:
            if key := vocabulary.unit_called(name):
                return self.words.plural(key, self.notation.plural_category(quantity))
        return line(name)


def line(text: str) -> str:
    """A text as one line shows it, without what cannot be shown."""
    return " ".join(block(text).split("\n"))


def block(text: str) -> str:
    """As ``line``, with its line feeds."""
    return unicodedata.normalize("NFC", UNSHOWN.sub("", text.replace("\r\n", "\n"))).strip()
