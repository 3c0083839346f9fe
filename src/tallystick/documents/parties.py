"""Who a document is from and to."""

from collections.abc import Sequence

from tallystick.core.party import Buyer, Party, Seller
from tallystick.documents import addresses
from tallystick.documents.document import Labelled, ShownParty
from tallystick.documents.payable import grouped_iban
from tallystick.documents.reader import Readership, block, line

SENDER_LINES = 3
BETWEEN = " · "


def seller_party(seller: Seller, reader: Readership) -> ShownParty:
    """Who sends it."""
    ids = [
        _id("tax_id", reader.tax_id_label, seller.tax_id, reader),
        _id("registration", "registration", seller.registration_number, reader),
    ]
    return _party("party.from", seller, reader, abroad_from=seller, ids=ids)


def customer_party(customer: Buyer, seller: Seller, label: str, reader: Readership) -> ShownParty:
    """Who gets it; on its lines the country stands only where it is not the seller's."""
    return _party(label, customer, reader, abroad_from=seller, ids=[])


def customer_ids(customer: Buyer, reader: Readership) -> list[Labelled]:
    """The customer's number with the tax office, if it has one."""
    found = _id("customer_tax_id", f"customer_{reader.tax_id_label}", customer.tax_id, reader)
    return [found] if found else []


def sender_line(party: ShownParty) -> str:
    """The sender as the window of an envelope shows it."""
    return BETWEEN.join([party.name, *party.lines][:SENDER_LINES])


def footer(seller: Seller, party: ShownParty, own: str | None, reader: Readership) -> list[list[str]]:
    """Up to four short columns: who, how to reach, where to pay, and what law asks with the account's ``own`` text."""
    bank = [
        ("payment.iban", seller.iban and grouped_iban(seller.iban)),
        ("payment.bic", seller.bic and line(seller.bic)),
    ]
    columns = [
        [party.name, *party.lines],
        [*(item.text for item in party.contact), *([line(seller.website)] if seller.website else [])],
        [f"{reader.words(label)} {text}" for label, text in bank if text],
        [*(f"{item.label} {item.text}" for item in party.ids), *block(own or "").splitlines()],
    ]
    return [column for column in columns if column]


def _party(
    label: str, party: Party, reader: Readership, *, abroad_from: Party, ids: Sequence[Labelled | None]
) -> ShownParty:
    country = party.country if party.country != abroad_from.country else None
    shown = addresses.lines(party, country and reader.notation.country(country))
    phone = getattr(party, "phone", None)
    contact = [_contact("phone", phone and reader.notation.isolated(line(phone)), reader)]
    contact.append(_contact("email", party.email and line(party.email), reader))
    return ShownParty(
        label=reader.words(label),
        name=line(party.name),
        lines=[kept for text in shown for part in text.splitlines() if (kept := line(part))],
        ids=[item for item in ids if item],
        contact=[item for item in contact if item],
    )


def _id(key: str, label: str, text: str | None, reader: Readership) -> Labelled | None:
    return reader.item(key, f"label.{label}", line(text)) if text else None


def _contact(key: str, text: str | None, reader: Readership) -> Labelled | None:
    return reader.item(key, f"label.{key}", text) if text else None
