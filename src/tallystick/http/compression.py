"""Long answers are compressed for the clients that ask for it (RFC 9110, 8.4.1.3 and 12.5.3; ADR 47)."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator

import falcon

from tallystick.http import entity_tags
from tallystick.http.spool import Coding, OnDisk

LONG_BYTES = 8 * 1024
LEVEL = 1
GZIP_FORMAT = 16 + zlib.MAX_WBITS
NEVER = re.compile(r"q=0(?:\.0{0,3})?", re.IGNORECASE)
ASKED_FOR_IN = "Accept-Encoding"
# What is compressed already, as a PDF, is not done twice.
COMPRESSIBLE = frozenset(
    {"application/json", "application/yaml", "text/css", "text/csv", "text/html", "text/javascript"}
)


class Compression:
    """Falcon middleware: compresses what is long, and says so."""

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _ok: object) -> None:
        """Looks at what is about to be sent; a file was compressed when it was made, if at all."""
        if isinstance(resp.stream, OnDisk):
            self._describe(resp, resp.stream.coding)
            return
        body = resp.data if resp.text is None else resp.text.encode()
        if body is None or len(body) < LONG_BYTES:
            return
        coding = coding_for(req, resp.content_type)
        self._describe(resp, coding)
        if coding:
            resp.text, resp.data = None, gzip.compress(body, LEVEL, mtime=0)
            tag = resp.get_header("ETag")
            if tag:
                resp.set_header("ETag", entity_tags.of_gzipped(tag))

    def _describe(self, resp: falcon.Response, coding: Coding | None) -> None:
        if _is_compressible(resp.content_type):
            resp.append_header("Vary", ASKED_FOR_IN)
        if coding:
            resp.set_header("Content-Encoding", coding.name)


def coding_for(req: falcon.Request, media: str | None) -> Coding | None:
    """How a long answer of this media type is to be coded; None where it is not."""
    return GZIP if _is_compressible(media) and _is_wanted(req) else None


def _is_compressible(media: str | None) -> bool:
    return (media or "").partition(";")[0] in COMPRESSIBLE


def _is_wanted(req: falcon.Request) -> bool:
    for each in (req.get_header(ASKED_FOR_IN) or "").split(","):
        coding, _, weight = each.partition(";")
        if coding.strip().lower() == GZIP.name:
            return not NEVER.fullmatch(weight.strip())
    return False


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(LEVEL, wbits=GZIP_FORMAT)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


GZIP = Coding("gzip", _gzipped)
