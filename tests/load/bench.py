"""Measure the service against floors measured in the same run: ``make bench``.

An embedded PostgreSQL with 1,000 products and 100,000 past orders, the service as ``baojing run`` starts it (2 API
processes and the worker), and bare applications on the same server program and the same PostgreSQL (`floors`). A
separate process (`driver`) asks both over loopback, floor and service in turn, and the median of the ratios is printed,
so that a machine which slows down for a while does not decide. Then the same at 100,000 products and 1,000,000 orders.

Prints PASS or "below target" and ends with status 0 all the same: machines differ. Status 1 means that something was
wrong: an answer of 5xx, a lost connection, a flash sale that is not exact, or an audit that found something.
"""

# ruff: noqa: PLW1509 - preexec_fn runs in a process that has one thread

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote
from uuid import UUID

from app.core.clock import utc_now
from app.core.postgres import EmbeddedPostgres, end_with_parent
from app.core.sealing import Keys, install
from app.core.settings import IdentitySettings
from app.identity import Account, Role
from app.identity.service.tokens import sign_access_token
from tests.launcher.processes import Installation, command, environment, free_port, until
from tests.load import bulk, floors

SMALL, LARGE = bulk.Size(1_000, 100_000), bulk.Size(100_000, 1_000_000)
READERS, SHOPPERS, CROWD = 32, 16, 32
LONGEST_SECONDS = 900
ADDRESS = {
    "recipient": "王女士",
    "phone": "13800001234",
    "division_code": "370112",
    "detail": "花园路 88 号 3 单元 502 室",
}
_LOGGED = re.compile(r"^\S+ \S+ \S+ \[\d+\] baojing-api@\S+ LOG:  (?:statement|execute [^:]*):\s*(\w+)", re.MULTILINE)
_TRANSACTION = frozenset(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET"))

Request = tuple[str, str]
Result = dict[str, Any]


def get(path: str, **headers: str) -> Request:
    """A GET whose address is the same each time."""
    return _head("GET", path, headers) + "\r\n", ""


def get_anew(path: str) -> Request:
    """A GET that nobody has sent before: the driver's key is part of its address."""
    mark = "&" if "?" in path else "?"
    return f"GET {path}{mark}_=", _head("GET", "", {})[len("GET ") :] + "\r\n"


def post_once(path: str, body: object, **headers: str) -> Request:
    """A POST under a key of its own."""
    content = json.dumps(body, ensure_ascii=False)
    headers |= {"Content-Type": "application/json", "Content-Length": str(len(content.encode()))}
    return _head("POST", path, headers) + "Idempotency-Key: ", f"\r\n\r\n{content}"


def _head(method: str, path: str, headers: dict[str, str]) -> str:
    lines = [f"{method} {path} HTTP/1.1", "Host: market", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines) + "\r\n"


class Driver:
    """The other process, which sends the requests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(Path("/nonexistent")),
            preexec_fn=end_with_parent(signal.SIGKILL),
        )
        self._jobs = 0
        self.wrong: list[str] = []

    def run(self, port: int, requests: Sequence[Request], connections: int, **limits: float) -> Result:
        """Let it do one job: for so many ``seconds``, or ``count`` requests."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._jobs += 1
        job = {"port": port, "requests": requests, "connections": connections, "keys": f"job-{self._jobs}", **limits}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        result: Result = json.loads(self._process.stdout.readline())
        bad = {status: count for status, count in result["statuses"].items() if status == "0" or status >= "500"}
        if bad:
            self.wrong.append(f"{requests[0][0].splitlines()[0]}: {bad} {dict(result['codes'])}")
        return result

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate(timeout=10)
        self._process.kill()
        self._process.wait()


@dataclass
class Load:
    """One kind of request: where it goes, and how many ask at once."""

    port: int
    requests: Sequence[Request]
    connections: int
    warm_up: float = 0.5
    """Seconds until statements are prepared on every connection and tokens are known to every process."""

    def offered(self, driver: Driver, seconds: float) -> Result:
        return driver.run(self.port, self.requests, self.connections, seconds=seconds)


@dataclass
class Figure:
    """One line of the table."""

    name: str
    target: float | None
    results: list[Result] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    statements: str = ""
    most_statements: float | None = None
    counted: float = 0.0
    at_most: bool = False

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        good = self.ratio <= self.target if self.at_most else self.ratio >= self.target
        if self.most_statements is not None:
            good = good and self.counted <= self.most_statements
        return "PASS" if good else "below target"

    def middle(self, name: str) -> float:
        return median(result[name] for result in self.results)

    def line(self) -> str:
        target = "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self.target}"
        ratio = f"{self.ratio:.2f}" if self.ratios else "floor"
        return (
            f"{self.name:<42} {self.middle('per_second'):>9.1f} {self.middle('p50_ms'):>9.2f} "
            f"{self.middle('p99_ms'):>9.2f} {ratio:>7}  {target:<7} {self.statements:<12} {self.verdict}"
        ).rstrip()


class Postgres:
    """The server under both, and its log, in which every statement can be counted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.server = EmbeddedPostgres(
            folder, options={"max_connections": "200", "log_line_prefix": "%m [%p] %a@%d ", "log_checkpoints": "off"}
        )
        self.url = self.server.start()

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[str]]:
        """The first word of every statement that the API processes send meanwhile."""
        heard: list[str] = []
        log = self._folder / "postgres.log"
        self._log_statements("all")
        begun = log.stat().st_size
        yield heard
        time.sleep(0.2)
        with log.open("rb") as file:
            file.seek(begun)
            heard += _LOGGED.findall(file.read().decode("utf-8", "replace"))
        self._log_statements("none")

    def _log_statements(self, which: str) -> None:
        with bulk.admin(self.url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
            connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)


class Market:
    """The service on one database, and the requests that its clients send."""

    def __init__(self, folder: Path, url: str, keys_file: Path, size: bulk.Size) -> None:
        folder.mkdir()
        self.size = size
        self.installation = Installation(folder, DATABASE_URL=url, KEYS_FILE=str(keys_file)).wait_until_up()
        self.port = self.installation.port

    @property
    def memory_mib(self) -> list[float]:
        """Resident memory of each API process."""
        found = []
        for pid in self.installation.pids(" serve"):
            status = Path(f"/proc/{pid}/status").read_text()
            found.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024)  # type: ignore[index]
        return found

    def stop(self) -> None:
        self.installation.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.installation.process.wait(30)
        self.installation.process.kill()
        self.installation.process.wait()

    # --- what clients ask ---

    def hot_list(self) -> Load:
        return Load(self.port, [get("/v1/store/products")], READERS)

    def cold_lists(self) -> Load:
        """Every order, all of the shelf and parts of it; no page is asked for twice."""
        wishes = (
            *("", "category=golden-tea", "category=navel-orange", "category=dark-tea", "category=gift-set"),
            *("min_price_fen=5000&max_price_fen=40000", "min_price_fen=20000&max_price_fen=60000"),
        )
        paths = [
            f"/v1/store/products?{wish}&sort={sort}"
            for wish in wishes
            for sort in ("newest", "price", "-price", "sales")
        ]
        return Load(self.port, [get_anew(path) for path in paths], READERS, warm_up=4.0)

    def hot_page(self) -> Load:
        return Load(self.port, [get("/v1/store/products/bench-77")], READERS)

    def cold_pages(self) -> Load:
        step = max(1, self.size.products // 1000)
        numbers = range(1, self.size.products + 1, step)
        return Load(self.port, [get_anew(f"/v1/store/products/bench-{number}") for number in numbers], READERS)

    def searches(self) -> Load:
        words = ("黄金茶", "茯砖", "油茶籽油", "脐橙 礼盒", "红茶", "明前", "huangjincha", "hjc", "第7号", "没有这种货")
        return Load(
            self.port, [get_anew(f"/v1/store/products?q={quote(word)}") for word in words], READERS, warm_up=2.0
        )

    def orders(self) -> Load:
        """Orders of one line, spread over buyers and products."""
        requests = []
        for number in range(2_000):
            product = 1 + (number * 7919) % self.size.products
            requests.append(self._order(number, bulk.sku(product)))
        return Load(self.port, requests, SHOPPERS, warm_up=5.0)

    def flash_sale(self) -> Load:
        return Load(self.port, [self._order(number, bulk.FLASH_SKU) for number in range(bulk.BUYERS)], CROWD)

    def report(self, first: date, last: date) -> Load:
        path = f"/v1/office/reports/sales?from={first}&to={last}&group_by=month,category"
        return Load(self.port, [get(path, Authorization=f"Bearer {token(0, Role.OPERATOR)}")], 1)

    def _order(self, buyer: int, sku: str) -> Request:
        body = {"items": [{"sku": sku, "quantity": 1}], "address": ADDRESS}
        bearer = token(1 + buyer % bulk.BUYERS, Role.BUYER)
        return post_once("/v1/store/orders", body, Authorization=f"Bearer {bearer}")


_TOKENS: dict[int, str] = {}


def token(number: int, role: Role) -> str:
    """An access token of the buyer with that number, made with the installation's own key."""
    if number not in _TOKENS:
        account = Account(UUID(bulk.buyer_id(number)), "某人", frozenset({role}), None, None)
        _TOKENS[number] = sign_access_token(account, IdentitySettings(access_minutes=60), utc_now())
    return _TOKENS[number]


class Floors:
    """Two processes of bare routes, on a copy of the small database."""

    def __init__(self, url: str, page: Path, period: tuple[date, date]) -> None:
        self.port = free_port()
        settings = {
            "DATABASE_URL": url,
            "PORT": str(self.port),
            "PAGE": str(page),
            "PRODUCTS": str(SMALL.products),
            "PERIOD": json.dumps([str(day) for day in period]),
        }
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.load.floors"],
                env=environment(page.parent, **settings),
                preexec_fn=end_with_parent(signal.SIGKILL),
            )
            for _ in range(2)
        ]
        if not until(lambda: all(listens(self.port, process.pid) for process in self._processes), 120):
            raise SystemExit("the floors do not start")

    def page(self) -> Load:
        return Load(self.port, [get("/floor/page")], READERS)

    def order(self) -> Load:
        return Load(self.port, [post_once("/floor/order", {"items": [{"sku": "B1-1", "quantity": 1}]})], SHOPPERS)

    def report(self) -> Load:
        return Load(self.port, [get("/floor/report")], 1)

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


