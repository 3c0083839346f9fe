"""``python -m bench.peers ORIGIN``: the load of ``python -m bench``, sent to any server."""

from itertools import cycle
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.figures import Figure
from bench.load import CannotMeasure, Request, check_installed, load
from bench.tables import for_people

ROUNDS = 3


def main(
    origin: Annotated[str, typer.Argument(help="As http://127.0.0.1:9000.")],
    *,
    pid: Annotated[int, typer.Option(help="The leader of its process group.")],
    line: Annotated[list[str], typer.Option(help="A method and a path; several take turns.")],
    header: Annotated[str, typer.Option(help="The header that says who asks.")] = "X-API-Key: key",
    body: Annotated[Path | None, typer.Option(help="The file with what is sent by all that are no GET.")] = None,
    seconds: Annotated[int, typer.Option(min=1, help="How long each of three rounds lasts.")] = 4,
) -> None:
    """Measures how fast a server answers, and what that costs it."""
    request = Request(cycle(line), body.read_bytes() if body else b"")
    try:
        check_installed()
        loads = [load(origin, pid, header, request, seconds) for _ in range(ROUNDS)]
    except CannotMeasure as error:
        raise typer.BadParameter(str(error)) from None
    Console().print(*for_people([Figure.of(", ".join(line), "peer", loads)]))


typer.run(main)
