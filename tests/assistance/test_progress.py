"""How far the measures of a plan have come: by the ledger, or entered by one officer and approved by another."""

import asyncio
from datetime import date
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import assistance
from app.assistance import queries, service
from app.assistance.rules.goals import Metric
from app.assistance.rules.plans import Measure
from app.assistance.rules.progress import UNITS, Origin, ProgressDecided, ProgressStatus, stand
from app.identity import Actor, Role
from tests.assistance.builders import completed, line
from tests.files.builders import picture
from tests.identity.builders import account, bearer, token

MEASURE = {
    "aspect_no": 1,
    "no": 1,
    "text": "党政领导互访",
    "indicator": "互访次数",
    "unit": "次",
    "target": 4,
    "owner": "县委办",
    "due_on": "2026-12-31",
    "evidence": "会议纪要与签到表",
}


@pytest.fixture
async def second(db, now):
    async with db.write() as session:
        return bearer(token(await account(session, now, Role.OFFICER, username="officer-2", name="商务局"), now))


@pytest.fixture
async def plan(officer):
    made = (await officer.post("/v1/office/plans", json={"year": 2026, "title": "年度计划"})).json()["id"]
    await officer.post(f"/v1/office/plans/{made}/aspects", json={"no": 1, "name": "组织领导"})
    answer = await officer.post(f"/v1/office/plans/{made}/measures", json=MEASURE)
    assert answer.status_code == 201, answer.text
    return made


async def paper(officer, seed=1):
    form = {"file": (f"{seed}.jpg", picture(40 + seed), "image/jpeg")}
    answer = await officer.post("/v1/office/files", files=form, data={"purpose": "evidence"})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def enter(officer, plan, value=2, month="2026-06", **changes):
    body = {"month": month, "value": value, "note": "见附件", "evidence": [await paper(officer, value)]}
    return await officer.post(f"/v1/office/plans/{plan}/measures/1/progress", json=body | changes)


async def standing(officer, plan):
    (aspect,) = (await officer.get(f"/v1/office/plans/{plan}/standing")).json()["aspects"]
    return aspect["measures"]


async def test_a_figure_counts_once_a_second_officer_has_approved_it(officer, second, plan):
    entered = await enter(officer, plan)
    assert entered.status_code == 201, entered.text
    figure = entered.json()
    assert (figure["month"], figure["value"], figure["status"]) == ("2026-06", 2, "waiting")
    assert len(figure["evidence"]) == 1
    (before,) = await standing(officer, plan)
    assert (before["actual"], before["progress"], before["waiting"], before["origin"]) == (None, None, 1, "declared")

    decision = f"/v1/office/progress/{figure['id']}/approve"
    own = await officer.post(decision, json={"note": "同意"})
    assert (own.status_code, own.json()["code"]) == (403, "second_officer_needed")
    assert (await standing(officer, plan))[0]["actual"] is None
    agreed = await officer.post(decision, json={"note": "已核对"}, headers=second)
    assert agreed.json()["status"] == "approved"
    (after,) = await standing(officer, plan)
    assert (after["actual"], after["progress"], after["month"], after["waiting"]) == (2, 0.5, "2026-06", 0)
    again = await officer.post(decision, json={"note": "已核对"}, headers=second)
    assert (again.status_code, again.json()["code"]) == (409, "progress_decided")


