"""A bill of any kind as a page, made of what its share link answers as JSON: so both say the same."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from tallystick.bills.api import TaxJson
from tallystick.bills.public import PublicBill, PublicCustomer, PublicItem, PublicSeller
from tallystick.core.bill import DiscountType
from tallystick.core.states import InvoiceStatus, QuotationStatus
from tallystick.credit_notes.public import PublicCreditNote
from tallystick.invoices.public import PublicInvoice
from tallystick.quotations.public import PublicQuotation
from tallystick.web.formats import Formats
from tallystick.web.html import Html, element, joined, page

CSS = Path(__file__).with_name("bill.css").read_text(encoding="utf-8")
MINUS = "\N{MINUS SIGN}"
COLUMNS = ("Description", "Quantity", "Unit price", "Discount", "Tax", "Amount")
Party = PublicSeller | PublicCustomer


def invoice_page(invoice: PublicInvoice) -> Html:
    """An issued invoice."""
    formats = _formats(invoice)
    settled = (("Paid", invoice.amount_paid), ("Credited", invoice.amount_credited))
    rows = [_total(name, MINUS + formats.amount(amount)) for name, amount in settled if amount]
    rows.append(_total("Balance due", formats.amount(invoice.balance_due), class_="sum"))
    revised = (("Revised on", invoice.revised_on),) if invoice.revised_on else ()
    days = (("Issued", invoice.issue_date), ("Due", invoice.due_date), *revised)
    title = f"Invoice {invoice.invoice_number}"
    shown_status = element("span", _standing(invoice), class_=f"status {invoice.status}")
    return _page(title, shown_status, invoice, days, rows, _payment(invoice.seller))


CREDITED = {InvoiceStatus.PAID: "Credited", InvoiceStatus.PARTIALLY_PAID: "Partially credited"}
"""What stands for these where nothing was paid."""


def _standing(invoice: PublicInvoice) -> str:
    """An invoice's status in words, which claim no payment where credit notes alone settled it."""
    is_only_credited = invoice.amount_credited and not invoice.amount_paid
    return (is_only_credited and CREDITED.get(invoice.status)) or _in_words(invoice.status)


def quotation_page(quotation: PublicQuotation, path: str) -> Html:
    """An issued quotation; while it can be answered, with two buttons that post to ``path``/accept and /reject."""
    days = (("Dated", quotation.issue_date), ("Valid until", quotation.valid_until))
    answers = (_answer(path, "Accept"), _answer(path, "Reject")) if quotation.status is QuotationStatus.SENT else ()
    title = f"Quotation {quotation.quotation_number}"
    shown_status = element("span", _in_words(quotation.status), class_=f"status {quotation.status}")
    return _page(title, shown_status, quotation, days, [], joined(*answers))


def credit_note_page(credit_note: PublicCreditNote) -> Html:
    """A credit note, which names the invoice that it lowers."""
    formats = _formats(credit_note)
    shares = (("Off the invoice", credit_note.amount_applied), ("Your credit", credit_note.amount_to_credit))
    rows = [_total(name, formats.amount(amount)) for name, amount in shares if amount]
    of_invoice = _text(f"For invoice {credit_note.invoice_number}")
    reason = _text(credit_note.reason) if credit_note.reason else joined()
    title = f"Credit note {credit_note.credit_note_number}"
    days = (("Issued", credit_note.issue_date),)
    return _page(title, joined(), credit_note, days, rows, joined(of_invoice, reason))


def message_page(title: str, sentence: str) -> Html:
    """A page that says one thing."""
    return page(title, CSS, element("h1", title), element("p", sentence))


def _answer(path: str, name: str) -> Html:
    verb = name.lower()
    return element("form", element("button", name, type="submit"), method="post", action=f"{path}/{verb}", class_=verb)


def _in_words(status: str) -> str:
    return status.replace("_", " ").capitalize()


def _formats(bill: PublicBill) -> Formats:
    return Formats(bill.customer.language or bill.seller.language, bill.currency)


