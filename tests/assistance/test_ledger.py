import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import assistance
from app.core.events import emit
from app.core.outbox import deliver_all
from app.identity import Role
from tests.assistance.builders import SUPPLIERS, completed, entries, line, refunded
from tests.identity.builders import account, bearer, token


async def hear(session, *facts, now):
    for fact in facts:
        if fact.name == "orders.supplier_order_completed":
            await assistance.on_supplier_orders_completed(session, [fact], now)
        else:
            await assistance.on_lines_refunded(session, fact, now)


async def test_a_completed_sale_is_counted_with_its_attribution(session, now):
    sold = line(lot_code="L1")
    fact = completed(now, sold)
    later = now + timedelta(seconds=5)
    await hear(session, fact, now=later)
    (entry,) = await entries(session)
    expected = {
        "kind": "sale",
        "posted_at": later,
        "occurred_at": now,
        "counted_on": date(2026, 11, 20),
        "counted_month": date(2026, 11, 1),
        "source_id": fact.supplier_order_id,
        "order_id": fact.order_id,
        "order_number": fact.number,
        "po_no": None,
        "partner_id": None,
        "partner_name": None,
        "amount_fen": 13800,
        "reverses": None,
        "evidence": "platform",
        "reason": None,
        "by_account": None,
        "approved_by": None,
    }
    expected |= sold.model_dump(exclude={"net_fen", "assisted", "self_purchase", "on_832", "buyer_id"})
    assert {key: value for key, value in entry.items() if key != "id"} == expected


@pytest.mark.parametrize(
    "change",
    [
        {"assisted": False},
        {"township_code": "430102001"},
        {"division_code": "430102"},
        {"self_purchase": True},
        {"net_fen": 0},
    ],
)
async def test_what_does_not_count_is_not_posted(session, now, change):
    await hear(session, completed(now, line(**change), line(sku="GT02")), now=now)
    assert [entry["sku"] for entry in await entries(session)] == ["GT02"]


async def test_a_sale_just_before_midnight_in_shanghai_counts_that_day(session, now):
    await hear(session, completed(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC), line()), now=now)
    await hear(session, completed(datetime(2026, 12, 31, 16, 0, tzinfo=UTC), line()), now=now)
    assert sorted(entry["counted_on"] for entry in await entries(session)) == [date(2026, 12, 31), date(2027, 1, 1)]


async def test_hearing_a_fact_twice_posts_once(session, now):
    sold = line()
    sale = completed(now, sold)
    back = refunded(now + timedelta(days=3), sale, (sold.line_id, 1, 6900))
    for _ in range(2):
        await hear(session, sale, back, now=now + timedelta(days=4))
    assert [(entry["kind"], entry["amount_fen"]) for entry in await entries(session)] == [
        ("sale", 13800),
        ("refund", -6900),
    ]


async def test_a_source_that_changes_its_mind_is_refused(session, now):
    sold = line()
    sale = completed(now, sold)
    await hear(session, sale, now=now)
    other = sale.model_copy(update={"lines": [sold.model_copy(update={"net_fen": 1})]})
    with pytest.raises(assistance.EntryContradicted):
        await hear(session, other, now=now)
    assert [entry["amount_fen"] for entry in await entries(session)] == [13800]


async def test_the_same_line_is_not_sold_by_two_sources(session, now):
    sold = line()
    await hear(session, completed(now, sold), now=now)
    with pytest.raises(assistance.EntryContradicted):
        await hear(session, completed(now, sold), now=now)
    assert len(await entries(session)) == 1


async def test_a_refund_reverses_with_the_attribution_of_the_sale_on_the_day_of_the_refund(session, now):
    sold, other = line(quantity=3, weight_g=1000, net_fen=10000), line(sku="GT02")
    sale = completed(now, sold, other)
    settled = now + timedelta(days=40)
    await hear(session, sale, refunded(settled, sale, (sold.line_id, 1, 3333)), now=settled)
    before, after = (e for e in await entries(session) if e["line_id"] == sold.line_id)
    changed = {"id", "kind", "posted_at", "occurred_at", "counted_on", "counted_month", "source_id"}
    changed |= {"quantity", "weight_g", "amount_fen", "reverses"}
    assert {key for key in before if before[key] != after[key]} <= changed
    assert after["kind"] == "refund"
    assert after["counted_on"] == date(2026, 12, 30)
    assert (after["quantity"], after["weight_g"], after["amount_fen"]) == (-1, -333, -3333)
    assert after["reverses"] == before["id"]


