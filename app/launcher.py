"""``baojing run``: one program that keeps the whole installation up, and takes all of it down again.

It binds the address first, then starts the embedded PostgreSQL (unless there is a ``DATABASE_URL``), migrates, loads
the demo into an empty database, and starts the API processes, which share the one address, and the worker.
A child that ends is started again with back-off, the database too; on SIGINT or SIGTERM everything stops in reverse
order. Children ask the kernel to be ended with their parent, so that even SIGKILL leaves nothing behind.

This process holds no framework and no connection: it only waits.
"""

# ruff: noqa: S603, PLW1509 - the commands are ours; preexec_fn runs in a process that has one thread

from __future__ import annotations

import contextlib
import fcntl
import http
import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from app.core.postgres import EmbeddedPostgres, end_with_parent
from app.core.settings import Settings
from app.core.trouble import Trouble

_HEALTHY_WITHIN_SECONDS = 90.0
_ATTEMPTS_BEFORE_HEALTHY = 5
_STEADY_SECONDS = 10.0
"""A child that lived this long is forgiven its earlier failures."""
_FIRST_BACK_OFF_SECONDS = 0.1
_LONGEST_BACK_OFF_SECONDS = 10.0
_GRACE_SECONDS = 20.0
_DEMO_BANK = {
    "BANK__PAYEE": "保靖好物运营有限公司（示例）",
    "BANK__ACCOUNT": "0000100020003000",
    "BANK__BANK": "示例银行保靖支行",
    "BANK__CNAPS": "000000000000",
}
"""An account that nobody has, so that the demo can show a transfer."""
_EACH_LISTENS = sys.platform.startswith("linux")


class LauncherTrouble(Trouble):
    """The installation cannot be started."""


class _Stopped(Exception):
    """Somebody asked us to stop while we were still starting."""


@dataclass(slots=True)
class _Child:
    name: str
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


@dataclass(slots=True)
class _Demo:
    """What the loading step tells us about the sign-ins."""

    sign_ins: list[str] = field(default_factory=list)
    password: str = ""


