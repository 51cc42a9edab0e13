"""The report of households: counts only, no small group, in every format."""

import io

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import assistance
from app.reports.rules.suppression import hidden, hidden_within, small
from tests.assistance.builders import completed, line
from tests.assistance.conftest import county
from tests.assistance.test_households import leaf, pay, register, second, supplier
from tests.reports.test_parties_and_goals import asked, cells

__all__ = ["county", "second", "supplier"]
YEAR = {"from": "2026-01-01", "to": "2026-12-31"}
COUNTS = st.tuples(st.integers(0, 30), st.integers(0, 30))


@given(st.lists(COUNTS, max_size=8))
def test_what_is_hidden_cannot_be_computed_from_the_totals(rows):
    """Nobody small is shown, and total less everything shown is again no small group."""
    totals = [sum(column) for column in zip(*rows, strict=True)] or [0, 0]
    gone, totals_gone = hidden(rows, totals, 5)
    shown = [row for at, row in enumerate(rows) if at not in gone]
    assert not any(small(count, 5) for row in shown for count in row)
    if totals_gone:
        assert gone
    elif gone:
        assert len(gone) > 1
        for at, whole in enumerate(totals):
            left = whole - sum(row[at] for row in shown)
            assert left == 0 or left >= 5


def test_one_small_group_hides_a_second_one_and_two_alone_hide_the_total():
    assert hidden([[3], [20], [9], [0]], [32], 5) == (frozenset({0, 2}), False)
    assert hidden([[3], [9]], [12], 5) == (frozenset({0, 1}), False)
    assert hidden([[3], [0]], [3], 5) == (frozenset({0, 1}), True)
    assert hidden([[9], [8]], [17], 5) == (frozenset(), False)


@given(st.lists(st.tuples(st.sampled_from("abc"), COUNTS), max_size=9))
def test_villages_cannot_be_computed_from_the_report_by_township(rows):
    """Of each township the villages that are hidden come to no small group, unless the township itself is hidden."""
    wholes, counts = [name for name, _ in rows], [row for _, row in rows]
    gone = hidden_within(counts, wholes, 5)
    for whole in set(wholes):
        members = [at for at, name in enumerate(wholes) if name == whole]
        sums = [[sum(counts[at][n] for at in some) for n in (0, 1)] for some in (members, set(members) & gone)]
        if not any(small(count, 5) for count in sums[0]):
            assert not any(small(count, 5) for count in sums[1]) or sums[0] == sums[1]


@pytest.fixture
async def paid(officer, second, supplier):
    """Nine households in one village, six in another, and two in a third."""
    villages = ["国茶村"] * 9 + ["枫香村"] * 6 + ["排花村"] * 2
    numbered = [(f"H-433125114-{n:04d}", village) for n, village in enumerate(villages)]
    households = [await register(officer, household_no=number, village=village) for number, village in numbered]
    await pay(officer, second, supplier, *(leaf(one, reference_price_fen=4_800) for one in households))
    return households


async def test_small_villages_are_hidden_with_one_that_would_give_them_away(officer, paid):
    report = (await asked(officer, "households", group_by="village", **YEAR)).json()
    told = {row["village"]: (row["households_paid"], row["shown"]) for row in report["rows"]}
    assert told == {
        "葫芦镇国茶村": (9, None),
        "葫芦镇枫香村": (None, "hidden"),
        "葫芦镇排花村": (None, "hidden"),
    }
    assert report["totals"]["households_paid"] == 17
    assert report["totals"]["paid_fen"] == 17 * 500_000
    assert report["uplift_fen"] == 17 * 100 * 200
    assert (report["net_fen"], report["income_return_ratio"], report["totals"]["households"]) == (0, None, 0)


@pytest.mark.parametrize("group", ["township", "supplier", "village", "class"])
async def test_every_group_in_every_format(officer, paid, group):
    report = (await asked(officer, "households", group_by=group, **YEAR)).json()
    assert report["group_by"] == group
    assert "非因果" in report["basis"]
    csv = await asked(officer, "households", "csv", group_by=group, **YEAR)
    assert "households_paid" in csv.text
    book = cells((await asked(officer, "households", "xlsx", group_by=group, **YEAR)).content)
    assert any("allocated, not causal" in str(cell) or "非因果" in str(cell) for row in book for cell in row)
    assert (await asked(officer, "households", "pdf", group_by=group, **YEAR)).content.startswith(b"%PDF")


