"""The native wire of the account's logo."""

from dataclasses import dataclass
from typing import Self

import msgspec

from tallystick.core.errors import ValidationFailed
from tallystick.documents import apart, drawings, images, logos, pdf, sample
from tallystick.documents.content import of_invoice
from tallystick.documents.frame import For
from tallystick.documents.images import Picture
from tallystick.documents.logos import Logo
from tallystick.wire.call import Call, FileBody
from tallystick.wire.file import Sight

MEDIA = ("image/png", "image/jpeg", drawings.MEDIA, "application/octet-stream")
# As a PDF says what a stream of it is (ISO 32000-2, 8.9.5).
PICTURE_IN_PDF = b"/Subtype/Image"
NOT_DRAWN = "Cannot be drawn."


class NewLogo(FileBody, kw_only=True):
    """A picture, as it is. It has to stand on the sample bill."""

    media = MEDIA

    content: bytes
    picture: Picture

    @classmethod
    def read(cls, raw: bytes, *, is_strict: bool) -> Self:  # noqa: ARG003  # there is nothing to be lenient with
        """The picture, once a process of its own has drawn it. Raises ValidationFailed."""
        try:
            picture = images.picture(raw)
            drawn = _draw(Logo.of(raw, picture.media))
        except ValueError as error:
            raise ValidationFailed({"logo": [str(error)]}) from None
        except apart.TemplateFault as fault:
            raise ValidationFailed({"logo": [f"Cannot be drawn: {fault}"]}) from None
        # One whose head cannot be read is left out of a drawing without a word.
        if picture.media != drawings.MEDIA and PICTURE_IN_PDF not in drawn:
            raise ValidationFailed({"logo": [NOT_DRAWN]})
        return cls(content=raw, picture=picture)


def _draw(logo: Logo) -> bytes:
    document = of_invoice(sample.invoice(sample.ACCOUNT), For(sample.ACCOUNT, sample.AT))
    return pdf.try_logo(document, sample.AT, logo.drawing())


class LogoJson(msgspec.Struct, frozen=True, kw_only=True):
    """What the logo is: its media type, and its size in pixels, or of an SVG in units of its own."""

    media_type: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class LogoFile(Sight):
    """A picture."""

    media: str = "image/*"


def show_logo(call: Call) -> LogoFile:
    """Show the account's logo."""
    logo = logos.get(call.tx, call.account)
    return LogoFile(f"logo.{logo.name.rpartition('.')[2]}", [logo.content], logo.media, tag=logo.name)


def put_logo(call: Call, body: NewLogo) -> LogoJson:
    """Put this logo on documents and pages from now on.

    The body is the picture itself: a PNG, a JPEG or an SVG by its content, of at most 1 MiB and 4 megapixels. An SVG
    has no scripts, and refers to nothing outside of it.
    """
    logos.put(call.tx, call.account, Logo.of(body.content, body.picture.media))
    return _to_json(body.content, body.picture)


def delete_logo(call: Call) -> LogoJson:
    """Take the logo away, and show what it was."""
    content = logos.remove(call.tx, call.account).content
    return _to_json(content, images.picture(content))


def _to_json(content: bytes, picture: Picture) -> LogoJson:
    media, width, height = picture
    return LogoJson(media_type=media, width=width, height=height, bytes=len(content))
