"""Real processes: started, killed and looked for by the data directory that only they use."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.03)
    return bool(condition())


def processes_of(data_dir: Path) -> dict[int, str]:
    """Every process, other than this one, that works for `data_dir`: by command, environment or working directory."""
    mark, found = str(data_dir), {}
    for place in Path("/proc").glob("[0-9]*"):
        pid = int(place.name)
        with contextlib.suppress(OSError):
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            environment = (place / "environ").read_bytes().decode("utf-8", "replace")
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
            at = str((place / "cwd").readlink())
            if pid != os.getpid() and state != "Z" and (mark in command or mark in environment or at.startswith(mark)):
                found[pid] = command
    return found


def one_line(process: subprocess.CompletedProcess[str]) -> str:
    """The only thing a refusal prints."""
    assert process.returncode not in (0, None), process.stdout
    assert "Traceback" not in process.stderr, process.stderr
    lines = process.stderr.strip().splitlines()
    assert len(lines) == 1, process.stderr
    return lines[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    return kept | {"DATA_DIR": str(data_dir), "DEMO": "false", "PROCESSES": "2", "PYTHONPATH": str(ROOT)} | more


def command(data_dir: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env=environment(data_dir, **more),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Installation:
    """``baojing run`` as a process of its own."""

    def __init__(self, data_dir: Path, **more: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.log = data_dir / "launcher.log"
        self._from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run"],
                env=environment(data_dir, PORT=str(self.port), **more),
                cwd="/",
                stdout=out,
                stderr=out,
            )

    def answers(self, path: str = "/readyz") -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_until_up(self, seconds: float = 60.0) -> Installation:
        up = until(lambda: self.said("Ctrl-C", since=self._from) or self.process.poll() is not None, seconds)
        assert up, self.log.read_text()
        assert self.process.poll() is None, self.log.read_text()
        return self

    def said(self, text: str, *, since: int = 0) -> bool:
        return text in self.log.read_bytes()[since:].decode()

    def pids(self, part: str) -> list[int]:
        return sorted(pid for pid, command in processes_of(self.data_dir).items() if part in command)