async def test_a_single_household_is_never_told(officer, second, supplier):
    await pay(officer, second, supplier, leaf(await register(officer)))
    report = (await asked(officer, "households", **YEAR)).json()
    assert "500000" not in str(report)
    assert all(value is None for value in report["totals"].values())


async def test_goals_of_households_stand_by_the_register(officer, paid, supplier, db, now):
    """Half of the leaf was needed for what was sold, so half of 5,000 yuan is allocated to each of 17 households."""
    sale = line(supplier_id=supplier, net_fen=5_000_000, weight_g=170_000, quantity=1)
    async with db.write() as session:
        await assistance.on_supplier_orders_completed(session, [completed(now, sale)], now)
    goal = {"code": "G6", "name": "受益户", "year": 2026, "target": 20, "filter": {"townships": ["葫芦镇"]}}
    wanted = {"households": 17, "persons": 68, "household_income_fen": 17 * 250_000}
    for metric, actual in wanted.items():
        made = await officer.post("/v1/office/goals", json=goal | {"metric": metric, "code": f"G6-{metric}"})
        assert made.status_code == 201, made.text
        assert made.json()["actual"] == actual
    elsewhere = goal | {"metric": "households", "code": "G7", "filter": {"townships": ["比耳镇"]}}
    assert (await officer.post("/v1/office/goals", json=elsewhere)).json()["actual"] == 0
    by_channel = goal | {"metric": "persons", "filter": {"channels": ["retail"]}}
    in_parts = goal | {"metric": "households", "filter": {}, "partition_group": "g"}
    for body in (by_channel, in_parts):
        refused = await officer.post("/v1/office/goals", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "metric_not_available")


async def test_the_terms_and_the_working_stand_below_the_figures_in_every_format(officer, second, supplier, db, now):
    """The handbook's example (§2.7): sixty households, 400,000 yuan for leaf and 67,000 of wages; 140,100.00 in all."""
    year = {"from": "2025-01-01", "to": "2025-12-31"}
    leaves = [666_667] * 40 + [666_666] * 20
    households = [await register(officer, household_no=f"H-433125114-{n:04d}") for n in range(60)]
    of_material = {"kind": "REBATE", "category": "golden-tea", "paid_on": "2025-04-02"}
    rows = [of_material | {"household_id": one, "amount_fen": fen} for one, fen in zip(households, leaves, strict=True)]
    rows += [
        {"household_id": one, "kind": "WAGE", "paid_on": "2025-04-02", "amount_fen": 111_667 - (at >= 40)}
        for at, one in enumerate(households)
    ]
    await pay(officer, second, supplier, *rows)
    for figure in (
        {"kind": "raw_purchased_g", "category": "golden-tea", "value": 20_000_000},
        {"kind": "revenue_fen", "value": 300_000_000},
    ):
        answer = await officer.post(
            f"/v1/office/suppliers/{supplier}/figures", json=year | figure | {"evidence": "台账"}
        )
        assert answer.status_code == 201, answer.text
    sale = line(supplier_id=supplier, net_fen=90_000_000, weight_g=1_200_000, quantity=12)
    async with db.write() as session:
        at = now.replace(year=2025)
        await assistance.on_supplier_orders_completed(session, [completed(at, sale)], at)

    report = (await asked(officer, "households", **year)).json()
    assert report["totals"]["income_fen"] == 14_010_000
    said = [note["zh"] for note in report["notes"]]
    material = "国茶苗寨合作社（示例），黄金茶：ρ = 5 × 1,200.0 kg ÷ 20,000.0 kg = 30.00 %"
    others = "国茶苗寨合作社（示例）：λ = 900,000.00 ÷ 3,000,000.00 = 30.00 %"
    total = "分摊收入合计 140,100.00 元，统计净销售额 900,000.00 元，收入回报率 15.6 %。"
    assert {material, others, total} <= set(said)
    shares = [(one["category"], one["part"], one["whole"], one["share"]) for one in report["shares"]]
    assert shares == [("golden-tea", 6_000_000, 20_000_000, 0.3), (None, 90_000_000, 300_000_000, 0.3)]
    csv = (await asked(officer, "households", "csv", **year)).text
    book = cells((await asked(officer, "households", "xlsx", **year)).content)
    printed = (await asked(officer, "households", "pdf", **year)).content
    pages = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(printed)).pages)
    for written in (csv, str(book), pages.replace("\n", "")):
        assert "140,100.00" in written
        assert "20,000.0 kg" in written
        assert "非因果" in written
    assert [row.split(",")[0] for row in csv.splitlines()[-len(said) :]] == ["note"] * len(said)
