"""A product's page and the story of a lot."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app import catalogue, inventory, suppliers
from app.identity import SYSTEM
from app.storefront.schemas import ProductPageOut, TraceOut


async def lot(session, county, now, *, code: str, best_before: date, quantity: int = 10) -> inventory.Lot:
    return await inventory.receive(
        session,
        sku="NO01",
        code=code,
        harvested_on=date(2026, 11, 19),
        produced_on=None,
        best_before=best_before,
        village="新寨村",
        quantity=quantity,
        by=county.staff("S08"),
        now=now,
    )


async def test_a_page_says_all_that_the_contract_promises(client, county, db, now, statements):
    async with db.write() as session:
        kept = await lot(session, county, now, code="L2", best_before=date(2026, 12, 9))
        await lot(session, county, now - timedelta(days=1), code="L1", best_before=date(2026, 11, 19))
    statements.clear()
    answer = await client.get("/v1/store/products/navel-orange-75")
    assert len(statements) == 1
    page = answer.json()
    assert ProductPageOut.model_validate(page).model_dump(mode="json") == page
    assert page["description"] == "酉水脐橙 一等 75-80mm，产自保靖。"
    assert page["attributes"] == {"grade": "一等"}
    assert page["certificates"] == []
    assert [(found["code"], found["trace_code"], found["best_before"]) for found in page["lots"]] == [
        ("L2", kept.trace_code, "2026-12-09")
    ]
    assert page["return_policy"]["no_reason_return"] is False
    assert page["return_policy"]["fresh_goods_acknowledgement_required"] is True
    assert set(page["return_policy"]["text"]) == {"zh", "en"}
    assert page["households_linked"] is None
    assert (page["season"], page["season_window"]) == ("in_season", {"opens": "11-20", "closes": "01-31"})
    listed = (await client.get("/v1/store/products", params={"q": "NO01"})).json()["items"][0]
    assert {name: page[name] for name in listed} == listed


async def test_spring_tea_is_received_and_shown_with_its_proof(client, county, db, now):
    """黄金茶 明前 of 2026: picked before 清明, 5 April, or refused, and nothing is booked."""

    async def receive(session, code, harvested_on):
        await inventory.receive(
            session,
            sku="GT01",
            code=code,
            harvested_on=harvested_on,
            produced_on=None,
            best_before=date(2027, 9, 30),
            village="黄金村",
            quantity=5,
            by=county.staff("S01"),
            now=now,
        )

    for late in (date(2026, 4, 5), None):
        with pytest.raises(catalogue.SeasonNotProven):
            async with db.write() as session:
                await receive(session, "LATE", late)
    async with db.write() as session:
        await receive(session, "EARLY", date(2026, 4, 4))
    page = (await client.get("/v1/store/products/golden-tea-1-bud")).json()
    assert ProductPageOut.model_validate(page).model_dump(mode="json") == page
    assert [(found["code"], found["season_proof"]) for found in page["lots"] if found["code"] == "EARLY"] == [
        (
            "EARLY",
            {
                "season": "明前",
                "harvested_on": "2026-04-04",
                "first_day": "2026-01-01",
                "last_day": "2026-04-04",
                "solar_term": "清明",
                "proven": True,
            },
        )
    ]


async def test_packed_goods_may_be_sent_back_and_show_the_makers_licence(client, county):
    page = (await client.get("/v1/store/products/fu-brick-hand")).json()
    assert page["return_policy"]["no_reason_return"] is True
    assert page["certificates"] == [
        {
            "kind": "food_production_licence",
            "number": "SC11443312590044",
            "holder": "保靖武陵黑茶产业园有限公司",
        }
    ]
    assert (page["season"], page["season_window"]) == ("in_season", None)
    label = page["label"]
    assert (label["licence_no"], label["permit_no"]) == ("SC11443312590044", "YB14331250000001")
    assert label["producer"]["contact"] == "0743-0000001"
    assert (label["ingredients"], label["storage"], label["shelf_life_days"]) == ("茶鲜叶", "密封、避光、干燥", 540)


@pytest.mark.parametrize("ending", ["never was", "withdrawn", "suspended"])
async def test_what_is_not_on_sale_has_no_page(client, county, db, now, ending):
    slug = "gift-two-teas" if ending != "never was" else "no-such-product"
    async with db.write() as session:
        if ending == "withdrawn":
            await catalogue.withdraw(session, county.products[slug], by=SYSTEM, now=now)
        elif ending == "suspended":
            await suppliers.suspend(session, county.suppliers["S11"], by=SYSTEM, now=now)
    answer = await client.get(f"/v1/store/products/{slug}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_trace_code_tells_the_lots_story(client, county, db, now, statements):
    async with db.write() as session:
        made = await lot(session, county, now, code="L7", best_before=date(2026, 12, 9))
        await catalogue.withdraw(session, county.products["navel-orange-75"], by=SYSTEM, now=now)
    statements.clear()
    answer = await client.get(f"/v1/store/trace/{made.trace_code.lower()}")
    assert len(statements) == 1
    story = answer.json()
    assert TraceOut.model_validate(story).model_dump(mode="json") == story
    assert story["product"]["on_sale"] is False
    assert story["origin"] == {"township": "比耳镇", "village": "新寨村", "township_code": "433125111"}
    assert story["steps"] == [
        {"step": "harvested", "on": "2026-11-19"},
        {"step": "received", "on": "2026-11-20"},
    ]


@pytest.mark.parametrize("code", ["2222222222", "x", "%00", "'; --"])
async def test_an_unknown_trace_code_is_not_found(client, county, code):
    assert (await client.get(f"/v1/store/trace/{code}")).status_code in (404, 422)
