"""A year of believable business, for trying Tallystick out, done through the same verbs as the API's.

It is told as stories, such as that of an invoice from its draft to its last payment. A story is a generator: it
yields the days until its next step, and is sent a Tx that believes it is then. Everything follows from one seed and
from the instant at which the year ends.
"""

import heapq
import random
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple, TypeVar

from msgspec import structs

from tallystick.accounts import ops as accounts
from tallystick.accounts import store as account_store
from tallystick.bills.header import Header
from tallystick.bills.types import Item, NewBill
from tallystick.core.account import Account
from tallystick.core.bill import Discount, DiscountType
from tallystick.core.money import digits, to_decimal
from tallystick.core.payment import PaymentMethod, PaymentStatus
from tallystick.core.periods import Frequency
from tallystick.credit_notes import ops as credit_notes
from tallystick.credit_notes.types import NewCreditNote, WantedCredit
from tallystick.customers.resource import CUSTOMERS
from tallystick.customers.types import Customer
from tallystick.invoices import ops as invoices
from tallystick.invoices import store as invoice_store
from tallystick.invoices.types import Invoice
from tallystick.payments import ops as payments
from tallystick.payments import reversal
from tallystick.payments.types import Excess, NewPayment
from tallystick.products import ops as products
from tallystick.products.types import Product
from tallystick.quotations import convert
from tallystick.quotations import ops as quotations
from tallystick.quotations.types import CustomerAnswer, Quotation
from tallystick.recurring import billing
from tallystick.recurring import ops as schedules
from tallystick.recurring.types import BillingTerms, RunRequest
from tallystick.store.db import Database, Tx
from tallystick.store.migrate import migrate
from tallystick.store.secrets import FIRST_ACCOUNT_ID
from tallystick.taxes import ops as taxes

API_KEY = "your-api-key-change-this"
"""The key that ``seeds/ihs-billing.txt`` documents. The demo makes it; nothing else has it unless told to."""

ACTOR = "demo"
SEED = 1215  # Magna Carta was sealed in this year, and the Exchequer counted on tallies
DAYS = 365
OPENS, CLOSES = 8, 17  # hours, in UTC

Story = Generator[int, Tx, None]


class Year:
    """The stories of a year, each waiting for its next step; the steps are done in the order of time.

    What would come after the year's end is not done: that is why the newest invoices are drafts, or not yet paid.
    """

    def __init__(self, end: datetime) -> None:
        self.now = datetime.combine(end.date() - timedelta(days=DAYS), time(OPENS), UTC)
        self.luck = random.Random(SEED)  # noqa: S311 - no secret comes of it
        self._end = end
        self._order = count()
        self._waiting: list[tuple[datetime, int, Story]] = []

    def begin(self, story: Story) -> None:
        """Lets a story begin: it says in how many days it has its first step, or ends at once."""
        days = next(story, None)
        if days is not None:
            self._wait(story, days)

    def pass_by(self, tx: Tx) -> None:
        """Does every step up to the year's end."""
        while self._waiting and self._waiting[0][0] <= self._end:
            self.now, _, story = heapq.heappop(self._waiting)
            days = _step(story, self.moment(tx))
            if days is not None:
                self._wait(story, days)

    def moment(self, tx: Tx) -> Tx:
        """The transaction, as if it had begun at this moment of the year."""
        tx.now = self.now
        return tx

    def _wait(self, story: Story, days: int) -> None:
        opening = datetime.combine(self.now.date() + timedelta(days=days), time(OPENS), UTC)
        at = opening + timedelta(minutes=self.luck.randrange(60 * (CLOSES - OPENS)))
        heapq.heappush(self._waiting, (max(at, self.now), next(self._order), story))


def _step(story: Story, tx: Tx) -> int | None:
    """Does a story's next step: the days until the one after it, or None where the story has ended."""
    try:
        return story.send(tx)
    except StopIteration:
        return None