def bind(host: str, port: int, *, shared: bool = False, listen: bool = True) -> socket.socket:
    """A socket on that address; raises `LauncherTrouble` when it cannot be had.

    A `shared` one lets other `shared` ones of this account have the same address: the kernel then deals new
    connections out among those that listen, evenly, which processes that accept from one socket do not.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made.bind(address)
            if listen:
                made.listen(2048)
        except BaseException:
            made.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise LauncherTrouble(
            f"不能监听 {host}:{port}（{reason}）；请用 PORT 指定另一个端口。",
            f"Cannot listen on {host}:{port} ({reason}); choose another port with PORT.",
        ) from None
    return made


def _take_address(host: str, port: int) -> socket.socket:
    """Hold the address for the API processes: on Linux without listening, each of them listens for itself.

    Elsewhere they all accept from this one.
    """
    first = bind(host, port)  # alone: this sees whoever has the address, sharing or not
    if not _EACH_LISTENS:
        return first
    port = first.getsockname()[1]
    first.close()
    return bind(host, port, shared=True, listen=False)


class Launcher:
    """Runs one installation; ``run`` returns the exit status. Use it from the main thread of its own process."""

    def __init__(self, settings: Settings, *, reload: bool = False) -> None:
        self._settings = settings
        self._reload = reload
        self._asked_to_stop = 0
        self._wake, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        self._listener: socket.socket | None = None
        self._run_dir = Path()
        self._postgres: EmbeddedPostgres | None = None
        self._postgres_due = 0.0
        self._postgres_failures = 0
        self._environment = dict(os.environ)
        self._children: list[_Child] = []
        self._changes: Iterator[object] | None = None

    def run(self) -> int:
        """Start everything, keep it up until asked to stop, and stop it. Raises `Trouble` when it cannot start."""
        self._listen_to_signals()
        with contextlib.ExitStack() as stack:
            self._listener = stack.enter_context(_take_address(self._settings.host, self._settings.port))
            self._run_dir = stack.enter_context(_run_directory(self._settings.data_dir.absolute()))
            stack.callback(self._stop)
            try:
                self._prepare()
                demo = self._load_demo() if self._settings.demo else _Demo()
                self._start_children()
                self._wait_until_healthy()
            except (_Stopped, Trouble):
                if self._asked_to_stop:
                    return 0
                raise
            self._introduce(demo)
            while not self._asked_to_stop:
                self._look_after()
                self._pause(0.5)
            _say("正在停止……", "stopping …")
        _say("已停止。", "stopped.")
        return 0

    # --- starting ---

    def _prepare(self) -> None:
        """Everything that the children need: their environment, the database, and the current schema."""
        assert self._listener is not None  # noqa: S101 - bound just before
        directory = self._settings.data_dir.absolute()
        metrics = self._run_dir / "metrics"
        metrics.mkdir()
        self._environment |= {
            "HOST": self._settings.host,
            "PORT": str(self._listener.getsockname()[1]),
            "DATA_DIR": str(directory),
            "METRICS_DIR": str(metrics),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONUNBUFFERED": "1",
        }
        bank = self._settings.bank
        if self._settings.demo and self._settings.payments.sandbox and not (bank.payee or bank.account):
            self._environment |= _DEMO_BANK
        if self._settings.database_url is None:
            self._postgres = EmbeddedPostgres(directory)
            self._environment["DATABASE_URL"] = self._postgres.start(give_up=self._stopping)
        self._step("migrate", "--quiet")

    def _load_demo(self) -> _Demo:
        told = self._run_dir / "demo.json"
        own = ["--own"] if self._postgres is not None else []
        self._step("demo", "--if-empty", "--tell", str(told), *own)
        try:
            answer = json.loads(told.read_text())
        except FileNotFoundError:
            return _Demo()
        told.unlink()
        return _Demo(answer["sign_ins"], answer["password"])

    def _step(self, *arguments: str) -> None:
        """Run one command to its end. It says itself what went wrong; we only stop, with its status."""
        step = self._spawn(_Child(arguments[0], arguments))
        while step.poll() is None:
            if self._asked_to_stop:
                _end([step], _GRACE_SECONDS)
                raise _Stopped
            self._pause(0.2)
        if step.returncode:
            if self._asked_to_stop:
                raise _Stopped
            raise SystemExit(step.returncode if step.returncode > 0 else 1)

    def _start_children(self) -> None:
        assert self._listener is not None  # noqa: S101 - bound before
        count = 1 if self._reload else self._settings.processes
        serve = ("serve", "--shared") if _EACH_LISTENS else ("serve", "--fd", str(self._listener.fileno()))
        self._children = [
            *(_Child(f"api {number}", serve) for number in range(1, count + 1)),
            _Child("worker", ("worker",)),
        ]
        for child in self._children:
            self._start(child)
        if self._reload:
            self._changes = _watch_sources()

    def _start(self, child: _Child) -> None:
        child.started = time.monotonic()
        child.process = self._spawn(child)

    def _spawn(self, child: _Child) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *child.arguments],
            stdin=subprocess.DEVNULL,
            env=self._environment,
            pass_fds=[self._listener.fileno()] if "--fd" in child.arguments and self._listener is not None else [],
            start_new_session=True,  # a terminal's Ctrl-C reaches only us, and we stop the others in order
            preexec_fn=end_with_parent(signal.SIGKILL),
        )

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + _HEALTHY_WITHIN_SECONDS
        while not self._is_healthy():
            if self._asked_to_stop:
                raise _Stopped
            self._look_after()
            failing = [child.name for child in self._children if child.failures >= _ATTEMPTS_BEFORE_HEALTHY]
            if failing or time.monotonic() > deadline:
                names = ", ".join(failing) or "api"
                raise LauncherTrouble(
                    f"进程 {names} 没有正常启动；原因见上面的日志。",
                    f"Process {names} did not start properly; the log above says why.",
                )
            self._pause(0.25)

    def _is_healthy(self) -> bool:
        assert self._listener is not None  # noqa: S101 - bound before
        connection = http.client.HTTPConnection(*_reach(self._listener), timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _introduce(self, demo: _Demo) -> None:
        assert self._listener is not None  # noqa: S101 - bound before
        host, port = _reach(self._listener)
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        lines = [
            "",
            f"网址 URL:        {url}",
            f"接口文档 docs:   {url}/docs",
            f"数据 data:       {self._settings.data_dir.absolute()}",
        ]
        if demo.sign_ins:
            lines.append(f"登录名 sign-ins: {', '.join(demo.sign_ins)}")
            lines.append(f"密码 password:   {demo.password}")
        lines.append("停止 to stop:    Ctrl-C")
        sys.stdout.write("\n".join([*lines, "", ""]))
        sys.stdout.flush()

    # --- keeping it up ---

    def _look_after(self) -> None:
        self._look_after_postgres()
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and (status := child.process.poll()) is not None:
                self._forget_metrics(child.process.pid)
                child.process = None
                child.failures = 1 if now - child.started > _STEADY_SECONDS else child.failures + 1
                child.due = now + _back_off(child.failures)
                _say(
                    f"进程 {child.name} 结束了（{_ending(status)}），将重新启动。",
                    f"process {child.name} ended ({_ending(status)}), starting it again.",
                )
            if child.process is None and now >= child.due and not self._asked_to_stop:
                self._start(child)

    def _look_after_postgres(self) -> None:
        if self._postgres is None or ((status := self._postgres.poll()) is None and self._postgres.pid is not None):
            return
        if time.monotonic() < self._postgres_due or self._asked_to_stop:
            return
        _say(
            f"PostgreSQL 结束了（{_ending(status)}），重新启动。",
            f"PostgreSQL ended ({_ending(status)}), starting it again.",
        )
        try:
            url = self._postgres.start(give_up=self._stopping)
        except Trouble as trouble:
            self._postgres_failures += 1
            self._postgres_due = time.monotonic() + _back_off(self._postgres_failures)
            if not self._asked_to_stop:
                _say(trouble.zh, trouble.en)
            return
        self._postgres_failures = 0
        if url != self._environment["DATABASE_URL"]:  # its socket had to move
            self._environment["DATABASE_URL"] = url
            self._replace_children()

    def _replace_children(self) -> None:
        _end([child.process for child in self._children if child.process is not None], 3.0)
        for child in self._children:
            child.failures = 0
            self._start(child)

    def _forget_metrics(self, pid: int) -> None:
        for file in (self._run_dir / "metrics").glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)

    # --- signals and waiting ---

    def _listen_to_signals(self) -> None:
        os.set_blocking(self._wake, False)
        os.set_blocking(self._waker, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop += 1

    def _stopping(self) -> bool:
        return self._asked_to_stop > 0

    def _pause(self, seconds: float) -> None:
        """Wait, but no longer than until a signal comes or, with reload, a source file changes."""
        if self._changes is not None and next(self._changes, None):
            _say("源文件有改动，重新启动。", "sources changed, starting again.")
            self._replace_children()
        elif select.select([self._wake], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake, 4096)

    # --- stopping ---

    def _stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for names in ("worker", "api"):
            processes = [c.process for c in self._children if c.process is not None and c.name.startswith(names)]
            _end(processes, _GRACE_SECONDS, hurry=lambda: self._asked_to_stop > 1)
        if self._postgres is not None:
            self._postgres.stop()


def _end(
    processes: list[subprocess.Popen[bytes]], seconds: float, *, hurry: Callable[[], bool] = lambda: False
) -> None:
    """SIGTERM to all, and SIGKILL to those still there after `seconds`, or as soon as `hurry` says so."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + seconds
    while any(process.poll() is None for process in processes) and time.monotonic() < deadline and not hurry():
        time.sleep(0.02)
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


