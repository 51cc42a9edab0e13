"""The supervisor of the embedded PostgreSQL."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from app.core.postgres import EmbeddedPostgres, PostgresTrouble, running_url
from tests.launcher.processes import ROOT, processes_of, until

QUICK = {"fsync": "off"}
OWNER = """
import sys, pathlib, time
from app.core.postgres import EmbeddedPostgres
print(EmbeddedPostgres(pathlib.Path(sys.argv[1])).start(), flush=True)
time.sleep(60)
"""


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def test_a_second_start_and_a_killed_server_keep_the_data_and_the_address(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir, options=QUICK)
    first = server.start()
    ask(first, "CREATE TABLE kept (n int)")
    server.stop()
    assert server.poll() is None
    assert not processes_of(data_dir)

    with EmbeddedPostgres(data_dir, options=QUICK) as url:
        assert url == first
        ask(url, "INSERT INTO kept VALUES (1)")

    url = server.start()
    try:
        assert server.pid is not None
        ask(url, "INSERT INTO kept VALUES (2)")
        os.kill(server.pid, signal.SIGKILL)
        assert until(lambda: server.poll() is not None)
        assert server.poll() == -signal.SIGKILL
        assert server.start() == url
        assert ask(url, "SELECT n FROM kept ORDER BY n") == [(1,), (2,)]
    finally:
        server.stop()
    assert not processes_of(data_dir)


def test_the_service_is_no_superuser_and_nobody_else_gets_in(data_dir: Path) -> None:
    with EmbeddedPostgres(data_dir, options=QUICK) as url:
        [(superuser, listens, checksums, encoding, locale, commits)] = ask(
            url,
            "SELECT rolsuper, current_setting('listen_addresses'), current_setting('data_checksums'),"
            " pg_encoding_to_char(encoding), datlocale, current_setting('synchronous_commit')"
            " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()",
        )
        assert (superuser, listens, checksums, encoding, locale, commits) == (False, "", "on", "UTF8", "C.UTF-8", "on")
        sockets = Path(url.partition("host=")[2])
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert (data_dir / "conf" / "pg_hba.conf").read_text().split() == ["local", "all", "all", "peer", "map=owner"]
        assert stat.S_IMODE((data_dir / "database_url").stat().st_mode) == 0o600
        assert running_url(data_dir) == url
    assert running_url(data_dir) is None


def test_one_owner_at_a_time(used_dir: Path) -> None:
    with EmbeddedPostgres(used_dir, options=QUICK) as url:
        with pytest.raises(PostgresTrouble, match="in use by another running instance"):
            EmbeddedPostgres(used_dir).start()
        assert ask(url, "SELECT 1") == [(1,)]
        assert running_url(used_dir) == url


def test_data_of_another_version_are_refused_and_left_alone(data_dir: Path) -> None:
    cluster = data_dir / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresTrouble, match="made by PostgreSQL 16, this program brings 18") as refused:
        EmbeddedPostgres(data_dir).start()
    assert "由 PostgreSQL 16 创建" in refused.value.zh
    assert [file.name for file in cluster.iterdir()] == ["PG_VERSION"]
    assert not processes_of(data_dir)


def test_a_pid_file_that_names_a_stranger_and_a_half_made_cluster_do_not_stop_it(used_dir: Path) -> None:
    (used_dir / "postgres.new-killed").mkdir()
    (used_dir / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n1\n5432\n\n\n 1 1\nready   \n")
    with EmbeddedPostgres(used_dir, options=QUICK) as url:
        assert ask(url, "SELECT 1") == [(1,)]
    assert not list(used_dir.glob("postgres.new-*"))


def test_a_long_path_and_closed_parents_get_a_private_socket_elsewhere(data_dir: Path) -> None:
    deep = data_dir / ("closed-" + "x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    deep.parent.chmod(0o700)
    server = EmbeddedPostgres(deep, options=QUICK)
    url = server.start()
    sockets = Path(url.partition("host=")[2])
    try:
        assert data_dir not in sockets.parents
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert until(lambda: server.poll() is not None)
        assert server.start() == url
        assert ask(url, "SELECT 1") == [(1,)]
    finally:
        server.stop()
    assert not sockets.exists()


def test_nothing_is_left_when_its_owner_is_killed(used_dir: Path) -> None:
    owner = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            OWNER,
            str(used_dir),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    ask(url, "CREATE TABLE kept AS SELECT 7 AS n")
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with EmbeddedPostgres(used_dir) as again:  # at once: it waits for the one that is going down
        assert ask(again, "SELECT n FROM kept") == [(7,)]
    assert not processes_of(used_dir)
