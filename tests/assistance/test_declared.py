import asyncio
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app import assistance, reports
from app.assistance import service
from app.assistance.rules.declared import CountedMeanwhile, NewDeclaredSale, Occasion
from app.assistance.rules.households import FigureKind, FigureOverlaps
from app.assistance.rules.proposals import Verdict
from app.identity import SYSTEM, Role
from tests.assistance.vouchers import voucher
from tests.identity.builders import account, bearer, token
from tests.reports.test_files import written

PATH = "/v1/office/declared-sales"


@pytest.fixture(autouse=True)
async def listed_long_ago(shop):
    async with shop.db.write() as session:
        await session.execute(text("UPDATE catalogue_certification SET valid_from = '2021-01-01'"))


@pytest.fixture
async def second(shop):
    """Another officer's sign-in."""
    async with shop.db.write() as session:
        shop.accounts["officer2"] = await account(
            session, shop.clock(), Role.OFFICER, username="officer2", name="农业局"
        )
    return "officer2"


async def paper(shop, content=None, who="officer"):
    async with shop.db.write() as session:
        return str(await voucher(session, content or uuid4().bytes, by=shop.actor(who), now=shop.clock()))


async def declare(shop, *, content=None, **more):
    body = {
        "occasion": "fair",
        "voucher_no": f"JN-{uuid4().hex[:8]}",
        "month": "2026-11",
        "sold_on": "2026-11-19",
        "amount_fen": 3_680_000,
        "channel": "retail",
        "division_code": "370112",
        "supplier_id": str(shop.accounts["S01"].supplier_id),
        "category": "golden-tea",
        "buyer": "济南农产品展销会",
        "note": "三天合计",
        "file_ids": [await paper(shop, content)],
        **more,
    }
    return await shop.call("officer", "POST", PATH, body)


async def decide(shop, sale_id, verdict="approve", who="officer2"):
    return await shop.call(who, "POST", f"/v1/office/proposals/{sale_id}/{verdict}", {"note": "已核对"})


async def month(shop, which="2026-11"):
    return (await shop.call("officer", "GET", f"/v1/office/periods/{which}")).json()


async def test_a_declared_sale_counts_once_somebody_else_approves_it_and_stands_apart(shop, second):
    sold = await shop.complete({"GT04": 1})
    declared = await declare(shop)
    assert declared.status_code == 201, declared.text
    told = declared.json()
    assert (told["status"], told["doubts"], told["posted"], len(told["files"])) == ("waiting", [], None, 1)
    assert (await month(shop))["declared_fen"] == 0
    alone = await decide(shop, told["id"], who="officer")
    assert (alone.status_code, alone.json()["code"]) == (403, "second_person_needed")
    approved = await decide(shop, told["id"])
    assert approved.status_code == 200, approved.text
    posted = approved.json()["posted"]
    assert (posted["kind"], posted["evidence"], posted["counted_on"]) == ("sale", "declared", "2026-11-19")
    assert (posted["sku"], posted["product_id"], posted["order_number"]) == (None, None, None)
    assert (posted["category"], posted["township"], posted["amount_fen"]) == ("golden-tea", "吕洞山镇", 3_680_000)
    amount = sold["lines"][0]["amount_fen"]
    standing = await month(shop)
    assert (standing["platform_fen"], standing["declared_fen"]) == (amount, 3_680_000)
    assert standing["net_fen"] == amount + 3_680_000
    report = "/v1/office/reports/sales?from=2026-11-01&to=2026-11-30"
    told_by_report = (await shop.call("officer", "GET", report)).json()
    assert (told_by_report["totals"]["net_fen"], told_by_report["declared_fen"]) == (standing["net_fen"], 3_680_000)
    paid = (await shop.call("officer", "GET", f"{report}&basis=paid")).json()
    assert (paid["totals"]["net_fen"], paid["declared_fen"]) == (amount, 0)
    assert (await shop.call("officer", "GET", f"{PATH}/{told['id']}")).json()["status"] == "approved"
    assert [one["id"] for one in (await shop.call("officer", "GET", PATH)).json()["items"]] == [told["id"]]
    assert await shop.breaks() == []


async def test_a_declined_one_counts_nothing(shop, second):
    told = (await declare(shop)).json()
    assert (await decide(shop, told["id"], "decline")).json()["status"] == "declined"
    assert await shop.scalar("SELECT count(*) FROM assistance_entry") == 0
    assert (await decide(shop, told["id"])).json()["code"] == "proposal_decided"
    assert await shop.breaks() == []


