import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import assistance
from app.assistance import Metric, Period
from app.identity import SYSTEM
from tests.assistance.builders import SUPPLIERS, completed, line, refunded
from tests.inventory.builders import open_shop

SHANDONG = {"code": "G1", "name": "在鲁净销售额", "year": 2026, "metric": "net_sales_fen", "target": 1_000_000}


async def sell(db, *facts):
    async with db.write() as session:
        for fact in facts:
            if fact.name == "orders.supplier_order_completed":
                await assistance.on_supplier_orders_completed(session, [fact], fact.at)
            else:
                await assistance.on_lines_refunded(session, fact, fact.at)


async def set_goal(officer, **changes):
    return await officer.post("/v1/office/goals", json=SHANDONG | changes)


async def goals_in(db):
    async with db.read() as session:
        return await session.scalar(text("SELECT count(*) FROM assistance_goal"))


async def test_a_goal_is_measured_from_the_ledger(officer, db, now):
    sold = line(net_fen=900_000)
    sale = completed(now, sold)
    last_year = completed(now - timedelta(days=365), line(net_fen=5_000))
    await sell(db, sale, last_year, refunded(now, sale, (sold.line_id, 0, 50_000)))
    answer = await set_goal(officer)
    assert answer.status_code == 201, answer.text
    goal = answer.json()
    assert goal["actual"] == 850_000
    assert goal["progress"] == 0.85
    # January to October are 76 %, and 20 of November's 30 days of 10 %.
    assert goal["expected_to_date"] == 826_667
    assert goal["status"] == "on_schedule"
    assert goal["forecast"]["mid"] == round(850_000 * 300 / 248)
    assert goal["forecast"]["low"] <= goal["forecast"]["mid"] <= goal["forecast"]["high"]
    assert (goal["from"], goal["to"], goal["year"]) == ("2026-01-01", "2026-12-31", 2026)
    assert (await officer.get("/v1/office/goals", params={"year": 2026})).json()["items"] == [goal]
    assert (await officer.get("/v1/office/goals", params={"year": 2025})).json()["items"] == []
    one = await officer.get(f"/v1/office/goals/{goal['id']}")
    assert one.json() == goal
    assert one.headers["etag"] == answer.headers["etag"] == '"1"'


LINES = {
    "tea": {"category": "golden-tea", "net_fen": 1},
    "oil": {"category": "camellia-oil", "net_fen": 10},
    "bazaar": {"channel": "supermarket", "net_fen": 100},
    "town": {"township_code": "433125111", "township": "比耳镇", "net_fen": 1_000},
    "yantai": {"division_code": "370602", "net_fen": 10_000},
}


@pytest.mark.parametrize(
    ("only", "actual"),
    [
        ({}, 11_111),
        ({"categories": ["golden-tea"]}, 11_101),
        ({"categories": ["camellia-oil"]}, 10),
        ({"channels": ["supermarket"]}, 100),
        ({"channels": ["retail"], "categories": ["golden-tea"]}, 11_001),
        ({"townships": ["比耳镇"]}, 1_000),
        ({"townships": ["433125111", "433125116"]}, 11_111),
        ({"divisions": ["37"]}, 11_111),
        ({"divisions": ["370600"]}, 10_000),
        ({"divisions": ["3701", "370602"]}, 11_111),
        ({"divisions": ["370112"]}, 1_111),
    ],
)
@pytest.mark.usefixtures("county")
async def test_a_filter_takes_what_it_names(officer, db, now, only, actual):
    await sell(db, completed(now, *(line(**changes) for changes in LINES.values())))
    goal = (await set_goal(officer, filter=only)).json()
    assert goal["actual"] == actual
    page = (await officer.get(f"/v1/office/goals/{goal['id']}/entries")).json()
    assert sum(entry["amount_fen"] for entry in page["items"]) == actual


async def test_suppliers_by_code_and_by_id(officer, db, now):
    async with db.write() as session:
        shop = await open_shop(session, now, "NO01", code="S97")
    await sell(db, completed(now, line(supplier_id=shop.supplier_id, net_fen=70), line(net_fen=7)))
    for written in ("S97", str(shop.supplier_id).upper()):
        goal = (await set_goal(officer, code=f"G-{written[:3]}", filter={"suppliers": [written]})).json()
        assert goal["actual"] == 70
        assert goal["filter"]["suppliers"] == [str(shop.supplier_id)]


