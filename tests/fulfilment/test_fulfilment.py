import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app import fulfilment
from app.core.errors import DomainError, NotFound
from app.fulfilment.lifecycle import TRANSITIONS, Step
from app.fulfilment.models import ShipmentRow
from app.fulfilment.rules import check_label


def facts(session, kind):
    return [fact for fact in session.info.get("pending_facts", []) if isinstance(fact, kind)]


def parcel(now, **other):
    wanted = {
        "reference": uuid4(),
        "supplier_id": uuid4(),
        "carrier": "SF",
        "tracking_number": "SF1234567890123",
        "lines": [
            fulfilment.ShipmentLine(line_reference=uuid4(), sku="GT04", quantity=2, lot_code="L2"),
            fulfilment.ShipmentLine(line_reference=uuid4(), sku="GT01", quantity=1),
        ],
        "now": now,
    }
    return wanted | other


async def test_a_parcel_is_entered_with_what_is_in_it(session, now):
    wanted = parcel(now)
    made = await fulfilment.dispatch(session, **wanted)
    assert (made.status, made.dispatched_at, made.delivered_at) == ("dispatched", now, None)
    assert list(made.lines) == wanted["lines"]
    assert await fulfilment.shipments_of(session, [wanted["reference"]]) == [made]
    [fact] = facts(session, fulfilment.ShipmentDispatched)
    assert (fact.shipment_id, fact.reference, fact.subject) == (made.id, wanted["reference"], wanted["reference"])
    assert (fact.carrier, fact.tracking_number, fact.at) == ("SF", "SF1234567890123", now)


async def test_the_caller_may_name_the_parcel(session, now):
    named = uuid4()
    assert (await fulfilment.dispatch(session, **parcel(now), shipment_id=named)).id == named


@pytest.mark.parametrize(
    ("other", "code", "pointer"),
    [
        ({"carrier": "XX"}, "unknown_carrier", "/carrier"),
        ({"carrier": "sf"}, "unknown_carrier", "/carrier"),
        ({"carrier": "SF\0"}, "unknown_carrier", "/carrier"),
        ({"tracking_number": "12345"}, "invalid_tracking_number", "/tracking_number"),
        ({"tracking_number": "1" * 33}, "invalid_tracking_number", "/tracking_number"),
        ({"tracking_number": "123 456"}, "invalid_tracking_number", "/tracking_number"),
        ({"tracking_number": "SF123456\n"}, "invalid_tracking_number", "/tracking_number"),
        ({"tracking_number": "顺丰一二三四五六"}, "invalid_tracking_number", "/tracking_number"),
        ({"tracking_number": "１２３４５６７"}, "invalid_tracking_number", "/tracking_number"),
        ({"tracking_number": "SF'; DROP--"}, "invalid_tracking_number", "/tracking_number"),
    ],
)
async def test_what_cannot_be_on_a_label_is_refused(session, now, other, code, pointer):
    wanted = parcel(now, **other)
    with pytest.raises(DomainError) as refusal:
        await fulfilment.dispatch(session, **wanted)
    assert (refusal.value.status, refusal.value.code) == (422, code)
    assert [fault.pointer for fault in refusal.value.faults] == [pointer]
    assert "{" not in refusal.value.sentence("zh") + refusal.value.sentence("en")
    assert await fulfilment.shipments_of(session, [wanted["reference"]]) == []
    assert facts(session, fulfilment.ShipmentDispatched) == []


async def test_an_empty_parcel_is_a_mistake_of_the_caller(session, now):
    with pytest.raises(ValueError, match="nothing in it"):
        await fulfilment.dispatch(session, **parcel(now, lines=[]))


async def test_the_same_parcel_twice_is_refused_and_changes_nothing(session, now):
    wanted = parcel(now)
    made = await fulfilment.dispatch(session, **wanted)
    with pytest.raises(fulfilment.ShipmentExists):
        await fulfilment.dispatch(session, **wanted)
    assert await fulfilment.shipments_of(session, [wanted["reference"]]) == [made]
    assert len(facts(session, fulfilment.ShipmentDispatched)) == 1


async def test_one_parcel_may_carry_two_orders(session, now):
    for _ in range(2):
        await fulfilment.dispatch(session, **parcel(now))


async def test_parcels_come_in_the_order_they_left(session, now):
    references = [uuid4(), uuid4()]
    for minute in (3, 1, 2):
        at = now + timedelta(minutes=minute)
        number = f"SF123456789012{minute}"
        await fulfilment.dispatch(session, **parcel(at, reference=references[minute % 2], tracking_number=number))
    found = await fulfilment.shipments_of(session, references)
    assert [shipment.tracking_number[-1] for shipment in found] == ["1", "2", "3"]
    assert await fulfilment.shipments_of(session, [uuid4()]) == []
    assert await fulfilment.shipments_of(session, []) == []