async def test_a_monthly_total_counts_on_the_last_day_of_its_month_or_later_if_it_is_closed(shop, second):
    first = (await declare(shop, month="2026-09", sold_on=None)).json()
    await decide(shop, first["id"])
    for closing in ("2026-09", "2026-10"):
        assert (await shop.call("officer", "POST", f"/v1/office/periods/{closing}/close")).status_code == 200
    late = (await declare(shop, month="2026-09", sold_on=None, amount_fen=7)).json()
    await decide(shop, late["id"])
    running = (await declare(shop, month="2026-11", sold_on=None, amount_fen=8)).json()
    await decide(shop, running["id"])
    rows = await shop.rows("SELECT amount_fen, counted_on, occurred_at FROM assistance_entry ORDER BY amount_fen DESC")
    midnight = datetime(2026, 9, 29, 16, tzinfo=UTC)
    assert rows == [
        (3_680_000, date(2026, 9, 30), midnight),
        (8, date(2026, 11, 20), datetime(2026, 11, 19, 16, tzinfo=UTC)),
        (7, date(2026, 11, 1), midnight),
    ]
    assert await shop.breaks() == []


async def test_what_is_taken_back_is_reversed_by_two_persons_and_may_be_declared_again(shop, second):
    told = (await declare(shop, voucher_no="V1", content=b"paper")).json()
    await decide(shop, told["id"])
    reason = {"reason": "evidence_withdrawn", "note": "清单有误"}
    asked = await shop.call("officer", "POST", f"{PATH}/{told['id']}/withdraw", reason)
    assert (asked.status_code, asked.json()["kind"], asked.json()["amount_fen"]) == (201, "withdrawal", -3_680_000)
    assert (await decide(shop, asked.json()["id"])).status_code == 200
    assert (await shop.call("officer", "GET", f"{PATH}/{told['id']}")).json()["withdrawn"] is True
    standing = await month(shop)
    assert (standing["declared_fen"], standing["adjustments_fen"]) == (0, -3_680_000)
    again = await shop.call("officer", "POST", f"{PATH}/{told['id']}/withdraw", reason)
    assert again.status_code == 404, "nothing is left of it"
    assert (await declare(shop, voucher_no="V1", content=b"paper")).status_code == 201
    assert await shop.breaks() == []


@pytest.mark.parametrize(
    ("again", "kinds"),
    [
        ({"voucher_no": "V1"}, {"same_voucher"}),
        ({"content": b"paper"}, {"same_file"}),
        ({"amount_fen": 5_000}, {"same_amount"}),
        ({"voucher_no": "V1", "content": b"paper", "amount_fen": 5_000}, {"same_voucher", "same_file", "same_amount"}),
        ({"sold_on": "2026-11-18", "amount_fen": 5_000}, set()),
        ({}, set()),
    ],
)
async def test_what_looks_like_a_declared_sale_is_asked_about(shop, again, kinds):
    first = await declare(shop, voucher_no="V1", content=b"paper", amount_fen=5_000)
    assert first.status_code == 201
    doubtful = await declare(shop, **again)
    if not kinds:
        assert doubtful.status_code == 201
        return
    assert (doubtful.status_code, doubtful.json()["code"]) == (409, "possible_duplicate")
    assert {one["code"] for one in doubtful.json()["errors"]} == kinds
    answered = await declare(shop, **again, not_a_duplicate_because="两场展销会分别开票")
    assert answered.status_code == 201
    assert {one["kind"] for one in answered.json()["doubts"]} == kinds
    assert answered.json()["not_a_duplicate_because"] == "两场展销会分别开票"


async def test_what_looks_like_an_order_of_the_platform_or_of_832_is_asked_about(shop):
    union = await shop.organisation()
    sold = await shop.complete({"GT04": 1})
    await shop.complete({"GT04": 1}, organisation_id=union["id"], ext_832_order_no="FP832-20261120-01")
    amount = sold["lines"][0]["amount_fen"]
    for body, kind in (
        ({"voucher_no": sold["number"]}, "platform_order"),
        ({"invoice_no": "FP832-20261120-01", "invoice_line": 1, "source": "832"}, "platform_order"),
        ({"amount_fen": amount, "sold_on": "2026-11-20"}, "platform_amount"),
    ):
        doubtful = await declare(shop, **body)
        assert doubtful.status_code == 409, body
        assert [one["code"] for one in doubtful.json()["errors"]] == [kind]