async def test_metrics_of_orders_and_grams(officer, db, now):
    order = uuid4()
    given_back = line(quantity=1, weight_g=50, net_fen=500)
    returned = completed(now, given_back)
    await sell(
        db,
        completed(now, line(weight_g=200), line(sku="GT02", weight_g=300), order_id=order),
        completed(now - timedelta(days=40), line(sku="GT03", weight_g=400), order_id=order),
        completed(now, line(weight_g=100)),
        returned,
        refunded(now, returned, (given_back.line_id, 1, 500)),
    )
    orders = (await set_goal(officer, code="G2", metric="orders", target=10)).json()
    assert (orders["actual"], orders["progress"]) == (2, 0.2)
    grams = (await set_goal(officer, code="G3", metric="quantity_g", target=500)).json()
    assert (grams["actual"], grams["progress"]) == (1000, 1.0)


async def test_a_list_of_goals_costs_three_statements(officer, db, now, statements):
    await sell(db, completed(now, line()))
    for number in range(6):
        assert (await set_goal(officer, code=f"G{number}")).status_code == 201
    while await assistance.fold_ledger(db, now):
        pass
    statements.clear()
    items = (await officer.get("/v1/office/goals")).json()["items"]
    assert [goal["actual"] for goal in items] == [13800] * 6
    assert len(statements) == 3


async def test_goals_are_paged(officer):
    for number in range(5):
        await set_goal(officer, code=f"G{number}")
    first = (await officer.get("/v1/office/goals", params={"limit": 3})).json()
    rest = (await officer.get("/v1/office/goals", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [goal["code"] for goal in first["items"] + rest["items"]] == ["G0", "G1", "G2", "G3", "G4"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"metric": "households", "filter": {"divisions": ["37"]}}, 422, "metric_not_available"),
        ({"metric": "persons", "filter": {"divisions": ["37"]}}, 422, "metric_not_available"),
        ({"metric": "household_income_fen", "filter": {"divisions": ["37"]}}, 422, "metric_not_available"),
        ({"metric": "likes"}, 422, "invalid_input"),
        ({"target": 0}, 422, "invalid_input"),
        ({"target": 10**16}, 422, "invalid_input"),
        ({"target": "5"}, 422, "invalid_input"),
        ({"year": None}, 422, "invalid_input"),
        ({"from": "2026-01-01", "to": "2026-02-01"}, 422, "invalid_input"),
        ({"year": None, "from": "2026-01-01"}, 422, "invalid_input"),
        ({"year": None, "from": "2026-02-01", "to": "2026-01-01"}, 422, "invalid_input"),
        ({"year": None, "from": 1767225600, "to": "2026-12-31"}, 422, "invalid_input"),
        ({"filter": {"categories": ["shoes"]}}, 422, "unknown_filter_value"),
        ({"filter": {"suppliers": [str(SUPPLIERS["酉水油茶公司"])]}}, 422, "unknown_filter_value"),
        ({"filter": {"townships": ["巴黎"]}}, 422, "unknown_filter_value"),
        ({"filter": {"divisions": ["3"]}}, 422, "invalid_input"),
        ({"filter": {"divisions": []}}, 422, "invalid_input"),
        ({"filter": {"colour": ["red"]}}, 422, "invalid_input"),
        ({"code": "G 1"}, 422, "invalid_input"),
        ({"name": "a\x00b"}, 422, "invalid_input"),
        ({"colour": "red"}, 422, "invalid_input"),
    ],
)
async def test_goals_that_make_no_sense_are_refused(officer, db, changes, status, code):
    body = {key: value for key, value in (SHANDONG | changes).items() if value is not None}
    answer = await officer.post("/v1/office/goals", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await goals_in(db) == 0


async def test_a_code_is_used_once_in_a_period(officer, db):
    assert (await set_goal(officer)).status_code == 201
    assert (await set_goal(officer)).json()["code"] == "goal_code_taken"
    assert (await set_goal(officer, year=2027)).status_code == 201
    assert await goals_in(db) == 2


@pytest.mark.usefixtures("county")
async def test_goals_of_a_partition_group_do_not_overlap(officer, db):
    retail = {"partition_group": "channel", "filter": {"channels": ["retail"]}}
    assert (await set_goal(officer, code="G5", **retail)).status_code == 201
    both = {"partition_group": "channel", "filter": {"channels": ["supermarket", "retail"]}}
    answer = await set_goal(officer, code="G3", **both)
    assert (answer.status_code, answer.json()["code"]) == (409, "goals_overlap")
    assert "G5" in answer.json()["detail"]
    assert await goals_in(db) == 1
    both["filter"] = {"channels": ["supermarket"]}
    assert (await set_goal(officer, code="G3", **both)).status_code == 201
    part = {"year": None, "from": "2026-01-01", "to": "2026-06-30"}
    assert (await set_goal(officer, code="G5", **part, **retail)).json()["code"] == "goals_overlap"
    # Another year is another period; another group may count the same sales.
    assert (await set_goal(officer, code="G5", year=2027, **retail)).status_code == 201
    assert (await set_goal(officer, code="G6", filter=retail["filter"], partition_group="other")).status_code == 201


async def test_two_overlapping_goals_at_once_are_one(fresh_db, now):
    async def attempt(code: str) -> bool:
        try:
            async with fresh_db.write() as session:
                await assistance.set_goal(
                    session,
                    code=code,
                    name=code,
                    period=assistance.year_of(2026),
                    metric=Metric.ORDERS,
                    target=1,
                    only=assistance.Filter(),
                    partition_group="all",
                    by=SYSTEM,
                    now=now,
                )
        except assistance.GoalsOverlap:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(f"G{number}") for number in range(8)))) == 1
    assert await goals_in(fresh_db) == 1