async def test_the_newest_approved_month_counts_and_a_month_can_be_corrected(officer, second, plan, clock):
    async def approved(value, month, verdict="approve"):
        figure = (await enter(officer, plan, value, month)).json()
        answer = await officer.post(
            f"/v1/office/progress/{figure['id']}/{verdict}", json={"note": "核"}, headers=second
        )
        assert answer.status_code == 200
        clock.advance(seconds=1)

    await approved(3, "2026-08")
    await approved(1, "2026-03")
    assert (await standing(officer, plan))[0]["actual"] == 3
    await approved(9, "2026-09", "decline")
    assert (await standing(officer, plan))[0]["actual"] == 3
    await approved(4, "2026-08")
    measure = (await standing(officer, plan))[0]
    assert (measure["actual"], measure["met"], measure["overdue"]) == (4, True, False)
    listed = (await officer.get(f"/v1/office/plans/{plan}/measures/1/progress")).json()["items"]
    assert [one["value"] for one in listed] == [4, 9, 1, 3]
    waiting = (await officer.get("/v1/office/progress", params={"status": "waiting"})).json()["items"]
    assert waiting == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"evidence": []}, 422, "evidence_missing"),
        ({"month": "2026-12"}, 422, "month_out_of_plan"),
        ({"month": "2025-12"}, 422, "month_out_of_plan"),
        ({"month": "2026-13"}, 422, "invalid_input"),
        ({"value": -1}, 422, "invalid_input"),
        ({"evidence": [str(uuid4())]}, 422, "unknown_file"),
    ],
)
async def test_what_is_refused_is_not_entered(officer, plan, changes, status, code):
    answer = await enter(officer, plan, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert (await officer.get("/v1/office/progress")).json()["items"] == []


async def test_a_measure_with_a_goal_is_computed_from_the_ledger(officer, plan, db, now):
    goal = {"code": "G1", "name": "净销售额", "year": 2026, "metric": "net_sales_fen", "target": 10_000_000}
    assert (await officer.post("/v1/office/goals", json=goal)).status_code == 201
    computed = MEASURE | {"no": 2, "unit": "元", "target": 100_000, "goal_code": "G1"}
    assert (await officer.post(f"/v1/office/plans/{plan}/measures", json=computed)).status_code == 201
    wrong = await officer.post(f"/v1/office/plans/{plan}/measures", json=computed | {"no": 3, "unit": "吨"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "unit_mismatch")
    async with db.write() as session:
        sale = completed(now, line(net_fen=2_500_099))
        await assistance.on_supplier_orders_completed(session, [sale], now)
    _, measure = await standing(officer, plan)
    assert (measure["origin"], measure["actual"], measure["progress"]) == ("platform", 25_000, 0.25)
    answer = await officer.post(
        f"/v1/office/plans/{plan}/measures/2/progress", json={"month": "2026-06", "value": 1, "note": "手工"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "measure_computed")


async def test_two_who_decide_at_once_decide_once(fresh_db, now):
    first, *others = (Actor(uuid4(), frozenset({Role.OFFICER})) for _ in range(3))
    async with fresh_db.write() as session:
        plan = await assistance.create_plan(session, year=2026, title="年度计划", by=first, now=now)
        await assistance.add_aspect(session, plan.id, no=1, name="组织领导", by=first, now=now)
        measure = MEASURE | {"due_on": date(2026, 12, 31), "evidence_min": 0}
        await assistance.add_measure(session, plan.id, **measure, by=first, now=now)
        figure = await service.enter_progress(
            session, plan.id, 1, month=date(2026, 6, 1), value=2, note="口头", evidence=[], by=first, now=now
        )
    both = asyncio.Barrier(2)

    async def decide(by, approve):
        async with fresh_db.write() as session:
            await queries.progress(session, figure.id)
            await both.wait()
            await service.decide_progress(session, figure.id, approve=approve, note="核", by=by, now=now)

    decided = await asyncio.gather(
        *(decide(by, approve) for by, approve in zip(others, (True, False), strict=True)), return_exceptions=True
    )
    assert sorted(map(type, decided), key=str) == sorted((type(None), ProgressDecided), key=str)
    async with fresh_db.read() as session:
        assert (await queries.progress(session, figure.id)).status is not ProgressStatus.WAITING


@pytest.mark.parametrize("role", [Role.BUYER, Role.SUPPLIER, Role.PARTNER])
async def test_only_the_office_sees_or_enters_figures(client, plan, db, now, role):
    async with db.write() as session:
        scope = None if role is Role.BUYER else uuid4()
        who = bearer(token(await account(session, now, role, username="other", scope_id=scope), now))
    for method, path in [
        ("GET", f"/v1/office/plans/{plan}/standing"),
        ("GET", "/v1/office/progress"),
        ("GET", f"/v1/office/plans/{plan}/measures/1/progress"),
        ("POST", f"/v1/office/progress/{uuid4()}/approve"),
    ]:
        answer = await client.request(method, path, headers=who, json={"note": "x"} if method == "POST" else None)
        assert answer.status_code == 403, (path, answer.text)


@given(
    target=st.integers(0, 10**9),
    value=st.integers(0, 10**12),
    unit=st.sampled_from(sorted(UNITS[Metric.NET_SALES_FEN])),
)
def test_a_computed_figure_is_never_more_than_was_measured(target, value, unit):
    measure = Measure(uuid4(), 1, 1, "销售", "销售", unit, target, "商务局", date(2026, 12, 31), "G1")
    found = stand(measure, computed=(Metric.NET_SALES_FEN, value), entered=None, waiting=0, today=date(2026, 6, 1))
    per = UNITS[Metric.NET_SALES_FEN][unit]
    assert found.actual * per <= value < (found.actual + 1) * per
    assert found.met is (value >= target * per)
    assert found.share == (Fraction(value, per * target) if target else None)
    assert found.origin is Origin.PLATFORM