async def test_a_line_of_an_invoice_counts_once(shop, second):
    invoice = {"source": "fair-2026", "invoice_no": "26372000000000000001", "invoice_line": 1}
    first = (await declare(shop, **invoice)).json()
    other = (await declare(shop, **invoice, sold_on="2026-11-18")).json()
    third = (await declare(shop, **{**invoice, "invoice_line": 2}, sold_on="2026-11-17")).json()
    assert (await decide(shop, first["id"])).status_code == 200
    refused = await decide(shop, other["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "claimed_elsewhere")
    assert (await decide(shop, third["id"])).status_code == 200
    assert await shop.scalar("SELECT count(*) FROM assistance_entry") == 2
    assert (await shop.call("officer", "GET", f"{PATH}/{other['id']}")).json()["status"] == "waiting"
    assert await shop.breaks() == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"division_code": "430102"}, 422, "not_countable"),
        ({"month": "2015-12", "sold_on": None}, 422, "invalid_input"),
        ({"month": "2026-12", "sold_on": None}, 422, "invalid_input"),
        ({"sold_on": "2026-11-21"}, 422, "invalid_input"),
        ({"sold_on": "2026-10-19"}, 422, "invalid_input"),
        ({"category": "tea"}, 422, "invalid_input"),
        ({"division_code": "370000"}, 422, "division_not_a_county"),
        ({"file_ids": []}, 422, "invalid_input"),
        ({"file_ids": [str(uuid4())]}, 422, "unknown_file"),
        ({"amount_fen": 0}, 422, "invalid_input"),
        ({"supplier_id": str(uuid4())}, 404, "not_found"),
        ({"invoice_no": "1"}, 422, "invalid_input"),
    ],
)
async def test_what_cannot_be_declared(shop, change, status, code):
    refused = await declare(shop, **change)
    if change.get("month") == "2015-12":
        assert refused.status_code == 422
    else:
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert await shop.scalar("SELECT count(*) FROM assistance_proposal") == 0


async def test_whose_goods_counted_as_nothing_that_day_is_not_declared(shop):
    async with shop.db.write() as session:
        await session.execute(text("UPDATE catalogue_certification SET status = 'suspended'"))
    assert (await declare(shop)).json()["code"] == "not_countable"
    linked = await declare(shop, month="2019-06", sold_on=None)
    assert linked.status_code == 201, "in 2019 its linkage with households was enough"


async def test_who_may_declare(shop):
    for who, status in (("buyer", 403), ("S01", 403), ("P01", 403), (None, 401)):
        assert (await shop.call(who, "POST", PATH, {})).status_code == status
        assert (await shop.call(who, "GET", PATH)).status_code == status
        assert (await shop.call(who, "POST", f"{PATH}/{uuid4()}/withdraw", {})).status_code == status


async def test_an_officer_attaches_only_what_they_brought(shop, second):
    theirs = await paper(shop, who=second)
    assert (await declare(shop, file_ids=[theirs])).json()["code"] == "unknown_file"


async def test_declared_entries_are_sealed_like_others(shop, second, now):
    told = (await declare(shop)).json()
    await decide(shop, told["id"])
    async with shop.db.write() as session:
        assert await assistance.seal_everything(session, now=now) == 1
    assert await shop.breaks() == []
    assert bearer(token(shop.accounts[second], now))


async def test_what_is_declared_is_summed_with_the_rest_and_still_told_apart(shop, second):
    await shop.complete({"GT04": 1})
    await shop.settle()
    assert (await decide(shop, (await declare(shop)).json()["id"])).status_code == 200
    wanted = reports.Slice(date(2026, 11, 1), date(2026, 11, 1))
    async with shop.db.read() as session:
        before = await reports.overview(session, wanted, now=shop.clock())
    while await assistance.fold_ledger(shop.db, shop.clock()):
        pass
    assert await shop.scalar("SELECT count(*) FROM assistance_unfolded") == 0
    async with shop.db.read() as session:
        folded = await reports.overview(session, wanted, now=shop.clock())
    assert folded == before
    assert folded.declared_total.net_fen == 3_680_000
    assert folded.total.net_fen == 3_680_000 + 12_800
    assert await shop.breaks() == []