async def test_entries_of_a_goal_are_paged(officer, db, now):
    await sell(db, *(completed(now, line()) for _ in range(5)), completed(now - timedelta(days=365), line()))
    goal = (await set_goal(officer)).json()
    path = f"/v1/office/goals/{goal['id']}/entries"
    first = (await officer.get(path, params={"limit": 4})).json()
    rest = (await officer.get(path, params={"limit": 4, "cursor": first["next_cursor"]})).json()
    assert len({entry["id"] for entry in first["items"] + rest["items"]}) == 5
    assert rest["next_cursor"] is None
    other = (await set_goal(officer, code="G9")).json()
    stolen = await officer.get(f"/v1/office/goals/{other['id']}/entries", params={"cursor": first["next_cursor"]})
    assert stolen.json()["code"] == "invalid_cursor"


async def test_an_unknown_goal_is_not_found(officer):
    for path in ("", "/entries"):
        assert (await officer.get(f"/v1/office/goals/{uuid4()}{path}")).status_code == 404


async def test_a_plan_holds_aspects_and_measures(officer):
    plan = (await officer.post("/v1/office/plans", json={"year": 2026, "title": "协作计划"})).json()
    assert (await officer.get("/v1/office/plans")).json()["items"] == [plan]
    assert (await officer.get("/v1/office/plans", params={"limit": 1})).json()["next_cursor"] is None
    base = f"/v1/office/plans/{plan['id']}"
    aspect = await officer.post(f"{base}/aspects", json={"no": 7, "name": "消费帮扶"})
    assert aspect.status_code == 201
    assert (await officer.get(f"{base}/aspects")).json()["items"] == [aspect.json()]
    await set_goal(officer)
    measure = {
        "aspect_no": 7,
        "no": 21,
        "text": "组织特产进鲁销售",
        "indicator": "在鲁净销售额",
        "unit": "fen",
        "target": 2_600_000_000,
        "owner": "县商务局",
        "due_on": "2026-12-31",
        "goal_code": "G1",
    }
    made = await officer.post(f"{base}/measures", json=measure)
    assert made.status_code == 201
    assert made.json() == measure | {"id": made.json()["id"], "evidence": None, "evidence_min": 1}
    assert (await officer.get(f"{base}/measures")).json()["items"] == [made.json()]
    for body, code in (
        (measure, "number_taken"),
        (measure | {"no": 22, "aspect_no": 8}, "unknown_aspect"),
        (measure | {"no": 22, "goal_code": "G99"}, "unknown_goal"),
    ):
        assert (await officer.post(f"{base}/measures", json=body)).json()["code"] == code
    assert (await officer.post(f"{base}/aspects", json={"no": 7, "name": "又一个"})).json()["code"] == "number_taken"
    assert (await officer.post("/v1/office/plans", json={"year": 2026, "title": "协作计划"})).json()[
        "code"
    ] == "plan_exists"
    assert len((await officer.get(f"{base}/measures")).json()["items"]) == 1
    assert (await officer.get(f"/v1/office/plans/{uuid4()}/aspects")).status_code == 404
    assert (await officer.post(f"/v1/office/plans/{uuid4()}/measures", json=measure)).status_code == 404