async def test_a_price_reduction_takes_money_back_and_no_goods(session, now):
    sold = line()
    sale = completed(now, sold)
    await hear(session, sale, refunded(now, sale, (sold.line_id, 0, 500)), now=now)
    assert [(e["quantity"], e["weight_g"], e["amount_fen"]) for e in await entries(session)] == [
        (2, 200, 13800),
        (0, 0, -500),
    ]


async def test_never_more_is_reversed_than_was_counted(session, now):
    sold = line()
    sale = completed(now, sold)
    late = [refunded(now + timedelta(days=day), sale, (sold.line_id, 1, 9000)) for day in (1, 2, 3)]
    await hear(session, sale, *late, now=now + timedelta(days=4))
    posted = await entries(session)
    assert [e["amount_fen"] for e in posted] == [13800, -9000, -4800]
    assert sum(e["quantity"] for e in posted) == sum(e["weight_g"] for e in posted) == 0


async def test_a_refund_of_what_was_not_counted_is_no_entry(session, now):
    sold = line(division_code="430102")
    sale = completed(now, sold)
    await hear(session, sale, refunded(now, sale, (sold.line_id, 1, 100)), now=now)
    assert await entries(session) == []


async def test_a_refund_before_completion_is_left_out_of_the_sale_and_not_reversed(session, now):
    sold = line(net_fen=13000)
    sale = completed(now, sold)
    await hear(session, refunded(now, sale, (sold.line_id, 0, 800)), sale, now=now)
    assert [e["amount_fen"] for e in await entries(session)] == [13000]


async def test_facts_reach_the_ledger_by_the_outbox(db, now):
    sold = line()
    sale = completed(now, sold)
    back = refunded(now - timedelta(hours=1), sale, (sold.line_id, 2, 13800))
    async with db.write() as session:
        emit(session, sale)
        emit(session, back)
    # The clock of the bank may be behind ours: what counts is which of the two happened first to the supplier order.
    await deliver_all(db, now)
    async with db.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM core_delivery"))).scalar_one() == 0
        assert sum(e["amount_fen"] for e in await entries(session)) == 0
        assert len(await entries(session)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assistance_entry SET amount_fen = 1",
        "DELETE FROM assistance_entry",
        "TRUNCATE assistance_entry CASCADE",
    ],
)
async def test_the_ledger_is_append_only(session, now, statement):
    await hear(session, completed(now, line()), now=now)
    before = await entries(session)
    with pytest.raises(DBAPIError, match="append-only"):
        async with session.begin_nested():
            await session.execute(text(statement))
    assert await entries(session) == before