SALE = NewDeclaredSale(
    occasion=Occasion.FAIR,
    voucher_no="V1",
    sold_on=date(2026, 11, 19),
    amount_fen=5_000,
    quantity=0,
    weight_g=0,
    channel=assistance.Channel.RETAIL,
    division_code="370112",
    supplier_id=SYSTEM.account_id,
    category="golden-tea",
    buyer="展销会",
    source="declared",
    invoice_no=None,
    invoice_line=None,
    note="合计",
    not_a_duplicate_because=None,
    file_ids=(),
)


@pytest.fixture
async def at_once(fresh_shop):
    """A shop with real commits, and a way to declare the same sale so often at the same moment; their ids."""
    async with fresh_shop.db.write() as session:
        await session.execute(text("UPDATE catalogue_certification SET valid_from = '2021-01-01'"))
    sale = replace(SALE, supplier_id=fresh_shop.accounts["S01"].supplier_id)

    async def declared(count, **changes):
        papers = [UUID(await paper(fresh_shop)) for _ in range(count)]
        all_there = asyncio.Barrier(count)

        async def one(file_id):
            async with fresh_shop.db.write() as session:
                told = replace(sale, file_ids=(file_id,), **changes)
                made = await service.declare_sale(session, told, by=fresh_shop.actor("officer"), now=fresh_shop.clock())
                await all_there.wait()
            assert made.doubts == ()
            return made.proposal.id

        return await asyncio.gather(*map(one, papers))

    return fresh_shop, declared


async def approve(shop, sale_id, wait=None):
    async with shop.db.write() as session:
        if wait is not None:
            await session.scalar(text("SELECT 1"))
            await wait.wait()
        await service.decide_proposal(session, sale_id, Verdict.APPROVED, note="核对", by=SYSTEM, now=shop.clock())


async def test_of_sales_declared_at_the_same_moment_one_counts(at_once):
    shop, declared = at_once
    same = await declared(4)
    all_there = asyncio.Barrier(4)
    done = await asyncio.gather(*(approve(shop, one, all_there) for one in same), return_exceptions=True)
    assert sorted(map(type, done), key=str) == sorted([type(None), *[CountedMeanwhile] * 3], key=str)
    assert await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry") == 5_000
    refused = next(end for end in done if end is not None)
    assert {fault.code for fault in refused.faults} == {"same_voucher", "same_amount"}
    left = next(one for one, end in zip(same, done, strict=True) if end is not None)
    async with shop.db.write() as session:
        await service.decide_proposal(session, left, Verdict.DECLINED, note="重复", by=SYSTEM, now=shop.clock())
    answered = await declared_again(shop)
    await approve(shop, answered)
    assert await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry") == 10_000
    assert await shop.breaks() == []


async def declared_again(shop):
    """The same sale once more, with the reason why it is another one."""
    told = replace(
        SALE,
        supplier_id=shop.accounts["S01"].supplier_id,
        not_a_duplicate_because="另一场",
        file_ids=(UUID(await paper(shop)),),
    )
    async with shop.db.write() as session:
        made = await service.declare_sale(session, told, by=shop.actor("officer"), now=shop.clock())
    return made.proposal.id


async def test_who_said_why_it_is_another_is_believed_in_whatever_order_they_are_approved(at_once):
    shop, declared = at_once
    (first,) = await declared(1)
    other = await declared_again(shop)
    await approve(shop, other)
    await approve(shop, first)
    assert await shop.scalar("SELECT sum(amount_fen) FROM assistance_entry") == 10_000


