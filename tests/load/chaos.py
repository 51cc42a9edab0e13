"""Hurt a real installation and see that it keeps its word: ``make chaos SECONDS=40 SEED=7``.

Ten clients order, pay, ship and update stock over HTTP while API processes, the worker and the embedded PostgreSQL
are killed with SIGKILL, one after the other. Every key is retried until it is answered, many by two clients at once.
Afterwards: no acknowledged order is missing or there twice, every replay answers the same bytes, the audit finds
nothing, every fact is delivered, and neither Ctrl-C nor SIGKILL of the launcher leaves a process behind.

The same seed makes the same requests and the same choice of victims; when exactly a kill hits is the machine's affair.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import secrets
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import NullPool, create_engine, text

from app.core.outbox import LEASE
from tests.conftest import scratch
from tests.launcher.processes import Installation, command, processes_of, until

BUYERS, SUPPLIERS = 7, 3
NEVER_ANSWERED_SECONDS = 45.0
TWO_MINUTES, AFTERWARDS_SECONDS, SHORTEST_SECONDS = 120.0, 40.0, 15.0
"""The whole run is to end within two minutes; on a slow machine the violent part gets shorter."""
ADDRESS = {
    "recipient": "王女士",
    "phone": "13800001234",
    "division_code": "370112",
    "detail": "花园路 88 号 3 单元 502 室",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client was told: the promise that must hold from then on."""

    status: int
    body: bytes

    def json(self) -> Any:
        return httpx.Response(self.status, content=self.body).json()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under a key, and its answer."""

    key: str
    token: str
    path: str
    body: dict[str, Any]
    answer: Answer


@dataclass
class Tally:
    """What happened."""

    requests: int = 0
    cut: int = 0
    refused_for_now: Counter[int] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    back_after: list[float] = field(default_factory=list)
    doubled: int = 0
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Client:
    """One client with connections of its own, which never gives up on a key."""

    def __init__(self, base: str, tally: Tally) -> None:
        self._base = base
        self._tally = tally
        self._http = [httpx.AsyncClient(base_url=base, timeout=10.0) for _ in range(2)]

    async def close(self) -> None:
        for http in self._http:
            await http.aclose()

    async def ask(
        self, method: str, path: str, *, lane: int = 0, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[Answer, httpx.Headers]:
        """Ask until answered: a cut connection, 5xx, 429 and "still running" are asked again."""
        deadline, wait = time.monotonic() + NEVER_ANSWERED_SECONDS, 0.05
        while True:
            self._tally.requests += 1
            try:
                got = await self._http[lane].request(method, path, headers=headers, **more)
            except httpx.TransportError:
                self._tally.cut += 1
            else:
                running = got.status_code == 409 and got.json().get("code") == "idempotency_in_flight"
                if got.status_code == 500:
                    self._tally.wrong.append(f"500 from {method} {path}: {got.text[:200]}")
                if got.status_code < 500 and got.status_code != 429 and not running:
                    return Answer(got.status_code, got.content), got.headers
                self._tally.refused_for_now[got.status_code] += 1
            if time.monotonic() > deadline:
                self._tally.wrong.append(f"never answered: {method} {path}")
                raise TimeoutError(path)
            await asyncio.sleep(wait)
            wait = min(0.5, wait * 1.6)

    async def once(self, token: str, path: str, body: dict[str, Any], key: str, *, doubled: bool) -> Answer:
        """A POST under a key; when `doubled`, by two connections at once, which must be told the same."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        lanes = (0, 1) if doubled else (0,)
        answers = await asyncio.gather(
            *(self.ask("POST", path, lane=lane, headers=headers, json=body) for lane in lanes)
        )
        first = answers[0][0]
        if any(answer != first for answer, _ in answers):
            self._tally.wrong.append(f"two answers to key {key}: {[answer.status for answer, _ in answers]}")
        self._tally.doubled += doubled
        self._tally.asked.append(Asked(key, token, path, body, first))
        return first


