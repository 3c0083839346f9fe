"""The headers of every answer: nobody guesses its type, keeps it, or learns from it where a reader came from."""

import falcon

SAFE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SafeHeaders:
    """Falcon middleware: sets them before anything else is known, so that errors have them too."""

    def process_request(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Sets them; whoever answers what may be kept says so afterwards."""
        resp.set_headers(SAFE)
