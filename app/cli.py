"""``baojing``: the program. ``run`` keeps a whole installation up; the other commands each do one thing and end.

What is wrong with the surroundings is said in one line, in Chinese and English, with an exit status that is not 0.
Everything heavy is imported by the command that needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import re
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import SecretStr, ValidationError

from app.core.settings import Settings
from app.core.trouble import Trouble

if TYPE_CHECKING:
    from app.core.db import Database
    from app.staffing import Wanted

app = typer.Typer(
    name="baojing",
    help="保靖好物 / Baojing Market. 设置写在环境变量里 / settings come from the environment: "
    "PORT, HOST, DATABASE_URL, DATA_DIR, PROCESSES, DEMO, DEMO_PASSWORD, LOG_LEVEL, …",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_T = TypeVar("_T")
DEMO_SEED = 20_260_101
DEMO_ORDERS = 2400


@app.command()
def run(
    host: Annotated[str | None, typer.Option(help="监听地址 / address to listen on (HOST)")] = None,
    port: Annotated[int | None, typer.Option(help="端口, 0 为任选 / port, 0 for any (PORT)", min=0, max=65535)] = None,
    processes: Annotated[int | None, typer.Option(help="API 进程数 / API processes (PROCESSES)", min=1, max=64)] = None,
    reload: Annotated[bool, typer.Option("--reload", help="源文件改动时重启 / restart when sources change")] = False,
) -> None:
    """启动整套服务, 直到 Ctrl-C / Run everything until Ctrl-C: database, API, worker, demo data."""
    from app.launcher import Launcher

    chosen = {"HOST": host, "PORT": port, "PROCESSES": processes}
    os.environ.update({name: str(value) for name, value in chosen.items() if value is not None})
    raise SystemExit(Launcher(_settings(), reload=reload).run())


@app.command()
def serve(
    fd: Annotated[int | None, typer.Option(help="已在监听的套接字 / a socket that listens already", min=3)] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="与其他进程共用端口 / share the port with other processes (Linux)")
    ] = False,
) -> None:
    """运行一个 API 进程 / Run one API process (needs DATABASE_URL, migrated)."""
    settings = _settings()
    _require_schema(settings)
    _collect_metrics(settings)
    import uvicorn

    from app.core.patience import PatientProtocol
    from app.launcher import bind
    from app.main import create_app

    listener = bind(settings.host, settings.port, shared=shared) if fd is None else socket.socket(fileno=fd)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            log_config=None,
            access_log=False,
            server_header=False,
            loop="uvloop",
            http=PatientProtocol,
            ws="none",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
        )
    )
    # What is here now stays: the collector need not look at it again and again, nor so often at the short-lived rest.
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    raise SystemExit(0 if server.started else 3)


@app.command()
def worker() -> None:
    """运行后台进程: 投递事实, 定期任务 / Run the worker: deliver facts, do chores (needs DATABASE_URL, migrated)."""
    settings = _settings()
    _require_schema(settings)
    _collect_metrics(settings)
    from app.worker import run as work

    _run_until_told(work(settings), status=0)


@app.command()
def migrate(
    draft: Annotated[
        str | None, typer.Option(metavar="MESSAGE", help="起草新的迁移 / draft a new revision from the models")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="没有变化时不输出 / say nothing when nothing changed")] = False,
) -> None:
    """把数据库结构升到最新 / Bring the database's schema to the newest revision."""
    from app.core import migrations

    if draft is not None:
        _draft(draft)
        return
    settings = _settings()
    with _database_url(settings) as url:
        before, after = migrations.upgrade(url)
        _install_keys(settings)
        asyncio.run(_recognise(settings, url))
    if before != after:
        typer.echo(f"数据库结构 / schema: {before or '空 / nothing'} → {after}")
    elif not quiet:
        typer.echo(f"数据库结构已是最新 / schema is current: {after}")


