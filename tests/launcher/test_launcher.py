"""``baojing run`` and the other commands, as a person meets them: processes, exit statuses, lines on a screen."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine, text
from typer.testing import CliRunner

from app import cli
from app.core import migrations
from tests.launcher.processes import Installation, command, one_line, processes_of, until

Install = Callable[..., Installation]
Here = Callable[..., str]


@pytest.fixture
def here(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run a command that must refuse, in this process; gives the one line it says."""

    def refuse(*arguments: str, **variables: str) -> str:
        for name, value in {"DATA_DIR": str(data_dir), "DATABASE_URL": "", "PORT": "0", **variables}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["baojing", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        [line] = capsys.readouterr().err.strip().splitlines()
        return line

    return refuse


def test_it_keeps_everything_up_and_stops_cleanly(data_dir: Path, install: Install) -> None:
    running = install().wait_until_up()
    assert running.answers()
    assert len(running.pids("app.cli serve")) == 2
    assert len(running.pids("app.cli worker")) == 1

    # the other commands meet the running database
    migrated = command(data_dir, "migrate")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    assert "schema is current" in migrated.stdout

    for part in ("app.cli serve", "app.cli worker"):
        [killed, *_] = before = running.pids(part)
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: len(set(running.pids(part)) - {killed}) == len(before))  # noqa: B023
    [postgres] = running.pids("bin/postgres -D")
    os.kill(postgres, signal.SIGKILL)
    assert until(lambda: running.said("PostgreSQL ended"))
    assert until(running.answers)

    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(30) == 0
    assert not processes_of(data_dir)
    assert "Traceback" not in running.log.read_text()

    keys = (data_dir / "keys.json").read_bytes()
    again = install(PROCESSES="1").wait_until_up()
    assert again.answers()
    assert (data_dir / "keys.json").read_bytes() == keys
    again.process.kill()
    again.process.wait()
    assert until(lambda: not processes_of(data_dir), 10)


def test_a_port_in_use_is_said_before_anything_is_made(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = command(data_dir, "run", PORT=str(taken.getsockname()[1]))
    assert "choose another port with PORT" in one_line(refused)
    assert list(data_dir.iterdir()) == []


UNREACHABLE = "postgresql://someone:hidden-word@127.0.0.1:1/market"


def test_an_unreachable_database_is_one_line_without_its_password(data_dir: Path) -> None:
    line = one_line(command(data_dir, "run", PORT="0", DATABASE_URL=UNREACHABLE))
    assert "无法连接数据库" in line
    assert "Cannot reach the database" in line
    assert "hidden-word" not in line
    assert not (data_dir / "postgres").exists()


@pytest.mark.parametrize("name", ["migrate", "serve", "worker", "check", "demo"])
def test_every_command_says_that_the_database_is_unreachable(here: Here, name: str) -> None:
    assert "Cannot reach the database" in here(name, DATABASE_URL=UNREACHABLE)


@pytest.mark.parametrize("arguments", [("check",), ("account", "--role", "operator", "--login", "first")])
def test_what_looks_at_a_database_makes_none(data_dir: Path, here: Here, arguments: tuple[str, ...]) -> None:
    line = here(*arguments)
    assert "没有数据库" in line
    assert "There is no database in" in line
    assert list(data_dir.iterdir()) == []


def test_a_data_directory_of_another_version_is_one_line(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")
    assert "made by PostgreSQL 16" in one_line(command(data_dir, "run", PORT="0"))


def test_serve_and_worker_want_a_current_schema(data_dir: Path, server_url: URL, here: Here) -> None:
    empty = server_url.set(database="launcher_empty")
    server = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE launcher_empty"))
    try:
        url = empty.render_as_string(hide_password=False)
        assert "behind" in here("serve", DATABASE_URL=url)
        assert command(data_dir, "migrate", DATABASE_URL=url).returncode == 0
        assert migrations.current(url) == migrations.head()
        with create_engine(empty, poolclass=NullPool).begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = 'from_the_future'"))
        assert "newer than this program" in here("worker", DATABASE_URL=url)
        assert "newer than this program" in one_line(command(data_dir, "run", PORT="0", DATABASE_URL=url))
    finally:
        with server.connect() as connection:
            connection.execute(text("DROP DATABASE launcher_empty WITH (FORCE)"))


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_serve_and_worker_alone_say_what_to_do_without_a_database(here: Here, name: str) -> None:
    assert "start everything with: baojing run" in here(name)


@pytest.mark.parametrize(
    ("setting", "value"), [("PORT", "eighty"), ("PROCESSES", "0"), ("LIMITS__BODY_BYTES", "many"), ("POOL__SIZE", "-1")]
)
def test_a_wrong_setting_is_one_line_that_names_it(here: Here, setting: str, value: str) -> None:
    assert setting in here("run", **{setting: value})


def test_a_wrong_day_is_one_line(here: Here) -> None:
    assert "not a date" in here("demo", "--until", "2026-13-01")


@pytest.mark.parametrize("name", ["run", "serve", "worker", "migrate", "demo", "check", "account", "openapi"])
def test_every_command_explains_itself(name: str) -> None:
    helped = CliRunner().invoke(cli.app, [name, "--help"])
    assert helped.exit_code == 0
    assert name in helped.output
    assert " / " in helped.output


def test_the_openapi_document_needs_no_database(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    printed = CliRunner().invoke(cli.app, ["openapi"])
    assert printed.exit_code == 0, printed.output
    assert json.loads(printed.stdout)["openapi"].startswith("3.1")
    assert not (data_dir / "postgres").exists()
