import asyncio
import csv
import hashlib
import io
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import assistance
from app.assistance.rules.periods import MonthNotOver
from app.core.events import emit
from app.identity import Actor, Role
from tests.assistance.builders import completed, entries, line, refunded
from tests.identity.builders import account, bearer, token

OCTOBER = datetime(2026, 10, 12, 3, 0, tzinfo=UTC)
SOMEBODY = Actor(uuid4(), frozenset({Role.OFFICER}), None, None)


async def post(session, *facts, now):
    for fact in facts:
        if fact.name == "orders.supplier_order_completed":
            await assistance.on_supplier_orders_completed(session, [fact], now)
        else:
            await assistance.on_lines_refunded(session, fact, now)


@pytest.fixture
async def second(db, client, officer, now):
    """Another officer's headers."""
    async with db.write() as session:
        who = await account(session, now, Role.OFFICER, username="officer2", name="农业局")
    return bearer(token(who, now))


async def close(officer, month="2026-10"):
    return await officer.post(f"/v1/office/periods/{month}/close")


async def test_an_open_month_tells_the_figures_of_now(officer, db, now):
    sold = line(net_fen=13_800)
    sale = completed(OCTOBER, sold)
    async with db.write() as session:
        await post(session, sale, refunded(OCTOBER, sale, (sold.line_id, 1, 800)), now=now)
    answer = await officer.get("/v1/office/periods/2026-10")
    assert answer.json() == {
        "month": "2026-10",
        "status": "open",
        "closed_at": None,
        "closed_by": None,
        "cut_off": None,
        "sha256": None,
        "chain": None,
        "entries": 2,
        "sales_fen": 13_800,
        "refunds_fen": -800,
        "adjustments_fen": 0,
        "net_fen": 13_000,
        "platform_fen": 13_000,
        "declared_fen": 0,
        "undelivered_facts": 0,
    }


async def test_a_closed_month_keeps_its_figures_and_what_comes_late_counts_in_the_open_one(officer, db, now):
    sold = line(net_fen=13_800)
    sale = completed(OCTOBER, sold)
    async with db.write() as session:
        await post(session, sale, now=now)
    closed = (await close(officer)).json()
    assert (closed["status"], closed["entries"], closed["net_fen"], closed["cut_off"]) == ("closed", 1, 13_800, 1)
    late = completed(OCTOBER + timedelta(days=3), line(net_fen=500))
    async with db.write() as session:
        await post(session, late, refunded(OCTOBER + timedelta(days=4), sale, (sold.line_id, 1, 800)), now=now)
        found = [(one["counted_on"], one["occurred_at"], one["amount_fen"]) for one in await entries(session)]
    assert found[1:] == [
        (date(2026, 11, 1), OCTOBER + timedelta(days=3), 500),
        (date(2026, 11, 1), OCTOBER + timedelta(days=4), -800),
    ]
    assert (await officer.get("/v1/office/periods/2026-10")).json() == closed
    assert (await officer.get("/v1/office/periods")).json()["items"] == [closed]


async def test_what_is_of_the_open_month_counts_on_its_day(officer, db, now):
    await close(officer)
    async with db.write() as session:
        await post(session, completed(now, line()), now=now)
        assert [one["counted_on"] for one in await entries(session)] == [date(2026, 11, 20)]


async def test_a_month_that_goes_on_is_not_closed(officer, session):
    assert (await close(officer, "2026-11")).json()["code"] == "month_not_over"
    last = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    with pytest.raises(MonthNotOver):
        await assistance.close_month(session, date(2026, 11, 1), by=SOMEBODY, now=last)
    await assistance.close_month(session, date(2026, 11, 1), by=SOMEBODY, now=last + timedelta(seconds=1))