class Shop(NamedTuple):
    """The business: its account, what it sells, and what every story needs to go on."""

    year: Year
    account: Account
    catalogue: list[Product]
    abroad: Mapping[str, int]
    """The taxes for customers outside the shop's own country, by name."""

    @property
    def luck(self) -> random.Random:
        """Where everything that could be otherwise comes from."""
        return self.year.luck

    def tax_for(self, customer: Customer) -> int | None:
        """The tax that a customer's country calls for; None where each product has its own."""
        if customer.buyer.country == HOME:
            return None
        return self.abroad[REVERSE_CHARGE if customer.buyer.country in EUROPEAN_UNION else EXPORT]


def fill(url: str, end: datetime) -> None:
    """Migrates the empty database at ``url``, and fills it with the year of business that ends at ``end``."""
    year = Year(end)
    with closing(Database(url)) as database:
        migrate(database)
        # One transaction for the whole year, so that it waits for the disk once and not a thousand times.
        with database.transaction(ACTOR) as tx:
            shop = open_shop(year.moment(tx), year)
            *others, newest = CLIENTS
            year.begin(meet(shop, newest))
            for place, client in enumerate(others):
                tell = retain if place >= len(others) - RETAINED else serve
                year.begin(tell(shop, client, arrival=place * DAYS // (2 * len(CLIENTS))))
            year.begin(bill_retainers(shop))
            year.pass_by(tx)


def open_shop(tx: Tx, year: Year) -> Shop:
    """Makes the account with its settings, taxes and products."""
    accounts.first_start(tx, API_KEY)
    account = accounts.change_settings(tx, account_store.get(tx, FIRST_ACCOUNT_ID), SETTINGS, None)
    made = {name: taxes.create(tx, account, {"name": name, **values}).id for name, values in TAXES.items()}
    catalogue = [
        products.create(tx, account, {**values, "tax_id": made[tax], "is_active": True}) for tax, values in PRODUCTS
    ]
    return Shop(year, account, catalogue, made)


def serve(shop: Shop, client: "Client", arrival: int) -> Story:
    """A client arrives, and from then on gets an invoice every few weeks."""
    tx = yield arrival
    customer = CUSTOMERS.create(tx, shop.account, client.details())
    while True:
        if shop.luck.randrange(100) < QUOTED:
            quotation = quotations.create(tx, shop.account, order(shop, customer))
            shop.year.begin(chosen(shop, ANSWERS)(shop, quotation))
        else:
            draft = invoices.create(tx, shop.account, order(shop, customer))
            shop.year.begin(chosen(shop, BEGINNINGS)(shop, draft))
        tx = yield shop.luck.randrange(5, 49)


def meet(shop: Shop, client: "Client") -> Story:
    """A client arrives in the last days, and what it asked for still lies on the desk."""
    tx = yield DAYS - 3
    customer = CUSTOMERS.create(tx, shop.account, client.details())
    for _ in range(3):
        invoices.create(tx, shop.account, order(shop, customer))
    _drawn_up, offered = (quotations.create(tx, shop.account, order(shop, customer)) for _ in range(2))
    tx = yield 1
    quotations.publish(tx, shop.account, offered.row.id)


def retain(shop: Shop, client: "Client", arrival: int) -> Story:
    """A client on a retainer arrives: a schedule bills it, and some clients pause or leave."""
    tx = yield arrival
    customer = CUSTOMERS.create(tx, shop.account, client.details())
    content = NewBill(customer_id=customer.id, items=(retainer(shop, customer),))
    start = shop.year.now.date()
    months = shop.luck.choice((Frequency.MONTHLY, Frequency.MONTHLY, Frequency.QUARTERLY))
    recurring = schedules.create(
        tx, shop.account, content, structs.replace(RETAINER, frequency=months, start_date=start)
    )
    tx = yield shop.luck.randrange(60, 200)
    if shop.luck.randrange(100) < PAUSED:
        schedules.toggle(tx, shop.account, recurring.row.id, catches_up=False)
        tx = yield shop.luck.randrange(30, 200)
        schedules.toggle(tx, shop.account, recurring.row.id, catches_up=False)


def retainer(shop: Shop, customer: Customer) -> Item:
    """What a client on a retainer pays each period."""
    currency = customer.currency or shop.account.currency
    price = (shop.luck.choice(RETAINERS) * EXCHANGE_RATES[currency]).quantize(Decimal(1))
    return Item(description="Support retainer", unit_price=price, tax_id=shop.tax_for(customer))


def bill_retainers(shop: Shop) -> Story:
    """Every morning the worker bills what is due, and what it billed is paid like any other invoice."""
    while True:
        tx = yield 1
        order = RunRequest(as_of=shop.account.today(tx.now))
        for invoice_id in billing.bill(tx, shop.account, order).invoices:
            invoice = invoice_store.get(tx, shop.account, invoice_id)
            shop.year.begin(chosen(shop, ENDINGS)(shop, invoice))


def order(shop: Shop, customer: Customer) -> NewBill:
    """What a customer asks for this time; now and then it gets a discount."""
    luck = shop.luck
    currency = customer.currency or shop.account.currency
    products_wanted = luck.sample(shop.catalogue, luck.choice((1, 1, 2, 2, 3)))
    return NewBill(
        customer_id=customer.id,
        items=tuple(item(shop, product, customer, currency) for product in products_wanted),
        due_date=shop.year.now.date() + timedelta(days=luck.choice((14, 30, 30, 45))),
        discount=luck.choice(DISCOUNTS),
        header=Header(notes=luck.choice((None, None, "Thank you for your business."))),
    )


def item(shop: Shop, product: Product, customer: Customer, currency: str) -> Item:
    """A line for a product, priced in the customer's currency."""
    price = (product.unit_price * EXCHANGE_RATES[currency]).quantize(Decimal(1))
    quantity = Decimal(shop.luck.randrange(1, LARGEST_ORDERS[product.unit or ""]))
    part = shop.luck.choice(PARTS_OF_AN_HOUR) if product.unit == "hour" else 0
    return Item(product_id=product.id, quantity=quantity + part, unit_price=price, tax_id=shop.tax_for(customer))


def billed(shop: Shop, draft: Invoice) -> Story:
    """The draft is issued after a look or two, and then its customer does as that customer does."""
    tx = yield shop.luck.choice((0, 1, 3, 6))
    issue = shop.luck.choice((invoices.publish, invoices.publish, invoices.mark_sent))
    invoice = issue(tx, shop.account, draft.row.id)
    yield from chosen(shop, ENDINGS)(shop, invoice)


def discarded(shop: Shop, draft: Invoice) -> Story:
    """The draft is thrown away."""
    tx = yield shop.luck.randrange(1, 5)
    invoices.delete(tx, shop.account, draft.row.id)


def paid_in_time(shop: Shop, invoice: Invoice) -> Story:
    """The whole amount comes before it is due."""
    tx = yield shop.luck.randrange(terms_days(invoice))
    payments.mark_paid(tx, shop.account, invoice.row.id, receipt(shop))


def paid_late(shop: Shop, invoice: Invoice) -> Story:
    """The whole amount comes after it was due."""
    tx = yield terms_days(invoice) + shop.luck.randrange(1, 40)
    payments.mark_paid(tx, shop.account, invoice.row.id, receipt(shop))


def paid_in_parts(shop: Shop, invoice: Invoice) -> Story:
    """Half comes soon, and the rest when it is due."""
    yield from half_paid(shop, invoice)
    yield from paid_in_time(shop, invoice)


def half_paid(shop: Shop, invoice: Invoice) -> Story:
    """Half comes soon, and nothing after it."""
    tx = yield shop.luck.randrange(1, 8)
    payments.record(tx, shop.account, invoice.row.id, receipt(shop, major(invoice, invoice.row.sums.total // 2)))


def never_paid(_shop: Shop, _invoice: Invoice) -> Story:
    """Nothing comes."""
    yield from ()


def declined(shop: Shop, invoice: Invoice) -> Story:
    """The card is declined, and the money comes late."""
    tx = yield shop.luck.randrange(1, 8)
    attempt = receipt(shop, major(invoice, invoice.row.sums.total))
    failed = structs.replace(
        attempt, method=PaymentMethod.CARD, status=PaymentStatus.FAILED, notes="Declined by the bank."
    )
    payments.record(tx, shop.account, invoice.row.id, failed)
    yield from paid_late(shop, invoice)


def charged_back(shop: Shop, invoice: Invoice) -> Story:
    """The money comes, is taken back, and comes again late."""
    tx = yield shop.luck.randrange(1, 8)
    paid = payments.record(tx, shop.account, invoice.row.id, receipt(shop))
    tx = yield shop.luck.randrange(2, 6)
    reversal.reverse(tx, shop.account, paid.payment.id)
    yield from paid_late(shop, invoice)


def overpaid(shop: Shop, invoice: Invoice) -> Story:
    """Too much comes, and what is too much helps to pay the next invoice."""
    tx = yield shop.luck.randrange(terms_days(invoice))
    excess = invoice.row.sums.total // 10
    payment = receipt(shop, major(invoice, invoice.row.sums.total + excess))
    payments.record(tx, shop.account, invoice.row.id, structs.replace(payment, excess=Excess.CREDIT))
    tx = yield shop.luck.randrange(5, 20)
    copy = invoices.duplicate(tx, shop.account, invoice.row.id)
    following = invoices.publish(tx, shop.account, copy.row.id)
    credit = structs.replace(receipt(shop, major(following, excess)), method=PaymentMethod.CREDIT)
    payments.record(tx, shop.account, following.row.id, credit)
    yield from paid_in_time(shop, following)


def credited_in_part(shop: Shop, invoice: Invoice) -> Story:
    """One of the first item was too much: it is credited, and the rest is paid."""
    tx = yield shop.luck.randrange(1, 8)
    one = WantedCredit(line_id=invoice.lines[0].id, quantity=Decimal(1))
    reason = "One was billed too much."
    credit_notes.create(tx, shop.account, invoice.row.id, NewCreditNote(items=(one,), reason=reason))
    yield from paid_in_time(shop, invoice)


def credited_and_replaced(shop: Shop, invoice: Invoice) -> Story:
    """The invoice was wrong: it is credited whole, and a new one takes its place."""
    tx = yield shop.luck.randrange(1, 8)
    credit_notes.create(tx, shop.account, invoice.row.id, NewCreditNote(reason="Replaced by a new invoice."))
    copy = invoices.duplicate(tx, shop.account, invoice.row.id)
    replacement = invoices.publish(tx, shop.account, copy.row.id)
    yield from paid_in_time(shop, replacement)


def voided(shop: Shop, invoice: Invoice) -> Story:
    """It should not have been sent at all."""
    tx = yield shop.luck.randrange(3)
    invoices.void(tx, shop.account, invoice.row.id)


def accepted(shop: Shop, quotation: Quotation) -> Story:
    """The customer looks at it, accepts it, and gets its invoice."""
    tx = yield from sent(shop, quotation)
    quotations.accept(tx, shop.account, quotation.row.id, CustomerAnswer(by=quotation.row.customer_name))
    tx = yield shop.luck.randrange(3)
    yield from billed(shop, convert.to_invoice(tx, shop.account, quotation.row.id))


def agreed(shop: Shop, quotation: Quotation) -> Story:
    """The customer accepts it, and the work has not begun."""
    tx = yield from sent(shop, quotation)
    quotations.accept(tx, shop.account, quotation.row.id, CustomerAnswer(by=quotation.row.customer_name))


def declined_offer(shop: Shop, quotation: Quotation) -> Story:
    """The customer looks at it and says no."""
    tx = yield from sent(shop, quotation)
    answer = CustomerAnswer(by=quotation.row.customer_name, reason="Another offer was lower.")
    quotations.reject(tx, shop.account, quotation.row.id, answer)


def unanswered(shop: Shop, quotation: Quotation) -> Story:
    """It is sent, and nobody answers; it expires."""
    yield from sent(shop, quotation)


def unfinished(_shop: Shop, _quotation: Quotation) -> Story:
    """It stays a draft."""
    yield from ()


def sent(shop: Shop, quotation: Quotation) -> Generator[int, Tx, Tx]:
    """The quotation is sent, and some days pass."""
    tx = yield shop.luck.choice((0, 1, 3))
    quotations.publish(tx, shop.account, quotation.row.id)
    return (yield shop.luck.randrange(1, 10))


Ending = Callable[[Shop, Invoice], Story]
Answer = Callable[[Shop, Quotation], Story]
Told = TypeVar("Told")

ANSWERS: Mapping[Answer, int] = {accepted: 50, agreed: 8, declined_offer: 12, unanswered: 12, unfinished: 18}
"""What becomes of a quotation, and how often of a hundred times."""

QUOTED = 12
"""So many of a hundred orders begin with a quotation."""

PAUSED = 30
"""So many of a hundred retainers pause."""

RETAINED = 8
"""The last so many clients are on a retainer."""

RETAINERS = (Decimal(250), Decimal(480), Decimal(900))
NOTHING: dict[str, Any] = dict.fromkeys(BillingTerms.__struct_fields__)
RETAINER = BillingTerms(
    **NOTHING
    | {"frequency": Frequency.MONTHLY, "interval": 1, "start_date": date.min, "due_days": 14}
    | {"auto_issue": True, "auto_send": False}
)

BEGINNINGS: Mapping[Ending, int] = {billed: 95, discarded: 5}
"""What becomes of a draft, and how often of a hundred times."""

ENDINGS: Mapping[Ending, int] = {
    paid_in_time: 46,
    paid_late: 12,
    paid_in_parts: 12,
    half_paid: 12,
    never_paid: 4,
    declined: 3,
    charged_back: 3,
    overpaid: 3,
    credited_in_part: 3,
    credited_and_replaced: 2,
    voided: 2,
}
"""What becomes of an issued invoice, and how often of a hundred times."""


def chosen(shop: Shop, weights: Mapping[Told, int]) -> Told:
    """One of the stories, by its weight."""
    (story,) = shop.luck.choices(tuple(weights), tuple(weights.values()))
    return story


def terms_days(invoice: Invoice) -> int:
    """The days that a customer has to pay."""
    return (invoice.row.due_date - invoice.row.issue_date).days


def major(invoice: Invoice, minor: int) -> Decimal:
    """An amount in the invoice's currency, from minor units to major ones."""
    return to_decimal(minor, digits(invoice.row.currency))


def receipt(shop: Shop, amount: Decimal | None = None) -> NewPayment:
    """A payment of ``amount`` (major units), or of the whole balance."""
    method = shop.luck.choice([*[PaymentMethod.BANK_TRANSFER] * 3, PaymentMethod.CARD])
    return NewPayment(amount=amount, method=method, reference=f"TX-{shop.luck.randrange(10**8):08}")


class Client(NamedTuple):
    """Whom the shop works for."""

    name: str
    domain: str
    street: str
    postal_code: str
    city: str
    country: str
    currency: str
    language: str

    def details(self) -> dict[str, str]:
        """What is known of the customer."""
        details = {
            "name": self.name,
            "email": f"accounts@{self.domain}.example",
            "address_line1": self.street,
            "postal_code": self.postal_code,
            "city": self.city,
            "country": self.country,
            "currency": self.currency,
            "language": self.language,
            "tax_id": self.vat_number() if self.country in EUROPEAN_UNION else "",
        }
        return {name: value for name, value in details.items() if value}

    def vat_number(self) -> str:
        """A VAT number that looks like one, and is nobody's."""
        return f"{self.country}{sum(map(ord, self.domain)) * 73_421:09}"


HOME = "DE"
REVERSE_CHARGE, EXPORT = "Reverse charge", "Export"
EUROPEAN_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
EXCHANGE_RATES: Mapping[str, Decimal] = {
    "EUR": Decimal(1),
    "USD": Decimal("1.10"),
    "GBP": Decimal("0.85"),
    "CHF": Decimal("0.95"),
    "DKK": Decimal("7.50"),
    "SEK": Decimal("11.30"),
    "PLN": Decimal("4.30"),
    "JPY": Decimal(160),
    "KWD": Decimal("0.34"),
    "AUD": Decimal("1.65"),
    "BRL": Decimal("5.90"),
    "INR": Decimal(92),
    "KES": Decimal(142),
    "VUV": Decimal(130),
}
"""Units of each currency for one euro, about."""

DISCOUNTS = (
    *(None,) * 12,
    Discount(DiscountType.PERCENTAGE, Decimal(5)),
    Discount(DiscountType.PERCENTAGE, Decimal(10)),
    Discount(DiscountType.AMOUNT, Decimal(50)),
)

SETTINGS = {
    "name": "Kerbholz Studio GmbH",
    "address_line1": "Zeughausstraße 18",
    "postal_code": "20459",
    "city": "Hamburg",
    "country": HOME,
    "tax_id": "DE123456789",
    "email": "billing@kerbholz.example",
    "iban": "DE02120300000000202051",
    "bic": "BYLADEM1001",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "language": "en",
    "default_notes": "Please name the invoice's number when you pay.",
}

TAXES = {
    "VAT 19 %": {"rate": Decimal(19), "category": "S", "is_default": True},
    "VAT 7 %": {"rate": Decimal(7), "category": "S", "is_default": False},
    REVERSE_CHARGE: {
        "rate": Decimal(0),
        "category": "AE",
        "exemption_reason": "Reverse charge: Article 196 of Directive 2006/112/EC",
        "is_default": False,
    },
    EXPORT: {
        "rate": Decimal(0),
        "category": "G",
        "exemption_reason": "Delivered outside the European Union",
        "is_default": False,
    },
}

PRODUCTS = (
    ("VAT 19 %", {"name": "Consulting", "sku": "CON-1", "unit_price": Decimal(120), "unit": "hour"}),
    ("VAT 19 %", {"name": "Software development", "sku": "DEV-1", "unit_price": Decimal(105), "unit": "hour"}),
    ("VAT 19 %", {"name": "Interface design", "sku": "DES-1", "unit_price": Decimal(95), "unit": "hour"}),
    ("VAT 19 %", {"name": "Workshop", "sku": "WRK-1", "unit_price": Decimal(1450), "unit": "day"}),
    ("VAT 19 %", {"name": "Hosting", "sku": "HOS-1", "unit_price": Decimal(49), "unit": "month"}),
    ("VAT 19 %", {"name": "Support contract", "sku": "SUP-1", "unit_price": Decimal(290), "unit": "month"}),
    ("VAT 19 %", {"name": "Licence", "sku": "LIC-1", "unit_price": Decimal(18), "unit": "seat"}),
    ("VAT 7 %", {"name": "Printed handbook", "sku": "BOK-1", "unit_price": Decimal(32), "unit": "copy"}),
)

LARGEST_ORDERS = {"hour": 40, "day": 4, "month": 12, "seat": 60, "copy": 80}
"""By unit."""
PARTS_OF_AN_HOUR = (Decimal(0), Decimal("0.5"), Decimal("0.25"))

# fmt: off
CLIENTS = (
    Client("Hansen Maritime GmbH", "hansen-maritime", "Am Sandtorkai 40", "20457", "Hamburg", "DE", "EUR", "de"),
    Client("Bäckerei Özil", "baeckerei-oezil", "Sonnenallee 112", "12045", "Berlin", "DE", "EUR", "de"),
    Client("Müller & Söhne KG", "mueller-soehne", "Königstraße 7", "70173", "Stuttgart", "DE", "EUR", "de"),
    Client("Isar Klinik AG", "isar-klinik", "Maximilianstraße 21", "80539", "München", "DE", "EUR", "de"),
    Client("Rheinwerk Logistik", "rheinwerk-logistik", "Deutzer Freiheit 3", "50679", "Köln", "DE", "EUR", "de"),
    Client("Alpenglanz GmbH", "alpenglanz", "Getreidegasse 30", "5020", "Salzburg", "AT", "EUR", "de"),
    Client("Donau Verlag", "donau-verlag", "Praterstraße 11", "1020", "Wien", "AT", "EUR", "de"),
    Client("Helvetia Präzision AG", "helvetia-praezision", "Bahnhofstrasse 45", "8001", "Zürich", "CH", "CHF", "de"),
    Client("Lac Léman Conseil SA", "lac-leman", "Rue du Rhône 14", "1204", "Genève", "CH", "CHF", "fr"),
    Client("Atelier Brûlé", "atelier-brule", "Rue Oberkampf 58", "75011", "Paris", "FR", "EUR", "fr"),
    Client("Vignobles d'Aquitaine", "vignobles", "Quai des Chartrons 9", "33000", "Bordeaux", "FR", "EUR", "fr"),
    Client("Brussels Policy Lab", "policy-lab", "Rue de la Loi 81", "1040", "Bruxelles", "BE", "EUR", "fr"),
    Client("Van den Berg Tulpen", "vandenberg-tulpen", "Keizersgracht 220", "1016", "Amsterdam", "NL", "EUR", "nl"),
    Client("Rotterdam Cranes BV", "rotterdam-cranes", "Waalhaven 12", "3089", "Rotterdam", "NL", "EUR", "nl"),
    Client("Pescadería Núñez", "pescaderia-nunez", "Calle de Atocha 33", "28012", "Madrid", "ES", "EUR", "es"),
    Client("Costa Brava Viatges", "costabrava", "Carrer de Mallorca 401", "08013", "Barcelona", "ES", "EUR", "ca"),
    Client("Azulejos do Porto", "azulejos-porto", "Rua das Flores 88", "4050", "Porto", "PT", "EUR", "pt"),
    Client("Officina Ferrari & Figli", "officina-figli", "Via Emilia 155", "41121", "Modena", "IT", "EUR", "it"),
    Client("Caffè Centrale", "caffe-centrale", "Piazza Duomo 2", "20122", "Milano", "IT", "EUR", "it"),
    Client("Søndergaard Møbler", "sondergaard", "Nørrebrogade 60", "2200", "København", "DK", "DKK", "da"),
    Client("Göteborgs Glas AB", "goteborgs-glas", "Avenyn 17", "411 36", "Göteborg", "SE", "SEK", "sv"),
    Client("Åkesson Arkitekter", "akesson", "Drottninggatan 5", "111 51", "Stockholm", "SE", "SEK", "sv"),
    Client("Järvinen Oy", "jarvinen", "Mannerheimintie 30", "00100", "Helsinki", "FI", "EUR", "fi"),
    Client("Kowalski i Synowie", "kowalski", "ulica Długa 44", "00-241", "Warszawa", "PL", "PLN", "pl"),
    Client("Kraków Games", "krakow-games", "Rynek Główny 8", "31-042", "Kraków", "PL", "PLN", "pl"),
    Client("Thames Analytics Ltd", "thames-analytics", "70 Gracechurch St", "EC3V 0HR", "London", "GB", "GBP", "en"),
    Client("Highland Wool Co", "highland-wool", "12 Royal Mile", "EH1 1TB", "Edinburgh", "GB", "GBP", "en"),
    Client("Liffey Software", "liffey", "25 Sir John Rogerson's Quay", "D02", "Dublin", "IE", "EUR", "en"),
    Client("Hudson & Wells LLP", "hudson-wells", "350 Fifth Avenue", "10118", "New York", "US", "USD", "en"),
    Client("Bay Robotics Inc", "bay-robotics", "1355 Market Street", "94103", "San Francisco", "US", "USD", "en"),
    Client("Prairie Grain Coop", "prairie-grain", "400 Hennepin Avenue", "55401", "Minneapolis", "US", "USD", "en"),
    Client("Café Ipanema Ltda", "cafe-ipanema", "Rua Visconde de Pirajá 111", "22410", "Rio", "BR", "BRL", "pt"),
    Client("株式会社さくら", "sakura", "丸の内1-9-1", "100-0005", "東京", "JP", "JPY", "ja"),
    Client("Kyoto Ceramics KK", "kyoto-ceramics", "Shijo-dori 20", "600-8001", "Kyoto", "JP", "JPY", "ja"),
    Client("Al Noor Trading", "al-noor", "Fahad Al Salem Street 4", "13001", "Kuwait City", "KW", "KWD", "ar"),
    Client("Gulf Pearl WLL", "gulf-pearl", "Salmiya Block 5", "22001", "Salmiya", "KW", "KWD", "ar"),
    Client("Southern Cross Surf", "southern-cross", "180 Campbell Parade", "2026", "Bondi", "AU", "AUD", "en"),
    Client("Deccan Textiles Pvt Ltd", "deccan-textiles", "14 MG Road", "560001", "Bengaluru", "IN", "INR", "en"),
    Client("Savanna Coffee", "savanna-coffee", "Kenyatta Avenue 9", "00100", "Nairobi", "KE", "KES", "sw"),
    Client("John Doe", "john-doe", "Lini Highway", "", "Port Vila", "VU", "VUV", "en"),
)
# fmt: on
