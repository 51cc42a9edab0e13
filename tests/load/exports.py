"""A ledger of a million entries as a file: how long it takes, and how much memory above that of an idle process.

Straight as CSV from an API process, and made as CSV and as a workbook by the worker; the rows of each are counted.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import io
import json
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.sealing import Keys, install
from app.identity import Role
from tests.launcher.processes import command
from tests.load import bulk, entries
from tests.load.bench import Market, Postgres, Stages, token

MOST_MIB = 256
"""Of memory, above idle: what the contract allows an export of a million rows."""
_SPAN = {"from": str(entries.FIRST), "to": "2026-12-31"}
_SHOP = bulk.Size(200, 2_000)
_READ = 1 << 20
_MIB = 1024
_LEAVING = 8


class Watch:
    """The memory of some processes, from now on."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        for pid in pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._idle = [self._kib(pid, "VmRSS") for pid in pids]

    @property
    def mib(self) -> float:
        """The most that one of them has held at any moment, above what it held at first."""
        peaks = [self._kib(pid, "VmHWM") for pid in self._pids]
        return max(peak - idle for peak, idle in zip(peaks, self._idle, strict=True)) / _MIB

    @staticmethod
    def _kib(pid: int, name: str) -> int:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1])


@contextlib.contextmanager
def _asked(market: Market, method: str, path: str, body: Any = None) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", market.port, timeout=120)
    headers = {"Authorization": f"Bearer {token(0, Role.OPERATOR)}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    try:
        yield answer
    finally:
        connection.close()


def _said(market: Market, method: str, path: str, body: Any = None) -> dict[str, Any]:
    with _asked(market, method, path, body) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    if answer.status >= 400:
        raise SystemExit(f"{method} {path}: {found}")
    return found


def _straight(market: Market) -> tuple[int, int]:
    """Bytes and rows of the streamed file, which is read and thrown away."""
    size = lines = 0
    with _asked(market, "GET", f"/v1/office/ledger.csv?from={_SPAN['from']}&to={_SPAN['to']}") as answer:
        while piece := answer.read(_READ):
            size += len(piece)
            lines += piece.count(b"\n")
    return size, lines - 4  # header, total, as_of, chain


def _left(market: Market) -> list[str]:
    """Whether those who go away in the middle leave their places to others."""
    path = f"/v1/office/ledger.csv?from={_SPAN['from']}&to={_SPAN['to']}"
    for _ in range(_LEAVING):
        with _asked(market, "GET", path) as answer:
            if answer.status != 200 or not answer.read(_READ):
                return [f"a place is not free again: {answer.status}"]
        time.sleep(1.0)
    return []


def _made(market: Market, form: str) -> tuple[int, int]:
    """Bytes and rows of the file that the worker makes."""
    body = {"report": "ledger", "parameters": _SPAN, "format": form}
    export = _said(market, "POST", "/v1/office/exports", body)
    while (found := _said(market, "GET", f"/v1/office/exports/{export['id']}"))["status"] in ("queued", "running"):
        time.sleep(0.5)
    if found["status"] != "done":
        raise SystemExit(f"{form}: {found['problem']}")
    file, digest = io.BytesIO(), hashlib.sha256()
    with _asked(market, "GET", found["file"]) as answer:
        while piece := answer.read(_READ):
            file.write(piece)
            digest.update(piece)
    if digest.hexdigest() != found["sha256"]:
        raise SystemExit(f"{form}: the file is not the one that was made")
    return file.tell(), _rows(form, file)


def _rows(form: str, file: io.BytesIO) -> int:
    if form == "csv":
        return sum(1 for _ in io.BytesIO(file.getvalue())) - 4
    rows = 0
    with zipfile.ZipFile(file) as book:
        sheets = sorted(name for name in book.namelist() if name.startswith("xl/worksheets/sheet"))
        for name in sheets[:-1]:  # the last one tells what the others are of
            with book.open(name) as sheet:
                left = b""
                while piece := sheet.read(_READ):
                    rows += (left + piece).count(b"<row ") - left.count(b"<row ")
                    left = piece[-4:]
            rows -= 1  # the header
    return rows - 1  # the total


def too_much(market: Market) -> list[str]:
    """What takes more memory than it may, or has not the rows of the others; each is printed with its time."""
    installation, wrong, counts = market.installation, [], set()
    serving, working = installation.pids(" serve"), installation.pids(" worker")
    for name, pids, work in (
        ("CSV straight from the API", serving, lambda: _straight(market)),
        ("CSV made by the worker", working, lambda: _made(market, "csv")),
        (".xlsx made by the worker", working, lambda: _made(market, "xlsx")),
    ):
        watch, begun = Watch(pids), time.monotonic()
        size, rows = work()
        seconds, mib = time.monotonic() - begun, watch.mib
        counts.add(rows)
        verdict = "PASS" if mib <= MOST_MIB else "BROKEN"
        told = f"{rows:,} rows, {size / _MIB / _MIB:.0f} MiB in {seconds:.0f} s"
        print(f"{name:<58} {mib:>6.1f}  ≤ {MOST_MIB:<5} {told:<44} {verdict}", flush=True)
        if mib > MOST_MIB:
            wrong.append(f"{name}: {mib:.0f} MiB above idle")
    wrong += _left(market)
    if len(counts) != 1:
        wrong.append(f"the files of one ledger have {counts} rows")
    return wrong


def measure(folder: Path, rows: int) -> int:
    stages = Stages()
    with contextlib.ExitStack() as stack:
        postgres = Postgres(folder)
        stack.callback(postgres.server.stop)
        keys_file = folder / "keys.json"
        keys = Keys.load_or_create(keys_file)
        install(keys)
        migrated = command(folder, "migrate", DATABASE_URL=postgres.url, KEYS_FILE=str(keys_file))
        if migrated.returncode:
            raise SystemExit(migrated.stderr)
        bulk.fill(postgres.url, keys, _SHOP)
        entries.clear(postgres.url)
        entries.add(postgres.url, rows, listed=False)
        bulk.tidy(postgres.url)
        stages.told(f"{rows:,} entries of the ledger")
        market = Market(folder / "market", postgres.url, keys_file, _SHOP)
        stack.callback(market.stop)
        stages.told("the service is up")
        wrong = too_much(market)
    for one in wrong:
        print(f"WRONG {one}")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Make large exports and measure the memory that they take.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="entries of the ledger, about")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(130))
    folder = Path(tempfile.mkdtemp(prefix="market-exports-"))
    try:
        return measure(folder, given.rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