async def test_months_are_closed_in_their_order_and_once(officer, db, now):
    async with db.write() as session:
        await post(session, completed(OCTOBER - timedelta(days=60), line()), now=now)
    refused = await close(officer)
    assert (refused.status_code, refused.json()["code"]) == (409, "earlier_month_open")
    assert "2026-08" in refused.json()["detail"]
    for month in ("2026-08", "2026-09", "2026-10"):
        assert (await close(officer, month)).status_code == 200
        again = await close(officer, month)
        assert (again.status_code, again.json()["code"]) == (409, "month_closed")
    assert (await close(officer, "2026-07")).json()["code"] == "month_closed"
    months = (await officer.get("/v1/office/periods", params={"limit": 2})).json()
    assert [one["month"] for one in months["items"]] == ["2026-10", "2026-09"]
    rest = (await officer.get("/v1/office/periods", params={"limit": 2, "cursor": months["next_cursor"]})).json()
    assert ([one["month"] for one in rest["items"]], rest["next_cursor"]) == (["2026-08"], None)


async def test_a_month_with_facts_on_their_way_is_not_closed(officer, db, clock, now):
    async with db.write() as session:
        emit(session, completed(OCTOBER, line()))
    assert (await officer.get("/v1/office/periods/2026-10")).json()["undelivered_facts"] > 0
    refused = await close(officer)
    assert (refused.status_code, refused.json()["code"]) == (409, "facts_undelivered")
    async with db.write() as session:
        assert await session.scalar(text("SELECT count(*) FROM assistance_closing")) == 0
        await session.execute(text("DELETE FROM core_delivery"))
        emit(session, completed(datetime(2026, 10, 31, 16, 0, tzinfo=UTC), line()))
    assert (await close(officer)).status_code == 200, "what happened in November does not hold October up"


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "october", "1999-01"])
async def test_what_is_no_month(officer, month):
    assert (await officer.get(f"/v1/office/periods/{month}")).status_code == 422


async def test_a_month_that_has_not_begun_is_not_there(officer):
    assert (await officer.get("/v1/office/periods/2026-12")).status_code == 404
    assert (await officer.get("/v1/office/periods/2026-11")).status_code == 200


@pytest.mark.parametrize("role", [Role.BUYER, Role.SUPPLIER, Role.PARTNER, None])
async def test_who_may_close(client, db, now, role):
    if role is not None:
        async with db.write() as session:
            client.headers.update(bearer(token(await account(session, now, role), now)))
    refused = {403} if role else {401}
    assert {(await client.post("/v1/office/periods/2026-10/close")).status_code} == refused
    assert {(await client.post("/v1/office/submissions", json={})).status_code} == refused
    assert {(await client.post("/v1/office/adjustments", json={})).status_code} == refused
    assert {(await client.get("/v1/office/periods/2026-10/entries.csv")).status_code} == refused
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM assistance_closing")) == 0


# --- the snapshot ----------------------------------------------------------------------------------------------------


async def test_the_snapshot_is_the_bytes_of_its_hash_for_ever(officer, db, now):
    odd = '"金茶", 一级\n;=1+1'
    async with db.write() as session:
        sales = [line(product_name=odd, lot_code=None), *(line(net_fen=fen) for fen in range(1, 4_500))]
        await post(session, completed(OCTOBER, *sales[:2_000]), completed(OCTOBER, *sales[2_000:]), now=now)
    assert (await officer.get("/v1/office/periods/2026-10/entries.csv")).json()["code"] == "month_open"
    closed = (await close(officer)).json()
    async with db.write() as session:
        await post(session, completed(OCTOBER, line()), completed(now, line()), now=now)
    answer = await officer.get("/v1/office/periods/2026-10/entries.csv")
    assert hashlib.sha256(answer.content).hexdigest() == closed["sha256"]
    assert answer.headers["etag"] == f'"{closed["sha256"]}"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == closed["entries"] == 4_500
    assert sum(int(row["amount_fen"]) for row in rows) == closed["net_fen"]
    assert sorted(int(row["seq"]) for row in rows) == list(range(1, 4_501))
    assert [row["product_name"] for row in rows].count(odd) == 1


