"""The load generator, a process of its own: ``python -m tests.load.driver``.

It reads one job a line from standard input and answers each with one line: how many answers a second, how long they
took, and what they were. Requests are bytes made beforehand; each connection sends its next one when it has the answer
to the last. One driver is used for the service and for the floors alike.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import uvloop

_CODE = re.compile(rb'"code":"([a-z_]+)"')
_LENGTH = b"content-length: "
_LONGEST_SECONDS = 120.0


@dataclass
class Run:
    """One job while it runs. ``requests`` are (before the key, after the key); without keys the second is empty."""

    requests: list[tuple[bytes, bytes]]
    keys: str
    most: int
    seconds: float
    sent: int = 0
    open: int = 0
    begun: float = 0.0
    ended: float = 0.0
    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    body: bytes = b""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def next(self, now: float) -> bytes | None:
        """The next request, or None when it is time to stop."""
        if self.sent >= self.most or now - self.begun > self.seconds:
            return None
        number = self.sent
        self.sent += 1
        before, after = self.requests[number % len(self.requests)]
        return before + f"{self.keys}-{number}".encode() + after if after else before


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.buffer = bytearray()
        self.missing = -1
        self.sent_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.run.open += 1

    def connection_lost(self, _error: Exception | None) -> None:
        if self.sent_at:
            self.run.statuses[0] += 1  # an answer that never came
        self._leave()

    def ask(self) -> None:
        now = time.perf_counter()
        request = self.run.next(now)
        if request is None:
            self.sent_at = 0.0
            self.transport.close()
            return
        self.sent_at = now
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        if self.missing < 0:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            at = buffer.find(_LENGTH, 0, end)
            length = int(buffer[at + len(_LENGTH) : buffer.index(b"\r\n", at)]) if at > 0 else 0
            self.missing = end + 4 + length
        if len(buffer) < self.missing:
            return
        run, status = self.run, int(buffer[9:12])
        run.took.append(time.perf_counter() - self.sent_at)
        run.statuses[status] += 1
        if status >= 400 and (found := _CODE.search(buffer)) is not None:
            run.codes[found[1].decode()] += 1
        if not run.body:
            run.body = bytes(buffer[buffer.index(b"\r\n\r\n") + 4 :])
        self.missing = -1
        buffer.clear()
        self.ask()

    def _leave(self) -> None:
        run = self.run
        run.open -= 1
        if run.open == 0:
            run.ended = time.perf_counter()
            run.done.set()


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job."""
    requests = [(before.encode(), after.encode()) for before, after in job["requests"]]
    seconds = min(job.get("seconds", _LONGEST_SECONDS), _LONGEST_SECONDS)
    run = Run(requests, job.get("keys", ""), job.get("count", 10**9), seconds)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", job["port"])
        for _ in range(job["connections"])
    ]
    run.begun = time.perf_counter()
    for _, connection in opened:
        connection.ask()
    await asyncio.wait_for(run.done.wait(), seconds + 30.0)
    took = sorted(run.took)
    return {
        "count": len(took),
        "per_second": len(took) / (run.ended - run.begun),
        "p50_ms": 1000 * took[len(took) // 2] if took else 0.0,
        "p99_ms": 1000 * took[min(len(took) - 1, len(took) * 99 // 100)] if took else 0.0,
        "statuses": {str(status): count for status, count in run.statuses.items()},
        "codes": run.codes,
        "body": run.body.decode("utf-8", "replace"),
    }


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(uvloop.run(work(json.loads(line)))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