class Market:
    """The clients' common knowledge: who they are, what is for sale."""

    def __init__(self, base: str, tally: Tally, seed: int, password: str) -> None:
        self.base, self.tally, self.seed, self.password = base, tally, seed, password
        self.skus: list[str] = []
        self.tokens: dict[str, str] = {}
        self.staff: dict[str, str] = {}
        self.owner: dict[str, str] = {}

    async def open(self) -> None:
        """Sign everybody in and read the shelves, while all is still well."""
        client = Client(self.base, self.tally)
        names = ["buyer", *(f"supplier-s{number:02d}" for number in range(1, 13))]
        for name in names:
            form = {"grant_type": "password", "username": name, "password": self.password}
            answer, _ = await client.ask("POST", "/v1/auth/token", data=form)
            if answer.status != 200:
                raise SystemExit(f"cannot sign in as {name}: {answer.status} {answer.body.decode()}")
            self.tokens[name] = answer.json()["access_token"]
            headers = {"Authorization": f"Bearer {self.tokens[name]}"}
            me, _ = await client.ask("GET", "/v1/auth/me", headers=headers)
            if supplier := me.json()["supplier_id"]:
                self.staff[supplier] = name
                stock, _ = await client.ask("GET", "/v1/supplier/inventory?limit=100", headers=headers)
                self.owner |= {item["sku"]: name for item in stock.json()["items"]}
        cursor: str | None = ""
        while cursor is not None:
            query = f"&cursor={cursor}" if cursor else ""
            page, _ = await client.ask("GET", f"/v1/store/products?limit=100&in_stock=true{query}")
            for product in page.json()["items"]:
                self.skus += [variant["sku"] for variant in product["variants"] if variant["available"] > 0]
            cursor = page.json()["next_cursor"]
        await client.close()
        if not self.skus:
            raise SystemExit("nothing is for sale")
        self.skus.sort()

    async def buyer(self, number: int, stop: asyncio.Event) -> None:
        """Orders, pays or cancels, and plays the supplier and the carrier for what was paid."""
        chance = random.Random(f"{self.seed}/buyer/{number}")
        client, keys = Client(self.base, self.tally), self._keys(f"b{number}")
        with contextlib.suppress(TimeoutError):
            while not stop.is_set():
                await self._one_order(client, chance, keys, stop)
        await client.close()

    async def _one_order(self, client: Client, chance: random.Random, keys: Iterator[str], stop: asyncio.Event) -> None:
        token, steps = self.tokens["buyer"], self.tally.steps

        async def once(who: str, path: str, body: dict[str, Any]) -> Answer:
            return await client.once(who, path, body, next(keys), doubled=chance.random() < 0.4)

        items = [
            {"sku": sku, "quantity": chance.randint(1, 3)} for sku in chance.sample(self.skus, chance.randint(1, 3))
        ]
        body = {"items": items, "address": ADDRESS, "fresh_goods_acknowledged": True}
        placed = await once(token, "/v1/store/orders", body)
        if placed.status != 201:
            steps[f"order refused {placed.json().get('code')}"] += 1
            return
        steps["ordered"] += 1
        order = placed.json()
        here = f"/v1/store/orders/{order['id']}"
        if chance.random() < 0.15:
            steps["cancelled unpaid"] += (await once(token, f"{here}/cancel", {})).status == 200
            return
        payment = await once(token, f"{here}/payments", {"provider": "sandbox"})
        if payment.status != 201:
            steps[f"payment refused {payment.json().get('code')}"] += 1
            return
        await client.ask("POST", f"/v1/sandbox/payments/{payment.json()['id']}/pay")
        if not await self._reaches(client, here, "paid", stop):
            steps["payment not seen before the end" if stop.is_set() else "payment not seen in time"] += 1
            return
        steps["paid"] += 1
        dice = chance.random()
        if dice < 0.15:
            steps["cancelled paid"] += (await once(token, f"{here}/cancel", {})).status == 200
        if dice < 0.3:
            return
        for part in order["supplier_orders"]:
            staff = self.tokens[self.staff[part["supplier_id"]]]
            lines = [line for line in order["lines"] if line["supplier_id"] == part["supplier_id"]]
            parcel = {
                "carrier": "ZTO",
                "tracking_number": f"78{chance.randrange(10**12):012d}",
                "lines": [{"line_id": line["id"], "quantity": line["quantity"]} for line in lines],
            }
            shipped = await once(staff, f"/v1/supplier/orders/{part['id']}/shipments", parcel)
            if shipped.status != 201:
                self.tally.wrong.append(f"shipping a paid order: {shipped.status} {shipped.body.decode()[:200]}")
                return
            steps["shipped"] += 1
            delivered, _ = await client.ask(
                "POST",
                f"/v1/supplier/shipments/{shipped.json()['id']}/delivered",
                headers={"Authorization": f"Bearer {staff}"},
            )
            steps["delivered"] += delivered.status == 200
        steps["completed"] += (await once(token, f"{here}/confirm-receipt", {})).status == 200

    async def _reaches(self, client: Client, path: str, status: str, stop: asyncio.Event) -> bool:
        """Whether the order gets there in time; at the end nobody waits: the audit sees what became of it."""
        headers = {"Authorization": f"Bearer {self.tokens['buyer']}"}
        deadline = time.monotonic() + 20
        while True:
            answer, _ = await client.ask("GET", path, headers=headers)
            if answer.json()["status"] == status:
                return True
            if stop.is_set() or time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)

    async def supplier(self, number: int, stop: asyncio.Event) -> None:
        """Adjusts stock up and down, a few SKUs of one supplier at a time."""
        chance = random.Random(f"{self.seed}/supplier/{number}")
        client, keys = Client(self.base, self.tally), self._keys(f"s{number}")
        shelves: dict[str, list[str]] = {}
        for sku in self.skus:
            shelves.setdefault(self.owner[sku], []).append(sku)
        with contextlib.suppress(TimeoutError):
            while not stop.is_set():
                name = chance.choice(sorted(shelves))
                rows = [
                    {"sku": sku, "mode": "adjust", "quantity": chance.choice([1, 2, 5, -1]), "reason": "chaos"}
                    for sku in chance.sample(shelves[name], min(3, len(shelves[name])))
                ]
                answer = await client.once(
                    self.tokens[name],
                    "/v1/supplier/inventory/updates",
                    {"updates": rows},
                    next(keys),
                    doubled=chance.random() < 0.4,
                )
                self.tally.steps["stock updated" if answer.status == 200 else "stock update refused"] += 1
                await asyncio.sleep(chance.uniform(0.05, 0.3))
        await client.close()

    def _keys(self, who: str) -> Iterator[str]:
        return (f"chaos-{self.seed}-{who}-{number}" for number in itertools.count())

    async def replay(self) -> None:
        """Every key once more: the same status and bytes, and marked as a replay."""
        client = Client(self.base, self.tally)
        for asked in self.tally.asked:
            headers = {"Authorization": f"Bearer {asked.token}", "Idempotency-Key": asked.key}
            again, said = await client.ask("POST", asked.path, headers=headers, json=asked.body)
            if again != asked.answer or said.get("Idempotent-Replayed") != "true":
                self.tally.wrong.append(
                    f"replay of {asked.key} {asked.path}: first {asked.answer.status}, now {again.status}"
                )
        await client.close()


