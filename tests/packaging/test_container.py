"""The image is built and serves, by buildah on a base of Debian's packages; and the compose file fits the program."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tallystick.config import from_environment
from testing.server import free_port
from tests.packaging.test_service import BARE, block

ROOT = Path(__file__).parents[2]
NEEDED = ("buildah", "mmdebstrap")
MISSING = [program for program in NEEDED if shutil.which(program) is None]
BASE = "localhost/base"
IMAGE = "localhost/tallystick"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# How this machine's pip reaches its registry.
REGISTRY = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and "://" in value}
USER_ID = 10001
DATABASE = "/var/lib/tallystick/tallystick.db"
START_TIMEOUT_S = 120.0


class Builder:
    """Buildah with a storage of its own; nothing of it is left elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._environment = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
        self._command = ["buildah", f"--root={folder / 'storage'}", f"--runroot={folder / 'run'}"]

    def __call__(self, *arguments: str | Path) -> str:
        done = subprocess.run(
            [*self._command, *map(str, arguments)],
            env=self._environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    @contextmanager
    def running(self, container: str, command: list[str], **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """The command in a container, ended at the end with all that it started."""
        options = [f"--env={name}={value}" for name, value in settings.items()]
        process = subprocess.Popen(
            [*self._command, "run", *options, container, "--", *command], env=self._environment, start_new_session=True
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Builder]:
    """Buildah, with a base image that has what the Containerfile wants of one."""
    archive = tmp_path / "base.tar"
    packages = "python3,python3-venv,python3-pip,ca-certificates"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", "bookworm", archive], check=True
    )
    build = Builder(tmp_path)
    base = build("from", "scratch")
    build("add", base, archive, "/")
    build("copy", base, CERTIFICATES, CERTIFICATES)
    trusted = [f"--env={name}={CERTIFICATES}" for name in ("PIP_CERT", "SSL_CERT_FILE")]
    build("config", *trusted, *(f"--env={name}={value}" for name, value in REGISTRY.items()), base)
    build("commit", "--quiet", "--rm", base, BASE)
    yield build
    build("rm", "--all")
    build("rmi", "--all", "--force")


@pytest.mark.slow
@pytest.mark.skipif(bool(MISSING), reason=f"building an image needs {' and '.join(NEEDED)}")
def test_the_image_is_built_and_serves_as_nobody_special(build: Builder) -> None:
    build(
        "bud", "--quiet", "--format=docker", f"--build-arg=BASE={BASE}", f"--tag={IMAGE}", "--file=Containerfile", "."
    )
    container = build("from", "--pull-never", IMAGE)
    config = yaml.safe_load(build("inspect", container))["Docker"]["config"]
    assert (config["User"], list(config["Volumes"])) == ("tallystick", ["/var/lib/tallystick"])
    check = config["Healthcheck"]["Test"]
    port = free_port()
    with build.running(container, [*config["Entrypoint"], *config["Cmd"]], PORT=str(port)):
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        owner_and_mode = build("run", container, "--", "stat", "--format=%u %a", DATABASE)
        assert owner_and_mode == f"{USER_ID} 600"
        assert check[0] == "CMD-SHELL"
        build("run", f"--env=PORT={port}", container, "--", "sh", "-c", check[1])
    with pytest.raises(AssertionError, match="Connection refused"):
        build("run", f"--env=PORT={port}", container, "--", "sh", "-c", check[1])


def answers(port: int) -> bool:
    """Whether a server does."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=1, trust_env=False).is_success
    except httpx.TransportError:
        return False


def composed(**environment: str) -> dict[str, Any]:
    """The services of the compose file, with variables of this environment."""

    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        return environment.get(name) or default.lstrip(":-?")

    text = re.sub(r"\$\{([A-Z_]+)([^}]*)\}", value, (ROOT / "compose.yaml").read_text())
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


@pytest.mark.parametrize("service", ["server", "worker"])
def test_the_compose_file_sets_what_the_program_knows(service: str) -> None:
    key = "a-key-that-is-long-enough"
    services = composed(POSTGRES_PASSWORD="secret", API_KEY=key)
    given = services[service]["environment"]
    settings = from_environment(given)
    assert settings.database_url == "postgresql+psycopg://tallystick:secret@postgresql/tallystick"
    assert services["postgresql"]["environment"] == {"POSTGRES_USER": "tallystick", "POSTGRES_PASSWORD": "secret"}
    assert {name for name, value in given.items() if value} <= {name.upper() for name in settings.__struct_fields__}
    assert settings.api_key == (key if service == "server" else None)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_compose_file_has_its_secrets_of_a_file_that_is_made_once(tmp_path: Path) -> None:
    make, start = block("running.md", "sh", "docker compose").splitlines()
    assert start == "docker compose up --detach"
    made = [subprocess.run(["/bin/sh", "-c", make], env=BARE, cwd=tmp_path, check=False).returncode for _ in range(2)]
    file = tmp_path / ".env"
    assert (made[0], made[1] != 0, file.stat().st_mode & 0o777) == (0, True, 0o600)
    secrets = dict(line.split("=") for line in file.read_text().splitlines())
    settings = from_environment(composed(**secrets)["server"]["environment"])
    assert (settings.api_key, settings.seal_key) == (secrets["API_KEY"], secrets["SEAL_KEY"])
    assert secrets["POSTGRES_PASSWORD"] in settings.database_url
    assert len(set(secrets.values())) == 3
