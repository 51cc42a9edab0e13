import csv
import io
import itertools
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app import assistance, reports
from app.assistance.service.fold import fold_batch
from app.core.clock import local_day
from app.core.db import Database
from app.core.errors import InvalidInput
from app.core.events import emit
from app.reports import Basis, Group, ask
from app.reports.rules import FIGURES
from tests.assistance.builders import TOWNS, completed, line, refunded
from tests.audit.builders import lived

URL = "/v1/office/reports/sales"
YEAR = {"from": "2026-01-01", "to": "2026-12-31"}
ZERO = dict.fromkeys(FIGURES, 0)


async def sell(db, *facts):
    async with db.write() as session:
        for fact in facts:
            if fact.name == "orders.supplier_order_completed":
                await assistance.on_supplier_orders_completed(session, [fact], fact.at)
            else:
                await assistance.on_lines_refunded(session, fact, fact.at)


KEYS = {
    Group.MONTH: lambda e: f"{e['day']:%Y-%m}",
    Group.DAY: lambda e: e["day"].isoformat(),
    Group.CATEGORY: lambda e: e["category"],
    Group.PRODUCT: lambda e: e["product_id"] and str(e["product_id"]),
    Group.SKU: lambda e: e["sku"],
    Group.SUPPLIER: lambda e: str(e["supplier_id"]),
    Group.TOWNSHIP: lambda e: e["township_code"],
    Group.VILLAGE: lambda _: None,  # of lots that are in no stock-room nothing is said
    Group.CHANNEL: lambda e: e["channel"],
    Group.DIVISION: lambda e: e["division_code"],
    Group.PARTNER: lambda e: e.get("partner_id"),
}


def recount(entries, groups):
    """The report in plain Python: key → its figures; the key () is the total."""
    sums, sold = defaultdict(lambda: [0, 0, 0, 0]), defaultdict(set)
    for entry in entries:
        for key in {tuple(KEYS[group](entry) for group in groups), ()}:
            if entry["sold"]:
                sold[key].add(entry["order_id"])
            for place, figure in enumerate(("quantity", "gross_fen", "refunded_fen")):
                sums[key][place] += entry[figure]
            if entry.get("evidence") == "declared":
                sums[key][3] += entry["amount_fen"]
    rows = {
        key: (len(sold[key]), quantity, gross, refunded, gross - refunded - declared, declared, gross - refunded)
        for key, (quantity, gross, refunded, declared) in sums.items()
    }
    return rows | {(): rows.get((), (0,) * len(FIGURES))}


def keyed(report):
    """The same from a report."""
    header = report.question.header
    names = {Group.PRODUCT: "product_id", Group.SUPPLIER: "supplier_id", Group.TOWNSHIP: "township_code"}
    names |= {Group.DIVISION: "division_code", Group.PARTNER: "partner_id"}
    places = [header.index(names.get(group, group.value)) for group in report.question.groups]
    rows = {tuple(row[place] for place in places): row[-len(FIGURES) :] for row in report.rows}
    assert len(rows) == len(report.rows)
    return rows | {(): report.totals}


async def counted_entries(session, first, last):
    rows = (await session.execute(text("SELECT * FROM assistance_entry"))).mappings()
    return [
        {
            **row,
            "day": row["counted_on"],
            "sold": row["kind"] == "sale",
            "gross_fen": row["amount_fen"] if row["kind"] == "sale" else 0,
            "refunded_fen": -row["amount_fen"] if row["kind"] == "refund" else 0,
        }
        for row in rows
        if first <= row["counted_on"] <= last
    ]


GROUPINGS = [
    *((group,) for group in Group),
    (Group.MONTH, Group.CATEGORY),
    (Group.SUPPLIER, Group.DAY, Group.SKU),
    (Group.DIVISION, Group.TOWNSHIP, Group.CHANNEL),
    (Group.CATEGORY, Group.SUPPLIER),
    (Group.PRODUCT, Group.PARTNER, Group.MONTH),
    (Group.TOWNSHIP, Group.SUPPLIER, Group.CATEGORY),
]
ONE_DAY = timedelta(days=1)

