"""The register of households, what they were paid, and what counted sales did for them."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app import assistance, suppliers
from app.assistance import queries, service
from app.assistance.rules.benefits import By, period_class
from app.assistance.rules.households import LinkKind, ListStatus, NewHousehold, Payment, ReversedAlready
from app.assistance.rules.season import Period
from app.demo.county import _DATA
from app.identity import Actor, Role
from tests.assistance.builders import completed, line
from tests.identity.builders import account, bearer, token
from tests.papers import papers

NUMBER = "H-433125117-0001"
HOUSEHOLD = {
    "household_no": NUMBER,
    "township_code": "433125114",
    "village": "国茶村",
    "class_by_period": {"P1": "建档立卡", "P2": "脱贫户"},
    "persons": 4,
    "persons_linked": 2,
    "bank_tail": "1234",
}
YEAR = {"from": "2026-01-01", "to": "2026-12-31"}


@pytest.fixture
async def second(db, now):
    async with db.write() as session:
        return bearer(token(await account(session, now, Role.OFFICER, username="officer-2", name="商务局"), now))


async def admit(session, now):
    who = Actor((await account(session, now, Role.OPERATOR, username="operator-9", name="运营")).id, frozenset())
    card = await suppliers.admit(
        session,
        code="S03",
        name="国茶苗寨合作社（示例）",
        kind=suppliers.Kind.COOPERATIVE,
        uscc="93433125MA4FAKE302",
        township_code="433125114",
        village="国茶村",
        licence_no="SC11443312590036",
        linked_since=date(2020, 1, 1),
        lines=["golden-tea"],
        papers=papers("国茶苗寨合作社（示例）", "93433125MA4FAKE302", "SC11443312590036", now.date()),
        by=who,
        now=now,
    )
    return card.id


@pytest.fixture
async def supplier(db, county, now):
    async with db.write() as session:
        return await admit(session, now)


async def register(officer, **changes):
    answer = await officer.post("/v1/office/households", json=HOUSEHOLD | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def pay(officer, second, supplier, *rows):
    body = {
        "note": "收购款",
        "payments": [{"supplier_id": str(supplier), "paid_on": "2026-04-02"} | row for row in rows],
    }
    entered = await officer.post("/v1/office/payment-lists", json=body)
    assert entered.status_code == 201, entered.text
    path = f"/v1/office/payment-lists/{entered.json()['id']}/approve"
    approved = await officer.post(path, json={"note": "已核对"}, headers=second)
    assert approved.status_code == 200, approved.text
    return approved.json()


def leaf(household, kg=100, **changes):
    return {
        "household_id": household,
        "kind": "PURCHASE",
        "category": "golden-tea",
        "quantity_milli": kg * 1000,
        "unit_price_fen": 5000,
    } | changes


async def test_the_number_is_nowhere_but_in_a_read_that_is_logged(officer, county, db):
    household = await register(officer)
    again = await officer.post("/v1/office/households", json=HOUSEHOLD)
    assert (again.status_code, again.json()["code"]) == (409, "household_exists")
    listed = await officer.get("/v1/office/households")
    assert NUMBER not in listed.text
    assert listed.json()["items"][0]["id"] == household

    without = await officer.get(f"/v1/office/households/{household}")
    assert without.status_code == 422
    seen = await officer.get(f"/v1/office/households/{household}", params={"why": "核对收购款"})
    assert (seen.json()["household_no"], seen.json()["bank_tail"]) == (NUMBER, "1234")
    found = await officer.post("/v1/office/households/search", json={"household_no": NUMBER, "why": "信访核实"})
    assert found.json()["id"] == household
    async with db.read() as session:
        rows = await session.execute(text("SELECT why FROM assistance_household_access ORDER BY id"))
        assert {row.why for row in rows} == {"核对收购款", "信访核实"}
        kept = (await session.execute(text("SELECT CAST(h AS text) FROM assistance_household h"))).scalar_one()
        assert NUMBER not in kept
        assert NUMBER.encode().hex() not in kept


_OF_THE_REGISTER = [
    ("GET", "/v1/office/households"),
    ("POST", "/v1/office/households"),
    ("POST", "/v1/office/households/search"),
    ("GET", f"/v1/office/households/{UUID(int=5)}?why=nothing"),
    ("POST", f"/v1/office/households/{UUID(int=5)}/leave"),
    ("POST", f"/v1/office/households/{UUID(int=5)}/linkages"),
    ("POST", f"/v1/office/suppliers/{UUID(int=5)}/figures"),
    ("GET", "/v1/office/payment-lists"),
    ("POST", "/v1/office/payment-lists"),
    ("POST", f"/v1/office/payment-lists/{UUID(int=5)}/approve"),
    ("POST", f"/v1/office/payment-lists/{UUID(int=5)}/decline"),
    ("POST", f"/v1/office/household-payments/{UUID(int=5)}/reverse"),
]


@pytest.mark.parametrize("role", [Role.BUYER, Role.OPERATOR])
async def test_the_register_is_for_officers_alone(client, county, db, now, role):
    """An operator stands in for officers elsewhere; whom the county helps is no business of the marketplace's."""
    async with db.write() as session:
        who = bearer(token(await account(session, now, role, username="other-9", name="他人"), now))
    for method, path in _OF_THE_REGISTER:
        answer = await client.request(method, path, headers=who, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), path
    counts = await client.get(
        "/v1/office/reports/households", params={"from": "2026-01-01", "to": "2026-12-31"}, headers=who
    )
    assert counts.status_code == (200 if role is Role.OPERATOR else 403)


