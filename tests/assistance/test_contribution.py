import io
from datetime import timedelta

import pypdf
import pytest

from app.assistance.rules.contribution import (
    WORDINGS,
    Content,
    Counting,
    Share,
    code_of,
    programme_of,
    standing,
    summed,
)
from app.assistance.rules.counting import Reason
from tests.buyers.test_organisations import join, register
from tests.shop import ADDRESS, ORGANISATION

GOAL = {
    "code": "G1",
    "name": "黄金茶销售额",
    "year": 2026,
    "metric": "net_sales_fen",
    "target": 1_000_000,
    "filter": {"categories": ["golden-tea"]},
}


@pytest.mark.parametrize(
    ("alive", "completed", "counted", "decided", "expected"),
    [
        (True, True, True, Reason.COUNTED, (Counting.COUNTED, None)),
        (True, True, True, Reason.NOTHING_PAID, (Counting.COUNTED, None)),
        (True, True, False, Reason.COUNTED, (Counting.NOT_YET, "being_counted")),
        (True, False, False, Reason.COUNTED, (Counting.NOT_YET, "not_completed")),
        (True, False, False, Reason.NOT_ASSISTED, (Counting.NOT_COUNTED, "not_assisted")),
        (True, True, False, Reason.OTHER_DESTINATION, (Counting.NOT_COUNTED, "other_destination")),
        (False, False, False, Reason.COUNTED, (Counting.NOT_COUNTED, "cancelled")),
    ],
)
def test_where_a_line_stands(alive, completed, counted, decided, expected):
    assert standing(alive=alive, completed=completed, counted=counted, decided=decided) == expected


def test_every_programme_has_its_own_words():
    words = {year: WORDINGS[programme_of(year).code] for year in (2019, 2024, 2026)}
    assert "东西部扶贫协作" in words[2019].statement
    assert "常态化" in words[2026].statement
    for year in (2024, 2026):
        assert "扶贫" not in words[year].title + words[year].statement
        assert "不属于东西部协作考核数据" in words[year].caution


def test_shares_are_sorted_and_what_came_to_nothing_is_left_out():
    rows = [("脐橙", 1, 100), ("黄金茶", 2, 300), ("黄金茶", -1, -50), ("黑茶", 1, 10), ("黑茶", -1, -10)]
    assert summed(rows) == (Share("黄金茶", 1, 250), Share("脐橙", 1, 100))


def test_content_is_stored_and_read_back():
    content = Content(2026, 350, 2, summed([("脐橙", 1, 350)]), summed([("比耳镇", 1, 350)]))
    assert Content.from_json(content.to_json()) == content
    assert code_of(2026, "a") == code_of(2026, "a") != code_of(2026, "b")


async def contribution(shop, order, who="buyer"):
    return await shop.call(who, "GET", f"/v1/store/orders/{order['id']}/contribution", key=None)


async def certificate(shop, year=2026, who="buyer", **of):
    of_whom = "".join(f"&{name}={value}" for name, value in of.items())
    return await shop.call(
        who, "GET", f"/v1/store/contribution-certificate?year={year}{of_whom}", key=None, Host="evil.test"
    )


async def verification(shop, code):
    return await shop.call(None, "GET", f"/v1/store/contribution-certificates/{code}", key=None)


def code_in(answer):
    assert answer.status_code == 200, answer.text
    return answer.headers["content-disposition"].split('"')[1].removesuffix(".pdf")


async def test_an_order_tells_what_it_was_counted_for(shop):
    goal = (await shop.call("officer", "POST", "/v1/office/goals", GOAL, key=None)).json()
    order = await shop.pay(await shop.order({"GT04": 2, "NO02": 1}))
    tea, orange = (await contribution(shop, order)).json()["lines"]
    assert (tea["counting"], tea["reason"], tea["counted_fen"]) == ("not_yet", "not_completed", 0)
    part = next(part for part in order["supplier_orders"] if part["supplier_id"] == tea_supplier(order))
    shipped = {
        "carrier": "ZTO",
        "tracking_number": "78000000000001",
        "lines": [{"line_id": tea["line_id"], "quantity": 2, "lot_code": "GT04-A"}],
    }
    path = f"/v1/supplier/orders/{part['id']}/shipments"
    assert (await shop.call("S01", "POST", path, shipped)).status_code == 201
    await shop.ship({**order, "supplier_orders": [other for other in order["supplier_orders"] if other != part]})
    await shop.call("buyer", "POST", f"/v1/store/orders/{order['id']}/confirm-receipt")
    await shop.settle()
    refund = {"lines": [{"line_id": tea["line_id"], "amount_fen": 800}], "reason": "破损"}
    await shop.call("operator", "POST", f"/v1/operator/orders/{order['id']}/refunds", refund)
    await shop.settle()

    told = (await contribution(shop, order)).json()
    tea, orange = told["lines"]
    assert (tea["counting"], tea["township"], tea["village"]) == ("counted", "吕洞山镇", "黄金村")
    assert tea["counted_fen"] == 2 * 12_800 - 800
    assert [(entry["kind"], entry["amount_fen"]) for entry in tea["entries"]] == [("sale", 25_600), ("refund", -800)]
    assert tea["goals"] == [{"goal_id": goal["id"], "code": "G1", "name": GOAL["name"], "amount_fen": 24_800}]
    assert orange["goals"] == []
    assert told["counted_fen"] == tea["counted_fen"] + orange["counted_fen"]
    assert told["households_linked"] is None
    (trace_code,) = tea["trace_codes"]
    assert (await shop.call(None, "GET", f"/v1/store/trace/{trace_code}", key=None)).status_code == 200
    assert (await contribution(shop, order, "stranger")).status_code == 404


