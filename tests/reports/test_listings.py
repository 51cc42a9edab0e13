"""The ledger and the paid order lines row by row, streamed as CSV."""

import asyncio
import csv
import io
from contextlib import aclosing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app import assistance
from app.core.errors import Unavailable
from app.identity import Actor, Role
from app.reports.rules.listings import BATCH, EVERY_ENTRY, Detail, TooManyDownloads
from app.reports.service import downloaded
from tests.assistance.builders import completed, line, refunded
from tests.conftest import connect
from tests.identity.builders import account
from tests.load import entries
from tests.reports.test_sales import YEAR, sell

SPAN = (date(2026, 1, 1), date(2026, 12, 31))
LIMITS = {"seconds": 60, "parallel": 2}
KIB = 1024


def parsed(content: bytes):
    """Header, rows and the marked rows at the end of a file that begins with a byte order mark."""
    assert content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert all(len(row) == len(header) for row in rows)
    marked = {row[0]: row for row in rows if row[0] in ("total", "as_of", "chain")}
    return header, [dict(zip(header, row, strict=True)) for row in rows if row[0] not in marked], marked


@pytest.fixture
async def sold(db, now):
    tea, oranges = line(net_fen=1_234_567, quantity=3), line(net_fen=1, category="navel-orange", quantity=40)
    first, later = completed(now, tea, oranges), completed(now - timedelta(days=40), line(net_fen=29, quantity=1))
    await sell(db, first, later, refunded(now + timedelta(days=12), first, (tea.line_id, 1, 400_029)))


async def test_the_file_of_the_ledger_says_what_its_pages_and_the_report_say(officer, sold):
    pages = (await officer.get("/v1/office/ledger", params=YEAR)).json()["items"]
    answer = await officer.get("/v1/office/ledger.csv", params=YEAR)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith('"ledger-2026-01-01-2026-12-31.csv"')
    header, rows, marked = parsed(answer.content)
    assert set(pages[0]) < set(header)
    instants = ("posted_at", "occurred_at")
    for row, entry in zip(rows, pages, strict=True):
        for name in entry.keys() - set(instants):
            assert row[name] == ("" if entry[name] is None else str(entry[name])), name
    report = (await officer.get("/v1/office/reports/sales", params=YEAR)).json()
    at = header.index
    assert int(marked["total"][at("amount_fen")]) == report["totals"]["net_fen"]
    assert int(marked["total"][at("quantity")]) == report["totals"]["quantity"]
    assert marked["as_of"][1] == report["as_of"]


async def test_the_lines_add_up_to_the_report_by_payment(fresh_shop):
    shop = fresh_shop
    kept, gone = [await shop.pay(await shop.order({"GT04": 2, "NO02": 1})) for _ in range(2)]
    assert (await shop.call("buyer", "POST", f"/v1/store/orders/{gone['id']}/cancel", {})).is_success
    await shop.settle()
    span = "from=2026-01-01&to=2026-12-31"
    answer = await shop.call("officer", "GET", f"/v1/office/lines.csv?{span}", key=None)
    assert answer.status_code == 200, answer.text
    header, rows, marked = parsed(answer.content)
    report = (await shop.call("officer", "GET", f"/v1/office/reports/sales?{span}&basis=paid", key=None)).json()
    assert report["totals"]["refunded_fen"] > 0
    for figure in ("quantity", "gross_fen", "refunded_fen", "net_fen"):
        assert sum(int(row[figure]) for row in rows) == report["totals"][figure]
        assert int(marked["total"][header.index(figure)]) == report["totals"][figure]
    assert {row["order_number"] for row in rows if row["kind"] == "sale"} == {kept["number"], gone["number"]}
    assert {row["order_number"] for row in rows if row["kind"] == "refund"} == {gone["number"]}
    assert "recipient" not in header


async def test_filters_are_those_of_the_pages(officer, sold):
    only = YEAR | {"category": "golden-tea", "kind": "sale"}
    pages = (await officer.get("/v1/office/ledger", params=only)).json()["items"]
    _, rows, marked = parsed((await officer.get("/v1/office/ledger.csv", params=only)).content)
    assert [row["id"] for row in rows] == [entry["id"] for entry in pages]
    assert 0 < len(rows) < 4
    assert str(sum(entry["amount_fen"] for entry in pages)) in marked["total"]


async def test_what_a_spreadsheet_would_run_is_text(officer, db, now):
    await sell(db, completed(now, line(net_fen=5, product_name="=1+1")))
    _, (row,), _ = parsed((await officer.get("/v1/office/ledger.csv", params=YEAR)).content)
    assert row["product_name"] == "'=1+1"