async def test_payments_count_once_a_second_officer_has_approved_them(officer, second, supplier, db):
    household = await register(officer)
    body = {"note": "收购款", "payments": [leaf(household) | {"supplier_id": str(supplier), "paid_on": "2026-04-02"}]}
    entered = (await officer.post("/v1/office/payment-lists", json=body)).json()
    assert (entered["rows"], entered["total_fen"], entered["status"]) == (1, 500_000, "waiting")
    path = f"/v1/office/payment-lists/{entered['id']}/approve"
    own = await officer.post(path, json={"note": "同意"})
    assert (own.status_code, own.json()["code"]) == (403, "second_officer_needed")

    async def paid():
        async with db.read() as session:
            year = Period(date(2026, 1, 1), date(2026, 12, 31))
            return (await service.benefits(session, year, By.TOWNSHIP)).total.benefit.paid_fen

    assert await paid() == 0
    assert (await officer.post(path, json={"note": "已核对"}, headers=second)).json()["status"] == "approved"
    assert await paid() == 500_000
    twice = await officer.post(path, json={"note": "已核对"}, headers=second)
    assert twice.json()["code"] == "payment_list_decided"

    (payment,) = (await officer.get(f"/v1/office/households/{household}", params={"why": "核对" * 2})).json()[
        "payments"
    ]
    back = await officer.post(
        f"/v1/office/household-payments/{payment['id']}/reverse", json={"on": "2026-05-03", "note": "重复录入"}
    )
    assert back.json()["total_fen"] == -500_000
    path = f"/v1/office/payment-lists/{back.json()['id']}/approve"
    assert (await officer.post(path, json={"note": "属实"}, headers=second)).status_code == 200
    assert await paid() == 0
    again = await officer.post(
        f"/v1/office/household-payments/{payment['id']}/reverse", json={"on": "2026-05-03", "note": "再冲"}
    )
    assert again.json()["code"] == "payment_reversed"


async def _payment_of(officer, household):
    seen = await officer.get(f"/v1/office/households/{household}", params={"why": "核对收购款"})
    return seen.json()["payments"][-1]["id"]


