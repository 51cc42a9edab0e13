"""What happens on the first day of a certificate, and which licence a supplier names, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import text

from tests.shop import Shop
from tests.suppliers.test_admission import (
    APPLICATION,
    FOOD,
    LICENCE,
    LINK,
    days_later,
    ending,
    from_today,
    hand_in,
    look,
    newest,
    post,
    sellable,
)


async def verified(shop: Shop, certificate: dict[str, Any]) -> str:
    """S01 hands it in and an operator verifies it."""
    certificate_id = newest((await hand_in(shop, "S01", certificate)).json())
    await post(shop, "operator", f"/v1/operator/certificates/{certificate_id}/verify")
    await shop.settle()
    return certificate_id


async def test_what_begins_after_a_gap_lets_its_supplier_sell_again_by_itself(shop):
    await ending(shop, "benefit_link", "2026-11-25")
    await verified(shop, LINK | {"valid_from": "2026-12-01", "valid_to": "2027-11-30"})
    await days_later(shop, 6)
    assert (await look(shop, "S01"))["status"] == "suspended"
    await days_later(shop, 4)
    assert (await look(shop, "S01"))["status"] == "suspended"
    await days_later(shop, 1)
    assert (await look(shop, "S01"))["status"] == "approved"
    assert await sellable(shop) == (True, 201)
    told = f"""SELECT count(*) FROM core_event WHERE name = 'suppliers.certificates_changed'
               AND payload ->> 'supplier_id' = '{shop.accounts["S01"].supplier_id}'"""
    assert await shop.scalar(told) == 3  # verified, ended, begun
    await days_later(shop, 1)
    assert await shop.scalar(told) == 3


async def test_a_licence_that_begins_after_a_gap_frees_its_goods_under_its_number(shop):
    await ending(shop, "food_production", "2026-11-25")
    await verified(shop, FOOD | {"valid_from": "2026-12-01"})
    assert (await look(shop, "S01"))["licence_no"] != LICENCE
    await days_later(shop, 6)
    assert await sellable(shop) == (False, 409)
    await days_later(shop, 5)
    assert (await look(shop, "S01"))["licence_no"] == LICENCE
    assert await sellable(shop) == (True, 201)


async def test_the_licence_that_a_supplier_names_is_one_in_force(shop):
    old = (await look(shop, "S01"))["licence_no"]
    new = await verified(shop, from_today(shop, FOOD))
    assert (await look(shop, "S01"))["licence_no"] == old  # both are in force
    await ending(shop, "food_production", "2027-01-13")
    async with shop.db.write() as session:
        later = "UPDATE suppliers_certificate SET valid_to = '2027-11-01' WHERE id = :id"
        await session.execute(text(later), {"id": UUID(new)})
    await days_later(shop, 60)
    assert (await look(shop, "S01"))["licence_no"] == LICENCE
    await post(shop, "operator", f"/v1/operator/certificates/{new}/revoke", {"reason": "许可证被吊销"})
    assert (await look(shop, "S01"))["licence_no"] == LICENCE  # there is no other


async def test_a_code_that_somebody_has_is_not_drawn_again(shop, monkeypatch):
    drawn = iter(("01", "01", "77777"))
    monkeypatch.setattr("app.suppliers.service.admission.digits", lambda _count: next(drawn))
    assert (await post(shop, "stranger", "/v1/store/supplier-applications", APPLICATION, 201))["code"] == "S77777"
