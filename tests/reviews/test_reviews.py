"""Reviews: who may write one, what others make of it, and that nothing that was said goes away."""

from __future__ import annotations

from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import storefront
from app.main import create_app

REVIEWS = "/v1/store/reviews"
OF_TEA = "/v1/store/products/golden-tea/reviews"


async def post(shop, order, who="buyer", line=0, **change):
    body = {"line_id": order["lines"][line]["id"], "stars": 5, "text": "香气高，回甘久。", **change}
    return await shop.call(who, "POST", REVIEWS, body, key=None)


async def posted(shop, stars=5, who="buyer", **change):
    order = await shop.order({"GT04": 1}, who)
    order = await shop.pay(order, who)
    part, line = order["supplier_orders"][0], order["lines"][0]
    parcel = {
        "carrier": "ZTO",
        "tracking_number": f"78{uuid4().int % 10**12:012d}",
        "lines": [{"line_id": line["id"], "quantity": 1}],
    }
    sent = await shop.call("S01", "POST", f"/v1/supplier/orders/{part['id']}/shipments", parcel)
    await shop.call("S01", "POST", f"/v1/supplier/shipments/{sent.json()['id']}/delivered", key=None)
    shop.clock.advance(seconds=1)
    answer = await post(shop, order, who, stars=stars, **change)
    assert answer.status_code == 201, answer.text
    await shop.settle()
    return answer.json()


