"""What a picture is, by its content: PNG (ISO/IEC 15948), JPEG (ITU-T T.81) or SVG."""

from collections.abc import Iterator
from typing import NamedTuple

from tallystick.documents import drawings

PNG_BEGINS = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG_BEGINS, JPEG_ENDS = b"\xff\xd8\xff", b"\xff\xd9"
# T.81, table B.1: frames of any coding, without DHT, JPG and DAC, which lie between them.
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
MOST_PIXELS = 4_000_000
NO_PICTURE = "Must be a PNG, a JPEG or an SVG."
CUT_OFF = "Ends before the picture does."
PIXELS = f"Must have 1 to {MOST_PIXELS:,} pixels."


class Picture(NamedTuple):
    """A picture that can be shown, and its size: in pixels, or of an SVG in units of its own."""

    media: str
    width: int
    height: int


def picture(raw: bytes) -> Picture:
    """What picture this is. Raises ValueError, with a sentence, for what is none, is hostile or too large."""
    found = _picture(raw)
    if found is None:
        raise ValueError(NO_PICTURE)
    if found.media != drawings.MEDIA and not 0 < found.width * found.height <= MOST_PIXELS:
        raise ValueError(PIXELS)
    return found


def _picture(raw: bytes) -> Picture | None:
    if raw.startswith(PNG_BEGINS):
        return Picture("image/png", *(int.from_bytes(raw[at : at + 4]) for at in (16, 20)))
    if raw.startswith(JPEG_BEGINS):
        return _jpeg(raw)
    size = drawings.size(raw)
    return size and Picture(drawings.MEDIA, *size)


def _jpeg(raw: bytes) -> Picture | None:
    found = next(_jpeg_frames(raw), None)
    # A PDF holds it as it is, so nobody looks at what follows its frame before its reader does.
    if found and JPEG_ENDS not in raw:
        raise ValueError(CUT_OFF)
    return found


def _jpeg_frames(raw: bytes) -> Iterator[Picture]:
    """The frames of a JPEG, by the segments before its first scan."""
    at = 2
    while at + 9 <= len(raw) and raw[at] == 0xFF:
        marker, length = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4])
        if marker in FRAMES:
            height, width = (int.from_bytes(raw[at + place : at + place + 2]) for place in (5, 7))
            yield Picture("image/jpeg", width, height)
        at += 2 + length
