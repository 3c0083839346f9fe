"""Compiles a template of somebody's own, or a long document, in a process of its own, which may do little and not long.

Run as ``python -m tallystick.documents.child`` in an empty folder, which is all that can be read: a request comes as
JSON on standard input, and what is made goes to standard output. Else the status is REFUSED, or NOT_ARCHIVAL where a
PDF that is not to be archived could be made of it, and the compiler's words go to standard error.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

MEMORY_BYTES = 2 * 1024**3
"""Of addresses; what typst itself needs of them is some 600 MB."""
CPU_S = 10
MOST_BYTES = 32 * 1024**2
"""Of a PDF: whoever asks for it holds it in memory."""
LONGEST_WORDS = 2_000
REFUSED = 65  # EX_DATAERR
NOT_ARCHIVAL = 66
# How the compiler begins what it has against a PDF/A or PDF/UA, and what it warns of where it gives up.
OF_ARCHIVES = "PDF/"
UNSETTLED = "document did not converge"


class Refused(Exception):
    """What the compiler says against it, and the status that tells."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(status, words)
        self.status = status
        self.words = words


def main() -> int:
    """Answers one request."""
    request, nowhere = json.load(sys.stdin), Path.cwd()
    _limit(request["cpu_s"])
    try:
        made = _compiled(request, nowhere)
    except Refused as refused:
        # Where that is, is nobody's business.
        sys.stderr.write(refused.words.replace(str(nowhere), "")[:LONGEST_WORDS])
        return refused.status
    sys.stdout.buffer.write(made)
    return 0


def _limit(cpu_s: int) -> None:
    """What happens next may not take much memory or long, nor write a file or start a process."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _compiled(request: dict[str, Any], nowhere: Path) -> bytes:
    """The PDF. Raises Refused."""
    import typst  # noqa: PLC0415  # within the limits

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[request["fonts"]])
    compiler = typst.Compiler(root=nowhere, package_path=nowhere, package_cache_path=nowhere, font_paths=fonts)
    files: Any = {name: source.encode() for name, source in request["files"].items()}
    try:
        made, warnings = compiler.compile_with_warnings(
            files,
            format="pdf",
            sys_inputs=request["inputs"],
            timestamp=request["timestamp"],
            pdf_standards=["a-3a", "ua-1"] if request["is_archival"] else [],
        )
    except typst.TypstError as error:
        status = NOT_ARCHIVAL if str(error).startswith(OF_ARCHIVES) else REFUSED
        raise Refused(status, getattr(error, "diagnostic", None) or str(error)) from None
    if any(str(each).startswith(UNSETTLED) for each in warnings):
        raise Refused(REFUSED, "".join(getattr(each, "diagnostic", str(each)) for each in warnings))
    if not isinstance(made, bytes) or len(made) > MOST_BYTES:
        raise Refused(REFUSED, f"The PDF has more than {MOST_BYTES:,} bytes.")
    return made


if __name__ == "__main__":
    sys.exit(main())
