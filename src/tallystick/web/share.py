"""The pages that share links open, without a key: an invoice, a credit note, and a quotation with its two
answers (ADR 23).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import falcon

from tallystick.accounts import ops as accounts
from tallystick.bills import views
from tallystick.bills.types import Views
from tallystick.bills.views import Viewed
from tallystick.core.account import Account
from tallystick.core.errors import NotFound, Unavailable
from tallystick.core.events import Event
from tallystick.credit_notes import store as credit_notes
from tallystick.documents import api as documents
from tallystick.documents import content, logos
from tallystick.documents.api import PdfQuery
from tallystick.documents.document import Document
from tallystick.documents.frame import For
from tallystick.http import auth
from tallystick.http.assets import Asset
from tallystick.http.download import show
from tallystick.http.queues import Queue, always
from tallystick.http.refusals import Refusal
from tallystick.http.surface import Speaker
from tallystick.invoices import store as invoices
from tallystick.quotations import public as answers
from tallystick.quotations import store as quotations
from tallystick.quotations.api import AnswerBody
from tallystick.store import tables
from tallystick.store.db import Database, Tx
from tallystick.web.bill_page import STYLE, STYLE_PATH, Letter, answer_page, bill_page, is_answerable, message_page
from tallystick.web.languages import preferred
from tallystick.web.visitors import is_person
from tallystick.wire.call import Call
from tallystick.wire.file import Sight
from tallystick.wire.parse import parse_form, parse_query
from tallystick.wire.scalars import MAX_ID, Token

INVOICE = "/public/invoices/{token}"
CREDIT_NOTE = "/public/credit-notes/{token}"
QUOTATION = "/public/quotations/{token}"
MAX_FORM_BYTES = 64 * 1024
MESSAGES = {404: "not_found", 409: "too_late", 429: "too_many", 500: "failed", 503: "unavailable"}
"""What is said of a refusal, by its status; of any other that it did not work."""

# The link is a secret: no search engine may learn it.
FILE_HEADERS = {"X-Frame-Options": "DENY", "X-Robots-Tag": "noindex"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    **FILE_HEADERS,
}


INVOICE_VIEWED = Viewed.of(tables.invoices, Event.INVOICE_VIEWED)
QUOTATION_VIEWED = Viewed.of(tables.quotations, Event.QUOTATION_VIEWED)
CREDIT_NOTE_VIEWED = Viewed.of(tables.credit_notes, Event.CREDIT_NOTE_VIEWED)
LOGO = f"/public/logos/{{account:int(min=1, max={MAX_ID})}}/{{name}}"
LOGO_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


class Opened(NamedTuple):
    """What a share link opens, and when it was opened before."""

    document: Document
    views: Views


Show = Callable[[Call, Token], Opened]


class SharedBill:
    """The page of one kind of bill."""

    def __init__(self, database: Database, origin: str, show: Show, viewed: Viewed) -> None:
        self._database = database
        self._origin = origin
        self._show = show
        self._viewed = viewed

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Answers the page, to whoever has the link."""
        with self._database.read() as tx:
            call = _call(tx, req, self._origin, token)
            opened = self._show(call, Token(token))
        _answer(resp, 200, bill_page(_letter(opened, call.account), req.path))
        if opened.views.is_new(tx.now) and is_person(req):
            self._note(call.account, token)

    def _note(self, account: Account, token: str) -> None:
        """Notes that it was looked at; whoever looks sees it also where nothing can be written."""
        with suppress(Unavailable):
            self._database.transact(accounts.GUEST, lambda tx: views.note(tx, account, self._viewed, token))

    on_head = on_get
    queue_of = always(Queue.LONG)


class SharedFile:
    """The PDF of one kind of bill."""

    def __init__(self, database: Database, origin: str, open_: Callable[[Call, Token, PdfQuery], Sight]) -> None:
        self._database = database
        self._origin = origin
        self._open = open_

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Answers the file, to whoever has the link. It is made after the transaction."""
        query = parse_query(req.params, PdfQuery, is_strict=False)
        with self._database.read() as tx:
            file = self._open(_call(tx, req, self._origin, token), Token(token), query)
        show(req, resp, file)
        resp.set_headers(FILE_HEADERS)

    on_head = on_get
    queue_of = always(Queue.LONG)


class SharedAnswer:
    """The page on which a customer confirms one of the two answers to a quotation, by name."""

    def __init__(
        self, database: Database, origin: str, verb: str, answer: Callable[[Call, Token, AnswerBody], Any]
    ) -> None:
        self._database = database
        self._origin = origin
        self._verb = verb
        self._answer = answer

    def queue_of(self, req: falcon.Request) -> Queue:
        """To ask takes the whole bill, to answer writes."""
        return Queue.WRITES if req.method == "POST" else Queue.LONG

    def on_get(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Answers the form; where nothing is to be answered any more, leads to the quotation, which says why."""
        self._ask(req, resp, token, AnswerBody())

    on_head = on_get

    def on_post(self, req: falcon.Request, resp: falcon.Response, token: str) -> None:
        """Records the answer and leads back to the quotation; without a name asks for it again."""
        given = parse_form(_form_of(req), AnswerBody, is_strict=False)
        if not (given.name or "").strip():
            self._ask(req, resp, token, AnswerBody(name="", reason=given.reason))
            return
        self._database.transact(
            accounts.GUEST, lambda tx: self._answer(_call(tx, req, self._origin, token), Token(token), given)
        )
        _lead_to(resp, token)

    def _ask(self, req: falcon.Request, resp: falcon.Response, token: str, given: AnswerBody) -> None:
        with self._database.read() as tx:
            call = _call(tx, req, self._origin, token)
            letter = _letter(_quotation(call, Token(token)), call.account)
        if not is_answerable(letter.document):
            _lead_to(resp, token)
            return
        page = answer_page(letter, QUOTATION.format(token=token), self._verb, given)
        _answer(resp, 200 if given.name is None else 422, page)


