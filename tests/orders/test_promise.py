"""By when goods leave the house: counted over open days, told before the order, frozen when it is paid."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.fulfilment import Blackout
from app.orders import calendar as calendar_of
from app.orders.rules.promise import TOLD_AHEAD, Calendar
from app.storefront.schemas import ProductPageOut, ShippingPauseOut
from app.suppliers import Closure, ClosureReason
from tests.orders import test_bulk as bulk
from tests.orders.test_packing import PICKING, pages
from tests.shop import Shop

TODAY = date(2026, 11, 20)
CLOSE = text("""
INSERT INTO suppliers_closure (id, supplier_id, from_on, to_on, reason, announced_by, announced_at)
VALUES (:id, :supplier, CAST(:first AS date), CAST(:last AS date), 'weather', :id, now())
""")
STOP = text("""
INSERT INTO fulfilment_blackout (id, from_on, to_on, entered_by, entered_at)
VALUES (:id, CAST(:first AS date), CAST(:last AS date), CAST(:supplier AS uuid), now())
""")
DAYS = st.integers(min_value=-5, max_value=40)
SPANS = st.lists(st.tuples(DAYS, st.integers(min_value=0, max_value=12)), max_size=4)


def calendar(closures, stops=()) -> Calendar:
    def days(first: int, more: int) -> tuple[date, date]:
        return TODAY + timedelta(days=first), TODAY + timedelta(days=first + more)

    return Calendar(
        tuple(Closure(uuid4(), uuid4(), *days(*span), ClosureReason.OTHER) for span in closures),
        tuple(Blackout(uuid4(), None, *days(*span)) for span in stops),
    )


@given(closures=SPANS, stops=SPANS, after=st.integers(min_value=0, max_value=30))
def test_the_day_is_the_second_open_one_after_payment(closures, stops, after):
    shut = {first + n for first, more in (*closures, *stops) for n in range(more + 1)}
    opens = [day for day in range(after, 200) if day not in shut]
    counted = calendar(closures, stops)
    paid_on = TODAY + timedelta(days=after)
    assert counted.ships_from(paid_on) == TODAY + timedelta(days=opens[0])
    expected = [day for day in opens if day > after][1]
    assert counted.ship_by(paid_on) == TODAY + timedelta(days=expected)
    if not shut:
        assert expected == after + 2, "forty-eight hours where every day is open"


@given(closures=SPANS, stops=SPANS)
def test_a_pause_is_told_whenever_one_is_near_and_covers_only_closed_days(closures, stops):
    shut = {first + n for first, more in (*closures, *stops) for n in range(more + 1)}
    pause = calendar(closures, stops).pause(TODAY)
    assert (pause is not None) == any(0 <= day <= TOLD_AHEAD.days for day in shut)
    if pause is not None:
        first = (pause.from_on - TODAY).days
        assert all(day in shut for day in range(max(first, 0), (pause.until_on - TODAY).days + 1))
        assert (pause.ships_from - TODAY).days not in shut
        assert pause.ships_from == pause.until_on + timedelta(days=1)
        assert pause.ships_from > TODAY


async def close(shop: Shop, first: str, last: str, who: str = "S01", **more) -> None:
    body = {"from_on": first, "to_on": last, "reason": "stocktaking", **more}
    answer = await shop.call(who, "POST", "/v1/supplier/closures", body, key=None)
    assert answer.status_code == 201, answer.text


async def stop(shop: Shop, first: str, last: str, carrier: str | None = None) -> None:
    body = {"carrier": carrier, "from_on": first, "to_on": last}
    answer = await shop.call("operator", "POST", "/v1/operator/blackouts", body, key=None)
    assert answer.status_code == 201, answer.text


async def quote(shop: Shop, *skus: str):
    body = {"items": [{"sku": sku, "quantity": 1} for sku in skus], "address": {"division_code": "370112"}}
    return (await shop.call(None, "POST", "/v1/store/quotes", body, key=None)).json()


async def test_a_closure_moves_what_is_paid_after_it_and_nothing_that_was_paid_before(shop: Shop, statements):
    before = await shop.pay(await shop.order({"GT04": 1}))
    assert [part["ship_by"] for part in before["supplier_orders"]] == ["2026-11-22"]
    unpaid = await shop.order({"GT04": 1, "NO02": 1})
    assert [part["ship_by"] for part in unpaid["supplier_orders"]] == [None, None]
    await close(shop, "2026-11-21", "2026-11-23", note="年终盘点")
    await stop(shop, "2026-11-24", "2026-11-25")
    statements.clear()
    quoted = await quote(shop, "GT04", "NO02")
    assert len(statements) <= 2, "\n".join(statements)
    of = {parcel["supplier_id"]: parcel for parcel in quoted["parcels"]}
    mine, other = (of[str(shop.actor(who).supplier_id)] for who in ("S01", "S08"))
    assert mine["ship_by"] == "2026-11-27"
    assert mine["pause"] == {
        "from_on": "2026-11-21",
        "until_on": "2026-11-25",
        "ships_from": "2026-11-26",
        "reason": "stocktaking",
        "note": "年终盘点",
    }
    assert (other["ship_by"], other["pause"]["reason"]) == ("2026-11-22", "carriers_stop")
    paid = await shop.pay(unpaid)
    dates = {part["supplier_id"]: part["ship_by"] for part in paid["supplier_orders"]}
    assert dates == {mine["supplier_id"]: "2026-11-27", other["supplier_id"]: "2026-11-22"}
    lines = {line["sku"]: line["ship_by"] for line in paid["lines"]}
    assert lines == {"GT04": "2026-11-27", "NO02": "2026-11-22"}
    known = (await shop.call("S01", "GET", "/v1/supplier/closures", key=None)).json()["items"][0]
    gone = await shop.call("S01", "DELETE", f"/v1/supplier/closures/{known['id']}", key=None)
    assert gone.status_code == 204
    for order in (before, paid):
        assert (await shop.look(order))["supplier_orders"] == order["supplier_orders"], "frozen"
    later = await shop.pay(await shop.order({"GT04": 1}))
    assert later["supplier_orders"][0]["ship_by"] == "2026-11-22"


async def test_one_carriers_stop_moves_no_promise(shop: Shop):
    await stop(shop, "2026-11-20", "2026-11-30", "SF")
    (parcel,) = (await quote(shop, "GT04"))["parcels"]
    assert (parcel["ship_by"], parcel["pause"]) == ("2026-11-22", None)
    order = await shop.pay(await shop.order({"GT04": 1}))
    assert order["supplier_orders"][0]["ship_by"] == "2026-11-22"


async def test_the_queue_stands_in_the_order_of_the_days_that_were_promised(shop: Shop):
    await close(shop, "2026-11-21", "2026-11-24")
    late = await shop.pay(await shop.order({"GT04": 1}))
    known = (await shop.call("S01", "GET", "/v1/supplier/closures", key=None)).json()["items"][0]
    await shop.call("S01", "DELETE", f"/v1/supplier/closures/{known['id']}", key=None)
    soon = []
    for _ in range(2):
        shop.clock.advance(seconds=1)
        soon.append(await shop.pay(await shop.order({"GT04": 1})))
    wanted = [(order["number"], "2026-11-22") for order in soon] + [(late["number"], "2026-11-26")]
    path, cursor, seen = "/v1/supplier/orders?status=to_ship&limit=1", "", []
    while True:
        page = (await shop.call("S01", "GET", f"{path}{cursor}", key=None)).json()
        seen += [(item["order_number"], item["ship_by"]) for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == wanted
    (words,) = await pages(shop, PICKING)
    by_order = words.split("按订单")[1]
    places = [by_order.index(number) for number, _ in wanted]
    assert places == sorted(places)
    assert "最迟 2026-11-26" in by_order


async def test_the_picking_list_tells_of_days_off(shop: Shop):
    await shop.pay(await shop.order({"GT04": 1}))
    assert "放假" not in (await pages(shop, PICKING))[0]
    await close(shop, "2026-11-23", "2026-11-24")
    assert "放假：2026-11-23 至 2026-11-24，2026-11-25 起发货" in (await pages(shop, PICKING))[0]


async def test_an_order_of_the_version_before_has_its_forty_eight_hours(shop: Shop):
    order = await shop.pay(await shop.order({"GT04": 1}))
    async with shop.db.write() as session:
        forget = text("UPDATE orders_supplier_order SET ship_by = NULL WHERE order_id = :id")
        await session.execute(forget, {"id": order["id"]})
    assert (await shop.look(order))["lines"][0]["ship_by"] == "2026-11-22"
    (listed,) = (await shop.call("S01", "GET", "/v1/supplier/orders?status=to_ship", key=None)).json()["items"]
    assert (listed["ship_by"], listed["lines"][0]["ship_by"]) == (None, "2026-11-22")


async def test_every_order_of_a_roster_is_promised_by_the_calendar_too(shop: Shop):
    await close(shop, "2026-11-21", "2026-11-23")
    union = (await shop.organisation())["id"]
    await bulk.pay(shop, await bulk.bulk_of(shop, union, bulk.people(2), "GT04:1"))
    rows = await shop.rows("SELECT ship_by FROM orders_supplier_order WHERE paid_at IS NOT NULL")
    assert rows == [(date(2026, 11, 25),)] * 2


SPANS_IN_WORDS = (
    (),
    (("S", "11-20", "11-21"),),
    (("S", "11-18", "11-20"), ("C", "11-21", "11-24")),
    (("C", "11-22", "11-23"), ("S", "11-24", "11-30"), ("S", "12-02", "12-03")),
    (("S", "11-22", "11-25"), ("C", "11-22", "11-27")),
    (("S", "11-27", "11-27"),),
    (("S", "11-28", "11-29"),),
    (("C", "11-15", "11-19"),),
    (("S", "11-25", "11-25"), ("C", "11-24", "11-24"), ("S", "11-26", "12-20")),
)


@pytest.mark.parametrize("spans", SPANS_IN_WORDS)
async def test_the_products_page_says_what_the_rule_says(shop: Shop, statements, spans):
    """The page is one statement and counts in SQL; the quote and the payment count in the rule."""
    supplier = shop.actor("S01").supplier_id
    async with shop.db.write() as session:
        for kind, first, last in spans:
            row = {"id": uuid4(), "first": f"2026-{first}", "last": f"2026-{last}", "supplier": supplier}
            await session.execute(CLOSE if kind == "S" else STOP, row)
    async with shop.db.read() as session:
        expected = (await calendar_of(session, supplier, since=TODAY)).pause(TODAY)
    statements.clear()
    answer = await shop.call(None, "GET", "/v1/store/products/golden-tea", key=None)
    assert len(statements) == 1
    shown = ProductPageOut.model_validate_json(answer.content).pause
    (parcel,) = (await quote(shop, "GT04"))["parcels"]
    if expected is None:
        assert (shown, parcel["pause"]) == (None, None)
    else:
        assert shown == ShippingPauseOut.model_validate(expected, from_attributes=True)
        assert parcel["pause"] == shown.model_dump(mode="json")