lines = st.fixed_dictionaries(
    {
        "sku": st.sampled_from(["GT01", "GT02", "NO01"]),
        "product_id": st.sampled_from([UUID(int=1), UUID(int=2)]),
        "category": st.sampled_from(["golden-tea", "navel-orange"]),
        "supplier_id": st.sampled_from([UUID(int=11), UUID(int=12)]),
        "township_code": st.sampled_from(sorted(TOWNS)),
        "channel": st.sampled_from(["retail", "organisation"]),
        "division_code": st.sampled_from(["370112", "370602", "430102"]),
        "assisted": st.sampled_from([True, True, True, False]),
        "quantity": st.integers(1, 5),
        "net_fen": st.integers(1, 100_000),
    }
)
sales = st.tuples(
    st.integers(0, 500), st.integers(0, 3), st.lists(lines, min_size=1, max_size=3)
)  # hours, order, lines
refunds = st.tuples(st.integers(0, 30), st.integers(0, 500), st.integers(0, 3), st.integers(0, 60_000))


def alike(order, one):
    """The line as a real order has it: an article has one product, supplier and township, an order one buyer."""
    product = {"GT01": 1, "GT02": 1, "NO01": 2}[one["sku"]]
    return one | {
        "product_id": UUID(int=product),
        "category": ["golden-tea", "navel-orange"][product - 1],
        "supplier_id": UUID(int=10 + product),
        "township_code": sorted(TOWNS)[product],
        "channel": ["retail", "organisation"][order % 2],
        "division_code": ["370112", "370602"][order // 2],
    }


def spans(first, days):
    """The days asked for, and the whole months about them: the sums answer either in another way."""
    last = first + timedelta(days=days)
    return [(first, last), (first.replace(day=1), (last.replace(day=28) + timedelta(days=4)).replace(day=1) - ONE_DAY)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(sales, max_size=10),
    st.lists(refunds, max_size=8),
    st.dates(date(2025, 12, 20), date(2026, 1, 20)),
    st.integers(0, 20),
    st.booleans(),
    st.lists(st.integers(0, 6), max_size=18),
)
async def test_every_report_equals_a_plain_recount(engine, sold, returned, first, days, odd, folds):
    begin = datetime(2025, 12, 25, 9, 30, tzinfo=UTC)
    folds = iter(folds)
    if not odd:
        sold = [(hours, order, [alike(order, one) for one in some]) for hours, order, some in sold]

    async def some_folding(db):
        if size := next(folds, 0):
            async with db.write() as session:
                await fold_batch(session, limit=size)

    async with engine.connect() as connection:
        outer = await connection.begin()
        db = Database.within(connection)
        facts = [
            completed(begin + timedelta(hours=hours), *(line(**one) for one in some), order_id=UUID(int=order))
            for hours, order, some in sold
        ]
        for fact in facts:
            await sell(db, fact)
            await some_folding(db)
        parts = [(fact, one) for fact in facts for one in fact.lines]
        for which, hours, pieces, fen in returned if parts else []:
            fact, one = parts[which % len(parts)]
            await sell(db, refunded(fact.at + timedelta(hours=hours), fact, (one.line_id, pieces, fen)))
            await some_folding(db)
        async with db.read() as session:
            for since, until in spans(first, days):
                entries = await counted_entries(session, since, until)
                for groups in GROUPINGS:
                    question = ask(since, until, ",".join(groups), Basis.COUNTED)
                    report = await reports.sales(session, question, now=begin)
                    assert keyed(report) == recount(entries, groups), (groups, since, until)
            whole = ask(date(2025, 1, 1), date(2027, 1, 1), "month", Basis.COUNTED)
            totals = (await reports.sales(session, whole, now=begin)).totals
            assert totals[-1] == await session.scalar(text("SELECT coalesce(sum(amount_fen), 0) FROM assistance_entry"))
        await outer.rollback()


async def test_the_paid_basis_equals_a_plain_recount(db, settings, now):
    await lived(db, settings, now)
    first, last = local_day(now) - timedelta(days=38), local_day(now) - timedelta(days=2)
    async with db.read() as session:
        base = """SELECT l.*, o.channel, o.division_code, o.paid_at FROM orders_line l
                  JOIN orders_order o ON o.id = l.order_id WHERE o.paid_at IS NOT NULL"""
        paid = {row["id"]: row for row in (await session.execute(text(base))).mappings()}
        back = (
            await session.execute(
                text("""SELECT b.*, r.settled_at FROM orders_refund_line b JOIN orders_refund r ON r.id = b.refund_id
                        WHERE r.status = 'settled'""")
            )
        ).mappings()
        entries = [
            {**row, "day": local_day(row["paid_at"]), "sold": True, "gross_fen": row["amount_fen"], "refunded_fen": 0}
            for row in paid.values()
        ]
        entries += [
            {
                **paid[row["line_id"]],
                "day": local_day(row["settled_at"]),
                "sold": False,
                "quantity": -row["quantity"],
                "gross_fen": 0,
                "refunded_fen": row["amount_fen"],
            }
            for row in back
        ]
        entries = [entry for entry in entries if first <= entry["day"] <= last]
        assert {entry["sold"] for entry in entries} == {True, False}
        for groups in (groups for groups in GROUPINGS if Group.VILLAGE not in groups):
            question = ask(first, last, ",".join(groups), Basis.PAID)
            assert keyed(await reports.sales(session, question, now=now)) == recount(entries, groups)


async def test_a_report_by_month_and_category(officer, db, now):
    tea = line(net_fen=10_000, quantity=1)
    sale = completed(now, tea, line(net_fen=5_000, category="navel-orange", quantity=4))
    await sell(db, sale, refunded(now + timedelta(days=12), sale, (tea.line_id, 1, 4_000)))
    async with db.write() as session:
        emit(session, completed(now, line()))
    answer = await officer.get(URL, params=YEAR | {"group_by": "month,category"})
    assert answer.json() == {
        "as_of": "2026-11-20T04:00:00Z",
        "basis": "counted",
        "from": "2026-01-01",
        "to": "2026-12-31",
        "group_by": ["month", "category"],
        "undelivered_facts": 1,
        "declared_fen": 0,
        "rows": [
            {
                "month": "2026-11",
                "category": "golden-tea",
                "orders": 1,
                "quantity": 1,
                "gross_fen": 10_000,
                "refunded_fen": 0,
                "platform_fen": 10_000,
                "declared_fen": 0,
                "net_fen": 10_000,
            },
            {
                "month": "2026-11",
                "category": "navel-orange",
                "orders": 1,
                "quantity": 4,
                "gross_fen": 5_000,
                "refunded_fen": 0,
                "platform_fen": 5_000,
                "declared_fen": 0,
                "net_fen": 5_000,
            },
            {
                "month": "2026-12",
                "category": "golden-tea",
                "orders": 0,
                "quantity": -1,
                "gross_fen": 0,
                "refunded_fen": 4_000,
                "platform_fen": -4_000,
                "declared_fen": 0,
                "net_fen": -4_000,
            },
        ],
        "totals": ZERO
        | {
            "orders": 1,
            "quantity": 4,
            "gross_fen": 15_000,
            "refunded_fen": 4_000,
            "platform_fen": 11_000,
            "net_fen": 11_000,
        },
    }


async def test_ids_and_codes_stand_beside_names(officer, db, now):
    sold = line()
    await sell(db, completed(now, sold))
    row = {}
    for groups in ("supplier,product,township", "division,partner,day", "sku,channel"):
        (found,) = (await officer.get(URL, params=YEAR | {"group_by": groups})).json()["rows"]
        row |= found
    assert {key: value for key, value in row.items() if key not in ZERO} == {
        "supplier_id": str(sold.supplier_id),
        "supplier": "吕洞山茶叶合作社",
        "product_id": str(sold.product_id),
        "product": "黄金茶",
        "township_code": "433125116",
        "township": "吕洞山镇",
        "division_code": "370112",
        "division": "山东省济南市历城区",
        "partner_id": None,
        "partner": None,
        "day": "2026-11-20",
        "sku": "GT01",
        "channel": "retail",
    }


@pytest.mark.parametrize("basis", ["counted", "paid"])
async def test_an_empty_report_is_zeros(officer, basis):
    report = (await officer.get(URL, params=YEAR | {"basis": basis})).json()
    assert report["rows"] == []
    assert report["totals"] == ZERO


async def test_a_report_is_one_statement(officer, db, now, statements):
    await sell(db, completed(now, line()))
    for basis in ("counted", "paid"):
        statements.clear()
        await officer.get(URL, params=YEAR | {"basis": basis, "group_by": "month,category"})
        assert len(statements) == 1


async def test_as_csv_for_a_spreadsheet(officer, db, now):
    sold = [
        line(supplier_name='=HYPERLINK("http://x")', supplier_id=UUID(int=1), net_fen=100, quantity=1),
        line(supplier_name="有,逗号", supplier_id=UUID(int=2), net_fen=20, quantity=1),
    ]
    sale = completed(now, *sold)
    await sell(db, sale, refunded(now, sale, (sold[1].line_id, 0, 5)))
    answer = await officer.get(URL, params=YEAR | {"group_by": "supplier", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="sales-counted-2026-01-01-2026-12-31.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == [
        ["supplier_id", "supplier", *FIGURES],
        [str(UUID(int=1)), '\'=HYPERLINK("http://x")', "1", "1", "100", "0", "100", "0", "100"],
        [str(UUID(int=2)), "有,逗号", "1", "1", "20", "5", "15", "0", "15"],
        ["total", "", "1", "2", "120", "5", "115", "0", "115"],
    ]


@pytest.mark.parametrize("begins", ["=1+1", "+1", "-1", "@x", "\tx"])
async def test_no_cell_begins_like_a_formula(officer, db, now, begins):
    await sell(db, completed(now, line(township=begins)))
    answer = await officer.get(URL, params=YEAR | {"group_by": "township", "format": "csv"})
    assert list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))[1][1] == f"'{begins}"


