"""The power fails while many write at a time: whatever was answered is on the disk.

All that the server writes, syncs and answers is recorded in one order. At each answer the disk is rebuilt as it may be
found then: with what was synced, and with any beginning of what was written since.
"""

import re
import shutil
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from testing.server import SERVE, Server
from tests.databases import Databases
from tests.faults.disks import compiled
from tests.program import run

pytestmark = pytest.mark.slow

SOURCE: Final = Path(__file__).with_name("recorded_disk.c")
HEAD: Final = struct.Struct("=4sIQQ")
MADE: Final = re.compile(rb"HTTP/1.1 201 .*?\r\nlocation: /api/v1/customers/(\d+)\r\n", re.DOTALL | re.IGNORECASE)
WRITERS, EACH = 16, 8
FEWER_SYNCS_THAN_ANSWERS = 0.8


class Record(NamedTuple):
    """What happened: a file's bytes were written, it was cut, its sync began or has ended; or bytes were sent."""

    kind: str
    path: str
    offset: int
    data: bytes


class Disk:
    """The files as they are sure to be found, and what was written since and may be found too."""

    def __init__(self, before: Path) -> None:
        self._sure = {str(file): bytearray(file.read_bytes()) for file in before.parent.glob(f"{before.name}*")}
        self._since: list[Record] = []
        self._syncing: dict[str, int] = {}

    def heed(self, record: Record) -> None:
        """Does what a disk does."""
        if record.kind in {"writ", "trun"}:
            self._since.append(record)
        elif record.kind == "sync":
            self._syncing[record.path] = len(self._since)
        elif record.kind == "done":
            many = self._syncing.pop(record.path)
            for each in self._since[:many]:
                if each.path == record.path:
                    _apply(each, self._sure)
            self._since = [n for i, n in enumerate(self._since) if i >= many or n.path != record.path]

    def found(self, beginning: int) -> dict[str, bytearray]:
        """The files, where so many of the writes since are on the disk by chance."""
        files = {path: bytearray(content) for path, content in self._sure.items()}
        for each in self._since[:beginning]:
            _apply(each, files)
        return files

    @property
    def beginnings(self) -> Sequence[int]:
        """None, half and all of what was written since."""
        return sorted({0, len(self._since) // 2, len(self._since)})


def _apply(record: Record, files: dict[str, bytearray]) -> None:
    content = files.setdefault(record.path, bytearray())
    if record.kind == "trun":
        del content[record.offset :]
    content.extend(bytes(max(0, record.offset - len(content))))
    content[record.offset : record.offset + len(record.data)] = record.data


def records(file: Path) -> Iterator[Record]:
    content, at = file.read_bytes(), 0
    while at < len(content):
        kind, path_length, offset, length = HEAD.unpack_from(content, at)
        at += HEAD.size
        path, data = content[at : at + path_length], content[at + path_length : at + path_length + length]
        yield Record(kind.decode(), path.decode(), offset, data)
        at += path_length + length


def customers_in(files: dict[str, bytearray], folder: Path, name: str) -> set[int]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, content in files.items():
        if not path.endswith("-shm"):
            (folder / Path(path).name).write_bytes(content)
    with closing(sqlite3.connect(folder / name)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        return {number for (number,) in connection.execute("SELECT id FROM customers")}


def test_no_answer_comes_before_the_sync_of_what_it_tells(databases: Databases, tmp_path: Path) -> None:
    file, record, rebuilt = tmp_path / "books.db", tmp_path / "record", tmp_path / "rebuilt"
    url = databases.migrated_file(file)
    environment = {"LD_PRELOAD": str(compiled(SOURCE, tmp_path)), "RECORDED": str(file), "RECORD": str(record)}
    disk = Disk(file)
    with Server(url, tmp_path, program=SERVE, environment=environment) as server:
        server.start()

        def write(writer: int) -> None:
            for number in range(EACH):
                assert server.post("/customers", {"name": f"{writer}.{number}"}).status_code == 201

        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(write, range(WRITERS)))
        server.kill()
    answered: set[int] = set()
    syncs = 0
    for is_answer, some in groupby(records(record), lambda each: each.kind == "sent"):
        for each in some:
            disk.heed(each)
            syncs += each.kind == "done" and each.path.endswith("-wal")
            answered.update(int(made) for made in MADE.findall(each.data) if is_answer)
        if is_answer and answered:
            for beginning in disk.beginnings:
                assert answered <= customers_in(disk.found(beginning), rebuilt, file.name)
    assert answered == set(range(1, WRITERS * EACH + 1))
    assert syncs < FEWER_SYNCS_THAN_ANSWERS * len(answered)
    assert run("verify", database_url=url).returncode == 0