async def test_a_closed_month_is_the_same_file_for_ever(fresh_db, settings, clock):
    """And says the moment and the chain of its closing, whatever happens in later months."""
    by = await officer_account(fresh_db, clock())
    at = clock() - timedelta(days=40)
    await sell(fresh_db, completed(at, line(net_fen=29), line(net_fen=31)))
    october, whole = (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 10, 1), date(2026, 11, 30))

    async def taken(span, **by):
        return b"".join([piece async for piece in told(fresh_db, *span, now=clock.advance(**by))])

    before = await taken(october, minutes=1)
    async with fresh_db.write() as session:
        closing = await assistance.close_month(session, october[0], by=by, now=clock.advance(minutes=1))
    closed = await taken(october, minutes=1)
    _, rows, marked = parsed(closed)
    assert marked["chain"][1:3] == [str(closing.cut_off), closing.chain]
    assert marked["as_of"][1] == closing.closed_at.isoformat().replace("+00:00", "Z")
    assert len(rows) == 2
    assert before != closed
    await sell(fresh_db, completed(clock.advance(days=1), line(net_fen=7)))
    async with fresh_db.write() as session:
        await assistance.seal_everything(session, now=clock())
    assert await taken(october, days=1) == closed
    _, rows, marked = parsed(await taken(whole, days=1))
    assert (len(rows), marked["as_of"][1]) == (3, clock().isoformat().replace("+00:00", "Z"))
    assert marked["chain"][1:3] != [str(closing.cut_off), closing.chain]


def told(db, first, last, *, now, **limits):
    return downloaded(db, Detail.LEDGER, first, last, only=EVERY_ENTRY, now=now, **LIMITS | limits)


async def officer_account(db, now):
    async with db.write() as session:
        who = await account(session, now, Role.OFFICER, username="officer", name="专员")
    return Actor(who.id, frozenset({Role.OFFICER}))


async def test_all_of_it_is_of_one_moment(fresh_db, now):
    await sell(fresh_db, *(completed(now, line(net_fen=fen)) for fen in range(1, BATCH + 50)))
    async with aclosing(told(fresh_db, *SPAN, now=now)) as pieces:
        content = await anext(pieces) + await anext(pieces)
        await sell(fresh_db, completed(now, line(net_fen=10**6)))
        content += b"".join([piece async for piece in pieces])
    _, rows, marked = parsed(content)
    assert len(rows) == BATCH + 49
    assert str(sum(range(1, BATCH + 50))) in marked["total"]


async def test_who_goes_away_ends_the_query_and_frees_the_place(fresh_db, now):
    await sell(fresh_db, *(completed(now, line(net_fen=1)) for _ in range(BATCH + 1)))
    going = [told(fresh_db, *SPAN, now=now) for _ in range(LIMITS["parallel"])]
    for one in going:
        await anext(one)
        await anext(one)
    assert await open_snapshots(fresh_db) == len(going)
    with pytest.raises(TooManyDownloads):
        await anext(told(fresh_db, *SPAN, now=now))
    for one in going:
        await one.aclose()
    assert await open_snapshots(fresh_db) == 0
    assert len([piece async for piece in told(fresh_db, *SPAN, now=now)]) == 4


async def open_snapshots(db):
    async with db.read() as session:
        return await session.scalar(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'")
        )


async def test_who_reads_too_slowly_is_cut_off(fresh_db, now):
    await sell(fresh_db, *(completed(now, line(net_fen=1)) for _ in range(2 * BATCH)))
    going = told(fresh_db, *SPAN, now=now, seconds=1)
    await anext(going)
    await asyncio.sleep(1.5)
    with pytest.raises(Unavailable):
        [piece async for piece in going]
    assert await open_snapshots(fresh_db) == 0


async def test_three_times_the_rows_need_no_more_memory(fresh_url, settings, now):
    url = fresh_url.render_as_string(hide_password=False).replace("+psycopg", "")
    entries.add(url, 150_000, listed=False)
    db = connect(fresh_url, settings)
    peaks = []
    for last in (date(2024, 12, 31), date(2026, 12, 31)):
        forget_peak()
        size = rows = 0
        async for piece in told(db, date(2024, 1, 1), last, now=now):
            size += len(piece)
            rows += piece.count(b"\n")
        peaks.append((rows, size, peak_kib()))
    await db.dispose()
    (few, small, before), (many, large, after) = peaks
    assert (many > 2.5 * few, many > 150_000) == (True, True)
    assert large > 40 << 20
    assert after - before < (large - small) / KIB / 4


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def peak_kib():
    """The most memory that this process has held since its mark was taken back."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])
