"""Disks that are small, and disks that fail."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

SOURCE: Final = Path(__file__).with_name("failing_sync.c")


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[Path]:
    """A disk of this size at a folder; the test is left out where this user may not mount one."""
    folder.mkdir()
    options = f"size={size_bytes}"
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=False).returncode:
        pytest.skip("a disk of its own needs the right to mount one")
    try:
        yield folder
    finally:
        # Lazily, for whoever failed may hold a file there still.
        subprocess.run(["umount", "--lazy", folder], check=True)


def filled(disk: Path) -> Path:
    """Fills what is free on a disk with a file, and answers its path."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def compiled(source: Path, folder: Path) -> Path:
    """A library in the folder that LD_PRELOAD takes; the test is left out where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("a disk that is not as others are needs a compiler of C")
    library = folder / f"{source.stem}.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


class FailingSync:
    """What makes the syncs of a server's files fail; ``environment`` is the server's."""

    def __init__(self, folder: Path) -> None:
        library = compiled(SOURCE, folder)
        self._faults = folder / "faults"
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(self._faults)}

    @contextmanager
    def of(self, ending: str) -> Iterator[None]:
        """For the time of the block no file whose name ends so can be synced."""
        self._faults.write_text(ending)
        yield
        self._faults.unlink()
