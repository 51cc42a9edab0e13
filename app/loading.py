"""Load the demo county into an empty database, and tell its sign-ins."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import typer

from app.core.settings import Settings
from app.core.trouble import Trouble
from app.surroundings import open_database, recognise


@dataclass(frozen=True, slots=True)
class Wanted:
    """The demo that is asked for."""

    until: date
    seed: int
    orders: int


def last_day(text: str | None) -> date:
    """The day meant, by default yesterday in China."""
    from app.core.clock import local_day, utc_now

    try:
        return date.fromisoformat(text) if text else local_day(utc_now()) - timedelta(days=1)
    except ValueError:
        raise Trouble(f"--until 不是日期：{text}", f"--until is not a date: {text}") from None


async def is_loaded(settings: Settings, url: str) -> bool:
    """Whether the demo was loaded to its end; asked at each start, so without importing what loads it."""
    from sqlalchemy import text

    async with open_database(settings, url, whole=False) as database, database.read() as session:
        mark = text("SELECT EXISTS (SELECT FROM core_installation WHERE name = 'demo')")
        return bool((await session.execute(mark)).scalar_one())


async def worker_is_alive(settings: Settings, url: str) -> bool:
    """Whether some worker has shown itself within 45 seconds."""
    from sqlalchemy import text

    async with open_database(settings, url, whole=False) as database, database.read() as session:
        beat = text("SELECT EXISTS (SELECT FROM core_heartbeat WHERE at > now() - interval '45 seconds')")
        return bool((await session.execute(beat)).scalar_one())


async def is_free(settings: Settings, url: str, *, own: bool) -> bool:
    """Whether a demo may be loaded. What an interrupted loading left in our own database is cleared away first."""
    from app.core import migrations
    from app.demo import is_empty

    async with open_database(settings, url) as database:
        if await is_empty(database):
            return True
    if own and _half_loaded(settings).exists():
        migrations.start_over(url)
        await recognise(settings, url)
        return True
    return False


def _half_loaded(settings: Settings) -> Path:
    return settings.data_dir / "demo_half_loaded"


async def load(settings: Settings, url: str, wanted: Wanted) -> None:
    """Load it, and write down how to sign in. A mark lies in the data directory until it is whole."""
    from app import demo as county

    async with open_database(settings, url, wait_for_disk=False) as database:
        password = _demo_password(settings, settings.data_dir / "demo_password")
        write_private(_half_loaded(settings), "")
        await county.load(
            database,
            settings,
            until=wanted.until,
            seed=wanted.seed,
            count=wanted.orders,
            password=password,
            report=_progress(),
        )
        told = {"sign_ins": _sign_ins(county.SIGN_INS), "password": password}
        write_private(settings.data_dir / "demo.json", json.dumps(told, ensure_ascii=False))
        _half_loaded(settings).unlink(missing_ok=True)


def _demo_password(settings: Settings, kept: Path) -> str:
    """``DEMO_PASSWORD``, or one made for this installation; kept, so that the next start can tell it again."""
    if settings.demo_password is not None:
        password = settings.demo_password.get_secret_value()
    elif kept.exists():
        return kept.read_text()
    else:
        password = secrets.token_urlsafe(9)
    write_private(kept, password)
    return password


def write_private(file: Path, text: str) -> None:
    """Write a file for our own eyes; nobody meets it half written."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = file.with_name(file.name + ".new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    unfinished.rename(file)


def _sign_ins(names: Sequence[str]) -> list[str]:
    """The names, those that differ only by number as a range: ``supplier-s01 … supplier-s12``."""
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(name.rstrip("0123456789"), []).append(name)
    return [f"{same[0]} … {same[-1]}" if len(same) > 1 else same[0] for same in families.values()]


def _progress() -> Callable[[str, int, int], None]:
    """Shows how far a long job is: one living line on a terminal, a line for each tenth elsewhere."""
    shown = ("", -1)

    def report(stage: str, done: int, total: int) -> None:
        nonlocal shown
        finished = done >= total
        percent = 100 if finished else done * 100 // total
        if sys.stdout.isatty():
            typer.echo(f"\r\033[K演示数据 / demo: {stage} {percent}%", nl=finished)
        elif (stage, percent // 10) != shown:
            shown = (stage, percent // 10)
            typer.echo(f"演示数据 / demo: {stage} {percent}%")

    return report
