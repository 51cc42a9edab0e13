"""Who inspected goods and which vehicle brought them is sealed; what stands in clear from before is sealed later."""

from __future__ import annotations

from sqlalchemy import text

from app import wholesale
from tests.market import count, take_in

ORDERS = "/v1/partner/purchase-orders"


async def seen(market, order):
    """The inspector and the plate as the partner sees them."""
    receipts = (await market.shop.call("P01", "GET", f"{ORDERS}/{order['id']}/receipts")).json()["receipts"]
    notes = (await market.shop.call("P01", "GET", f"{ORDERS}/{order['id']}/deliveries")).json()["deliveries"]
    return receipts[0]["inspector"], notes[0]["vehicle_plate"]


async def sent_and_received(market):
    order = await market.place({"GT04": 2})
    body = {"lines": [{"line_no": 1, "cases": 2}], "vehicle_plate": "湘U12345"}
    path = f"/v1/supplier/purchase-orders/{order['id']}/deliveries"
    assert (await market.shop.call("S01", "POST", path, body)).status_code == 201
    await take_in(market, order, {1: (20, 0)}, inspector="张三", receipt_no="YS-SEALED")
    return order


async def clear(market):
    """Whether the tables hold the name or the plate in clear."""
    (receipt,) = await market.shop.rows("SELECT inspector, inspector_sealed FROM wholesale_receipt")
    (note,) = await market.shop.rows("SELECT vehicle_plate, vehicle_plate_sealed FROM wholesale_delivery")
    sealed = bytes(receipt[1] or b"") + bytes(note[1] or b"")
    return (
        receipt[0] is not None or note[0] is not None or any(word.encode() in sealed for word in ("张三", "湘U12345"))
    )


async def test_what_is_written_down_is_sealed_and_shown_to_whom_it_concerns(market):
    order = await sent_and_received(market)
    assert await seen(market, order) == ("张三", "湘U12345")
    assert not await clear(market)
    again = await count(market, order, {1: (20, 0)}, inspector="张三", receipt_no="YS-SEALED")
    assert (again.status_code, again.json()["duplicate"]) == (201, True)
    theirs = await market.shop.call("S01", "GET", f"/v1/supplier/purchase-orders/{order['id']}/receipts")
    assert theirs.json()["receipts"][0]["inspector"] is None


async def test_what_the_version_before_wrote_in_clear_is_sealed_by_the_clock(market):
    order = await sent_and_received(market)
    async with market.shop.db.write() as session:
        await session.execute(text("UPDATE wholesale_receipt SET inspector = '张三', inspector_sealed = NULL"))
        await session.execute(
            text("UPDATE wholesale_delivery SET vehicle_plate = '湘U12345', vehicle_plate_sealed = NULL")
        )
    assert await seen(market, order) == ("张三", "湘U12345")
    assert await clear(market)
    for expected in (1, 0):
        async with market.shop.db.write() as session:
            assert await wholesale.seal_names(session, limit=200) == expected
    assert not await clear(market)
    assert await seen(market, order) == ("张三", "湘U12345")
    assert await market.shop.breaks() == []