async def test_a_forecast_of_a_short_period(db, now):
    async with db.write() as session:
        goal = await assistance.set_goal(
            session,
            code="W47",
            name="一周",
            period=Period(now.date() - timedelta(days=1), now.date() + timedelta(days=2)),
            metric=Metric.NET_SALES_FEN,
            target=4_000,
            only=assistance.Filter(),
            by=SYSTEM,
            now=now,
        )
    await sell(db, completed(now, line(net_fen=1_500)))
    async with db.read() as session:
        (standing,) = await assistance.stand(session, [goal], today=now.date())
    assert standing.figures.expected_to_date == 2_000
    assert standing.figures.forecast == assistance.Forecast(2_250, 3_000, 3_750)
    assert standing.figures.status is assistance.Standing.BEHIND


async def test_a_period_that_is_none_is_told_why(officer):
    body = {key: value for key, value in SHANDONG.items() if key != "year"} | {"from": "2026-02-01", "to": "2026-01-01"}
    (fault,) = (await officer.post("/v1/office/goals", json=body)).json()["errors"]
    assert (fault["code"], fault["detail"]) == ("period_order", "请同时给出 from 与 to，且 from 不晚于 to")


async def change(officer, goal, version=1, **body):
    return await officer.patch(f"/v1/office/goals/{goal['id']}", json=body, headers={"If-Match": f'"{version}"'})


@pytest.mark.usefixtures("county")
async def test_a_goal_is_defined_anew_and_what_it_was_stays_readable(officer, db, now):
    await sell(db, completed(now, line(net_fen=700), line(net_fen=30, category="navel-orange")))
    goal = (await set_goal(officer, filter={"categories": ["golden-tea"]}, target=1_000)).json()
    assert (goal["version"], goal["actual"], goal["season"]) == (1, 700, None)
    answer = await change(officer, goal, target=2_000, filter={"categories": ["navel-orange"]}, name="脐橙")
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["version"], after["actual"], after["target"], after["name"]) == (2, 30, 2_000, "脐橙")
    assert (after["code"], after["metric"], after["from"]) == (goal["code"], goal["metric"], goal["from"])
    assert answer.headers["etag"] == '"2"'
    assert (await officer.get(f"/v1/office/goals/{goal['id']}")).json() == after
    versions = (await officer.get(f"/v1/office/goals/{goal['id']}/versions")).json()["items"]
    assert [(one["version"], one["target"], one["filter"]["categories"]) for one in versions] == [
        (2, 2_000, ["navel-orange"]),
        (1, 1_000, ["golden-tea"]),
    ]
    entries = (await officer.get(f"/v1/office/goals/{goal['id']}/entries")).json()["items"]
    assert [entry["amount_fen"] for entry in entries] == [30]


async def test_an_edit_names_the_version_it_was_made_from(officer):
    goal = (await set_goal(officer)).json()
    url = f"/v1/office/goals/{goal['id']}"
    assert (await officer.patch(url, json={"target": 5})).status_code == 428
    assert (await change(officer, goal, version=7, target=5)).status_code == 412
    assert (await change(officer, goal, name=goal["name"], target=goal["target"])).json()["version"] == 1
    assert (await change(officer, goal, target=5)).json()["version"] == 2
    assert (await change(officer, goal, target=6)).status_code == 412
    missing = {"id": str(uuid4())}
    assert (await change(officer, missing, target=5)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"season": [50] * 12},
        {"season": [100]},
        {"season": [-1, 101, *[0] * 10]},
        {"target": 0},
        {"year": 2026, "from": "2026-01-01", "to": "2026-02-01"},
        {"from": "2026-01-01"},
        {"code": "G9"},
        {"metric": "orders"},
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(officer, body):
    goal = (await set_goal(officer)).json()
    assert (await change(officer, goal, **body)).status_code == 422
    assert (await officer.get(f"/v1/office/goals/{goal['id']}")).json()["version"] == 1


