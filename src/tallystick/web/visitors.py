"""Who opens a page: whether it is a person, as far as a request tells."""

import re

import falcon

# What reads a link that somebody sent, or the web, says so; and no browser goes without the name of the first one.
PROGRAM = re.compile(
    "bot|crawl|spider|slurp|preview|scan|monitor|probe|check|fetch|headless|lighthouse|validator|archive|externalhit"
    "|whatsapp|telegram|slack|discord|skype|teams|embed|curl|wget|python|java/|okhttp|httpclient|http-client|libwww",
    re.IGNORECASE,
)
BROWSER = "Mozilla/"
EARLY = ("Sec-Purpose", "Purpose", "X-Moz")
"""Headers by which a browser says that nobody has asked for the page yet."""

KEYS = ("X-API-Key", "Authorization")


def is_person(req: falcon.Request) -> bool:
    """Whether a person with a browser looks at what is asked for: no program, and nobody with a key of the account."""
    agent = req.user_agent or ""
    return (
        req.method == "GET"
        and BROWSER in agent
        and not PROGRAM.search(agent)
        and not any("pre" in (req.get_header(name) or "") for name in EARLY)
        and not any(req.get_header(name) for name in KEYS)
    )
