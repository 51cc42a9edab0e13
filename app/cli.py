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
import secrets
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.core.settings import Settings
from app.core.trouble import Trouble
from app.surroundings import (
    collect_metrics,
    database_url,
    install_keys,
    open_database,
    read_settings,
    recognise,
    require_schema,
    run_until_told,
)

if TYPE_CHECKING:
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
    raise SystemExit(Launcher(read_settings(), reload=reload).run())


@app.command()
def serve(
    fd: Annotated[int | None, typer.Option(help="已在监听的套接字 / a socket that listens already", min=3)] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="与其他进程共用端口 / share the port with other processes (Linux)")
    ] = False,
) -> None:
    """运行一个 API 进程 / Run one API process (needs DATABASE_URL, migrated)."""
    settings = read_settings()
    require_schema(settings)
    collect_metrics(settings)
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
    settings = read_settings()
    require_schema(settings)
    collect_metrics(settings)
    from app.worker import run as work

    run_until_told(work(settings), status=0)


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
    settings = read_settings()
    with database_url(settings) as url:
        before, after = migrations.upgrade(url)
        install_keys(settings)
        asyncio.run(recognise(settings, url))
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
    from app import loading

    settings = read_settings()
    wanted = loading.Wanted(loading.last_day(until), seed, orders)
    with database_url(settings) as url:
        from app.core import migrations

        migrations.require_current(url)
        install_keys(settings)
        loaded = asyncio.run(loading.is_loaded(settings, url))
        if not loaded and asyncio.run(loading.is_free(settings, url, own=own)):
            if not own and asyncio.run(loading.worker_is_alive(settings, url)):
                raise Trouble(
                    "有 worker 正在运行，会打乱日期在过去的演示数据；请停下它，一分钟后再装入（或设 DEMO=false）。",
                    "A worker is running and would meddle with a demo made in the past; stop it, and load the demo a "
                    "minute later (or set DEMO=false).",
                )
            run_until_told(loading.load(settings, url, wanted))
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
        loading.write_private(tell, kept.read_text())
    else:
        typer.echo(f"登录名 sign-ins: {', '.join(told['sign_ins'])}\n密码 password:   {told['password']}")


@app.command()
def check() -> None:
    """核对全部账目, 列出每一处不符 / Audit the whole database: lists every break, exit status 1 if there is one."""
    settings = read_settings()
    with database_url(settings, make=False) as url:
        from app.core import migrations

        migrations.require_current(url)
        install_keys(settings)
        breaks = run_until_told(_audit(settings, url))
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
    settings = read_settings()
    with database_url(settings, make=False) as url:
        from app.core import migrations

        migrations.require_current(url)
        install_keys(settings)
        asyncio.run(recognise(settings, url))
        password = secrets.token_urlsafe(12) if generate else _asked_password()
        staffing.look_over_password(password, login)
        run_until_told(_make_account(settings, url, wanted, password))
    typer.echo(f"已建账号 / account made: {login} ({role})")
    if generate:
        typer.echo(f"密码 password: {password}")


@app.command()
def openapi() -> None:
    """输出 OpenAPI 文档 / Print the OpenAPI document as JSON."""
    from app.main import create_app

    settings = read_settings()
    document = create_app(settings.model_copy(update={"database_url": None})).openapi()
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


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

    async with open_database(settings, url) as database:
        await staffing.make(database, wanted, password, now=utc_now())


async def _audit(settings: Settings, url: str) -> list[Any]:
    from app import audit

    # A statement of the audit reads whole ledgers: at ten million entries for a minute or two, and nobody waits for it.
    patient = settings.model_copy(update={"pool": settings.pool.model_copy(update={"statement_timeout_ms": 0})})
    async with open_database(patient, url) as database, database.read() as session:
        return await audit.check(session)


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