async def test_a_changed_goal_must_not_overlap_either(officer):
    retail = (await set_goal(officer, code="G5", filter={"channels": ["retail"]}, partition_group="c")).json()
    await set_goal(officer, code="G4", filter={"channels": ["organisation"]}, partition_group="c")
    answer = await change(officer, retail, filter={"channels": ["retail", "organisation"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "goals_overlap")
    assert (await change(officer, retail, filter={}, partition_group=None)).status_code == 200


async def test_a_goal_with_a_season_of_its_own(officer, db, now):
    await sell(db, completed(now, line(net_fen=500)))
    winter = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100]
    goal = (await set_goal(officer, season=winter, target=1_000)).json()
    assert (goal["season"], goal["expected_to_date"], goal["status"]) == (winter, 0, "ahead")
    county = (await change(officer, goal, season=None)).json()
    assert (county["season"], county["expected_to_date"]) == (None, 827)


async def test_a_forecast_shows_its_error_and_the_refund_rate(officer, db, now):
    sold = line(net_fen=8_000, quantity=4)
    sale = completed(now - timedelta(days=40), sold)
    await sell(
        db,
        *(completed(now - timedelta(days=days), line(net_fen=4_000)) for days in (70, 100, 130)),
        sale,
        refunded(now - timedelta(days=30), sale, (sold.line_id, 1, 2_000)),
    )
    seen = (await set_goal(officer)).json()["forecast"]
    assert seen["refund_rate"] == 0.1
    assert seen["backtest"]["months"] == 3  # made at the ends of July, August and September
    assert seen["backtest"]["mape"] > 0
    assert seen["agreed"] == {"purchase_orders": 0, "presales": 0}


async def reached(db, now):
    async with db.write() as session:
        return await assistance.notice_reached(session, now=now)


async def facts_of(db):
    async with db.read() as session:
        found = await session.scalars(
            text("SELECT payload FROM core_event WHERE name = 'assistance.goal_reached' ORDER BY payload -> 'version'")
        )
        return list(found)


async def test_a_goal_is_reached_once_however_often_one_looks(officer, db, now):
    goal = (await set_goal(officer, target=500_000)).json()
    sold = line(net_fen=499_999)
    sale = completed(now, sold)
    await sell(db, sale)
    assert await reached(db, now) == 0
    await sell(db, completed(now, line(net_fen=1)))
    assert [await reached(db, now) for _ in range(2)] == [1, 0]
    (fact,) = await facts_of(db)
    assert (fact["goal_id"], fact["code"], fact["target"], fact["actual"]) == (goal["id"], "G1", 500_000, 500_000)
    # A refund takes it back below its target, and the next sale over it again: that is no second time.
    await sell(db, refunded(now, sale, (sold.line_id, 0, 300_000)))
    await sell(db, completed(now, line(net_fen=400_000)))
    assert await reached(db, now) == 0


async def test_a_goal_that_is_raised_can_be_reached_again(officer, db, now):
    goal = (await set_goal(officer, target=500_000)).json()
    await sell(db, completed(now, line(net_fen=600_000)))
    assert await reached(db, now) == 1
    changed = await officer.patch(
        f"/v1/office/goals/{goal['id']}", json={"target": 700_000}, headers={"If-Match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    assert await reached(db, now) == 0
    await sell(db, completed(now, line(net_fen=100_000)))
    assert await reached(db, now) == 1
    assert [fact["version"] for fact in await facts_of(db)] == [1, 2]


async def test_what_is_counted_late_still_reaches_a_goal_and_later_nothing_does(officer, db, now):
    await set_goal(officer, year=None, target=1_000, **{"from": "2026-10-01", "to": "2026-10-31"})
    await sell(db, completed(now.replace(month=10), line(net_fen=1_000)))
    assert await reached(db, now.replace(year=2027)) == 0
    assert await reached(db, now) == 1


async def test_two_workers_tell_of_a_goal_once(fresh_db, now):
    async with fresh_db.write() as session:
        await assistance.set_goal(
            session,
            code="G1",
            name="在鲁净销售额",
            period=Period(now.date().replace(month=1, day=1), now.date().replace(month=12, day=31)),
            metric=Metric.NET_SALES_FEN,
            target=1_000,
            only=assistance.Filter(),
            by=SYSTEM,
            now=now,
        )
    await sell(fresh_db, completed(now, line(net_fen=1_000)))
    assert sorted(await asyncio.gather(reached(fresh_db, now), reached(fresh_db, now))) == [0, 1]
    assert len(await facts_of(fresh_db)) == 1