@app.command()
def demo(
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="数据到哪一天, 默认昨天 / last day, by default yesterday")
    ] = None,
    seed: Annotated[int, typer.Option(help="随机种子 / seed of all chance in it", min=0)] = DEMO_SEED,
    orders: Annotated[int, typer.Option(help="订单数 / how many orders", min=1, max=100_000)] = DEMO_ORDERS,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="已有数据时什么也不做 / do nothing unless the database is empty")
    ] = False,
    tell: Annotated[Path | None, typer.Option(hidden=True, help="for the launcher: write the sign-ins here")] = None,
    own: Annotated[bool, typer.Option("--own", hidden=True, help="for the launcher: nobody else uses it")] = False,
) -> None:
    """装入示范县的数据 / Load the demo county: suppliers, goods, two years of orders, goals, sign-ins."""
    settings = _settings()
    wanted = _Wanted(_day(until), seed, orders)
    with _database_url(settings) as url:
        from app.core import migrations

        migrations.require_current(url)
        _install_keys(settings)
        loaded = asyncio.run(_holds_demo(settings, url))
        if not loaded and asyncio.run(_is_free(settings, url, own=own)):
            if not own and asyncio.run(_worker_is_alive(settings, url)):
                raise Trouble(
                    "有 worker 正在运行，会打乱日期在过去的演示数据；请停下它，一分钟后再装入（或设 DEMO=false）。",
                    "A worker is running and would meddle with a demo made in the past; stop it, and load the demo a "
                    "minute later (or set DEMO=false).",
                )
            _run_until_told(_load_demo(settings, url, wanted))
        elif not if_empty:
            raise Trouble("数据库不是空的，没有装入演示数据。", "The database is not empty: no demo data were loaded.")
        elif not loaded:
            return
    kept = settings.data_dir / "demo.json"
    if not kept.exists():
        return
    told = json.loads(kept.read_text())
    if settings.demo_password is not None and settings.demo_password.get_secret_value() != told["password"]:
        typer.echo(
            "baojing: DEMO_PASSWORD 只在装入演示数据时起作用，现在的密码不变。 / "
            "DEMO_PASSWORD counts when the demo is loaded; the password stays as it was.",
            err=True,
        )
    if tell is not None:
        _write_private(tell, kept.read_text())
    else:
        typer.echo(f"登录名 sign-ins: {', '.join(told['sign_ins'])}\n密码 password:   {told['password']}")


@app.command()
def check() -> None:
    """核对全部账目, 列出每一处不符 / Audit the whole database: lists every break, exit status 1 if there is one."""
    settings = _settings()
    with _database_url(settings, make=False) as url:
        from app.core import migrations

        migrations.require_current(url)
        _install_keys(settings)
        breaks = _run_until_told(_audit(settings, url))
    for found in breaks:
        typer.echo(
            f"{found.rule}: {found.detail} [{', '.join(f'{name}={value}' for name, value in found.ids.items())}]"
        )
    if breaks:
        raise Trouble(f"发现 {len(breaks)} 处不符。", f"Breaks found: {len(breaks)}.")
    typer.echo("全部相符 / everything agrees.")


@app.command()
def account(
    role: Annotated[str, typer.Option(help="角色 / role: operator, officer, supplier, partner")],
    login: Annotated[str, typer.Option(help="登录名 / the name to sign in with")],
    supplier: Annotated[str | None, typer.Option(metavar="CODE", help="所属供货方编号 / code of its supplier")] = None,
    partner: Annotated[str | None, typer.Option(metavar="CODE", help="所属商超编号 / code of its partner")] = None,
    name: Annotated[str | None, typer.Option(help="姓名 / what the person is called")] = None,
    phone: Annotated[str | None, typer.Option(help="手机号 / mobile number")] = None,
    generate: Annotated[bool, typer.Option("--generate", help="生成并显示密码 / make a password and print it")] = False,
) -> None:
    """新建工作人员账号 / Make an account of staff. Its password is asked for, or is the first line of a pipe."""
    from app import staffing
    from app.identity import Role

    if role not in staffing.ROLES:
        raise Trouble(f"没有这个角色：{role}", f"No such role: {role} (choose from {', '.join(staffing.ROLES)})")
    if (supplier and role != "supplier") or (partner and role != "partner"):
        raise Trouble(
            "--supplier、--partner 只用于同名角色。", "--supplier and --partner go with the role of that name."
        )
    wanted = staffing.Wanted(Role(role), login, supplier or partner, name, phone)
    staffing.look_over(wanted)
    settings = _settings()
    with _database_url(settings, make=False) as url:
        from app.core import migrations

        migrations.require_current(url)
        _install_keys(settings)
        asyncio.run(_recognise(settings, url))
        password = secrets.token_urlsafe(12) if generate else _asked_password()
        staffing.look_over_password(password, login)
        _run_until_told(_make_account(settings, url, wanted, password))
    typer.echo(f"已建账号 / account made: {login} ({role})")
    if generate:
        typer.echo(f"密码 password: {password}")


@app.command()
def openapi() -> None:
    """输出 OpenAPI 文档 / Print the OpenAPI document as JSON."""
    from app.main import create_app

    settings = _settings()
    document = create_app(settings.model_copy(update={"database_url": None})).openapi()
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


# --- the pieces ---


def _settings() -> Settings:
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


def _require_schema(settings: Settings) -> None:
    """Refuse to work on a database that is elsewhere in its history, or that belongs to other keys."""
    url = _url(settings)
    if url is None:
        raise Trouble(
            "没有 DATABASE_URL：请设置它，或用 baojing run 启动整套服务。",
            "No DATABASE_URL: set it, or start everything with: baojing run",
        )
    from app.core import migrations

    migrations.require_current(url)
    _install_keys(settings)
    asyncio.run(_recognise(settings, url))


async def _recognise(settings: Settings, url: str) -> None:
    from app.core import sealing
    from app.core.installation import recognise

    async with _database(settings, url, whole=False) as database:
        await recognise(database, sealing.keys())


