"""A data directory of its own, and installations that are ended whatever happens."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.postgres import EmbeddedPostgres
from tests.conftest import scratch
from tests.launcher.processes import Installation, processes_of, until


@pytest.fixture
def data_dir() -> Iterator[Path]:
    made = scratch("market-data-")
    yield made
    for pid in processes_of(made):  # a failed test leaves nothing behind either
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not processes_of(made))
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    made = scratch("market-cluster-")
    with EmbeddedPostgres(made, options={"fsync": "off"}):
        pass
    yield made / "postgres"
    shutil.rmtree(made)


@pytest.fixture
def used_dir(data_dir: Path, cluster: Path) -> Path:
    """A data directory that was used before, restored by whoever runs the tests."""
    shutil.copytree(cluster, data_dir / "postgres")
    return data_dir


@pytest.fixture
def install(data_dir: Path) -> Iterator[Callable[..., Installation]]:
    started: list[Installation] = []

    def start(**more: str) -> Installation:
        started.append(Installation(data_dir, **more))
        return started[-1]

    yield start
    for installation in started:
        installation.process.kill()
        installation.process.wait()