async def test_a_long_csv_comes_in_pieces_and_whole(officer, db, now):
    many = [line(sku=f"SKU{number:04d}", net_fen=number + 1) for number in range(1500)]
    await sell(db, completed(now, *many))
    answer = await officer.get(URL, params=YEAR | {"group_by": "sku", "format": "csv"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len(rows) == 1502
    assert sum(int(row[-1]) for row in rows[1:-1]) == int(rows[-1][-1]) == 1500 * 1501 // 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from": "2026-12-31", "to": "2026-01-01"}, "invalid_input"),
        ({"from": "2010-01-01", "to": "2061-01-01"}, "invalid_input"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "invalid_input"),
        ({"group_by": "colour"}, "invalid_input"),
        ({"group_by": ""}, "invalid_input"),
        ({"group_by": "month,month"}, "invalid_input"),
        ({"group_by": "month,day,sku,category"}, "invalid_input"),
        ({"basis": "wished"}, "invalid_input"),
        ({"format": "docx"}, "invalid_input"),
    ],
)
async def test_questions_that_make_no_sense(officer, changes, code):
    answer = await officer.get(URL, params=YEAR | changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_groups_are_checked_even_without_http():
    with pytest.raises(InvalidInput):
        ask(date(2026, 1, 1), date(2026, 1, 2), "month;DROP", Basis.COUNTED)


async def test_only_officers_may_ask(client):
    assert (await client.get(URL, params=YEAR)).status_code == 401


async def test_every_grouping_of_three_runs(officer, db, now):
    await sell(db, completed(now, line()))
    for groups in itertools.islice(itertools.combinations(Group, 3), 0, None, 7):
        report = (await officer.get(URL, params=YEAR | {"group_by": ",".join(groups)})).json()
        assert report["totals"]["net_fen"] == 13800
        assert len(report["rows"]) == 1


async def test_who_names_no_days_wants_this_year_until_today(officer, db, now):
    await sell(db, completed(now, line()), completed(now - timedelta(days=365), line()))
    reports = ("sales", "suppliers", "partners", "exceptions", "households", "goals")
    told = {one: (await officer.get(f"/v1/office/reports/{one}")).json() for one in reports}
    until = local_day(now)
    for one in reports[:-1]:
        assert (told[one]["from"], told[one]["to"]) == (f"{until.year}-01-01", until.isoformat()), one
    assert told["goals"]["year"] == until.year
    assert told["sales"]["totals"]["orders"] == 1
    past = (await officer.get(URL, params={"to": f"{until.year - 1}-12-31"})).json()
    assert past["from"] == f"{until.year - 1}-01-01"


async def test_an_answer_is_kept_only_as_long_as_it_is_true(officer, db, now, statements):
    await sell(db, completed(now, line(net_fen=1_000)))
    first = (await officer.get(URL, params=YEAR)).json()
    statements.clear()
    again = (await officer.get(URL, params=YEAR)).json()
    assert len(statements) == 1
    assert "assistance_sum" not in statements[0]
    assert again == first
    await sell(db, completed(now, line(net_fen=500)))
    assert (await officer.get(URL, params=YEAR)).json()["totals"]["net_fen"] == first["totals"]["net_fen"] + 500
