"""What every command of the program finds around it: settings, keys, the database.

What is wrong there is said as ``Trouble``. Everything heavy is imported when it is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr, ValidationError

from app.core.settings import Settings
from app.core.trouble import Trouble

if TYPE_CHECKING:
    from app.core.db import Database

_T = TypeVar("_T")


def read_settings() -> Settings:
    """The settings that the environment gives."""
    try:
        settings = Settings(_env_ignore_empty=True)  # an empty variable, as compose files make them, is no setting
    except ValidationError as error:
        wrong = "; ".join(
            f"{'__'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}" for fault in error.errors()
        )
        raise Trouble(f"设置有误：{wrong}", f"Wrong settings: {wrong}") from None
    if settings.database_url is None:
        return settings
    known = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", settings.database_url.get_secret_value())
    return settings.model_copy(update={"database_url": SecretStr(known)})


def _url(settings: Settings) -> str | None:
    return None if settings.database_url is None else settings.database_url.get_secret_value()


def require_schema(settings: Settings) -> None:
    """Refuse to work on a database that is elsewhere in its history, or that belongs to other keys."""
    url = _url(settings)
    if url is None:
        raise Trouble(
            "没有 DATABASE_URL：请设置它，或用 baojing run 启动整套服务。",
            "No DATABASE_URL: set it, or start everything with: baojing run",
        )
    from app.core import migrations

    migrations.require_current(url)
    install_keys(settings)
    asyncio.run(recognise(settings, url))


async def recognise(settings: Settings, url: str) -> None:
    """Refuse a database that belongs to other keys than those that were taken up."""
    from app.core import installation, sealing

    async with open_database(settings, url, whole=False) as database:
        await installation.recognise(database, sealing.keys())


@contextlib.contextmanager
def database_url(settings: Settings, *, make: bool = True) -> Iterator[str]:
    """The database that is given, or of the running installation, or an embedded one started for this command.

    Where there is none yet it is made, or said so.
    """
    from app.core.postgres import EmbeddedPostgres, running_url

    url = _url(settings) or running_url(settings.data_dir)
    if url is not None:
        yield url
        return
    if not make and not (settings.data_dir / "postgres").exists():
        raise Trouble(
            f"数据目录 {settings.data_dir} 中没有数据库；请检查 DATA_DIR，或设置 DATABASE_URL。",
            f"There is no database in {settings.data_dir}; check DATA_DIR, or set DATABASE_URL.",
        )
    with EmbeddedPostgres(settings.data_dir) as url:
        yield url


def collect_metrics(settings: Settings) -> None:
    """Several processes answer for one service: their figures meet in a directory (before the library is imported)."""
    if settings.metrics_dir is not None:
        settings.metrics_dir.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.metrics_dir)


def install_keys(settings: Settings) -> None:
    """Take up the keys of this installation, made if there are none yet."""
    from app.core import sealing

    try:
        sealing.install(sealing.Keys.load_or_create(settings.keys_path))
    except sealing.KeyTrouble as trouble:
        raise Trouble(str(trouble), f"key file {settings.keys_path}") from None
    except OSError as error:
        raise Trouble(
            f"密钥文件 {settings.keys_path} 不能读写：{error.strerror}",
            f"Cannot use the key file {settings.keys_path}: {error.strerror}",
        ) from None


def run_until_told(work: Coroutine[Any, Any, _T], *, status: int = 130) -> _T:
    """Run `work` to its end; SIGTERM and SIGINT cancel it, and the program then ends with `status`.

    An audit that was cut short has not found that everything agrees, so only what never ends by itself ends well.
    """
    import uvloop

    async def watched() -> _T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return uvloop.run(watched())
    except asyncio.CancelledError:
        raise SystemExit(status) from None


@contextlib.asynccontextmanager
async def open_database(
    settings: Settings, url: str, *, whole: bool = True, wait_for_disk: bool = True
) -> AsyncIterator[Database]:
    """The database, with all who listen to its facts unless only core's own tables are looked at."""
    from app.core.db import Database

    wiring = None
    if whole:
        from app.wiring import build

        wiring = build(settings)
    database = Database(url, settings.pool, wiring, wait_for_disk=wait_for_disk)
    try:
        yield database
    finally:
        await database.dispose()
