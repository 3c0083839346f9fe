"""Options and fixtures of the whole suite."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

from testing.postgresql import DURABLE, VOLATILE, temporary_directory
from tests.browsers import NO_CHROMIUM
from tests.databases import KINDS, Databases, Kind

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

    from tests.accounted import Watch
    from tests.api import Api

DATABASES: Final = pytest.StashKey[Databases]()
SHARED: Final = "shared_directory"
DATA: Final = "data_directory"

# Copying a database of PostgreSQL makes hundreds of files, which takes a disk twenty times as long; and each commit of
# SQLite waits for the disk.
MEMORY: Final = Path("/dev/shm")
MEMORY_NEEDED_BYTES: Final = 1 << 30

# Of how many tests over a database the sample runs one.
SAMPLED_OF: Final = 2
SLOW_AS_A_WHOLE: Final = "\npytestmark = pytest.mark.slow\n"

# Of how many tests one is followed by a look at its books. A test writes the same rows to both databases.
AUDITED_OF: Final[dict[Kind, int]] = {"sqlite": 3, "postgresql": 8}

# How many examples the properties try: few by default, fewer in a sample, HYPOTHESIS_PROFILE=thorough for 100,000 each.
settings.register_profile("sample", max_examples=10, deadline=None)
settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=100_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tallystick")
    group.addoption("--database", choices=(*KINDS, "both"), default="both", help="run tests on this database")
    group.addoption("--sample", action="store_true", help="run the first case of every second test over a database")
    group.addoption("--durable", action="store_true", help="each commit is written to disk, as in production")


def pytest_configure(config: pytest.Config) -> None:
    settings = DURABLE if config.getoption("durable") else VOLATILE
    from_controller = getattr(config, "workerinput", None)
    if from_controller is not None:
        databases = Databases(Path(from_controller[SHARED]), Path(from_controller[DATA]), settings)
    else:
        databases = _new_databases(config, settings)
        # Ended by a time limit, the run must still stop its server: as if ended from the keyboard.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.stash[DATABASES] = databases
    config.add_cleanup(databases.close)


def _new_databases(config: pytest.Config, settings: Mapping[str, str]) -> Databases:
    cleanup = ExitStack()
    config.add_cleanup(cleanup.close)
    shared = cleanup.enter_context(temporary_directory())
    in_memory = settings is VOLATILE and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED_BYTES
    data = cleanup.enter_context(temporary_directory(MEMORY)) if in_memory else shared
    databases = Databases(shared, data, settings)
    cleanup.callback(databases.stop)
    return databases


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A process for each processor, and where slow tests run one more, for these wait for processes and deadlines."""
    return len(os.sched_getaffinity(0)) + (0 if config.getoption("sample") else 1)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "WorkerController") -> None:
    databases = node.config.stash[DATABASES]
    node.workerinput |= {SHARED: str(databases.shared), DATA: str(databases.data)}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", _kinds(metafunc), indirect=True)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The sample does not import what is slow as a whole: half of a short run is to import."""
    if config.getoption("sample") and collection_path.suffix == ".py":
        return SLOW_AS_A_WHOLE in collection_path.read_text() or None
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("sample"):
        others = _left_out(items)
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def pytest_collection_finish(session: pytest.Session) -> None:
    # A million objects that stay until the end, which each collection of garbage would walk through.
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says aloud that no page was looked at in a browser, where there is none."""
    skipped = [each for each in terminalreporter.stats.get("skipped", ()) if NO_CHROMIUM in str(each.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"NOT TESTED: {len(skipped)} tests of pages, for {NO_CHROMIUM}", red=True, bold=True
        )


def _left_out(items: Sequence[pytest.Item]) -> set[pytest.Item]:
    """The cases over a database, but for the first of each test whose name is drawn."""
    over_databases = [item for item in items if "database_kind" in getattr(item, "fixturenames", ())]
    first = {item.nodeid.partition("[")[0]: item for item in reversed(over_databases)}
    drawn = {item for name, item in first.items() if crc32(name.encode()) % SAMPLED_OF == 0}
    return set(over_databases) - drawn


def _kinds(metafunc: pytest.Metafunc) -> list[Kind]:
    chosen = metafunc.config.getoption("database")
    only = metafunc.definition.get_closest_marker("database")
    return [kind for kind in KINDS if chosen in (kind, "both") and (only is None or kind in only.args)]


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> Kind:
    """A test that uses this, or a fixture built upon it, runs once for each database."""
    kind: Kind = request.param
    return kind


@pytest.fixture
def databases(pytestconfig: pytest.Config) -> Databases:
    """Makes databases of either kind, for a test that needs more than one."""
    return pytestconfig.stash[DATABASES]


@pytest.fixture
def database_url(database_kind: Kind, pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of this test's own database, migrated and without rows."""
    with pytestconfig.stash[DATABASES].migrated(database_kind) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: Kind, pytestconfig: pytest.Config) -> Iterator[str]:
    """The URL of this test's own database, without a schema."""
    with pytestconfig.stash[DATABASES].empty(database_kind) as url:
        yield url


@pytest.fixture
def api(database_url: str, database_kind: Kind, request: pytest.FixtureRequest) -> Iterator["Api"]:
    """The API over this test's own database, with an admin key; when the test has passed, the books must balance."""
    # Not at the top: the tests of the pure rules must run even while the application does not import.
    from tests.api import opened  # noqa: PLC0415

    with opened(database_url) as client:
        yield client
        if _is_audited(request.node, database_kind):
            assert client.differences() == []


@pytest.fixture
def apis(databases: Databases, pytestconfig: pytest.Config) -> Iterator[list["Api"]]:
    """As ``api``, over each of the databases at once: for what takes longer to make than to send to both."""
    # Not at the top, as above.
    from tests.api import opened  # noqa: PLC0415

    chosen = pytestconfig.getoption("database")
    with ExitStack() as open_:
        urls = [open_.enter_context(databases.migrated(kind)) for kind in KINDS if chosen in (kind, "both")]
        yield [open_.enter_context(opened(url)) for url in urls]


def _is_audited(test: pytest.Item, kind: Kind) -> bool:
    """Whether the books are looked at behind this test, for a look at them costs more than most tests.

    The name of a test decides, so that it is the same ones in each run.
    """
    return test.get_closest_marker("alters") is None and crc32(test.nodeid.encode()) % AUDITED_OF[kind] == 0


@pytest.fixture(scope="session")
def statements() -> Iterator["Watch"]:
    """Looks at the statements that all tests of this process have the program run."""
    # Not at the top: the tests of the pure rules must run even while the store does not import.
    from tests.accounted import watched  # noqa: PLC0415

    with watched() as watch:
        yield watch


@pytest.fixture
def accounted(statements: "Watch") -> Iterator[None]:
    """Fails a test that has the program run a statement which names no account."""
    yield
    statements.check()