async def test_postings_against_a_close(fresh_db, now):
    """Whichever way they race, each posting is either in the closed month or in the open one, and none is lost."""
    sold = [line(net_fen=100 + number) for number in range(40)]
    sales = [completed(OCTOBER, one) for one in sold]
    async with fresh_db.write() as session:
        for sale in sales[:10]:
            await post(session, sale, now=now)

    async def one(fact):
        async with fresh_db.write() as session:
            await post(session, fact, now=now)
            await asyncio.sleep(0.01)

    async def closing():
        await asyncio.sleep(0.02)
        async with fresh_db.write() as session:
            return await assistance.close_month(session, date(2026, 10, 1), by=SOMEBODY, now=now)

    back = [refunded(OCTOBER, sale, (kept.line_id, 0, 7)) for sale, kept in zip(sales[:10], sold, strict=False)]
    done = await asyncio.gather(closing(), *(one(fact) for fact in [*sales[10:], *back]))
    async with fresh_db.write() as session:
        found = await entries(session)
        inside = [entry["amount_fen"] for entry in found if entry["counted_month"] == date(2026, 10, 1)]
        assert (done[0].sums.entries, done[0].sums.net_fen) == (len(inside), sum(inside))
        assert sum(entry["amount_fen"] for entry in found) == sum(one.net_fen for one in sold) - 70
        assert {entry["counted_on"] for entry in found} <= {date(2026, 10, 12), date(2026, 11, 1)}
        places = await session.execute(
            text("""SELECT e.counted_on FROM assistance_entry e LEFT JOIN assistance_sealed_entry z ON z.entry_id = e.id
                    WHERE e.counted_month = '2026-10-01' AND coalesce(z.seq, 1000) > :cut_off"""),
            {"cut_off": done[0].cut_off},
        )
        assert places.all() == []


# --- reports that were handed in -------------------------------------------------------------------------------------

YEAR = {"from": "2026-01-01", "to": "2026-12-31"}