async def listed(shop, query=""):
    shop.app = create_app(shop.settings, database=shop.db, clock=shop.clock)  # which remembers no page
    answer = await shop.call(None, "GET", f"{OF_TEA}{query}", key=None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_who_received_the_goods_says_what_they_are_like(shop):
    order = await shop.order({"GT04": 1, "NO02": 1})
    for step in ("placed", "paid", "shipped"):
        if step == "paid":
            order = await shop.pay(order)
        elif step == "shipped":
            order = await shop.ship(order, deliver=False)
        early = await post(shop, order)
        assert (early.status_code, early.json()["code"]) == (409, "not_received")
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    for who, status in (("stranger", 404), ("S01", 403), (None, 401)):
        assert (await post(shop, order, who)).status_code == status
    review = await post(shop, order, text="  香气高，\n回甘久。 ")
    assert review.status_code == 201, review.text
    shown = review.json()
    assert (shown["author"], shown["stars"], shown["text"]) == ("王**", 5, "香气高，\n回甘久。")
    again = await post(shop, order, stars=1)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    shop.clock.advance(days=90, seconds=1)
    late = await post(shop, order, line=1)
    assert (late.status_code, late.json()["code"]) == (409, "review_too_late")
    assert [one["id"] for one in (await listed(shop))["items"]] == [shown["id"]]
    assert await shop.scalar("SELECT count(*) FROM core_event WHERE name = 'reviews.posted'") == 1
    assert "王" not in str(await shop.rows("SELECT payload FROM core_event WHERE name = 'reviews.posted'"))


@pytest.mark.parametrize(
    "change", [{"stars": 0}, {"stars": 6}, {"stars": 4.5}, {"text": ""}, {"text": "  "}, {"text": "好" * 1_001},
               {"photos": [str(uuid4())] * 10}, {"surprise": 1}],
)  # fmt: skip
async def test_what_is_no_review_is_refused(shop, change):
    answer = await post(shop, {"lines": [{"id": str(uuid4())}]}, **change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_photos_come_along_until_the_review_is_hidden(shop):
    picture = BytesIO()
    Image.new("RGB", (80, 60), "orange").save(picture, "JPEG")
    async with shop.http("buyer") as client:
        kept = await client.post(
            "/v1/store/files", files={"file": ("茶.jpg", picture.getvalue(), "image/jpeg")}, data={"purpose": "review"}
        )
    assert kept.status_code == 201, kept.text
    review = await posted(shop, photos=[kept.json()["id"]])
    (photo,) = (await listed(shop))["items"][0]["photos"]
    assert (await shop.call(None, "GET", photo["url"], key=None)).status_code == 200
    order = await shop.complete({"GT04": 1})
    refused = await post(shop, order, photos=[kept.json()["id"]])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/photos/0")
    hidden = await shop.call(
        "operator", "POST", f"/v1/operator/reviews/{review['id']}/hide", {"reason": "含他人信息"}, key=None
    )
    assert hidden.status_code == 201, hidden.text
    (shown,) = (await listed(shop))["items"]
    assert (shown["text"], shown["photos"], shown["hidden_for"], shown["stars"]) == (None, [], "含他人信息", 5)
    again = await shop.call("operator", "POST", f"/v1/operator/reviews/{review['id']}/hide", {"reason": "x"}, key=None)
    assert again.json()["code"] == "already_hidden"


async def test_a_supplier_answers_its_own_reviews_once(shop):
    review = await posted(shop)
    path = f"/v1/supplier/reviews/{review['id']}/answer"
    assert (await shop.call("S08", "POST", path, {"text": "谢谢"}, key=None)).status_code == 404
    assert (await shop.call("S08", "GET", "/v1/supplier/reviews", key=None)).json()["items"] == []
    waiting = (await shop.call("S01", "GET", "/v1/supplier/reviews?answered=false", key=None)).json()["items"]
    assert [one["id"] for one in waiting] == [review["id"]]
    answered = await shop.call("S01", "POST", path, {"text": "谢谢支持！"}, key=None)
    assert (answered.status_code, answered.json()["answer"]["text"]) == (201, "谢谢支持！")
    twice = await shop.call("S01", "POST", path, {"text": "再谢"}, key=None)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_answered")
    assert (await shop.call("S01", "GET", "/v1/supplier/reviews?answered=false", key=None)).json()["items"] == []
    everybodys = (await shop.call("operator", "GET", "/v1/operator/reviews", key=None)).json()["items"]
    assert [one["answer"]["text"] for one in everybodys] == ["谢谢支持！"]


async def test_lists_and_pages_show_the_average(shop):
    async def shown():
        shop.app = create_app(shop.settings, database=shop.db, clock=shop.clock)  # which remembers no page
        found = (await shop.call(None, "GET", "/v1/store/products?supplier=S01", key=None)).json()["items"]
        (listed,) = [one for one in found if one["slug"] == "golden-tea"]
        page = (await shop.call(None, "GET", "/v1/store/products/golden-tea", key=None)).json()
        assert listed["rating"] == page["rating"]
        return page["rating"]

    assert await shown() is None
    for stars, rating in ((5, (5.0, 1)), (4, (4.5, 2)), (4, (4.3, 3))):
        await posted(shop, stars)
        assert tuple((await shown()).values()) == rating
    async with shop.db.write() as session:
        await storefront.rebuild(session)
    assert tuple((await shown()).values()) == (4.3, 3)


async def test_reviews_are_shown_newest_or_most_useful_first(shop):
    made = [(await posted(shop, stars))["id"] for stars in (1, 2, 3)]
    for who in ("buyer", "stranger", "stranger"):
        answer = await shop.call(who, "POST", f"{REVIEWS}/{made[1]}/useful", key=None)
        assert answer.status_code == 200
    assert answer.json()["useful"] == 2, "twice by one buyer is once"
    await shop.call("buyer", "POST", f"{REVIEWS}/{made[0]}/useful", key=None)
    for sort, expected in (("newest", [3, 2, 1]), ("useful", [2, 1, 3])):
        stars, cursor = [], ""
        while cursor is not None:
            page = await listed(shop, f"?sort={sort}&limit=1" + (f"&cursor={cursor}" if cursor else ""))
            stars += [one["stars"] for one in page["items"]]
            cursor = page["next_cursor"]
        assert stars == expected, sort
    assert (await shop.call(None, "GET", "/v1/store/products/nothing/reviews", key=None)).status_code == 404
    assert (await shop.call("buyer", "POST", f"{REVIEWS}/{uuid4()}/useful", key=None)).status_code == 404


@pytest.mark.parametrize("statement", ["UPDATE reviews_review SET stars = 1", "DELETE FROM reviews_review"])
async def test_nobody_changes_what_was_said(shop, session, statement):
    await posted(shop)
    with pytest.raises(DBAPIError, match="append-only"):
        await session.execute(text(statement))


async def test_what_was_cancelled_never_arrives_and_is_not_reviewed(shop):
    order = await shop.pay(await shop.order({"GT04": 1, "GT14": 1}))
    (part,) = order["supplier_orders"]
    gone, sent = order["lines"]
    cancelled = {"lines": [{"line_id": gone["id"], "quantity": 1}], "reason": "霜冻减产"}
    answer = await shop.call("S01", "POST", f"/v1/supplier/orders/{part['id']}/cancellations", cancelled)
    assert answer.status_code == 201, answer.text
    await shop.settle()
    await shop.ship({**order, "lines": [sent]})
    shop.clock.advance(seconds=1)
    refused = await post(shop, order, line=0)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_received")
    assert (await post(shop, order, line=1)).status_code == 201


async def test_reviews_are_where_the_page_of_the_product_is(shop):
    await posted(shop)
    supplier = shop.accounts["S01"].supplier_id
    path = f"/v1/operator/suppliers/{supplier}/suspend"
    suspended = await shop.call("operator", "POST", path, {"reason": "许可证过期"}, key=None)
    assert suspended.status_code == 200, suspended.text
    shop.app = create_app(shop.settings, database=shop.db, clock=shop.clock)
    assert (await shop.call(None, "GET", "/v1/store/products/golden-tea", key=None)).status_code == 404
    assert (await shop.call(None, "GET", OF_TEA, key=None)).status_code == 404