async def kill_again_and_again(
    installation: Installation, chance: random.Random, tally: Tally, stop: asyncio.Event
) -> None:
    """SIGKILL to one process of the installation after the other, never to the launcher."""
    victims = {"api": "app.cli serve", "worker": "app.cli worker", "postgres": "bin/postgres -D"}
    order: list[str] = []
    while not stop.is_set():
        if not order:
            order = ["api", "postgres", "worker", "api"]
            chance.shuffle(order)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), chance.uniform(1.0, 3.0))
            return
        kind = order.pop()
        pids = await asyncio.to_thread(installation.pids, victims[kind])
        if not pids:
            continue
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(pids), signal.SIGKILL)
        tally.kills[kind] += 1
        hit = time.monotonic()
        if await asyncio.to_thread(until, installation.answers, 30):
            tally.back_after.append(time.monotonic() - hit)
        else:
            tally.wrong.append(f"not back 30 s after {kind} was killed")


def audit(installation: Installation, tally: Tally, orders_before: int) -> None:
    """What the database says, asked on its own socket."""
    url = (installation.data_dir / "database_url").read_text()
    engine = create_engine(url, poolclass=NullPool)

    def ask(statement: str, **parameters: Any) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(statement), parameters).scalar_one())

    waiting = "SELECT count(*) FROM core_delivery WHERE parked_at IS NULL"
    if not until(lambda: ask(waiting) == 0, LEASE.total_seconds() + 15):  # a courier may have been killed on its way
        with engine.connect() as connection:
            stuck = connection.execute(text("SELECT listener, attempts, due_at, last_error FROM core_delivery LIMIT 5"))
            tally.wrong.append(f"{ask(waiting)} facts are not delivered: {[tuple(row) for row in stuck]}")
    if parked := ask("SELECT count(*) FROM core_delivery WHERE parked_at IS NOT NULL"):
        tally.wrong.append(f"{parked} deliveries are parked")

    acknowledged = [
        asked.answer.json()["id"]
        for asked in tally.asked
        if asked.path == "/v1/store/orders" and asked.answer.status == 201
    ]
    if len(set(acknowledged)) != len(acknowledged):
        tally.wrong.append("two keys were answered with the same order")
    present = ask("SELECT count(*) FROM orders_order WHERE id = ANY(CAST(:ids AS uuid[]))", ids=acknowledged)
    if present != len(acknowledged):
        tally.wrong.append(f"{len(acknowledged) - present} acknowledged orders are missing")
    made = ask("SELECT count(*) FROM orders_order") - orders_before
    if made != len(acknowledged):
        tally.wrong.append(f"{made} orders were made for {len(acknowledged)} acknowledged ones")

    checked = command(installation.data_dir, "check")
    if checked.returncode:
        tally.wrong.append(f"baojing check: {checked.stdout.strip()[:2000]} {checked.stderr.strip()[:500]}")