async def _propose_reversal(officer, payment):
    body = {"on": "2026-05-03", "note": "重复录入"}
    answer = await officer.post(f"/v1/office/household-payments/{payment}/reverse", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def test_a_declined_reversal_stands_in_nobodys_way(officer, second, supplier):
    household = await register(officer)
    await pay(officer, second, supplier, leaf(household))
    payment = await _payment_of(officer, household)
    declined = await _propose_reversal(officer, payment)
    path = f"/v1/office/payment-lists/{declined}/decline"
    assert (await officer.post(path, json={"note": "理由不足"}, headers=second)).status_code == 200
    path = f"/v1/office/payment-lists/{await _propose_reversal(officer, payment)}/approve"
    assert (await officer.post(path, json={"note": "属实"}, headers=second)).json()["status"] == "approved"


async def test_of_many_reversals_of_one_payment_one_is_approved(fresh_db, now):
    first, second = (Actor(uuid4(), frozenset({Role.OFFICER})) for _ in range(2))
    year = Period(date(2026, 1, 1), date(2026, 12, 31))
    async with fresh_db.write() as session:
        await suppliers.plant_townships(session)
        supplier = await admit(session, now)
        new = NewHousehold("H-433125114-0001", "433125114", "国茶村", {}, 4, 2)
        household = (await service.register_household(session, new, by=first, now=now)).id
        wage = Payment(
            household, supplier, LinkKind.WAGE, None, date(2026, 4, 2), None, None, 900, None, None, True, None
        )
        kept = await service.enter_payments(session, [wage], note="工资", by=first, now=now)
        await service.decide_payments(session, kept.id, approve=True, note="属实", by=second, now=now)
        payment = (await queries.payments(session, household))[0].id
        back = await service.reversal_of(session, payment, on=date(2026, 5, 3))
        lists = [await service.enter_payments(session, [back], note="重复", by=first, now=now) for _ in range(5)]
    all_there = asyncio.Barrier(len(lists))

    async def approve(list_id):
        async with fresh_db.write() as session:
            await queries.payment_list(session, list_id)
            await all_there.wait()
            await service.decide_payments(session, list_id, approve=True, note="属实", by=second, now=now)

    done = await asyncio.gather(*(approve(one.id) for one in lists), return_exceptions=True)
    assert sorted(map(type, done), key=str) == sorted([type(None), *[ReversedAlready] * 4], key=str)
    async with fresh_db.write() as session:
        assert (await service.benefits(session, year, By.TOWNSHIP)).total.benefit.paid_fen == 0
        left = next(one for one, end in zip(lists, done, strict=True) if end is not None)
        declined = await service.decide_payments(session, left.id, approve=False, note="已冲", by=second, now=now)
        assert declined.status is ListStatus.DECLINED


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_fen": 499_999}, "amount_fen"),
        ({"category": None}, "category"),
        ({"kind": "WAGE"}, "category"),
        ({"paid_on": "2099-01-01"}, "paid_on"),
        ({"household_id": str(UUID(int=5))}, "household"),
        ({"supplier_id": str(UUID(int=5))}, "supplier"),
        ({"lot_id": str(UUID(int=5))}, "lot"),
    ],
)
async def test_a_row_that_cannot_be_right_keeps_the_whole_list_out(officer, supplier, db, changes, field):
    household = await register(officer)
    good = leaf(household) | {"supplier_id": str(supplier), "paid_on": "2026-04-02"}
    refused = await officer.post("/v1/office/payment-lists", json={"note": "x", "payments": [good, good | changes]})
    assert (refused.status_code, refused.json()["code"]) == (422, "payments_refused")
    assert [one["pointer"] for one in refused.json()["errors"]] == [f"/payments/1/{field}"]
    async with db.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM assistance_household_payment"))).scalar_one() == 0


async def test_the_worked_example_comes_out_of_the_register_and_the_ledger(officer, second, supplier, db, now):
    """Handbook §2.7, with the sale in the ledger, the declarations in the register and ten households for sixty."""
    households = [
        await register(officer, household_no=f"H-433125114-{n:04d}", persons=3, persons_linked=1) for n in range(10)
    ]
    leaves = [leaf(one, 800) for one in households]
    wages = [{"household_id": one, "kind": "WAGE", "amount_fen": 670_000} for one in households]
    await pay(officer, second, supplier, *leaves, *wages)
    figures = (
        {"kind": "raw_purchased_g", "category": "golden-tea", "value": 20_000_000},
        {"kind": "revenue_fen", "value": 300_000_000},
    )
    for figure in figures:
        answer = await officer.post(
            f"/v1/office/suppliers/{supplier}/figures", json=YEAR | figure | {"evidence": "台账"}
        )
        assert answer.status_code == 201, answer.text
    overlapping = figures[1] | {"from": "2026-06-01", "to": "2027-05-31", "evidence": "台账"}
    answer = await officer.post(f"/v1/office/suppliers/{supplier}/figures", json=overlapping)
    assert answer.json()["code"] == "figure_overlaps"
    linked = await register(officer, household_no="H-433125114-9999")
    contract = {"kind": "PURCHASE", "contract_no": "LD-1", "valid_from": "2026-01-01", "terms": "保底 40 元/kg"}
    answer = await officer.post(
        f"/v1/office/households/{linked}/linkages", json=contract | {"supplier_id": str(supplier)}
    )
    assert answer.status_code == 201, answer.text
    sale = line(supplier_id=supplier, net_fen=90_000_000, weight_g=1_200_000, quantity=12)
    async with db.write() as session:
        await assistance.on_supplier_orders_completed(
            session, [completed(datetime.fromisoformat("2026-04-20T04:00:00Z"), sale)], now
        )
        told = await service.benefits(session, Period(date(2026, 1, 1), date(2026, 12, 31)), By.VILLAGE)
    assert told.total.benefit.income_fen == 14_010_000
    assert (told.net_fen, told.return_bp) == (90_000_000, 1557)
    assert (told.total.benefit.households, told.total.benefit.persons, told.total.linked_only) == (10, 30, 1)
    assert [(part.key, part.linked_only) for part in told.parts] == [("433125114/国茶村", 1)]
    assert told.shares.raw_undeclared == told.shares.revenue_undeclared == frozenset()