async def test_entries_are_paged_without_gaps_or_repeats(officer, db, now):
    async with db.write() as session:
        for day in range(7):
            await hear(session, completed(now - timedelta(days=day % 3), line()), now=now)
    seen, cursor = [], None
    while True:
        params = {"limit": 3, "from": "2026-11-01"} | ({"cursor": cursor} if cursor else {})
        page = (await officer.get("/v1/office/ledger", params=params)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len({entry["id"] for entry in seen}) == 7
    assert [entry["counted_on"] for entry in seen] == sorted(entry["counted_on"] for entry in seen)


async def test_an_entry_on_the_wire(officer, db, now):
    sold = line()
    sale = completed(now, sold)
    async with db.write() as session:
        await hear(session, sale, refunded(now, sale, (sold.line_id, 1, 6900)), now=now)
    items = (await officer.get("/v1/office/ledger")).json()["items"]
    first, second = sorted(items, key=lambda item: item["kind"], reverse=True)
    assert first == {
        "id": first["id"],
        "posted_at": "2026-11-20T04:00:00Z",
        "occurred_at": "2026-11-20T04:00:00Z",
        "counted_on": "2026-11-20",
        "kind": "sale",
        "evidence": "platform",
        "order_number": sale.number,
        "po_no": None,
        "line_id": str(sold.line_id),
        "sku": "GT01",
        "lot_code": None,
        "product_id": str(UUID(int=101)),
        "product_name": "黄金茶",
        "category": "golden-tea",
        "supplier_id": str(sold.supplier_id),
        "supplier_name": "吕洞山茶叶合作社",
        "township_code": "433125116",
        "township": "吕洞山镇",
        "channel": "retail",
        "division_code": "370112",
        "quantity": 2,
        "weight_g": 200,
        "amount_fen": 13800,
        "reverses": None,
        "reason": None,
    }
    assert (second["kind"], second["amount_fen"], second["reverses"]) == ("refund", -6900, first["id"])


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"from": "2026-12-01", "to": "2026-11-01"}, 422, "invalid_input"),
        ({"from": "yesterday"}, 422, "invalid_input"),
        ({"from": "0001-01-01"}, 422, "invalid_input"),
        ({"cursor": "bm90IGEgY3Vyc29y"}, 422, "invalid_cursor"),
        ({"limit": "0"}, 422, "invalid_input"),
    ],
)
async def test_bad_questions_to_the_ledger(officer, params, status, code):
    answer = await officer.get("/v1/office/ledger", params=params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_only_officers_read_the_ledger(client):
    assert (await client.get("/v1/office/ledger")).status_code == 401


async def test_a_ledger_of_days_takes_both_ends(officer, db, now):
    async with db.write() as session:
        for day in range(3):
            await hear(session, completed(now - timedelta(days=day), line()), now=now)
    answer = await officer.get("/v1/office/ledger", params={"from": "2026-11-18", "to": "2026-11-19"})
    assert [entry["counted_on"] for entry in answer.json()["items"]] == ["2026-11-18", "2026-11-19"]


async def test_refunds_at_the_same_moment_never_take_back_more_than_was_counted(fresh_db, now):
    sold = line()
    sale = completed(now, sold)

    async def one(fact) -> None:
        async with fresh_db.write() as session:
            await hear(session, fact, now=now)

    await asyncio.gather(*(one(sale) for _ in range(6)))
    await asyncio.gather(*(one(refunded(now, sale, (sold.line_id, 1, 4_000))) for _ in range(8)))
    async with fresh_db.read() as session:
        posted = await entries(session)
    assert [entry["kind"] for entry in posted] == ["sale", "refund", "refund", "refund", "refund"]
    assert sum(entry["amount_fen"] for entry in posted) == sum(entry["quantity"] for entry in posted) == 0


READ = (
    "/v1/office/ledger",
    "/v1/office/goals",
    "/v1/office/plans",
    "/v1/office/reports/sales?from=2026-01-01&to=2026-12-31",
)


@pytest.mark.parametrize("role", [Role.BUYER, Role.SUPPLIER, Role.PARTNER])
async def test_the_office_is_for_officers_and_operators(client, db, now, role):
    async with db.write() as session:
        who = await account(session, now, role)
    client.headers.update(bearer(token(who, now)))
    assert [(await client.get(path)).status_code for path in READ] == [403] * len(READ)
    plan = await client.post("/v1/office/plans", json={"year": 2026, "title": "x"})
    assert (plan.status_code, plan.json()["code"]) == (403, "not_permitted")
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM assistance_plan")) == 0


async def test_an_operator_may_read_the_office(client, db, now):
    async with db.write() as session:
        who = await account(session, now, Role.OPERATOR)
    client.headers.update(bearer(token(who, now)))
    assert [(await client.get(path)).status_code for path in READ] == [200] * len(READ)


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        ({}, {6, 20, 300, -5}),
        ({"kind": "refund"}, {-5}),
        ({"kind": "sale"}, {6, 20, 300}),
        ({"category": "navel-orange"}, {20}),
        ({"product": str(UUID(int=77))}, {20}),
        ({"sku": "NO01"}, {20}),
        ({"supplier": str(SUPPLIERS["比耳脐橙合作社"])}, {300}),
        ({"township": "433125111"}, {300}),
        ({"channel": "organisation"}, {6, -5}),
        ({"division": "3706"}, {6, -5}),
        ({"division": "37"}, {6, 20, 300, -5}),
        ({"division": "370112", "category": "golden-tea"}, {300}),
        ({"partner": str(UUID(int=5))}, set()),
    ],
)
async def test_every_group_of_a_report_can_be_followed_to_its_entries(officer, db, now, only, kept):
    returned = line(net_fen=6, channel="organisation", division_code="370602", quantity=1)
    other = {"supplier_id": SUPPLIERS["比耳脐橙合作社"], "township_code": "433125111", "township": "比耳镇"}
    sale = completed(now, line(net_fen=20, category="navel-orange", product_id=UUID(int=77), sku="NO01"))
    small = completed(now, returned)
    async with db.write() as session:
        for fact in (sale, small, completed(now, line(net_fen=300, **other))):
            await assistance.on_supplier_orders_completed(session, [fact], now)
        await assistance.on_lines_refunded(session, refunded(now, small, (returned.line_id, 1, 5)), now)
    found = []
    params = only | {"limit": 2}
    while params:
        page = (await officer.get("/v1/office/ledger", params=params)).json()
        found += [entry["amount_fen"] for entry in page["items"]]
        params = page["next_cursor"] and only | {"limit": 2, "cursor": page["next_cursor"]}
    assert sorted(found) == sorted(kept)


