"""A document of each kind: the sample bill of a business that speaks a language at home, and what goes with it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, TypeVar

from msgspec import Struct, structs

from tallystick.bills.types import BillRow
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.states import CreditNoteState, QuotationState
from tallystick.credit_notes.types import CreditNote, CreditNoteLine, CreditNoteRow
from tallystick.documents import content, sample
from tallystick.documents.document import Document, DocumentKind
from tallystick.documents.frame import For
from tallystick.documents.receipts import Settled, receipt
from tallystick.documents.statements import Movement, Statement, statement_document
from tallystick.invoices.types import Invoice
from tallystick.payments.types import Allocation, Payment
from tallystick.quotations.types import Quotation, QuotationRow
from tests.documents.made import NOW, account_in

S = TypeVar("S", bound=Struct)

NATIVE: Final[Mapping[str, Mapping[str, str]]] = {
    "ar": {
        "Moorwind & Söhne": "نجارة البحر الأزرق",
        "Lindenstieg 18": "مبنى 18، طريق 1805",
        "Moorstadt": "المنامة",
        "28777": "317",
        "Harrow Lane Kitchen": "مطعم دار الياسمين",
        "22 Harrow Lane": "22 شارع الزيتون",
        "Leeds": "مسقط",
        "LS6 2AB": "113",
        "GB": "OM",
        "Kitchen refit": "تجديد المطبخ",
        "Oak worktop, oiled\n3.2 m × 0.65 m, cut to the drawing": "سطح عمل من خشب البلوط\n3.2 م × 0.65 م، حسب الرسم",
        "Tall cabinet with soft-close doors": "خزانة عالية بأبواب هادئة الإغلاق",
        "Drawer insert, beech": "فاصل أدراج من خشب الزان",
        "Grab rails": "مقابض أمان",
        "Thank you for your order.": "شكرًا لطلبكم.",
    },
    "ja": {
        "Moorwind & Söhne": "株式会社潮風木工",
        "Lindenstieg 18": "港北区新横浜3-18",
        "Moorstadt": "神奈川県横浜市",
        "28777": "222-0033",
        "Harrow Lane Kitchen": "有限会社はなみ食堂",
        "22 Harrow Lane": "千代田区神田錦町2-22",
        "Leeds": "東京都",
        "LS6 2AB": "101-0054",
        "GB": "JP",
        "Kitchen refit": "厨房の改装",
        "Oak worktop, oiled\n3.2 m × 0.65 m, cut to the drawing": "オーク材の天板\n3.2 m × 0.65 m、図面どおりに加工",
        "Tall cabinet with soft-close doors": "トールキャビネット(ソフトクローズ扉)",
        "Drawer insert, beech": "引き出し用仕切り、ブナ材",
        "Grab rails": "手すり",
        "Thank you for your order.": "ご注文ありがとうございます。",
    },
}
"""What the sample says in English, in other scripts, but for two of its lines."""


def documents(language: str) -> dict[DocumentKind, Document]:
    """One of each kind, in the script of its language."""
    whom, invoice = _business(language)
    return {
        DocumentKind.INVOICE: content.of_invoice(invoice, whom),
        DocumentKind.QUOTATION: content.of_quotation(_quotation(invoice), whom),
        DocumentKind.CREDIT_NOTE: content.of_credit_note(_credit_note(invoice), whom),
        DocumentKind.RECEIPT: _receipt(invoice, whom),
        DocumentKind.STATEMENT: statement_document(_statement(invoice), invoice.customer, whom),
    }


def _business(language: str) -> tuple[For, Invoice]:
    """Who reads what a business sends, and its bill."""
    account = account_in(language)
    native = NATIVE.get(language, {})
    account = structs.replace(account, seller=_written(account.seller, native))
    made = sample.invoice(account)
    row = structs.replace(made.row, header=_written(made.row.header, native))
    customer = structs.replace(_written(made.customer, native), id=42)
    lines = [_written(line, native) for line in made.lines]
    return For(account, NOW), structs.replace(made, row=row, lines=lines, customer=customer)


def _written(struct: S, native: Mapping[str, str]) -> S:
    """With the texts of its own that are known in another script."""
    texts = {name: getattr(struct, name) for name in struct.__struct_fields__}
    return structs.replace(struct, **{name: native[text] for name, text in texts.items() if text in native})


def _quotation(invoice: Invoice) -> Quotation:
    shared: dict[str, Any] = {name: getattr(invoice.row, name) for name in BillRow.__struct_fields__}
    told = shared | {"number": "QUO-2026-0077", "state": QuotationState.SENT}
    return Quotation(QuotationRow(**told, valid_until=sample.DUE), invoice.lines, invoice.customer)


def _credit_note(invoice: Invoice) -> CreditNote:
    """It takes back the whole bill, of which a part was paid."""
    row = invoice.row
    names = {*CreditNoteRow.__struct_fields__} & {*BillRow.__struct_fields__}
    shared: dict[str, Any] = {name: getattr(row, name) for name in names}
    own = {"number": "CN-2026-0009", "state": CreditNoteState.ISSUED, "customer": invoice.customer, "issued_at": NOW}
    note = CreditNoteRow(**shared | own, invoice_id=1, to_credit=row.paid, reason="PO 4471-B")
    lines = [CreditNoteLine(**structs.asdict(line), invoice_line_id=line.id) for line in invoice.lines]
    return CreditNote(note, lines, sample.NUMBER)


def _receipt(invoice: Invoice, whom: For) -> Document:
    """Of a payment that is more than what it settles."""
    row, spare = invoice.row, 5_000
    payment = Payment(
        id=318,
        customer_id=invoice.customer.id,
        currency=row.currency,
        amount=row.paid + spare,
        to_credit=spare,
        method=PaymentMethod.BANK_TRANSFER,
        reference="TX 7-4411",
        date=sample.PAID,
        notes=None,
        status=PaymentStatus.SUCCEEDED,
        created_at=NOW,
        reversed_at=None,
        external_id=None,
        metadata={},
        version=1,
        allocations=[Allocation(1, sample.NUMBER, row.paid)],
    )
    settled = {1: Settled(sample.NUMBER, sample.ISSUED, row.sums.total, row.balance)}
    return receipt(payment, invoice.customer, settled, whom)


def _statement(invoice: Invoice) -> Statement:
    """It is below nothing once, and a part of what it ends with is overdue."""
    row, opening, overdue = invoice.row, 120_000, 20_000
    movements = [
        Movement(date(2026, 9, 2), "payment", 1, None, -opening - 500),
        Movement(date(2026, 9, 4), "invoice", 1, "INV-2026-0398", overdue + 500),
        Movement(sample.ISSUED, "invoice", 2, sample.NUMBER, row.sums.total),
        Movement(date(2026, 10, 15), "credit_note", 1, "CN-2026-0009", -2_500),
        Movement(date(2026, 10, 18), "payment", 2, None, -row.paid),
    ]
    return Statement(
        currency=row.currency,
        from_date=date(2026, 9, 1),
        to_date=NOW.date(),
        opening=opening,
        movements=movements,
        aging=[row.balance - 2_500, overdue, 0, 0, 0],
    )