async def test_many_payments_are_a_handful_of_statements(officer, second, supplier, db, statements):
    households = [await register(officer, household_no=f"H-433125114-{n:04d}") for n in range(8)]
    await pay(officer, second, supplier, *(leaf(one) for one in households))
    async with db.read() as session:
        statements.clear()
        await queries.evidence(session, Period(date(2026, 1, 1), date(2026, 12, 31)))
    assert 0 < len(statements) <= 2


def test_a_day_later_is_another_programme_period():
    classes = {"P1": "建档立卡", "P2": "脱贫户"}
    assert period_class(classes, date(2020, 12, 31)) == "建档立卡"
    assert period_class(classes, date(2020, 12, 31) + timedelta(days=1)) == "脱贫户"
    assert period_class(classes, date(2026, 1, 1)) == "脱贫户"
    assert period_class({}, date(2026, 1, 1)) is None


async def test_the_shop_window_tells_how_many_households_a_supplier_paid_from_five_on(officer, second, supplier, db):
    async def reach():
        async with db.read() as session:
            rows = await session.execute(text("SELECT households FROM assistance_supplier_reach"))
            return list(rows.scalars())

    households = [await register(officer, household_no=f"H-433125114-{n:04d}") for n in range(6)]
    await pay(officer, second, supplier, leaf(households[0]))
    assert await reach() == [1]
    await pay(officer, second, supplier, *(leaf(one) for one in households))
    assert await reach() == [6]
    await pay(officer, second, supplier, leaf(households[0], paid_on="2025-11-20"))
    assert await reach() == [6]
    year = Period(date(2025, 11, 21), date(2026, 11, 20))
    async with db.read() as session:
        assert await queries.households_told(session, [supplier], year) == 6
        assert await queries.households_told(session, [UUID(int=1)], year) is None


async def _change(officer, household, **body):
    return await officer.post(f"/v1/office/households/{household}/changes", json={"note": "村委会证明"} | body)


async def test_a_household_moves_splits_and_leaves_and_nothing_is_overwritten(officer, second, supplier, db):
    household = await register(officer)
    await pay(officer, second, supplier, *(leaf(household, paid_on=f"2026-0{month}-02") for month in (3, 5, 7)))
    moved = await _change(officer, household, on="2026-05-01", change="moved", village="新寨村")
    assert (moved.status_code, moved.json()["village"], moved.json()["persons"]) == (201, "新寨村", 4)
    early = await _change(officer, household, on="2026-04-01", change="corrected", persons=5)
    assert (early.status_code, early.json()["code"]) == (409, "household_changed_later")
    same = await _change(officer, household, on="2026-05-01", change="corrected", village="新寨村")
    assert (same.status_code, same.json()["code"]) == (422, "household_unchanged")
    many = await _change(officer, household, on="2026-05-02", change="corrected", persons=1)
    assert (many.status_code, many.json()["errors"][0]["pointer"]) == (422, "/persons_linked")
    split = await officer.post(
        f"/v1/office/households/{household}/split",
        json={
            "on": "2026-07-01",
            "persons": 3,
            "persons_linked": 1,
            "note": "长子分户",
            "household": HOUSEHOLD | {"household_no": "H-433125117-0002", "persons": 1, "persons_linked": 1},
        },
    )
    assert split.status_code == 201, split.text
    gone = await officer.post(f"/v1/office/households/{household}/leave", json={"left_on": "2026-10-01"})
    assert gone.json()["left_on"] == "2026-10-01"
    back = await _change(officer, household, on="2026-11-01", change="returned")
    assert back.json()["left_on"] is None
    seen = (await officer.get(f"/v1/office/households/{household}", params={"why": "核对收购款"})).json()
    assert [(one["valid_from"], one["change"]) for one in reversed(seen["versions"])] == [
        ("2026-05-01", "moved"),
        ("2026-07-01", "split"),
        ("2026-10-01", "left"),
        ("2026-11-01", "returned"),
    ]
    assert seen["versions"][2]["split_into"] == split.json()["id"]
    assert (seen["village"], seen["persons"], seen["left_on"]) == ("新寨村", 3, None)
    async with db.read() as session:
        for month, village, persons in ((3, "国茶村", 4), (5, "新寨村", 4), (7, "新寨村", 3)):
            (part,) = (await service.benefits(session, month_of(month), By.VILLAGE)).parts
            assert (part.key, part.benefit.paid_persons) == (f"433125114/{village}", persons)
        stored = (await session.execute(text("SELECT village, persons, left_on FROM assistance_household"))).all()
        assert {tuple(row) for row in stored} == {("国茶村", 4, None), ("国茶村", 1, None)}