async def submit(officer, **more):
    answer = await officer.post("/v1/office/submissions", json={**YEAR, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_submitted_statement_is_the_same_whatever_is_posted_since(officer, db, now):
    sold = line(net_fen=13_800)
    sale = completed(OCTOBER, sold, line(supplier_name="比耳脐橙合作社", net_fen=9_900, quantity=1, weight_g=5_000))
    async with db.write() as session:
        await post(session, sale, now=now)
    submitted = await submit(officer)
    path = f"/v1/office/submissions/{submitted['id']}"
    content = (await officer.get(f"{path}/content")).content
    assert hashlib.sha256(content).hexdigest() == submitted["sha256"]
    assert (submitted["rows"], submitted["cut_off"], submitted["reproduced"]) == (2, 2, None)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert {(row["month"], row["programme"], row["evidence"], row["net_fen"]) for row in rows} == {
        ("2026-10", "P3", "platform", "13800"),
        ("2026-10", "P3", "platform", "9900"),
    }
    async with db.write() as session:
        await post(session, completed(OCTOBER, line()), refunded(now, sale, (sold.line_id, 1, 800)), now=now)
        await assistance.seal_everything(session, now=now)
    assert (await officer.get(path)).json() == {**submitted, "reproduced": True}
    assert (await officer.get(f"{path}/content")).content == content
    again = await submit(officer, cut_off=submitted["cut_off"])
    assert again["sha256"] == submitted["sha256"]
    assert (await submit(officer))["sha256"] != submitted["sha256"]
    listed = (await officer.get("/v1/office/submissions", params={"limit": 2})).json()
    assert len(listed["items"]) == 2
    assert listed["next_cursor"]


async def test_what_changed_since_is_a_difference_of_two_cut_offs(officer, db, now):
    sold = line(net_fen=13_800)
    sale = completed(OCTOBER, sold)
    async with db.write() as session:
        await post(session, sale, now=now)
    submitted = await submit(officer, to="2026-10-31")
    await close(officer)
    back = refunded(now, sale, (sold.line_id, 1, 800))
    async with db.write() as session:
        await post(session, completed(OCTOBER, line(net_fen=500)), back, completed(now, line(net_fen=77)), now=now)
        await assistance.seal_everything(session, now=now)
    path = f"/v1/office/submissions/{submitted['id']}/changes"
    changed = (await officer.get(path)).json()
    assert (changed["after"], changed["upto"], changed["net_fen"]) == (1, 4, -300)
    told = [(one["counted_here"], one["entry"]["amount_fen"], one["entry"]["counted_on"]) for one in changed["items"]]
    assert sorted(told) == [(False, -800, "2026-11-20"), (False, 500, "2026-11-01")], "and not what concerns November"
    assert changed["months"] == [
        {"month": "2026-11", "kind": "sale", "evidence": "platform", "entries": 1, "amount_fen": 500},
        {"month": "2026-11", "kind": "refund", "evidence": "platform", "entries": 1, "amount_fen": -800},
    ]
    assert (await officer.get(path, params={"upto": 1})).json()["items"] == []
    whole = (await officer.get("/v1/office/ledger/changes", params={"after": 0})).json()
    assert [one["seq"] for one in whole["items"]] == [1, 2, 3, 4]
    assert all(one["counted_here"] for one in whole["items"])
    assert whole["net_fen"] == 13_800 + 500 - 800 + 77


async def test_pages_of_changes_end_where_the_first_one_did(officer, db, now):
    async with db.write() as session:
        await post(session, completed(OCTOBER, *(line() for _ in range(5))), now=now)
        await assistance.seal_everything(session, now=now)
    seen, cursor = [], None
    while True:
        params = {"after": 0, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await officer.get("/v1/office/ledger/changes", params=params)).json()
        seen += [one["seq"] for one in page["items"]]
        assert (page["upto"], page["net_fen"]) == (5, 5 * 13_800)
        if (cursor := page["next_cursor"]) is None:
            break
        async with db.write() as session:
            await post(session, completed(OCTOBER, line()), now=now)
            await assistance.seal_everything(session, now=now)
    assert seen == [1, 2, 3, 4, 5]


async def test_a_cut_off_that_the_ledger_has_not_reached(officer):
    refused = await officer.post("/v1/office/submissions", json={**YEAR, "cut_off": 1})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_cut_off")
    assert (await officer.get("/v1/office/ledger/changes", params={"after": 1})).json()["code"] == "unknown_cut_off"
    assert (await officer.get(f"/v1/office/submissions/{uuid4()}")).status_code == 404
    backwards = {"from": "2026-12-31", "to": "2026-01-01"}
    assert (await officer.post("/v1/office/submissions", json=backwards)).status_code == 422


# --- corrections -----------------------------------------------------------------------------------------------------


async def counted(db, now, **changes):
    sale = completed(OCTOBER, line(quantity=3, weight_g=300, net_fen=9_000, **changes))
    async with db.write() as session:
        await post(session, sale, now=now)
        (entry,) = await entries(session)
    return sale, entry


def adjustment(entry, **more):
    return {
        "entry_id": str(entry["id"]),
        "reason": "receipt_difference",
        "amount_fen": -3_000,
        "quantity": -1,
        "weight_g": -100,
        "note": "验收单补登",
        **more,
    }


async def test_a_correction_takes_two_persons_and_counts_in_the_open_month(officer, second, db, now):
    _, entry = await counted(db, now)
    closed = (await close(officer)).json()
    proposed = await officer.post("/v1/office/adjustments", json=adjustment(entry))
    assert (proposed.status_code, proposed.json()["status"], proposed.json()["posted"]) == (201, "waiting", None)
    path = f"/v1/office/proposals/{proposed.json()['id']}"
    alone = await officer.post(f"{path}/approve", json={"note": "同意"})
    assert (alone.status_code, alone.json()["code"]) == (403, "second_person_needed")
    assert (await officer.get("/v1/office/proposals", params={"status": "waiting"})).json()["items"] == [
        proposed.json()
    ]
    approved = await officer.post(f"{path}/approve", json={"note": "已核对"}, headers=second)
    assert approved.status_code == 200, approved.text
    posted = approved.json()["posted"]
    assert (posted["kind"], posted["reason"], posted["reverses"]) == (
        "adjustment",
        "receipt_difference",
        str(entry["id"]),
    )
    assert (posted["amount_fen"], posted["quantity"], posted["weight_g"]) == (-3_000, -1, -100)
    assert posted["counted_on"] == "2026-11-20"
    assert (posted["township"], posted["supplier_name"]) == (entry["township"], entry["supplier_name"])
    assert (await officer.get("/v1/office/periods/2026-10")).json() == closed
    assert (await officer.get("/v1/office/periods/2026-11")).json()["adjustments_fen"] == -3_000
    twice = await officer.post(f"{path}/approve", json={"note": "再次"}, headers=second)
    assert (twice.status_code, twice.json()["code"]) == (409, "proposal_decided")
    assert (await officer.get(path)).json() == approved.json()


async def test_a_declined_correction_posts_nothing(officer, second, db, now):
    _, entry = await counted(db, now)
    proposed = (await officer.post("/v1/office/adjustments", json=adjustment(entry))).json()
    path = f"/v1/office/proposals/{proposed['id']}"
    declined = await officer.post(f"{path}/decline", json={"note": "凭证不足"}, headers=second)
    assert (declined.json()["status"], declined.json()["decision_note"]) == ("declined", "凭证不足")
    assert (await officer.post(f"{path}/approve", json={"note": "x"}, headers=second)).status_code == 409
    async with db.read() as session:
        assert len(await entries(session)) == 1


async def test_no_more_is_corrected_than_is_left_and_no_more_refunded_after(officer, second, db, now):
    sale, entry = await counted(db, now)
    refused = await officer.post("/v1/office/adjustments", json=adjustment(entry, amount_fen=-9_001))
    assert (refused.status_code, refused.json()["code"]) == (409, "adjustment_too_large")
    nothing = adjustment(entry, amount_fen=0, quantity=0, weight_g=0)
    assert (await officer.post("/v1/office/adjustments", json=nothing)).json()["code"] == "nothing_to_adjust"
    unknown = adjustment({"id": uuid4()})
    assert (await officer.post("/v1/office/adjustments", json=unknown)).status_code == 404
    both = [
        (await officer.post("/v1/office/adjustments", json=adjustment(entry, amount_fen=-8_000))).json() for _ in "ab"
    ]
    for one, status in zip(both, (200, 409), strict=True):
        answer = await officer.post(f"/v1/office/proposals/{one['id']}/approve", json={"note": "同意"}, headers=second)
        assert answer.status_code == status
    assert (await officer.get(f"/v1/office/proposals/{both[1]['id']}")).json()["status"] == "waiting"
    async with db.write() as session:
        await post(session, refunded(now, sale, (sale.lines[0].line_id, 3, 9_000)), now=now)
        found = await entries(session)
    assert sum(one["amount_fen"] for one in found) == 0
    assert sum(one["quantity"] for one in found) == 0


async def test_a_refund_named_for_correction_stands_for_its_sale(officer, db, now):
    sale, entry = await counted(db, now)
    async with db.write() as session:
        await post(session, refunded(now, sale, (sale.lines[0].line_id, 1, 3_000)), now=now)
        back = next(one for one in await entries(session) if one["kind"] == "refund")
    proposed = await officer.post("/v1/office/adjustments", json=adjustment(back))
    assert proposed.json()["entry_id"] == str(entry["id"])


async def test_a_retry_with_its_key_proposes_nothing_twice(officer, db, now):
    _, entry = await counted(db, now)
    key = {"Idempotency-Key": "k-1"}
    first = await officer.post("/v1/office/adjustments", json=adjustment(entry), headers=key)
    again = await officer.post("/v1/office/adjustments", json=adjustment(entry), headers=key)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len((await officer.get("/v1/office/proposals")).json()["items"]) == 1
    assert (await officer.post("/v1/office/adjustments", json=adjustment(entry))).status_code == 201
    assert len((await officer.get("/v1/office/proposals")).json()["items"]) == 2
