"""Suppliers choose or write how they send, and quotes follow at once."""

from __future__ import annotations

from sqlalchemy import text

FREIGHT = "/v1/supplier/freight"
OWN = {
    "name": "三公斤一口价",
    "volume_divisor": 6000,
    "rules": [
        {
            "region": "37",
            "first_weight_g": 3000,
            "first_fee_fen": 900,
            "step_weight_g": 1000,
            "step_fee_fen": 250,
            "free_over_fen": 50_000,
            "tiers": [{"up_to_g": 3000, "fee_fen": 700}],
        },
        {
            "region": "370112",
            "first_weight_g": 1000,
            "first_fee_fen": 100,
            "step_weight_g": 1000,
            "step_fee_fen": 100,
            "surcharge_fen": 50,
        },
        {
            "region": "54",
            "first_weight_g": 0,
            "first_fee_fen": 0,
            "step_weight_g": 1,
            "step_fee_fen": 0,
            "deliverable": False,
        },
    ],
}


async def freight(shop, sku, quantity, division):
    body = {"items": [{"sku": sku, "quantity": quantity}], "address": {"division_code": division}}
    answer = await shop.call(None, "POST", "/v1/store/quotes", body, key=None)
    return answer.json().get("freight_fen", answer.json().get("code"))


async def put(shop, who, body, version):
    headers = {} if version is None else {"If-Match": version}
    return await shop.call(who, "PUT", FREIGHT, body, key=None, **headers)


async def test_a_supplier_writes_its_own_template(shop, session, statements):
    shown = await shop.call("S01", "GET", FREIGHT, key=None)
    assert (shown.headers["etag"], shown.json()["code"], shown.json()["own"]) == ('"0"', "economy", False)
    written = await put(shop, "S01", OWN, '"0"')
    assert (written.status_code, written.headers["etag"]) == (200, '"1"'), written.text
    kept = (await shop.call("S01", "GET", FREIGHT, key=None)).json()
    assert kept == written.json()
    assert {rule["region"]: rule["tiers"] for rule in kept["rules"]} == {
        "37": [{"up_to_g": 3000, "fee_fen": 700}], "370112": [], "54": [],
    }  # fmt: skip
    assert await freight(shop, "GT04", 1, "370102") == 700
    assert await freight(shop, "GT14", 12, "370102") == 700, "1,440 g are in the tier"
    assert await freight(shop, "GT04", 4, "370102") == 0, "free over the threshold"
    assert await freight(shop, "GT04", 1, "370112") == 150, "the longest region counts, with its surcharge"
    assert await freight(shop, "GT04", 1, "540102") == "not_deliverable"
    assert await freight(shop, "GT04", 1, "430102") == "not_deliverable", "no rule fits"
    assert await freight(shop, "NO02", 1, "370102") == 1_600, "another supplier's is as it was"
    await session.execute(
        text("UPDATE catalogue_sku SET length_mm = 300, width_mm = 300, height_mm = 400 WHERE sku = 'GT04'")
    )
    statements.clear()
    assert await freight(shop, "GT04", 1, "370102") == 900 + 3 * 250, "36,000 cm³ are six kilograms"
    assert len(statements) == 2, statements


async def test_an_edit_names_the_version_it_was_made_from(shop):
    # The orange growers chose the template for fresh goods when they joined, which was version 1.
    for version, status in ((None, 428), ('"0"', 412), ('"1"', 200), ('"1"', 412), ('"2"', 200)):
        answer = await put(shop, "S08", {"house": "sf"}, version)
        assert answer.status_code == status, (version, answer.text)
    shown = await shop.call("S08", "GET", FREIGHT, key=None)
    assert (shown.json()["code"], shown.json()["own"], shown.headers["etag"]) == ("sf", True, '"3"')
    assert await freight(shop, "NO02", 1, "370112") == 1_800 + 5 * 450


async def test_what_makes_no_template_changes_nothing(shop):
    before = await shop.rows("SELECT * FROM pricing_freight_rule ORDER BY 1, 2")
    rule = OWN["rules"][0]
    for body, code in (
        ({"house": "drone"}, "unknown_freight_template"),
        ({}, "invalid_input"),
        ({"house": "sf", "rules": [rule]}, "invalid_input"),
        ({"rules": [rule]}, "invalid_input"),
        ({"name": "两次", "rules": [rule, rule]}, "invalid_input"),
        ({"name": "负数", "rules": [{**rule, "first_fee_fen": -1}]}, "invalid_input"),
        ({"name": "地区", "rules": [{**rule, "region": "3"}]}, "invalid_input"),
    ):
        answer = await put(shop, "S01", body, '"0"')
        assert answer.json()["code"] == code, answer.text
    assert await shop.rows("SELECT * FROM pricing_freight_rule ORDER BY 1, 2") == before
    houses = (await shop.call("S01", "GET", f"{FREIGHT}/house", key=None)).json()["items"]
    assert [house["code"] for house in houses] == ["economy", "sf", "fresh"]
