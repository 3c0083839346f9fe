"""Compiles a template of somebody's own, or a long document, in a process of its own, which may do little and not long.

Run as ``python -m tallystick.documents.child`` in an empty folder, which is all that can be read: a request comes as
JSON on standard input, and what is made goes to standard output. Else the status is REFUSED, and the compiler's words
go to standard error.
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


def main() -> int:
    """Answers one request."""
    request = json.load(sys.stdin)
    _limit()
    made, words = _compiled(request, Path.cwd())
    if made is None:
        sys.stderr.write(words[:LONGEST_WORDS])
        return REFUSED
    sys.stdout.buffer.write(made)
    return 0


def _limit() -> None:
    """What happens next may not take much memory or long, nor write a file or start a process."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _compiled(request: dict[str, Any], nowhere: Path) -> tuple[bytes | None, str]:
    import typst  # noqa: PLC0415  # within the limits

    fonts = typst.Fonts(include_system_fonts=False, font_paths=[request["fonts"]])
    compiler = typst.Compiler(root=nowhere, package_path=nowhere, package_cache_path=nowhere, font_paths=fonts)
    files: Any = {name: source.encode() for name, source in request["files"].items()}
    try:
        made = compiler.compile(
            files,
            format="pdf",
            sys_inputs=request["inputs"],
            timestamp=request["timestamp"],
            pdf_standards=["a-3a", "ua-1"] if request["is_archival"] else [],
        )
    except typst.TypstError as error:
        return None, getattr(error, "diagnostic", None) or str(error)
    if not isinstance(made, bytes) or len(made) > MOST_BYTES:
        return None, f"The PDF has more than {MOST_BYTES:,} bytes."
    return made, ""


if __name__ == "__main__":
    sys.exit(main())
