"""Measure reports over ten million entries of the ledger against floors of the same run: ``make bench-reports``.

An embedded PostgreSQL with a ledger of a million entries and a copy of it with ten, the service on each as ``baojing
run`` starts it, and bare routes on the larger one that read what was summed beforehand (`report_floors`). Floor and
service are asked in turn by a separate process, and the median of the ratios counts. Then the auditor recounts the
sums.

Ends with status 1 where a bound of the contract is broken or a figure is wrong.
"""

# ruff: noqa: PLW1509 - preexec_fn runs in a process that has one thread

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import UUID

from app.audit.queries.sums import SUMS
from app.core.postgres import end_with_parent
from app.core.sealing import Keys, install
from app.identity import Role
from tests.launcher.processes import command, environment, free_port, until
from tests.load import bulk, entries, exports, report_floors
from tests.load.bench import Driver, Load, Market, Postgres, Stages, get, listens, token

SHOP = bulk.Size(200, 2_000)
CALLERS = 4
OFFICERS = 100
"""Who ask in turn: one alone may not ask as often as the service can answer."""
LONGEST_SECONDS = 1_500
_PACE = 0.25
"""Seconds between the requests of an officer who looks around while buyers order."""

_GOALS = """
INSERT INTO assistance_goal (id, code, name, starts_on, ends_on, metric, target, channels, created_at, by_account)
SELECT CAST('01900000-0000-7900-8000-' || lpad(n::text, 12, '0') AS uuid), 'G' || n, '目标 ' || n, '2025-01-01',
       '2025-12-31', CASE WHEN n = 2 THEN 'orders' ELSE 'net_sales_fen' END, 5000000000,
       ARRAY[(ARRAY['retail', 'supermarket', 'organisation'])[n]], now(), CAST(%(by)s AS uuid)
FROM generate_series(1, 3) n
"""
_GOAL = "01900000-0000-7900-8000-000000000001"


