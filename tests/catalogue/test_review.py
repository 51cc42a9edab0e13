"""A supplier enters and changes products, an operator compares and decides; what is on sale stays until then."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.files.builders import picture
from tests.shop import LABEL, Shop

NEW = {
    "slug": "golden-tea-summer",
    "name": "黄金茶 夏秋口粮",
    "category": "green-tea",
    "township_code": "433125116",
    "village": "黄金村",
    "description": "夏秋采摘。",
    "attributes": {"grade": "三级", "exec_standard": "GB/T 14456.3", "storage": "阴凉干燥处"},
    "label": {name: value for name, value in LABEL.items() if name != "conformity"},
    "variants": [
        {
            "sku": "GT13",
            "name": "250g 袋",
            "net_content": "250g",
            "net_weight_g": 250,
            "gross_weight_g": 300,
            "shelf_life_days": 540,
            "tax_rate_bp": 100,
            "case_pack": 24,
            "gtin13": "2004330001308",
            "floor_fen": 4_200,
        }
    ],
}


class Desk:
    """One product as its supplier (S01) and the operator handle it over HTTP."""

    def __init__(self, shop: Shop, product_id: Any) -> None:
        self.shop, self.path, self.review = (
            shop,
            f"/v1/supplier/products/{product_id}",
            f"/v1/operator/products/{product_id}",
        )

    async def look(self, who: str = "S01") -> dict[str, Any]:
        path = self.path if who.startswith("S") else self.review
        answer = await self.shop.call(who, "GET", path, key=None)
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
        return answer.json()

    async def patch(self, body: dict[str, Any], version: int | None = None):
        version = version if version is not None else (await self.look())["version"]
        return await self.shop.call("S01", "PATCH", self.path, body, key=None, **{"If-Match": f'"{version}"'})

    async def changed(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.patch(body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def submit(self):
        return await self.shop.call("S01", "POST", f"{self.path}/submit", key=None)

    async def decide(self, step: str, body: Any = None, **headers: str):
        return await self.shop.call("operator", "POST", f"{self.review}/{step}", body, key=None, **headers)


@pytest.fixture
def desk(shop) -> Desk:
    return Desk(shop, shop.products["GT04"])


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def on_sale(shop) -> dict[str, Any]:
    # A query of its own each time: an answer is kept for a moment.
    answer = await shop.call(None, "GET", f"/v1/store/products/golden-tea?{uuid4()}", key=None)
    return answer.json()


async def test_a_supplier_enters_a_product_that_is_sold_after_its_review(shop):
    async with shop.http("S01") as http:
        file = {"file": ("a.jpg", picture(), "image/jpeg")}
        photo = (await http.post("/v1/supplier/files", data={"purpose": "product"}, files=file)).json()["id"]
    made = await shop.call("S01", "POST", "/v1/supplier/products", NEW | {"photo_file_id": photo}, key=None)
    assert made.status_code == 201, made.text
    draft = made.json()
    assert (draft["status"], draft["version"], draft["missing"], draft["change"]) == ("draft", 1, [], None)
    assert (await shop.call(None, "GET", draft["image_url"], key=None)).status_code == 200
    desk = Desk(shop, draft["id"])
    assert (await desk.submit()).json()["status"] == "submitted"
    queue = (await shop.call("operator", "GET", "/v1/operator/products?status=submitted", key=None)).json()["items"]
    assert [item["slug"] for item in queue] == ["golden-tea-summer"]
    seen = {one["pointer"]: one for one in (await desk.look("operator"))["differences"]}
    assert seen["/variants/GT13/gtin13"] == {"pointer": "/variants/GT13/gtin13", "old": None, "new": "2004330001308"}
    published = await desk.decide("publish", **{"If-Match": '"2"'})
    assert (published.status_code, published.json()["version"]) == (200, 3)

    # The supplier prices it; stock and price make it buyable.
    path, headers = "/v1/supplier/skus/GT13/price", {"If-Match": '"0"'}
    low = await shop.call("S01", "PUT", path, {"price_fen": 4_199}, key=None, **headers)
    assert refusal(low) == (422, "below_price_floor")
    priced = await shop.call("S01", "PUT", path, {"price_fen": 6_800}, key=None, **headers)
    assert priced.status_code == 200, priced.text
    lot = {"sku": "GT13", "code": "A", "best_before": "2027-10-01", "quantity": 5}
    assert (await shop.call("S01", "POST", "/v1/supplier/lots", lot)).status_code == 201
    await shop.settle()
    order = await shop.order({"GT13": 1})
    assert order["lines"][0]["unit_price_fen"] == 6_800


async def test_what_is_on_sale_stays_until_a_change_is_approved_at_once_and_once(shop, desk):
    ordered = await shop.order({"GT04": 1})
    before = await on_sale(shop)
    unit = (await desk.look())["variants"][0]
    change = {
        "name": "黄金茶 雨前二级 新包装",
        "label": {"storage": "密封冷藏"},
        "variants": [
            unit | {"net_content": "120g", "net_weight_g": 120, "case_pack": 50, "gtin13": "2004330000400"},
            unit | {"sku": "GT05", "name": "250g 袋", "gtin13": "2004330000509"},
        ],
    }
    proposed = await desk.changed(change)
    assert (proposed["status"], proposed["change"], proposed["name"]) == ("published", "draft", "黄金茶 雨前二级")
    assert proposed["proposed"]["name"] == "黄金茶 雨前二级 新包装"
    assert {one["pointer"]: (one["old"], one["new"]) for one in proposed["differences"]}["/label/storage"] == (
        None,
        "密封冷藏",
    )
    await shop.settle()
    assert await on_sale(shop) == before
    # A draft is not what an operator publishes.
    assert refusal(await desk.decide("publish")) == (409, "wrong_product_status")
    assert (await desk.submit()).status_code == 200
    assert refusal(await desk.submit()) == (409, "wrong_product_status")
    assert await on_sale(shop) == before

    version = (await desk.look("operator"))["version"]
    assert refusal(await desk.decide("publish", **{"If-Match": f'"{version - 1}"'})) == (412, "stale_version")
    assert (await desk.decide("publish", **{"If-Match": f'"{version}"'})).status_code == 200
    assert refusal(await desk.decide("publish")) == (409, "wrong_product_status")
    await shop.settle()
    after = await on_sale(shop)
    assert (after["name"], after["slug"]) == ("黄金茶 雨前二级 新包装", before["slug"])
    assert after["variants"][0]["net_content"] == "120g"
    done = await desk.look()
    assert (done["change"], done["differences"], done["variants"][0]["case_pack"]) == (None, [], 50)
    assert [(review["decision"], review["version"]) for review in done["reviews"]] == [
        ("published", version),
        ("published", 2),
    ]
    # What was ordered before is what it was.
    kept = (await shop.call("buyer", "GET", f"/v1/store/orders/{ordered['id']}", key=None)).json()
    assert kept["lines"] == ordered["lines"]


async def test_a_rejection_says_why_and_gives_the_change_back(shop, desk):
    await desk.changed({"description": "更好。"})
    await desk.submit()
    assert refusal(await desk.decide("reject", {"reason": ""})) == (422, "invalid_input")
    given_back = await desk.decide("reject", {"reason": "请补充照片"})
    assert (given_back.status_code, given_back.json()["status"]) == (200, "published")
    seen = await desk.look()
    assert (seen["change"], seen["reviews"][0]["reason"]) == ("draft", "请补充照片")
    assert seen["reviews"][0]["differences"] == [{"pointer": "/description", "old": "黄金茶 雨前二级", "new": "更好。"}]
    assert refusal(await desk.decide("reject", {"reason": "再次"})) == (409, "wrong_product_status")
    # Corrected, and taken back by an edit while it waits.
    await desk.submit()
    assert (await desk.changed({"village": "吕洞村"}))["change"] == "draft"
    dropped = await shop.call("S01", "DELETE", f"{desk.path}/change", key=None)
    assert (dropped.json()["change"], dropped.json()["description"]) == (None, "黄金茶 雨前二级")
    same = await desk.changed({"description": "黄金茶 雨前二级"})
    assert (same["change"], same["proposed"]) == (None, None)


async def test_a_draft_is_edited_in_place_and_its_codes_may_go(shop):
    made = (await shop.call("S01", "POST", "/v1/supplier/products", NEW, key=None)).json()
    desk, unit = Desk(shop, made["id"]), NEW["variants"][0]
    two = [unit | {"sku": "GT98", "gtin13": None}, unit]
    assert [one["sku"] for one in (await desk.changed({"variants": two}))["variants"]] == ["GT98", "GT13"]
    swapped = [two[1] | {"gtin13": None}, two[0] | {"gtin13": unit["gtin13"]}]
    changed = await desk.changed({"variants": swapped, "slug": "summer-tea"})
    assert [(one["sku"], one["gtin13"]) for one in changed["variants"]] == [("GT13", None), ("GT98", unit["gtin13"])]
    await shop.call(
        "S01", "POST", "/v1/supplier/lots", {"sku": "GT98", "code": "A", "best_before": "2027-10-01", "quantity": 1}
    )
    assert refusal(await desk.patch({"variants": [unit]})) == (409, "sku_in_use")
    assert len((await desk.look())["variants"]) == 2
    assert (await desk.submit()).status_code == 200
    assert (await desk.changed({"description": "再改。"}))["status"] == "draft"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "another"}, "invalid_product"),
        ({"attributes": {"pick_season": "明前"}}, "invalid_product"),
        ({"category": "nothing"}, "invalid_product"),
        ({"name": None}, "invalid_product"),
        ({"variants": [NEW["variants"][0]]}, "invalid_product"),
        ({"unknown": 1}, "invalid_input"),
        ({"photo_file_id": "0192f0c1-0000-7000-8000-000000000001"}, "unknown_file"),
    ],
)
async def test_what_cannot_be_proposed_changes_nothing(desk, change, code):
    before = await desk.look()
    assert refusal(await desk.patch(change)) == (422, code)
    assert await desk.look() == before


async def test_codes_of_others_are_taken(shop, desk):
    unit = (await desk.look())["variants"][0]
    for code in ("GT14", "NO02"):
        assert refusal(await desk.patch({"variants": [unit, unit | {"sku": code}]})) == (409, "sku_taken")
    wrong = await desk.patch({"variants": [unit | {"gtin13": "2004330000401"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/variants/0/gtin13")
    made = await shop.call("S01", "POST", "/v1/supplier/products", NEW | {"slug": "golden-tea"}, key=None)
    assert refusal(made) == (409, "slug_taken")


async def test_an_edit_names_the_version_that_it_changes(shop, desk):
    assert refusal(await shop.call("S01", "PATCH", desk.path, {"name": "新"}, key=None)) == (428, "version_required")
    assert refusal(await desk.patch({"name": "新"}, version=1)) == (412, "stale_version")


async def test_a_commitment_certificate_can_be_seen_by_anybody(shop):
    async with shop.http("S08") as http:
        file = {"file": ("a.jpg", picture(), "image/jpeg")}
        kept = (await http.post("/v1/supplier/files", data={"purpose": "certificate"}, files=file)).json()["id"]
    path = f"/v1/supplier/products/{shop.products['NO02']}"
    version = (await shop.call("S08", "GET", path, key=None)).headers["etag"]
    body = {"label": {"conformity": {"issuer": "合作社", "commitments": ["不用禁药"], "file_id": kept}}}
    changed = await shop.call("S08", "PATCH", path, body, key=None, **{"If-Match": version})
    assert changed.status_code == 200, changed.text
    shown = changed.json()["proposed"]["label"]["conformity"]["url"]
    assert (await shop.call(None, "GET", shown, key=None)).status_code == 200
    assert "until=0" not in shown  # nobody has looked at it yet
    assert "until=0" not in await shop.scalar("SELECT string_agg(CAST(content AS text), '') FROM catalogue_change")
    assert (await shop.call("S08", "POST", f"{path}/submit", key=None)).status_code == 200
    publish = f"/v1/operator/products/{shop.products['NO02']}/publish"
    assert (await shop.call("operator", "POST", publish, key=None)).status_code == 200
    page = (await shop.call(None, "GET", "/v1/store/products/orange-5kg", key=None)).json()
    assert page["label"]["conformity"]["commitments"] == ["不用禁药"]
    assert "until=0" in page["label"]["conformity"]["url"]
    assert (await shop.call(None, "GET", page["label"]["conformity"]["url"], key=None)).status_code == 200
    version = (await shop.call("S08", "GET", path, key=None)).headers["etag"]
    same = (await shop.call("S08", "PATCH", path, body, key=None, **{"If-Match": version})).json()
    assert (same["proposed"], same["differences"]) == (None, [])
    # It belongs to this product now, and nobody else can use it.
    other = f"/v1/supplier/products/{shop.products['NO04']}"
    version = (await shop.call("S08", "GET", other, key=None)).headers["etag"]
    taken = await shop.call("S08", "PATCH", other, body, key=None, **{"If-Match": version})
    assert refusal(taken) == (422, "unknown_file")


async def test_what_the_law_wants_shown_is_asked_for_when_a_product_is_handed_in(shop):
    made = (await shop.call("S01", "POST", "/v1/supplier/products", NEW | {"label": {}}, key=None)).json()
    assert "/label/ingredients" in {one["pointer"] for one in made["missing"]}
    assert refusal(await Desk(shop, made["id"]).submit()) == (422, "not_publishable")


async def test_others_products_are_not_there(shop, desk):
    for method, path, body in (
        ("GET", desk.path, None),
        ("PATCH", desk.path, {"name": "新"}),
        ("DELETE", f"{desk.path}/change", None),
        ("POST", f"{desk.path}/submit", None),
    ):
        answer = await shop.call("S08", method, path, body, key=None, **{"If-Match": '"3"'})
        assert answer.status_code == 404, path
    assert (await shop.call("S01", "GET", desk.review, key=None)).status_code == 403


async def test_the_operator_may_consent_to_less_than_the_floor(shop, desk):
    unit = (await desk.look())["variants"][0]
    await desk.changed({"variants": [unit | {"floor_fen": 10_000}]})
    await desk.submit()
    assert (await desk.decide("publish")).status_code == 200
    path = "/v1/operator/skus/GT04/price"
    assert refusal(await shop.call("operator", "PUT", path, {"price_fen": 9_900}, key=None)) == (
        422,
        "below_price_floor",
    )
    body = {"price_fen": 9_900, "below_floor": True}
    assert (await shop.call("operator", "PUT", path, body, key=None)).status_code == 200
    kept = await shop.rows("SELECT price_fen, below_floor FROM pricing_price WHERE sku = 'GT04' ORDER BY valid_from")
    assert [tuple(row) for row in kept] == [(12_800, False), (9_900, True)]
    window = {"starts_at": "2026-11-20T00:00:00+08:00", "ends_at": "2026-12-20T00:00:00+08:00", "name": "特价"}
    for terms, status in (
        ({"kind": "fixed_price", "price_fen": 9_999}, 422),
        ({"kind": "percent_off", "percent_bp": 100}, 422),
        ({"kind": "fixed_price", "price_fen": 10_000}, 201),
    ):
        answer = await shop.call("S01", "POST", "/v1/supplier/promotions", window | terms | {"sku": "GT04"}, key=None)
        assert answer.status_code == status, answer.text


async def test_of_two_operators_one_publishes(fresh_shop):
    desk = Desk(fresh_shop, fresh_shop.products["GT04"])
    await desk.changed({"name": "黄金茶 新"})
    await desk.submit()
    answers = await asyncio.gather(*(desk.decide("publish") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    async with fresh_shop.db.read() as session:
        told = await session.scalar(text("SELECT count(*) FROM catalogue_review WHERE decision = 'published'"))
    assert told == len(fresh_shop.products) + 1


async def test_an_edit_and_a_publication_never_mix(fresh_shop):
    """Either the edit came first, and the old version is not published, or it is made against what was published."""
    desk = Desk(fresh_shop, fresh_shop.products["GT04"])
    await desk.changed({"name": "黄金茶 新"})
    await desk.submit()
    version = (await desk.look())["version"]
    edited, published = await asyncio.gather(
        desk.patch({"village": "吕洞村"}, version), desk.decide("publish", **{"If-Match": f'"{version}"'})
    )
    assert sorted([edited.status_code, published.status_code]) == [200, 412]
    assert (await desk.look())["name"] == ("黄金茶 新" if published.status_code == 200 else "黄金茶 雨前二级")
