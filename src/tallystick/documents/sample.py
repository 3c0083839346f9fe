"""A made-up bill, which shows what a template makes of one."""

from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import structs

from tallystick.bills import rules, store
from tallystick.bills.header import Header
from tallystick.bills.types import NewBill
from tallystick.core.account import Account
from tallystick.core.bill import Bill, Discount, DiscountType, Line, LineTax
from tallystick.core.money import Rounding, RoundingMode
from tallystick.core.party import Buyer, Seller
from tallystick.core.states import InvoiceState
from tallystick.core.totals import compute
from tallystick.invoices.kind import INVOICES
from tallystick.invoices.types import Invoice, PaymentLine

ISSUED, DUE, PAID = date(2026, 10, 14), date(2026, 11, 13), date(2026, 10, 18)
AT = datetime(2026, 10, 14, 12, tzinfo=UTC)
NUMBER = "INV-2026-0412"
TEN_PERCENT = Discount(DiscountType.PERCENTAGE, Decimal(10))
FULL, REDUCED = LineTax(Decimal(20)), LineTax(Decimal(5))
LINES = (
    Line("Oak worktop, oiled\n3.2 m × 0.65 m, cut to the drawing", Decimal(2), Decimal("486.00"), "piece", None, FULL),
    Line("Tall cabinet with soft-close doors", Decimal(4), Decimal("612.50"), "piece", TEN_PERCENT, FULL),
    Line("Drawer insert, beech", Decimal(8), Decimal("34.75"), "piece", None, FULL),
    Line("Fitting on site", Decimal("38.5"), Decimal("46.00"), "hour", None, FULL),
    Line("Grab rails", Decimal(3), Decimal("84.00"), "piece", None, REDUCED),
    Line("Mileage", Decimal(112), Decimal("0.45"), "kilometre", None, FULL),
)
HEADER = Header(title="Kitchen refit", purchase_order="PO 4471", notes="Thank you for your order.")
ACCOUNT = Account(
    id=0,
    seller=Seller(name="Fernhill Joinery", email="accounts@fernhill.example", city="Leeds", country="GB"),
    currency="GBP",
    timezone="UTC",
    payment_terms_days=30,
    number_patterns={},
    rounding=Rounding.DOCUMENT,
    rounding_mode=RoundingMode.HALF_UP,
    prices_include_tax=False,
    version=1,
    created_at=AT,
    updated_at=AT,
)
CUSTOMER = Buyer(
    id=0, name="Harrow Lane Kitchen", address_line1="22 Harrow Lane", city="Leeds", postal_code="LS6 2AB", country="GB"
)


def invoice(account: Account) -> Invoice:
    """An issued invoice of the account, in its currency, of which a part is paid."""
    bill = Bill(
        currency=account.currency,
        lines=LINES,
        discount=Discount(DiscountType.PERCENTAGE, Decimal("2.5")),
        prices_include_tax=False,
        rounding=account.rounding,
        rounding_mode=account.rounding_mode,
    )
    totals = compute(bill)
    new = NewBill(customer_id=0, items=(), issue_date=ISSUED, due_date=DUE, header=HEADER)
    columns = rules.draft_columns(new, account, AT, INVOICES.due_column)
    draft = INVOICES.draft_row(columns, bill, totals, CUSTOMER.name)
    paid = totals.total // 4
    row = structs.replace(draft, state=InvoiceState.ISSUED, number=NUMBER, seller=account.seller, paid=paid)
    payment = PaymentLine(
        id=0,
        amount=paid,
        applied=paid,
        method="bank_transfer",
        reference=None,
        date=PAID,
        notes=None,
        status="succeeded",
        created_at=AT,
    )
    return Invoice(row, store.unstored_lines(bill, totals), CUSTOMER, [payment])