class SharedLogo:
    """The logo on the pages of an account: whoever knows its name has seen it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def on_get(self, _req: falcon.Request, resp: falcon.Response, account: int, name: str) -> None:
        """Answers the picture, which is never another one under this name."""
        with self._database.glance() as tx:
            logo = logos.named(tx, account, name)
        if logo is None:
            raise NotFound(logos.NONE)
        resp.content_type = logo.media
        resp.data = logo.content
        resp.set_headers(LOGO_HEADERS)

    on_head = on_get
    queue_of = always(Queue.READS)


class SharePages(Speaker):
    """Whatever is refused to whoever has a link is a page too."""

    def refuse(self, req: falcon.Request, resp: falcon.Response, refusal: Refusal) -> None:
        """Answers a page that says why, in the language that the browser asks for."""
        message = MESSAGES.get(refusal.status, "refused")
        language = preferred(req.get_header("Accept-Language"))
        _answer(resp, refusal.status, message_page(language, message, id=resp.get_header("X-Request-Id") or ""))


PAGES = SharePages(prefix="/public")


def _call(tx: Tx, req: falcon.Request, origin: str, token: str) -> Call:
    return Call(tx, auth.guest(tx, req, token).account, origin)


def _letter(opened: Opened, account: Account) -> Letter:
    return Letter(opened.document, account.logo and f"/public/logos/{account.id}/{account.logo}")


def _form_of(req: falcon.Request) -> bytes:
    if (req.content_length or 0) > MAX_FORM_BYTES:
        raise falcon.HTTPContentTooLarge
    raw: bytes = req.bounded_stream.read()
    return raw


def _lead_to(resp: falcon.Response, token: str) -> None:
    resp.status = 303
    resp.set_header("Location", QUOTATION.format(token=token))


def _answer(resp: falcon.Response, status: int, page: str) -> None:
    resp.status = status
    resp.content_type = falcon.MEDIA_HTML
    resp.text = page
    resp.set_headers(HEADERS)


def _invoice(call: Call, token: Token) -> Opened:
    invoice = invoices.get_shared(call.tx, call.account, token)
    return Opened(content.of_invoice(invoice, _for(call)), invoice.row.views)


def _quotation(call: Call, token: Token) -> Opened:
    quotation = quotations.get_shared(call.tx, call.account, token)
    return Opened(content.of_quotation(quotation, _for(call)), quotation.row.views)


def _credit_note(call: Call, token: Token) -> Opened:
    note = credit_notes.get_shared(call.tx, call.account, token)
    return Opened(content.of_credit_note(note, _for(call)), note.row.views)


def _for(call: Call) -> For:
    return For(call.account, call.tx.now)


def add_routes(app: falcon.App[Any, Any], database: Database, origin: str) -> None:
    """Adds the pages below ``/public``."""
    app.add_route(STYLE_PATH, Asset(STYLE))
    app.add_route(LOGO, SharedLogo(database))
    app.add_route(INVOICE, SharedBill(database, origin, _invoice, INVOICE_VIEWED))
    app.add_route(f"{INVOICE}/pdf", SharedFile(database, origin, documents.shared_invoice_pdf))
    app.add_route(CREDIT_NOTE, SharedBill(database, origin, _credit_note, CREDIT_NOTE_VIEWED))
    app.add_route(f"{CREDIT_NOTE}/pdf", SharedFile(database, origin, documents.shared_credit_note_pdf))
    app.add_route(QUOTATION, SharedBill(database, origin, _quotation, QUOTATION_VIEWED))
    app.add_route(f"{QUOTATION}/pdf", SharedFile(database, origin, documents.shared_quotation_pdf))
    app.add_route(f"{QUOTATION}/accept", SharedAnswer(database, origin, "accept", answers.accept_shared))
    app.add_route(f"{QUOTATION}/reject", SharedAnswer(database, origin, "reject", answers.reject_shared))