def month_of(month):
    return Period(date(2026, month, 1), date(2026, month, 28))


async def test_what_is_entered_after_a_month_was_closed_counts_in_the_next(officer, second, supplier, db, now):
    household = await register(officer)
    await pay(officer, second, supplier, leaf(household))
    async with db.write() as session:
        sold = completed(datetime.fromisoformat("2026-04-20T04:00:00Z"), line(supplier_id=supplier))
        await assistance.on_supplier_orders_completed(session, [sold], now)
    closed = await officer.post("/v1/office/periods/2026-04/close")
    assert closed.status_code == 200, closed.text
    await pay(officer, second, supplier, leaf(household, 7))
    late = await _change(officer, household, on="2026-04-30", change="corrected", persons=9)
    assert (late.status_code, late.json()["code"]) == (409, "change_in_closed_month")
    assert "2026-05-01" in late.json()["detail"]
    ok = await _change(officer, household, on="2026-05-01", change="corrected", persons=9)
    assert ok.status_code == 201
    async with db.read() as session:
        april = (await service.benefits(session, month_of(4), By.VILLAGE)).total.benefit
        may = (await service.benefits(session, month_of(5), By.VILLAGE)).total.benefit
    assert (april.paid_fen, april.paid_persons) == (500_000, 4)
    assert (may.paid_fen, may.paid_persons) == (35_000, 9)


async def test_what_shops_tell_of_households_gives_no_few_away(officer, second, supplier, db, now):
    """Eight households of one supplier and seven of another, five of both: who is paid by one alone are too few."""
    async with db.write() as session:
        who = Actor((await account(session, now, Role.OPERATOR, username="operator-8", name="运营")).id, frozenset())
        entry = next(one for one in _DATA["suppliers"] if one["id"] == "S04")
        name, uscc, licence = entry["name"], entry["uscc"], entry["sc_no"]
        other = await suppliers.admit(
            session,
            code="S04",
            name=name,
            kind=suppliers.Kind.COOPERATIVE,
            uscc=uscc,
            township_code="433125114",
            village="国茶村",
            licence_no=licence,
            linked_since=date(2020, 1, 1),
            lines=["golden-tea"],
            papers=papers(name, uscc, licence, now.date()),
            by=who,
            now=now,
        )
    year = Period(date(2025, 11, 21), date(2026, 11, 20))

    async def told(*of):
        async with db.read() as session:
            return await queries.households_told(session, of, year)

    homes = [await register(officer, household_no=f"H-433125114-{n:04d}") for n in range(16)]
    await pay(officer, second, supplier, *(leaf(one) for one in homes[:8]))
    await pay(officer, second, other.id, *(leaf(one) for one in homes[3:10]))
    assert (await told(supplier), await told(other.id)) == (8, 7)
    assert await told(supplier, other.id) is None
    await pay(officer, second, other.id, *(leaf(one) for one in homes[10:13]))
    assert await told(other.id) == 7  # it moves by five at least
    await pay(officer, second, supplier, *(leaf(one) for one in homes[14:16]))
    assert await told(supplier, other.id) == 15
    await pay(officer, second, other.id, *(leaf(one) for one in homes[13:16]))
    assert await told(other.id) == 13
