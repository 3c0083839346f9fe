"""What hinders a command, in one line; and what was wrong with how it was called, in our own words."""

import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, NoReturn, get_args

import msgspec
import typer
from rich.console import Console

from tallystick.core.near import did_you_mean
from tallystick.wire import wanted

CANNOT = 2
"""The exit code of what could not be done."""


def refuse(reason: str, *, status: int = CANNOT) -> NoReturn:
    """Prints the line, and ends the program."""
    console = Console(stderr=True)
    console.print(f"tallystick: {reason}", style="red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(status) from None


def sentence(error: typer.TyperException) -> str:
    """The argument or option, what is wrong with it, and the question whether a near one was meant."""
    if isinstance(error, typer.BadParameter):
        return _of_parameter(error)
    context: Any = getattr(error, "ctx", None)
    for pattern, told, names_of in CALLS:
        if found := pattern.match(error.message):
            word = found[1]
            near = did_you_mean(*names_of(word, context)) if context else ""
            return f"{word}: {told}{near}"
    return error.format_message()


def _of_parameter(error: typer.BadParameter) -> str:
    parameter: Any = error.param
    if parameter is None:
        return f"{error.param_hint}: {error.message}"
    name = max(parameter.opts, key=len)
    refused: Any = error.__cause__
    if refused is None:
        return f"{name}: {error.message or 'Is required.'}"
    hint, value = _hint(parameter), refused.errors()[0]["input"]
    return f"{name}: {wanted.sentence(hint, value)}{did_you_mean(value, wanted.choices(hint))}"


def _hint(parameter: Any) -> Any:
    """The type that one value of a parameter must have, with its limits."""
    kind = parameter.type_descriptor.annotation
    (one,) = get_args(kind) or (kind,)
    if one is datetime:
        return date
    return Annotated[one, msgspec.Meta(ge=parameter.min, le=parameter.max)] if one is int else one


def _options(word: str, context: Any) -> tuple[str, Sequence[str]]:
    return word, [name for each in context.command.params for name in each.opts]


def _commands(word: str, context: Any) -> tuple[str, Iterable[str]]:
    return word, context.command.list_commands(context)


def _options_before(word: str, context: Any) -> tuple[str, Sequence[str]]:
    """A value too many may stand after a flag whose name is near that of an option which takes one."""
    before = sys.argv[sys.argv.index(word) - 1] if word in sys.argv else ""
    takers = [name for each in context.command.params if not getattr(each, "is_flag", True) for name in each.opts]
    return before if before.startswith("-") else "", takers


def _nothing(word: str, _context: Any) -> tuple[str, Sequence[str]]:
    return word, ()


CALLS = (
    (re.compile(r"No such option: (\S+)"), "Is not an option of this command.", _options),
    (re.compile(r"No such command '(.*?)'"), "Is not a command.", _commands),
    (re.compile(r"Got unexpected extra argument\(s\) \((\S+?)[ )]"), "Is one argument too many.", _options_before),
    (re.compile(r"Option '(\S+)' requires an argument"), "Needs a value.", _nothing),
    (re.compile(r"Option '(\S+)' does not take a value"), "Takes no value.", _nothing),
)
"""How typer begins a sentence about a word, what is said in its place, and what the word may have been meant for."""
