"""The native wire of templates."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from tallystick.core.designs import DEFAULT_DESIGN
from tallystick.core.errors import FieldErrors, NotFound, ValidationFailed
from tallystick.documents import apart, logos, pdf, printable, sample, templates
from tallystick.documents.content import of_invoice
from tallystick.documents.files import Preview, Printable
from tallystick.documents.frame import For
from tallystick.documents.logos import Logo
from tallystick.documents.templates import Template
from tallystick.invoices import store as invoices
from tallystick.wire.call import Body, Call, Change, given
from tallystick.wire.scalars import Id, Name, TemplateId

MOST_BYTES = 200_000
TOO_LONG = f"Must be at most {MOST_BYTES:,} bytes."


class TemplateChange(Change, kw_only=True):
    """A template, as far as it is to change. It has to set the sample bill."""

    name: Name | UnsetType = UNSET
    source: str | UnsetType = UNSET

    def check(self) -> FieldErrors:
        """What the compiler says of it, before any transaction: a process of its own takes its time."""
        return {} if isinstance(self.source, UnsetType) else _faults(self.source)


class NewTemplate(Body, kw_only=True):
    """A template of one's own: its ``source`` in typst, or ``from`` which template it is copied."""

    name: Name
    source: str | UnsetType = UNSET
    from_: TemplateId | UnsetType = msgspec.field(default=UNSET, name="from")

    def check(self) -> FieldErrors:
        """That there is one of the two, and what the compiler says of it."""
        if isinstance(self.source, UnsetType) is isinstance(self.from_, UnsetType):
            return {"source": ["Give the source, or from which template to copy it."]}
        return {} if isinstance(self.source, UnsetType) else _faults(self.source)


class TemplatePreview(Body, kw_only=True):
    """What is to be tried: a ``source`` that is not kept, on an invoice, else on the sample bill."""

    source: str | UnsetType = UNSET
    invoice_id: Id | UnsetType = UNSET

    def check(self) -> FieldErrors:
        """That the source is not too long."""
        return {} if isinstance(self.source, UnsetType) else _excess(self.source)


def _excess(source: str) -> FieldErrors:
    return {"source": [TOO_LONG]} if len(source.encode()) > MOST_BYTES else {}


def _faults(source: str) -> FieldErrors:
    if excess := _excess(source):
        return excess
    document = of_invoice(sample.invoice(sample.ACCOUNT), For(sample.ACCOUNT, sample.AT))
    try:
        pdf.written_apart(document, source.encode(), sample.AT)
    except apart.TemplateFault as fault:
        return {"source": [str(fault)]}
    return {}


class TemplateJson(msgspec.Struct, frozen=True, kw_only=True):
    """A template. One that comes along is ``built_in``: it has no dates, and always the version 1."""

    id: str
    name: str
    source: str
    built_in: bool
    is_default: bool
    version: int
    created_at: datetime | None
    updated_at: datetime | None


class DeletedTemplate(msgspec.Struct, frozen=True):
    """The id of what was deleted."""

    id: str


def _built_in(name: str, default: str) -> TemplateJson:
    return TemplateJson(
        id=name,
        name=name.capitalize(),
        source=pdf.BUILT_INS[name].decode(),
        built_in=True,
        is_default=name == default,
        version=1,
        created_at=None,
        updated_at=None,
    )


def _own(template: Template, default: str) -> TemplateJson:
    return TemplateJson(
        id=str(template.id),
        name=template.name,
        source=template.source,
        built_in=False,
        is_default=str(template.id) == default,
        version=template.version,
        created_at=template.created_at,
        updated_at=template.updated_at,
    )


def _default(call: Call) -> str:
    return call.account.default_template or DEFAULT_DESIGN


def index(call: Call) -> list[TemplateJson]:
    """List the templates: those that come along, and the account's own."""
    built_ins = [_built_in(name, _default(call)) for name in pdf.BUILT_INS]
    return [*built_ins, *(_own(each, _default(call)) for each in templates.every(call.tx, call.account))]


def get(call: Call, template_id: TemplateId) -> TemplateJson:
    """Get one template, with its source."""
    if template_id in pdf.BUILT_INS:
        return _built_in(template_id, _default(call))
    return _own(templates.get(call.tx, call.account, template_id), _default(call))


def create(call: Call, body: NewTemplate) -> TemplateJson:
    """Make a template, of its source or as a copy of another.

    It is typst. `#import "parts.typ": *` gives it `d`, the document, and the parts that the templates which come along
    are made of. It reads no file and no network, and is stopped where it takes long or much memory.
    """
    copied = None if isinstance(body.from_, UnsetType) else templates.copied(call.tx, call.account, body.from_)
    source = copied or ("" if isinstance(body.source, UnsetType) else body.source)
    return _own(templates.create(call.tx, call.account, body.name, source), _default(call))


def update(call: Call, template_id: TemplateId, body: TemplateChange) -> TemplateJson:
    """Change a template of the account's own; what is set by it looks different at once."""
    changed = templates.change(call.tx, call.account, template_id, given(body), body.seen_version)
    return _own(changed, _default(call))


def delete(call: Call, template_id: TemplateId) -> DeletedTemplate:
    """Delete a template of the account's own that no customer has, and is not the default.

    Bills that name it are set by their customer's, else the default one.
    """
    templates.delete(call.tx, call.account, template_id)
    return DeletedTemplate(template_id)


def make_default(call: Call, template_id: TemplateId) -> TemplateJson:
    """Set by this template what names no other."""
    templates.make_default(call.tx, call.account, template_id)
    shown = get(call, template_id)
    return msgspec.structs.replace(shown, is_default=True)


def preview(call: Call, template_id: TemplateId, body: TemplatePreview) -> Preview:
    """Show what a template makes of a bill, as a PDF: the one that is kept, or a `source` to put in its place.

    The bill is the invoice with this id, or a sample with the account's settings. Nothing is kept.
    """
    kept = templates.source_of(call.tx, call.account, template_id)
    source = kept if isinstance(body.source, UnsetType) else body.source
    shown = _sample(call) if isinstance(body.invoice_id, UnsetType) else _invoice(call, body.invoice_id)
    return Preview(None, _previewed(shown, source, logos.find(call.tx, call.account)), is_apart=True)


def _sample(call: Call) -> Printable:
    return printable.of_invoice(sample.invoice(call.account), For(call.account, sample.AT))


def _invoice(call: Call, invoice_id: int) -> Printable:
    try:
        found = invoices.get(call.tx, call.account, invoice_id)
    except NotFound as error:
        raise ValidationFailed({"invoice_id": [error.message]}) from None
    return printable.of_invoice(found, For(call.account, call.tx.now))


def _previewed(shown: Printable, source: str, logo: Logo | None) -> Iterator[bytes]:
    """The file, when it is asked for: once the transaction has ended."""
    try:
        yield pdf.written_apart(shown.document, source.encode(), shown.at, logo and logo.drawing())
    except apart.TemplateFault as fault:
        raise ValidationFailed({"source": [str(fault)]}) from None