async def test_what_does_not_count_is_kept_with_the_reason_and_what_was_looked_at(officer, db, now):
    sold, other = line(division_code="430102"), line(sku="GT02")
    sale = completed(now, sold, other, line(sku="GT03", net_fen=0))
    async with db.write() as session:
        for _ in range(2):
            await hear(session, sale, now=now)
    told = (await officer.get("/v1/office/exclusions")).json()["items"]
    assert {(one["sku"], one["reason"], one["order_number"]) for one in told} == {
        ("GT01", "other_destination", sale.number),
        ("GT03", "nothing_paid", sale.number),
    }
    assert len(told) == 2
    (elsewhere,) = (await officer.get("/v1/office/exclusions", params={"reason": "other_destination"})).json()["items"]
    assert elsewhere["facts"] == {
        "programme": "P3",
        "assisted": True,
        "township_code": "433125116",
        "division_code": "430102",
        "self_purchase": False,
        "on_832": False,
        "internal": False,
        "net_fen": 13800,
    }


async def test_an_internal_transfer_is_no_sale(session, now):
    moved = assistance.Sale(
        source_id=uuid4(),
        at=now,
        internal=True,
        **{
            "order_id": uuid4(),
            "po_no": "PO1",
            **line().model_dump(exclude={"buyer_id", "channel"}),
            "channel": assistance.Channel.SUPERMARKET,
        },
    )
    assert await assistance.count_sales(session, [moved], now=now) == 0
    assert await session.scalar(text("SELECT reason FROM assistance_exclusion")) == "internal_transfer"


async def test_what_a_supermarket_took_in_counts_under_its_purchase_order(session, now):
    partner, receipt = uuid4(), uuid4()
    told = line().model_dump(exclude={"buyer_id", "channel"})
    bought = {"order_id": uuid4(), "po_no": "PO-8", "partner_id": partner, "partner_name": "泉润万家", **told}
    parts = [
        assistance.Sale(
            source_id=receipt, at=now, channel=assistance.Channel.SUPERMARKET, **(bought | {"line_id": one})
        )
        for one in (uuid4(), uuid4())
    ]
    assert await assistance.count_sales(session, parts, now=now) == 2
    assert await assistance.count_sales(session, parts, now=now) == 0
    back = assistance.SaleReversed(uuid4(), now, (assistance.TakenBack(parts[0].line_id, 1, 6_900),))
    assert await assistance.reverse_sale(session, back, now=now) == 1
    rows = await entries(session)
    assert {(one["po_no"], one["partner_id"], one["channel"]) for one in rows} == {("PO-8", partner, "supermarket")}
    assert sum(one["amount_fen"] for one in rows) == 2 * 13_800 - 6_900


async def test_a_later_programme_never_speaks_of_the_assessment(officer):
    told = (await officer.get("/v1/office/programmes")).json()["items"]
    assert [(one["code"], one["assessed"]) for one in told] == [("P1", True), ("P2", False), ("P3", False)]
    assert [one["product"]["zh"] for one in told] == ["扶贫产品", "帮扶产品", "欠发达地区农副产品"]
    for one in told:
        said = {name: words for name, words in one.items() if isinstance(words, dict)}
        assert all(words["zh"] and words["en"] for words in said.values())
        claims = [words["zh"] for name, words in said.items() if name != "caution"]
        assert any("扶贫" in words for words in claims) is one["assessed"]
        assert ("不属于东西部协作考核数据" in one["caution"]["zh"]) is not one["assessed"]


def test_a_report_over_several_years_says_what_each_called_it():
    touched = assistance.terms_of(date(2020, 12, 31), date(2026, 1, 1))
    assert [programme.code for programme, _ in touched] == ["P1", "P2", "P3"]
    assert [programme.code for programme, _ in assistance.terms_of(date(2021, 1, 1), date(2025, 12, 31))] == ["P2"]
    assert assistance.terms_on(date(2015, 1, 1)) is None
