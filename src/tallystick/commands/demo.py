"""``tallystick demo``: the server over a year of made-up business."""

import os
import signal
import sys
import tempfile
from pathlib import Path

import typer

from tallystick import config, demo, serve
from tallystick.commands.service import started_again
from tallystick.listener import listen
from tallystick.store.db import utc_now

app = typer.Typer()


@app.command()
@started_again()
def command() -> None:
    """Start the server on a throw-away database that holds a year of business."""
    # Stopped while it still fills the database, it must remove its folder all the same.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="tallystick-demo-") as folder:
        # The server's processes read their settings here.
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'demo.db'}"
        settings = config.from_environment()
        with listen(settings) as listener:
            print("Doing a year of business, which takes some seconds.", file=sys.stderr, flush=True)
            demo.fill(settings.database_url, utc_now())
            _welcome_to_demo(settings)
            serve.run(listener, workers=1, with_worker=True)


def _welcome_to_demo(settings: config.ProcessSettings) -> None:
    api = f"{settings.origin}/api/v1"
    curl = f"curl -H 'X-API-Key: {demo.API_KEY}'"
    print(f"Tallystick shows a year of made-up business at {settings.origin}; its API is at {settings.origin}/docs.")
    print("All of it is gone when you stop the server. Try:\n")
    print(f"{curl} '{api}/invoices?status=overdue&sort=due_date&order=asc'")
    print(f"{curl} {api}/customers/1")
    print(f"{curl} {api}/invoices/1\n", flush=True)