@contextlib.contextmanager
def _database_url(settings: Settings, *, make: bool = True) -> Iterator[str]:
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


def _collect_metrics(settings: Settings) -> None:
    """Several processes answer for one service: their figures meet in a directory (before the library is imported)."""
    if settings.metrics_dir is not None:
        settings.metrics_dir.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.metrics_dir)


def _install_keys(settings: Settings) -> None:
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


def _run_until_told(work: Coroutine[Any, Any, _T], *, status: int = 130) -> _T:
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
async def _database(
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


def _asked_password() -> str:
    """Typed twice without being shown, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    import getpass

    try:
        password = getpass.getpass("密码 password: ")
        if getpass.getpass("再输一次 again: ") != password:
            raise Trouble("两次输入的密码不同。", "The two passwords differ.")
    except EOFError:
        raise Trouble("没有输入密码。", "No password was given.") from None
    return password


async def _make_account(settings: Settings, url: str, wanted: Wanted, password: str) -> None:
    from app import staffing
    from app.core.clock import utc_now

    async with _database(settings, url) as database:
        await staffing.make(database, wanted, password, now=utc_now())


async def _audit(settings: Settings, url: str) -> list[Any]:
    from app import audit

    # A statement of the audit reads whole ledgers: at ten million entries for a minute or two, and nobody waits for it.
    patient = settings.model_copy(update={"pool": settings.pool.model_copy(update={"statement_timeout_ms": 0})})
    async with _database(patient, url) as database, database.read() as session:
        return await audit.check(session)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The demo that is asked for."""

    until: date
    seed: int
    orders: int


def _day(text: str | None) -> date:
    """The day meant, by default yesterday in China."""
    from app.core.clock import local_day, utc_now

    try:
        return date.fromisoformat(text) if text else local_day(utc_now()) - timedelta(days=1)
    except ValueError:
        raise Trouble(f"--until 不是日期：{text}", f"--until is not a date: {text}") from None


async def _holds_demo(settings: Settings, url: str) -> bool:
    """Whether the demo was loaded to its end; asked at each start, so without importing what loads it."""
    from sqlalchemy import text

    async with _database(settings, url, whole=False) as database, database.read() as session:
        mark = text("SELECT EXISTS (SELECT FROM core_installation WHERE name = 'demo')")
        return bool((await session.execute(mark)).scalar_one())


async def _worker_is_alive(settings: Settings, url: str) -> bool:
    from sqlalchemy import text

    async with _database(settings, url, whole=False) as database, database.read() as session:
        beat = text("SELECT EXISTS (SELECT FROM core_heartbeat WHERE at > now() - interval '45 seconds')")
        return bool((await session.execute(beat)).scalar_one())


async def _is_free(settings: Settings, url: str, *, own: bool) -> bool:
    """Whether a demo may be loaded. What an interrupted loading left in our own database is cleared away first."""
    from app.core import migrations
    from app.demo import is_empty

    async with _database(settings, url) as database:
        if await is_empty(database):
            return True
    if own and _half_loaded(settings).exists():
        migrations.start_over(url)
        await _recognise(settings, url)
        return True
    return False


def _half_loaded(settings: Settings) -> Path:
    return settings.data_dir / "demo_half_loaded"


async def _load_demo(settings: Settings, url: str, wanted: _Wanted) -> None:
    from app import demo as county

    async with _database(settings, url, wait_for_disk=False) as database:
        password = _demo_password(settings, settings.data_dir / "demo_password")
        _write_private(_half_loaded(settings), "")
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
        _write_private(settings.data_dir / "demo.json", json.dumps(told, ensure_ascii=False))
        _half_loaded(settings).unlink(missing_ok=True)


def _draft(message: str) -> None:
    """The difference between the models and the newest revision, found on a scratch database."""
    import tempfile

    from app.core import migrations
    from app.core.postgres import EmbeddedPostgres

    with (
        tempfile.TemporaryDirectory(prefix="draft-") as scratch,
        EmbeddedPostgres(Path(scratch), options={"fsync": "off"}) as url,
    ):
        migrations.upgrade(url)
        migrations.draft(url, message)


def _demo_password(settings: Settings, kept: Path) -> str:
    """``DEMO_PASSWORD``, or one made for this installation; kept, so that the next start can tell it again."""
    if settings.demo_password is not None:
        password = settings.demo_password.get_secret_value()
    elif kept.exists():
        return kept.read_text()
    else:
        password = secrets.token_urlsafe(9)
    _write_private(kept, password)
    return password


def _write_private(file: Path, text: str) -> None:
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


def main() -> None:
    """Entry of the installed program."""
    gc.set_threshold(50_000, 20, 50)  # what is imported stays: looking for rubbish in it was a fifth of every start
    try:
        app()
    except Trouble as trouble:
        typer.echo(f"baojing: {trouble}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