async def test_an_order_counted_after_the_declaration_stops_its_approval(shop, second):
    sent = await shop.ship(await shop.pay(await shop.order({"GT04": 1})))
    amount = sent["lines"][0]["amount_fen"]
    told = (await declare(shop, sold_on="2026-11-20", amount_fen=amount)).json()
    received = await shop.call("buyer", "POST", f"/v1/store/orders/{sent['id']}/confirm-receipt")
    assert received.status_code == 200
    await shop.settle()
    refused = await decide(shop, told["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "counted_meanwhile")
    assert [one["code"] for one in refused.json()["errors"]] == ["platform_amount"]
    assert (await decide(shop, told["id"], "decline")).status_code == 200


async def test_of_overlapping_figures_declared_at_the_same_moment_one_stays(fresh_shop):
    spans = [(date(2026, month, 1), date(2026, 12, 31)) for month in range(1, 7)]
    all_there = asyncio.Barrier(len(spans))

    async def declare_one(first, last):
        async with fresh_shop.db.write() as session:
            await session.scalar(text("SELECT 1"))
            await all_there.wait()
            await service.declare_figure(
                session,
                fresh_shop.accounts["S01"].supplier_id,
                kind=FigureKind.REVENUE,
                category=None,
                first=first,
                last=last,
                value=1_000,
                evidence="台账",
                by=fresh_shop.actor("officer"),
                now=fresh_shop.clock(),
            )

    done = await asyncio.gather(*(declare_one(*span) for span in spans), return_exceptions=True)
    assert sorted(map(type, done), key=str) == sorted([type(None), *[FigureOverlaps] * 5], key=str)
    assert await fresh_shop.scalar("SELECT count(*) FROM assistance_supplier_figure") == 1


async def test_what_is_declared_stands_apart_on_every_row_of_every_format_of_goals_and_on_the_desk(shop, second):
    sold = await shop.complete({"GT04": 1})
    amount = sold["lines"][0]["amount_fen"]
    goal = {"code": "G1", "name": "在鲁销售", "year": 2026, "metric": "net_sales_fen", "target": 10_000_000}
    goals = [
        goal,
        {**goal, "code": "G2", "metric": "orders"},
        {**goal, "code": "G3", "filter": {"channels": ["organisation"]}},
    ]
    ids = [(await shop.call("officer", "POST", "/v1/office/goals", one)).json()["id"] for one in goals]
    assert (await decide(shop, (await declare(shop)).json()["id"])).status_code == 200
    parts = {"platform_fen": amount, "declared_fen": 3_680_000, "net_fen": amount + 3_680_000}
    for _ in ("as the tail tells", "as the sums do"):
        for group in (
            *["month", "day", "category", "product", "sku", "supplier", "township", "channel", "division", "partner"],
            "day,sku",
        ):
            path = f"/v1/office/reports/sales?from=2026-11-01&to=2026-11-30&group_by={group}"
            report = (await shop.call("officer", "GET", path)).json()
            rows = report["rows"]
            assert {name: report["totals"][name] for name in parts} == parts
            assert all(row["platform_fen"] + row["declared_fen"] == row["net_fen"] for row in rows)
            assert sum(row["declared_fen"] for row in rows) == 3_680_000
            if group in ("product", "sku"):
                assert [(row["platform_fen"], row["declared_fen"]) for row in rows] == [(amount, 0), (0, 3_680_000)]
        answers = [(await shop.call("officer", "GET", f"/v1/office/goals/{one}")).json() for one in ids]
        apart = [(one["actual"], one["actual_platform"], one["actual_declared"]) for one in answers]
        assert apart == [(amount + 3_680_000, amount, 3_680_000), (2, 1, 1), (0, 0, 0)]
        wanted = reports.Slice(date(2026, 11, 1), date(2026, 11, 1))
        async with shop.db.read() as session:
            found = await reports.overview(session, wanted, now=shop.clock())
        for kind in ("channel", "category", "supplier", "township", "place"):
            assert list(found.declared_by(kind).values()) == [3_680_000], kind
        while await assistance.fold_ledger(shop.db, shop.clock()):
            pass
    path = "/v1/office/reports/sales?from=2026-01-01&to=2026-12-31&format="
    csv = (await shop.call("officer", "GET", path + "csv")).text.splitlines()
    assert csv[0].split(",")[-3:] == ["platform_fen", "declared_fen", "net_fen"]
    assert csv[-1].split(",")[-3:] == [str(amount), "3680000", str(amount + 3_680_000)]
    book = (await shop.call("officer", "GET", path + "xlsx")).content
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert '<c:grouping val="stacked"/>' in chart
    assert re.findall(r"<c:f>(图表!\$[DEF].*?)</c:f>", chart) == ["图表!$D$2", "图表!$E$2"]
    paper_said = written((await shop.call("officer", "GET", path + "pdf")).content)
    for part in ("平台净额（元）", "申报净额（元）", "36,800.00", "平台与申报分列"):
        assert part in paper_said
    goals_said = written((await shop.call("officer", "GET", "/v1/office/reports/goals?year=2026&format=pdf")).content)
    assert "其中申报" in goals_said
