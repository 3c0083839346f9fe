"""Logos, made here: a PNG of any size, and drawings."""

import struct
import zlib
from base64 import b64decode

PNG_BEGINS = b"\x89PNG\r\n\x1a\n"
# 3 by 2 pixels, baseline.
JPEG = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////"
    "wAALCAACAAMBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z"
)


def png(width: int, height: int, *chunks: tuple[bytes, bytes], color: bytes = b"\x0b\x5f\x8a\xff") -> bytes:
    """A PNG of one colour, which may say of itself whatever the chunks do."""
    rows = zlib.compress((b"\0" + color * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return PNG_BEGINS + b"".join(_chunk(*each) for each in ((b"IHDR", head), *chunks, (b"IDAT", rows), (b"IEND", b"")))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def svg(inner: str, attributes: str = 'viewBox="0 0 48 24"') -> bytes:
    """A drawing that holds this."""
    link = 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {link} {attributes}>{inner}</svg>'.encode()


WAVES = svg('<path d="M4 12c7-8 13-8 20 0s13 8 20 0" fill="none" stroke="#0b5f8a" stroke-width="5"/>')