def _page(
    title: str, shown_status: Html, bill: PublicBill, days: tuple[tuple[str, date], ...], rows: list[Html], last: Html
) -> Html:
    formats = _formats(bill)
    return page(
        f"{title} · {bill.seller.name}",
        CSS,
        element("header", element("h1", title), shown_status),
        *(_text(text) for text in (bill.title,) if text),
        element(
            "section",
            _party("From", bill.seller, formats),
            _party("To", bill.customer, formats),
            element("div", *(_day(name, day, formats) for name, day in days)),
            class_="parties",
        ),
        element("div", _lines(bill, formats), class_="lines"),
        element("table", element("tbody", *_totals(bill, formats), *rows), class_="totals"),
        *(_text(text) for text in (_references(bill, formats), bill.payment_terms, bill.notes) if text),
        last,
    )


def _party(heading: str, party: Party, formats: Formats) -> Html:
    address = party.lines(party.country and formats.country(party.country))
    details = "\n".join(line for line in (*address, party.tax_id, party.email) if line)
    return element(
        "div", element("h2", heading), element("strong", party.name), "\n", details, class_="party", dir="auto"
    )


def _references(bill: PublicBill, formats: Formats) -> str:
    """What the buyer knows the bill by, a line each, and the days of service."""
    names = {"Order": bill.purchase_order, "Your reference": bill.buyer_reference, "Project": bill.project}
    days = (formats.day(day) for day in (bill.service_start, bill.service_end) if day)
    names["Service"] = " \N{EN DASH} ".join(dict.fromkeys(days))
    return "\n".join(f"{name}: {value}" for name, value in names.items() if value)


def _day(name: str, day: date, formats: Formats) -> Html:
    return element("div", element("h2", name), element("time", formats.day(day), datetime=day.isoformat()))


def _text(text: str) -> Html:
    return element("p", text, class_="text", dir="auto")


def _lines(bill: PublicBill, formats: Formats) -> Html:
    first, *numbers = COLUMNS
    names = element("tr", element("th", first), *(element("th", name, class_="number") for name in numbers))
    return element("table", element("thead", names), element("tbody", *(_line(item, formats) for item in bill.items)))


def _line(item: PublicItem, formats: Formats) -> Html:
    cells = (
        f"{formats.number(item.quantity)} {item.unit or ''}".rstrip(),
        formats.unit_price(item.unit_price),
        _discount(item.discount_type, item.discount_value, formats),
        formats.percent(item.tax_rate),
        formats.amount(item.line_total),
    )
    description = element("td", item.description, class_="description", dir="auto")
    return element("tr", description, *(element("td", cell, class_="number") for cell in cells))


def _discount(type: str | None, value: Decimal | None, formats: Formats) -> str:
    if type is None or value is None:
        return ""
    return formats.percent(value) if type == DiscountType.PERCENTAGE else formats.amount(value)


def _totals(bill: PublicBill, formats: Formats) -> Iterator[Html]:
    yield _total("Subtotal", formats.amount(bill.subtotal))
    if bill.discount_amount:
        percent = bill.discount_type == DiscountType.PERCENTAGE and bill.discount_value
        name = f"Discount {formats.percent(percent)}" if percent else "Discount"
        yield _total(name, MINUS + formats.amount(bill.discount_amount))
    if not bill.prices_include_tax:
        yield from (_tax("Tax", tax, formats) for tax in bill.taxes)
    yield _total("Total", formats.amount(bill.total), class_="sum")
    if bill.prices_include_tax:
        yield from (_tax("Including tax", tax, formats) for tax in bill.taxes)


def _tax(name: str, tax: TaxJson, formats: Formats) -> Html:
    reason = f" ({tax.exemption_reason})" if tax.exemption_reason else ""
    label = f"{name} {formats.percent(tax.rate)} on {formats.amount(tax.base)}{reason}"
    return _total(label, formats.amount(tax.amount))


def _total(name: str, amount: str, **attributes: str) -> Html:
    return element("tr", element("th", name, scope="row"), element("td", amount, class_="number"), **attributes)


def _payment(seller: PublicSeller) -> Html:
    account = (("IBAN", seller.iban), ("BIC", seller.bic))
    return _text("\n".join(f"{name} {value}" for name, value in account if value)) if seller.iban else joined()
