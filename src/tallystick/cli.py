"""The command line. Each command is loaded when it is called: most need little of the program."""

import os
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tallystick import __version__, misuse
from tallystick.core.errors import DomainError, Hindrance

OWNER_ALONE = 0o077
"""The umask: what the program writes, databases, backups and exports, nobody else may read."""
COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "worker": "worker",
    "process": "process",
    "verify": "verify",
    "export": "export",
    "import": "import_",
    "backup": "backup",
    "pdf": "pdf",
    "keys": "keys",
    "accounts": "accounts",
    "usage": "usage",
}
"""The file in ``commands/`` of each command and group, in the order in which they are listed."""


class Commands(TyperGroup):
    """The commands and groups, found by their names."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command: Any = typer.main.get_command(import_module(f"tallystick.commands.{COMMANDS[cmd_name]}").app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=Commands, no_args_is_help=True)


def main() -> None:
    """Runs the command line, and says in one line what went wrong and what to do.

    The exit code is 1 where a command found what it looked for, as `verify` does, and where a service may be started
    again; and 2 where it could not be done.
    """
    os.umask(OWNER_ALONE)
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        told = misuse.sentence(error)
        # Where it was called without a command, its help is printed already.
        misuse.refuse(told) if told else sys.exit(misuse.CANNOT)
    except DomainError as error:
        misuse.refuse(error.reason)
    except Hindrance as error:
        misuse.refuse(str(error))
    except OSError as error:
        if error.filename is None:
            raise
        misuse.refuse(f"{error.filename}: {error.strerror}.")


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        print(f"tallystick {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted billing server."""
