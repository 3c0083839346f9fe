"""How to pay: the seller's bank account, and its QR code for banking apps (EPC069-12)."""

from decimal import Decimal
from functools import lru_cache
from io import BytesIO

from segno import helpers
from stdnum import iban as ibans
from stdnum.exceptions import ValidationError

from tallystick.core.money import digits, to_decimal
from tallystick.core.party import Seller
from tallystick.documents.document import Code, HowToPay, Labelled
from tallystick.documents.reader import Readership, line

# EPC069-12, version 3.1: what a code can hold.
MOST, LEAST = Decimal("999999999.99"), Decimal("0.01")
LONGEST_NAME, LONGEST_TEXT = 70, 140
CODES_KEPT = 1_000
"""Some 3 kB each."""


def payment(text: str | None, seller: Seller, reference: str, due: int, reader: Readership) -> HowToPay | None:
    """What to do to pay ``due`` minor units; None where there is nothing to say of it."""
    rows = _bank_account(seller, reference, reader)
    if not text and not rows:
        return None
    return HowToPay(
        heading=reader.words("payment.heading"),
        text=text,
        rows=rows,
        qr=_code(seller, reference, to_decimal(due, digits(reader.currency)), reader),
    )


def grouped_iban(iban: str) -> str:
    """An IBAN in groups of four, or as it is where it is none."""
    try:
        formatted: str = ibans.format(ibans.validate(iban))
    except ValidationError:
        return line(iban)
    return formatted


def _bank_account(seller: Seller, reference: str, reader: Readership) -> list[Labelled]:
    if not seller.iban:
        return []
    rows = {"holder": line(seller.name), "iban": grouped_iban(seller.iban), "bic": seller.bic, "reference": reference}
    return [reader.item(key, f"payment.{key}", line(text)) for key, text in rows.items() if text]


def _code(seller: Seller, reference: str, due: Decimal, reader: Readership) -> Code | None:
    """The code, where the account is in reach of SEPA's transfers: the IBAN is one, the currency the euro.

    There is none where no name or no reference can be shown, or where they take more bytes than a code holds.
    """
    if reader.currency != "EUR" or not LEAST <= due <= MOST or not seller.iban or not ibans.is_valid(seller.iban):
        return None
    svg = _drawn(line(seller.name)[:LONGEST_NAME], ibans.compact(seller.iban), due, reference[:LONGEST_TEXT])
    return Code(svg, reader.words("payment.scan")) if svg else None


@lru_cache(CODES_KEPT)
def _drawn(name: str, iban: str, due: Decimal, text: str) -> str | None:
    """The code as SVG. To draw it takes longer than to write all else that a bill says, and each who reads asks."""
    try:
        # Without a BIC, which the standard asks for no more: one that is wrong would spoil the code.
        code = helpers.make_epc_qr(name=name, iban=iban, amount=due, text=text, encoding="utf-8")
    except ValueError:
        return None
    svg = BytesIO()
    code.save(svg, kind="svg", xmldecl=False, svgclass=None, lineclass=None, border=0, omitsize=True)
    return svg.getvalue().decode()