class Floors:
    """Two processes of bare routes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.port = free_port()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.load.report_floors"],
                env=environment(folder, DATABASE_URL=url, PORT=str(self.port)),
                preexec_fn=end_with_parent(signal.SIGKILL),
            )
            for _ in range(2)
        ]
        if not until(lambda: all(listens(self.port, process.pid) for process in self._processes), 120):
            raise SystemExit("the floors do not start")

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def _bearer(officer: int = 0) -> str:
    return f"Bearer {token(officer, Role.OPERATOR)}"


_SPAN = f"from={entries.YEAR[0]}&to={entries.YEAR[1]}"
PATHS = {
    "yearly report, month × category": (f"/v1/office/reports/sales?{_SPAN}&group_by=month,category", "/floor/year"),
    "goal page": (f"/v1/office/goals/{_GOAL}", f"/floor/goal/{_GOAL}"),
    "first page of a drill-down": (
        f"/v1/office/ledger?{_SPAN}&category=golden-tea",
        "/floor/entries?category=golden-tea",
    ),
}


@dataclass
class Bound:
    """One bound, and how the run stands to it."""

    name: str
    limit: float
    at_most: bool = True
    ratios: list[float] = field(default_factory=list)
    shown: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    @property
    def value(self) -> float:
        return median(self.ratios)

    def tell(self) -> None:
        sign = "≤" if self.at_most else "≥"
        verdict = "PASS" if self.met else "BROKEN"
        print(f"{self.name:<58} {self.value:>6.2f}  {sign} {self.limit:<5} {self.shown:<44} {verdict}", flush=True)


def asked(market: Market, path: str) -> Load:
    return Load(
        market.port, [get(path, Authorization=_bearer(officer)) for officer in range(OFFICERS)], CALLERS, warm_up=1.5
    )


def answered(driver: Driver, load: Load, seconds: float) -> float:
    """How many are answered a second; whatever is not answered with 200 is wrong."""
    result = load.offered(driver, seconds)
    if set(result["statuses"]) != {"200"}:
        driver.wrong.append(f"{load.requests[0][0].splitlines()[0]}: {result['statuses']}")
    return float(result["per_second"])


@contextlib.contextmanager
def officer_at_work(market: Market) -> Iterator[list[int]]:
    """Somebody who opens a report, a goal and a drill-down every second; yields the statuses of the answers."""
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", market.port, timeout=30)
        paths = [path for path, _ in PATHS.values()]
        while not done.wait(_PACE):
            connection.request("GET", paths[len(seen) % len(paths)], headers={"Authorization": _bearer()})
            answer = connection.getresponse()
            answer.read()
            seen.append(answer.status)
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def speeds(driver: Driver, small: Market, large: Market, floors: Floors, rounds: int, seconds: float) -> list[Bound]:
    """Each answer against its floor, and over ten million entries against one."""
    found = []
    for name, (path, floor) in PATHS.items():
        bare = Load(floors.port, [get(floor)], CALLERS)
        against, growth = Bound(f"{name} ÷ its floor", 2.0), Bound(f"{name}, 10 M ÷ 1 M", 1.25)
        loads = {"bare": bare, "large": asked(large, path), "small": asked(small, path)}
        for load in loads.values():
            load.offered(driver, load.warm_up)
        for _ in range(rounds):
            per = {key: answered(driver, load, seconds) for key, load in loads.items()}
            against.ratios.append(per["bare"] / per["large"])
            growth.ratios.append(per["small"] / per["large"])
            against.shown = growth.shown = f"{per['large']:.0f}/s, 1 M {per['small']:.0f}/s, floor {per['bare']:.0f}/s"
        for bound in (against, growth):
            bound.tell()
            found.append(bound)
    return found


def orders_meanwhile(driver: Driver, market: Market, rounds: int, seconds: float) -> Bound:
    """Orders a second while somebody reads reports, as a part of those while nobody does."""
    bound = Bound("orders while reports are read ÷ while none are", 0.9, at_most=False)
    load = market.orders()
    load.offered(driver, load.warm_up)
    for _ in range(rounds):
        alone = load.offered(driver, seconds)["per_second"]
        with officer_at_work(market) as seen:
            beside = load.offered(driver, seconds)["per_second"]
        if set(seen) != {200}:
            driver.wrong.append(f"reports beside orders: {sorted(set(seen))}")
        bound.ratios.append(beside / alone)
        bound.shown = f"{beside:.0f}/s of {alone:.0f}/s, {len(seen)} reports"
    bound.tell()
    return bound


def wrong_figures(driver: Driver, large: Market, url: str) -> list[str]:
    """Where the service says something else than a plain grouping of the ledger, and what the auditor finds."""
    found = []
    path, _ = PATHS["yearly report, month × category"]
    told = json.loads(driver.run(large.port, asked(large, path).requests, 1, count=1)["body"])
    columns = ("orders", "quantity", "gross_fen", "refunded_fen")
    with bulk.admin(url) as connection:
        rows = connection.execute(
            f"SELECT to_char(month, 'YYYY-MM'), category, {', '.join(columns)} FROM bench_month "
            "WHERE month BETWEEN %s AND %s ORDER BY 1, 2",
            entries.YEAR,
        ).fetchall()
        if [(row["month"], row["category"], *(row[name] for name in columns)) for row in told["rows"]] != rows:
            found.append("the report is not what a plain grouping of the ledger says")
        connection.execute("SET max_parallel_workers_per_gather = 2")
        for rule in SUMS:
            found += [f"{rule.name}: {row}" for row in connection.execute(rule.sql.replace("%", "%%")).fetchmany(3)]
    return found


def measure(folder: Path, base: int, times: int, rounds: int, seconds: float) -> int:
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
        bulk.fill(postgres.url, keys, SHOP)
        with bulk.admin(postgres.url) as connection:
            connection.execute(_GOALS, {"by": UUID(bulk.buyer_id(0))})
        entries.clear(postgres.url)
        entries.add(postgres.url, base)
        stages.told(f"{base:,} entries of the ledger")
        asyncio.run(entries.fold(postgres.url))
        bulk.tidy(postgres.url)
        stages.told("folded")
        large_url = bulk.clone(postgres.url, "large")
        entries.multiply(large_url, base, times)
        for url in (postgres.url, large_url):
            with bulk.admin(url) as connection:
                bulk.run(connection, report_floors.PREPARE)
        stages.told(f"{base * times:,} entries, and what the floors read")
        small = Market(folder / "small", postgres.url, keys_file, SHOP)
        stack.callback(small.stop)
        large = Market(folder / "large", large_url, keys_file, SHOP)
        stack.callback(large.stop)
        floors = Floors(large_url, folder)
        stack.callback(floors.stop)
        driver = Driver()
        stack.callback(driver.close)
        stages.told("services and floors are up")
        bounds = speeds(driver, small, large, floors, rounds, seconds)
        bounds.append(orders_meanwhile(driver, large, rounds, 4 * seconds))
        stages.told("measured")
        driver.wrong += exports.too_much(small)
        stages.told("exported")
        wrong = driver.wrong + wrong_figures(driver, large, large_url)
        stages.told("recounted")
    for one in wrong:
        print(f"WRONG {one}")
    broken = [bound.name for bound in bounds if not bound.met]
    print(f"{len(bounds) - len(broken)} of {len(bounds)} bounds are kept")
    return 1 if wrong or broken else 0


def _too_long(_number: int, _frame: object) -> None:
    raise SystemExit(f"stopped: the bench took more than {LONGEST_SECONDS} seconds")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure reports against their floors.")
    parser.add_argument("--rounds", type=int, default=5, help="how often floor and service are asked in turn")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each time")
    parser.add_argument("--base", type=int, default=1_000_000, help="entries of the smaller ledger")
    parser.add_argument("--times", type=int, default=10, help="how many times as many the larger one has")
    given = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_SECONDS)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(130))
    folder = Path(tempfile.mkdtemp(prefix="market-reports-"))
    begun = time.monotonic()
    try:
        return measure(folder, given.base, given.times, given.rounds, given.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"{time.monotonic() - begun:.0f} s in all")


if __name__ == "__main__":
    sys.exit(main())