def listens(port: int, pid: int) -> bool:
    """Whether that process listens on the port: several share it, so a connection would not tell."""
    inodes = {
        fields[9]
        for fields in (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port
    }
    with contextlib.suppress(OSError):
        links = {str(place.readlink()) for place in Path(f"/proc/{pid}/fd").iterdir()}
        return any(f"socket:[{inode}]" in links for inode in inodes)
    return False


@dataclass
class Bench:
    """The measurements."""

    driver: Driver
    postgres: Postgres
    rounds: int
    seconds: float
    figures: list[Figure] = field(default_factory=list)

    def against(
        self, name: str, target: float | None, floor: Load, load: Load, *, most_statements: float | None = None
    ) -> Figure:
        """Answers a second, as a part of what the floor answers."""
        figure = Figure(name, target, most_statements=most_statements)
        self._count_statements(figure, load)
        for _ in range(self.rounds):
            under = floor.offered(self.driver, self.seconds * 0.7)
            over = load.offered(self.driver, self.seconds)
            figure.results.append(over)
            figure.ratios.append(over["per_second"] / under["per_second"])
        return self._done(figure)

    def no_slower(self, name: str, target: float, before: Load, after: Load) -> Figure:
        """How many times longer the large shop takes than the small one."""
        figure = Figure(name, target, at_most=True)
        for load in (before, after):
            load.offered(self.driver, load.warm_up)
        for _ in range(self.rounds):
            small = before.offered(self.driver, self.seconds)
            large = after.offered(self.driver, self.seconds)
            figure.results.append(large)
            figure.ratios.append(small["per_second"] / large["per_second"])
        return self._done(figure)

    def report(self, market: Market, floor: Floors, period: tuple[date, date]) -> Figure:
        """How many times longer than the bare grouping the report takes, one caller at a time."""
        figure = Figure("sales report, month × category", 1.5, at_most=True)
        load, under = market.report(*period), floor.report()
        self._count_statements(figure, load)
        for _ in range(self.rounds):
            bare = self.driver.run(under.port, under.requests, 1, count=5)
            full = self.driver.run(load.port, load.requests, 1, count=5)
            figure.results.append(full)
            figure.ratios.append(full["p50_ms"] / bare["p50_ms"])
        return self._done(figure)

    def floor(self, name: str, load: Load) -> None:
        """A floor's own figures, for the table."""
        load.offered(self.driver, load.warm_up)
        figure = Figure(name, None)
        figure.results = [load.offered(self.driver, self.seconds) for _ in range(self.rounds)]
        print(figure.line(), flush=True)

    def _count_statements(self, figure: Figure, load: Load) -> None:
        load.offered(self.driver, load.warm_up)
        with self.postgres.listening() as heard:
            asked = self.driver.run(load.port, load.requests, 1, count=40, seconds=3.0)["count"]
        control = sum(word.upper() in _TRANSACTION for word in heard)
        figure.counted = (len(heard) - control) / asked
        figure.statements = f"{figure.counted:.3g} (+{control / asked:.2g})"

    def _done(self, figure: Figure) -> Figure:
        self.figures.append(figure)
        print(figure.line(), flush=True)
        return figure


def flash_sale(driver: Driver, postgres: Postgres, market: Market) -> bool:
    """400 buyers, 100 pieces, 32 at a time: exactly 100 orders, and 300 refusals that say why."""
    sale = market.flash_sale()
    result = driver.run(sale.port, sale.requests, sale.connections, count=bulk.BUYERS)
    with bulk.admin(postgres.url) as connection:
        sold, reserved = connection.execute(
            "SELECT (SELECT count(*) FROM orders_line WHERE sku = %(sku)s), reserved "
            "FROM inventory_stock WHERE sku = %(sku)s",
            {"sku": bulk.FLASH_SKU},
        ).fetchone() or (0, 0)
    refused = bulk.BUYERS - bulk.FLASH_PIECES
    exact = (
        result["statuses"] == {"201": bulk.FLASH_PIECES, "409": refused}
        and result["codes"] == {"out_of_stock": refused}
        and sold == reserved == bulk.FLASH_PIECES
    )
    print(
        f"flash sale, {bulk.BUYERS} buyers, {bulk.FLASH_PIECES} pieces, {CROWD} at a time: {result['statuses']} "
        f"{dict(result['codes'])}, {sold} sold, {reserved} reserved, {result['per_second']:.0f} answers/s, "
        f"p99 {result['p99_ms']:.0f} ms: {'PASS' if exact else 'WRONG'}",
        flush=True,
    )
    return exact


def grouping_alone(url: str, period: tuple[date, date]) -> float:
    """Milliseconds of the bare grouping statement, with nothing between it and us."""
    took = []
    with bulk.admin(url) as connection:
        connection.execute("SET work_mem = '8MB'")
        for _ in range(9):
            begun = time.perf_counter()
            connection.execute(floors.REPORT, {"first": period[0], "last": period[1]}).fetchall()
            took.append(1000 * (time.perf_counter() - begun))
    return median(took)


def measure(folder: Path, rounds: int, seconds: float, *, large: bool) -> int:
    """The whole run; returns the exit status."""
    stages = Stages()
    with contextlib.ExitStack() as stack:
        postgres = Postgres(folder)
        stack.callback(postgres.server.stop)
        keys_file = folder / "keys.json"
        keys = Keys.load_or_create(keys_file)
        install(keys)
        common = {"DATABASE_URL": postgres.url, "KEYS_FILE": str(keys_file)}
        migrated = command(folder, "migrate", **common)
        if migrated.returncode:
            raise SystemExit(migrated.stderr)
        bulk.fill(postgres.url, keys, SMALL)
        stages.told(f"{SMALL.products:,} products and {SMALL.orders:,} past orders")
        bare_url, large_url = bulk.clone(postgres.url, "bare"), bulk.clone(postgres.url, "large")
        if large:
            bulk.grow(large_url, keys, SMALL, LARGE)
            stages.told(f"{LARGE.products:,} products and {LARGE.orders:,} past orders")

        market = Market(folder / "small", postgres.url, keys_file, SMALL)
        stack.callback(market.stop)
        driver = Driver()
        stack.callback(driver.close)
        today = utc_now().date()
        period = (today - bulk.HISTORY - timedelta(days=1), today)
        page = folder / "page.json"
        page.write_text(driver.run(market.port, market.hot_list().requests, 1, count=1)["body"])
        bare = Floors(bare_url, page, period)
        stack.callback(bare.stop)
        stages.told("service and floors are up")
        before = market.memory_mib

        bench = Bench(driver, postgres, rounds, seconds)
        print(f"\n{'':<42} {'a second':>9} {'p50 ms':>9} {'p99 ms':>9} {'ratio':>7}  {'target':<7} statements")
        bench.floor("floor (a): bytes of a list page", bare.page())
        bench.against("list of 24, hot", 0.30, bare.page(), market.hot_list(), most_statements=2)
        bench.against("list of 24, always another (cold)", None, bare.page(), market.cold_lists(), most_statements=2)
        bench.against("product page, hot", 0.35, bare.page(), market.hot_page(), most_statements=3)
        bench.against("product page, always another (cold)", None, bare.page(), market.cold_pages(), most_statements=3)
        bench.against("search in Chinese, cold", 0.10, bare.page(), market.searches(), most_statements=2)
        bench.floor("floor (b): an order's rows, one statement", bare.order())
        bench.against("placing an order", 0.15, bare.order(), market.orders(), most_statements=12)
        bench.report(market, bare, period)
        print(f"  the grouping alone, without HTTP: {grouping_alone(postgres.url, period):.1f} ms")
        exact = flash_sale(driver, postgres, market)
        after = market.memory_mib
        stages.told("measured the small shop")

        if large:
            grown = Market(folder / "large", large_url, keys_file, LARGE)
            stack.callback(grown.stop)
            print(f"\nmemory and time at {LARGE.products:,} products and {LARGE.orders:,} past orders:")
            for name, load in (
                ("list of 24, hot", Market.hot_list),
                ("list of 24, always another (cold)", Market.cold_lists),
                ("product page, always another (cold)", Market.cold_pages),
                ("placing an order", Market.orders),
            ):
                bench.no_slower(f"growth: {name}", 1.2, load(market), load(grown))
            _tell(grown, driver)
            stages.told("measured the large shop")
        print(f"memory of the API processes, MiB: before {_mib(before)}, after {_mib(after)}")

        checked = command(folder, "check", **common)
        print(f"audit after all this: {checked.stdout.strip()[:1000]}")
        stages.told("audited")
    for wrong in driver.wrong:
        print(f"WRONG {wrong}")
    verdicts = [figure.verdict for figure in bench.figures if figure.target is not None]
    print(f"{verdicts.count('PASS')} of {len(verdicts)} figures reach their target")
    return 0 if exact and not driver.wrong and not checked.returncode else 1


def _tell(grown: Market, driver: Driver) -> None:
    load = grown.searches()
    found = load.offered(driver, 2.0)
    print(
        f"{'search in Chinese, cold, large':<42} {found['per_second']:>9.1f} {found['p50_ms']:>9.2f} "
        f"{found['p99_ms']:>9.2f}"
    )


def _mib(found: Sequence[float]) -> str:
    return " + ".join(f"{size:.0f}" for size in found)


class Stages:
    """How long the parts of the run took."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def told(self, what: str) -> None:
        now = time.monotonic()
        print(f"[{now - self._since:5.1f} s] {what}", flush=True)
        self._since = now


def _too_long(_number: int, _frame: object) -> None:
    raise SystemExit(f"stopped: the bench took more than {LONGEST_SECONDS} seconds")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the service against its floors.")
    parser.add_argument("--rounds", type=int, default=4, help="how often floor and service are asked in turn")
    parser.add_argument("--seconds", type=float, default=0.9, help="how long each time")
    parser.add_argument("--small", action="store_true", help="leave out the large shop")
    asked = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LONGEST_SECONDS)
    stop: Callable[[int, object], None] = lambda _number, _frame: sys.exit(130)  # noqa: E731
    signal.signal(signal.SIGTERM, stop)
    folder = Path(tempfile.mkdtemp(prefix="market-bench-"))
    try:
        return measure(folder, asked.rounds, asked.seconds, large=not asked.small)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