@contextlib.contextmanager
def _run_directory(data_dir: Path) -> Iterator[Path]:
    """A fresh private directory for this run; those of runs that were killed are cleared away."""
    home = data_dir / "run"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.mkdir(exist_ok=True, mode=0o700)
        for left_over in home.iterdir():
            if (lock := _locked(left_over)) is not None:
                shutil.rmtree(left_over, ignore_errors=True)
                os.close(lock)
        made = Path(tempfile.mkdtemp(dir=home))
    except OSError as error:
        raise LauncherTrouble(
            f"数据目录 {data_dir} 不能写入：{error.strerror}；请用 DATA_DIR 指定另一个目录。",
            f"Cannot write to the data directory {data_dir}: {error.strerror}; choose another with DATA_DIR.",
        ) from None
    lock = _locked(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _locked(directory: Path) -> int | None:
    """A handle that holds `directory` for this process; None when another one holds it."""
    handle = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _watch_sources() -> Iterator[object]:
    try:
        from watchfiles import PythonFilter, watch
    except ImportError:
        raise LauncherTrouble(
            "--reload 需要开发依赖 watchfiles；请用 make dev。",
            "--reload needs the development dependency watchfiles; use make dev.",
        ) from None
    return watch(
        Path(__file__).parent,
        watch_filter=PythonFilter(),
        rust_timeout=300,
        yield_on_timeout=True,
        raise_interrupt=False,
    )


def _reach(listener: socket.socket) -> tuple[str, int]:
    """An address of this machine on which `listener` answers."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared, not bound


def _back_off(failures: int) -> float:
    return float(min(_LONGEST_BACK_OFF_SECONDS, _FIRST_BACK_OFF_SECONDS * 2 ** (failures - 1)))


def _ending(status: int | None) -> str:
    if status is None:
        return "?"
    if status < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status}"


def _say(zh: str, en: str) -> None:
    sys.stderr.write(f"baojing: {zh} / {en}\n")
    sys.stderr.flush()
