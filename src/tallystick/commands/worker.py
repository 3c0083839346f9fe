"""``tallystick worker``: what is done beside the requests."""

import logging
import signal

import typer

from tallystick import config
from tallystick.commands.service import started_again
from tallystick.opening import check_seal_key, existing
from tallystick.worker import Worker

app = typer.Typer()


@app.command()
@started_again()
def command() -> None:
    """Bill what is due and tidy up, until stopped; on PostgreSQL there may be several."""
    with existing(config.from_environment()) as database:
        check_seal_key(database)
        # Once the schema was looked at, of which Alembic would tell.
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        worker = Worker(database)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: worker.stop())
        worker.run()
