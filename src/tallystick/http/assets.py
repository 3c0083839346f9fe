"""What pages load: files that come with the program."""

from functools import cached_property
from hashlib import sha256
from pathlib import Path

import falcon

from tallystick.http import compression, entity_tags, spool
from tallystick.http.queues import Queue, always
from tallystick.http.spool import OnDisk

MEDIA = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FRESH = "public, max-age=86400"


class Asset:
    """A file that a page loads: sent as a file, which costs no memory where a client stalls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._compressed: OnDisk | None = None
        self._is_long = path.stat().st_size >= compression.LONG_BYTES

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answers the file, or that it is still the one that the client has."""
        resp.content_type = MEDIA[self._path.suffix]
        coding = compression.coding_for(req, resp.content_type) if self._is_long else None
        resp.etag = self._digest + (entity_tags.GZIPPED if coding else "")
        resp.set_header("Cache-Control", FRESH)
        if resp.etag.strip('"') in (req.if_none_match or ()):
            resp.status = 304
            resp.append_header("Vary", compression.ASKED_FOR_IN)
        else:
            spool.answer(resp, OnDisk(self._compressed_path(), coding) if coding else OnDisk(self._path))

    on_head = on_get
    queue_of = always(Queue.READS)

    def _compressed_path(self) -> Path:
        """Of a file that is made when it is first asked for, and again where something has tidied it up since."""
        kept = self._compressed
        if kept is None or not Path(kept.name).exists():
            kept = self._compressed = spool.written([self._path.read_bytes()], compression.GZIP)
        return Path(kept.name)

    @cached_property
    def _digest(self) -> str:
        return sha256(self._path.read_bytes()).hexdigest()