def tea_supplier(order):
    return next(line["supplier_id"] for line in order["lines"] if line["sku"] == "GT04")


async def test_what_goes_elsewhere_says_why_it_is_not_counted(shop):
    order = await shop.complete({"GT04": 1}, address={**ADDRESS, "division_code": "430102"})
    (line,) = (await contribution(shop, order)).json()["lines"]
    assert (line["counting"], line["reason"], line["entries"]) == ("not_counted", "other_destination", [])


async def test_a_year_is_certified_once_for_the_same_figures_and_anybody_can_verify(shop):
    union = (await shop.organisation())["id"]
    assert (await certificate(shop)).json()["code"] == "nothing_counted"
    order = await shop.complete({"GT04": 2, "NO02": 1}, organisation_id=union)
    await shop.complete({"GT04": 1})  # the member's own
    first = await certificate(shop)
    code = code_in(first)
    assert (await certificate(shop, organisation_id=union)).content == first.content
    assert await shop.scalar("SELECT count(*) FROM assistance_certificate") == 1
    assert (await certificate(shop, 2025)).json()["code"] == "nothing_counted"

    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(first.content)).pages)
    text = text.replace("\n", "")
    net = order["goods_fen"] - order["discount_fen"]
    verified = (await verification(shop, code)).json()
    for said in (
        ORGANISATION["name"],
        ORGANISATION["uscc"],
        "消费帮扶采购证明",
        code,
        verified["digest"],
        "吕洞山镇",
        "比耳镇",
        "人民币",
        "不属于东西部协作考核数据",
        f"http://127.0.0.1:8000/verify/{code}",
    ):
        assert said in text, said
    assert (verified["holder"], verified["uscc"]) == (ORGANISATION["name"], ORGANISATION["uscc"])
    assert (verified["net_fen"], verified["orders"], verified["current"]) == (net, 1, True)
    assert sum(share["net_fen"] for share in verified["categories"]) == net
    assert sum(share["net_fen"] for share in verified["townships"]) == net
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert (await verification(shop, wrong)).status_code == 404


async def test_a_certificate_is_current_while_the_ledger_says_the_same(shop):
    union = (await shop.organisation())["id"]
    await shop.complete({"GT04": 2}, organisation_id=union)
    first = code_in(await certificate(shop))
    shop.clock.at += timedelta(days=1)
    more = await shop.complete({"GT14": 1}, organisation_id=union)
    assert (await verification(shop, first)).json()["current"] is False
    second = code_in(await certificate(shop))
    assert (await verification(shop, second)).json()["current"] is True
    refund = {"lines": [{"line_id": more["lines"][0]["id"], "quantity": 1, "amount_fen": 3_990}], "reason": "破损"}
    await shop.call("operator", "POST", f"/v1/operator/orders/{more['id']}/refunds", refund)
    await shop.settle()
    assert code_in(await certificate(shop)) == first
    currents = [(await verification(shop, code)).json()["current"] for code in (first, second)]
    assert currents == [True, False]


async def test_a_certificate_is_for_the_members_of_its_organisation_and_covers_all_of_them(shop):
    refused = await certificate(shop, who="stranger")
    assert (refused.status_code, refused.json()["code"]) == (403, "acts_for_nobody")
    union = (await shop.organisation())["id"]
    mine = await shop.complete({"GT04": 1}, organisation_id=union)
    assert (await certificate(shop, who="stranger", organisation_id=union)).status_code == 404
    # Somebody else orders for it too, and the one who ordered first leaves.
    other = await register(shop, "13905310002")
    await join(shop, union, other, "owner")
    theirs = await shop.complete({"GT14": 1}, other, organisation_id=union)
    me = f"/v1/store/organisations/{union}/members/{shop.accounts['buyer'].id}"
    assert (await shop.call("buyer", "DELETE", me, key=None)).status_code == 204
    assert (await certificate(shop, organisation_id=union)).status_code == 404
    verified = (await verification(shop, code_in(await certificate(shop, who=other)))).json()
    assert (verified["net_fen"], verified["orders"]) == (mine["goods_fen"] + theirs["goods_fen"], 2)

    firm = ORGANISATION | {"uscc": "91370112MA3FAKE120"}
    own = (await shop.call(other, "POST", "/v1/store/organisations", firm, key=None)).json()["id"]
    unclear = await certificate(shop, who=other)
    assert (unclear.status_code, unclear.json()["code"]) == (422, "acts_for_several")
    assert unclear.json()["errors"][0]["pointer"] == "/organisation_id"
    assert (await certificate(shop, who=other, organisation_id=own)).json()["code"] == "nothing_counted"
    assert (await certificate(shop, who=other, organisation_id=union)).status_code == 200