async def test_any_number_of_parcels_costs_one_statement(session, now, statements):
    references = [uuid4() for _ in range(5)]
    for reference in references:
        await fulfilment.dispatch(session, **parcel(now, reference=reference))
    statements.clear()
    assert len(await fulfilment.shipments_of(session, references)) == 5
    assert len(statements) == 1


async def test_delivery_is_noted_once(session, now):
    made = await fulfilment.dispatch(session, **parcel(now))
    later = now + timedelta(days=2)
    first = await fulfilment.deliver(session, made.id, supplier_id=made.supplier_id, now=later)
    again = await fulfilment.deliver(session, made.id, supplier_id=made.supplier_id, now=later + timedelta(days=1))
    assert first == again
    assert (first.status, first.delivered_at, first.lines) == ("delivered", later, made.lines)
    [fact] = facts(session, fulfilment.ShipmentDelivered)
    assert (fact.shipment_id, fact.reference, fact.at) == (made.id, made.reference, later)


async def test_another_suppliers_parcel_does_not_exist(session, now):
    made = await fulfilment.dispatch(session, **parcel(now))
    with pytest.raises(NotFound):
        await fulfilment.deliver(session, made.id, supplier_id=uuid4(), now=now)
    with pytest.raises(NotFound):
        await fulfilment.deliver(session, uuid4(), supplier_id=made.supplier_id, now=now)
    with pytest.raises(NotFound):
        await fulfilment.get(session, made.id, supplier_id=uuid4())
    assert await fulfilment.get(session, made.id, supplier_id=made.supplier_id) == made
    assert facts(session, fulfilment.ShipmentDelivered) == []


async def test_ten_at_once_enter_and_deliver_one_parcel(fresh_db, now):
    wanted = parcel(now)

    async def enter():
        try:
            async with fresh_db.write() as session:
                return await fulfilment.dispatch(session, **wanted)
        except fulfilment.ShipmentExists:
            return None

    entered = [made for made in await asyncio.gather(*(enter() for _ in range(10))) if made]
    assert len(entered) == 1

    async def deliver(minute):
        async with fresh_db.write() as session:
            at = now + timedelta(minutes=minute)
            return await fulfilment.deliver(session, entered[0].id, supplier_id=wanted["supplier_id"], now=at)

    assert len(set(await asyncio.gather(*(deliver(minute) for minute in range(10))))) == 1
    async with fresh_db.read() as session:
        told = await session.execute(text("SELECT name, count(*) FROM core_event GROUP BY name ORDER BY name"))
        assert [tuple(row) for row in told] == [("fulfilment.delivered", 1), ("fulfilment.dispatched", 1)]


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("status", fulfilment.ShipmentStatus)
def test_every_step(status, step):
    row = ShipmentRow(status=status)
    after = {("dispatched", "deliver"): "delivered"}
    assert row.take(step) is ((status, step) in after)
    assert row.status == after.get((status, step), status)
    assert set(TRANSITIONS) == set(fulfilment.ShipmentStatus)


@pytest.mark.parametrize(
    ("carrier", "number", "advice"),
    [
        ("SF", "SF1234567890123", None),
        ("SF", "123456789012", None),
        ("SF", "SF123456789012", "tracking_number_unusual"),
        ("ZTO", "75312345678901", None),
        ("YTO", "YT1234567890123", None),
        ("YTO", "881234567890123456", None),
        ("STO", "771234567890123", None),
        ("YD", "3101234567890", None),
        ("EMS", "1234567890123", None),
        ("EMS", "RA123456785CN", None),
        ("EMS", "RA123456784CN", "tracking_number_check_digit"),
        ("YZPY", "RA12345678CN", "tracking_number_unusual"),
        ("JD", "JDVA00123456789", None),
        ("JD", "1234567890", "tracking_number_unusual"),
        ("DBL", "anything-at-all", None),
    ],
)
def test_odd_numbers_are_advised_upon_and_never_refused(carrier, number, advice):
    check_label(carrier, number)
    assert [found.code for found in fulfilment.tracking_warnings(carrier, number)] == ([advice] if advice else [])


@pytest.mark.parametrize(
    ("digits", "check"), [("00000000", "5"), ("12345678", "5"), ("10000000", "3"), ("01000000", "5"), ("47312482", "9")]
)
def test_the_check_digit_of_s10(digits, check):
    """RA 47312482 9 is the worked example of UPU S10; a remainder of 0 gives 5 and of 1 gives 0."""
    right = [str(n) for n in range(10) if not fulfilment.tracking_warnings("EMS", f"RA{digits}{n}CN")]
    assert right == [check]