def leaves_nothing(installation: Installation, how: signal.Signals, tally: Tally) -> float:
    """End the launcher by `how` and see every process of it go; returns the seconds it took."""
    began = time.monotonic()
    installation.process.send_signal(how)
    status = installation.process.wait(60)
    if how == signal.SIGINT and status != 0:
        tally.wrong.append(f"exit status {status} after Ctrl-C")
    patience = 0.0 if how == signal.SIGINT else 15.0
    if not until(lambda: not processes_of(installation.data_dir), patience):
        tally.wrong.append(f"left behind after {how.name}: {processes_of(installation.data_dir)}")
    return time.monotonic() - began


async def hurt(installation: Installation, market: Market, tally: Tally, seconds: float) -> None:
    """The violent part."""
    stop = asyncio.Event()
    clients = [
        *(asyncio.create_task(market.buyer(number, stop)) for number in range(BUYERS)),
        *(asyncio.create_task(market.supplier(number, stop)) for number in range(SUPPLIERS)),
    ]
    killer = asyncio.create_task(
        kill_again_and_again(installation, random.Random(f"{market.seed}/killer"), tally, stop)
    )
    await asyncio.sleep(seconds)
    stop.set()
    await asyncio.gather(killer, *clients)


def lap(work: Callable[[], None]) -> float:
    """Do it; the seconds it took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def report(tally: Tally, seed: int, times: dict[str, float]) -> None:
    """The table."""
    back = sorted(tally.back_after) or [0.0]
    rows: list[tuple[str, object]] = [
        ("seed", seed),
        *((f"killed: {kind}", count) for kind, count in sorted(tally.kills.items())),
        ("answers again after a kill, median / worst", f"{back[len(back) // 2]:.2f} s / {back[-1]:.2f} s"),
        ("requests sent", tally.requests),
        ("cut connections", tally.cut),
        *((f"asked to come again: {status}", count) for status, count in sorted(tally.refused_for_now.items())),
        ("keys", len(tally.asked)),
        ("keys used by two clients at once", tally.doubled),
        *sorted(tally.steps.items()),
        *((what, f"{taken:.1f} s") for what, taken in times.items()),
        ("broken promises", len(tally.wrong)),
    ]
    width = max(len(name) for name, _ in rows)
    print()
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    for wrong in tally.wrong[:20]:
        print(f"  BROKEN: {wrong}")
    print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0, help="how long to hurt it")
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    print(f"chaos: seed {seed}, {options.seconds:.0f} s", flush=True)

    data_dir = scratch("market-chaos-")
    password = secrets.token_urlsafe(9)
    more = {"DEMO": "true", "DEMO_PASSWORD": password, "LIMITS__ENABLED": "false"}
    tally, times = Tally(), {}
    began = time.monotonic()
    for arguments in (["migrate"], ["demo", "--orders", "60"]):
        done = command(data_dir, *arguments, **more)
        if done.returncode:
            raise SystemExit(f"baojing {' '.join(arguments)}: {done.stdout}{done.stderr}")
    installation = Installation(data_dir, **more)
    try:
        installation.wait_until_up()
        times["make and start"] = time.monotonic() - began
        market = Market(f"http://127.0.0.1:{installation.port}", tally, seed, password)
        asyncio.run(market.open())
        url = (data_dir / "database_url").read_text()
        with create_engine(url, poolclass=NullPool).connect() as connection:
            before = int(connection.execute(text("SELECT count(*) FROM orders_order")).scalar_one())
        left = TWO_MINUTES - AFTERWARDS_SECONDS - (time.monotonic() - began)
        violent = max(SHORTEST_SECONDS, min(options.seconds, left))
        times["hurt"] = lap(lambda: asyncio.run(hurt(installation, market, tally, violent)))
        times["replay"] = lap(lambda: asyncio.run(market.replay()))
        times["audit"] = lap(lambda: audit(installation, tally, before))
        times["stop by Ctrl-C"] = leaves_nothing(installation, signal.SIGINT, tally)
        began = time.monotonic()
        installation = Installation(data_dir, **more).wait_until_up()
        times["start again"] = time.monotonic() - began
        times["gone after SIGKILL of the launcher"] = leaves_nothing(installation, signal.SIGKILL, tally)
    finally:
        for pid in processes_of(data_dir):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        installation.process.wait()
        if tally.wrong:
            print(installation.log.read_text()[-3000:], file=sys.stderr)
        shutil.rmtree(data_dir, ignore_errors=True)
    report(tally, seed, times)
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
