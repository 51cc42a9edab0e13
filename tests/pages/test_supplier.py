"""What a supplier does on a phone: look what has to leave the house, send it, count what lies there."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from tests.pages.visitor import Visitor
from tests.shop import Shop


def _page_of(order: dict) -> str:
    return f"/supplier/orders/{order['supplier_orders'][0]['id']}"


def _filled(seller: Visitor, path: str, **more: str) -> dict[str, str]:
    return {**seller.fields(path), "carrier": "ZTO", "tracking_number": "7800 1234 5678 90", **more}


async def test_what_is_to_be_sent_names_its_recipient_as_a_label_may(shop: Shop, seller: Visitor):
    assert "都发完了" in seller.text
    order = await shop.pay(await shop.order({"GT04": 2}, note="请用纸箱"))
    other = await shop.pay(await shop.order({"NO02": 1}))
    said = await seller.see("/supplier")
    assert order["number"] in said
    assert other["number"] not in said
    assert "黄金茶 雨前二级 100g 袋 × 2" in said
    assert "王** 138******34" in said
    assert "济南市历城区" in said
    assert "可以提前发" in said
    path = _page_of(order)
    said = await seller.see(path)
    assert "王** 138******34" in said
    assert "花园路88号***" in said
    assert "请用纸箱" in said
    for hidden in ("王晓梅", "13800001234", "502室"):
        assert hidden not in seller.answer.text
    said = await seller.see(f"{path}?address=whole")
    assert "王晓梅 13800001234" in said
    assert "花园路88号3单元502室" in said
    shop.clock.advance(days=3)
    assert "已逾期" in await seller.see("/supplier")
    assert "今天要发 1 单" in seller.text


async def test_a_parcel_is_sent_once_and_what_is_left_stays(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"GT04": 3}))
    path, (line,) = _page_of(order), order["lines"]
    await seller.see(path)
    form = _filled(seller, path, **{f"quantity:{line['id']}": "2"})
    for _ in range(2):
        said = await seller.post(path, form)
        assert "中通快递 78001234567890" in said
        assert "还要发 1 件" in said
    assert seller.fields(path)["carrier"] == "ZTO", "the carrier that was used last is chosen"
    assert (await shop.look(order))["lines"][0]["shipped_quantity"] == 2
    await seller.post(path, {**seller.fields(path), "tracking_number": "7800123456"})
    assert seller.path == f"/supplier?sent={order['number']}"
    assert f"订单 {order['number']} 已全部发出" in seller.text
    assert "都发完了" in seller.text
    said = await seller.see(path)
    assert "运送中" in said
    assert "78001234567890" in said
    assert path not in [form["action"] for form in seller.page.forms]
    await seller.see(f"{path}?address=whole")
    assert "王晓梅" not in seller.answer.text, "nothing is left to write a label for"


async def test_a_lot_is_chosen_where_there_are_several(shop: Shop, seller: Visitor):
    await _lot(shop, "20260501-B", 40)
    await _lot(shop, "20260601-C", 40)
    order = await shop.pay(await shop.order({"GT04": 1}))
    path, (line,) = _page_of(order), order["lines"]
    await seller.see(path)
    assert "20260501-B，剩 40 件" in seller.text
    await seller.post(path, _filled(seller, path, **{f"lot:{line['id']}": "20260601-C"}))
    assert await shop.scalar("SELECT on_hand FROM inventory_lot WHERE code = '20260601-C'") == 39


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"tracking_number": "!"}, 422, "应为 6–32 位字母、数字或连字符"),
        ({"carrier": "PIGEON"}, 422, "不支持的承运商"),
        ({"quantity": "9"}, 409, "发货数量超过"),
        ({"quantity": "0"}, 422, "请填写这个包裹里有几件"),
        ({"quantity": "many"}, 422, "请填写这个包裹里有几件"),
        ({"lot": "NO-SUCH"}, 409, "批次不存在"),
    ],
)
async def test_a_parcel_that_cannot_be_changes_nothing(
    shop: Shop, seller: Visitor, fields: dict[str, str], status: int, said: str
):
    order = await shop.pay(await shop.order({"GT04": 2}))
    path, (line,) = _page_of(order), order["lines"]
    await seller.see(path)
    wrong = {f"{name}:{line['id']}" if name in ("quantity", "lot") else name: to for name, to in fields.items()}
    assert said in await seller.post(path, _filled(seller, path, **wrong), status)
    assert (await shop.look(order))["lines"][0]["shipped_quantity"] == 0
    assert await shop.stock("GT04") == (100, 2)


async def test_stock_is_counted_in_three_taps(shop: Shop, seller: Visitor):
    said = await seller.see("/supplier/stock")
    assert "GT04" in said
    assert "NO02" not in said
    await seller.see("/supplier/stock/GT04")
    (name,) = (name for name in seller.fields("/supplier/stock/GT04") if name.startswith("count:"))
    form = {**seller.fields("/supplier/stock/GT04"), name: "80"}
    for _ in range(2):
        await seller.post("/supplier/stock/GT04", form)
        assert seller.path == "/supplier/stock?saved=GT04"
    assert await shop.stock("GT04") == (80, 0)
    kinds = await shop.rows("SELECT kind, on_hand_delta FROM inventory_movement WHERE sku = 'GT04' ORDER BY id")
    assert kinds[1:] == [("set", -20)]


async def test_each_lot_is_counted_for_itself(shop: Shop, seller: Visitor):
    await _lot(shop, "20260501-B", 40)
    path = "/supplier/stock/GT04"
    before = dict(await shop.rows("SELECT code, on_hand FROM inventory_lot WHERE sku = 'GT04'"))
    loose = (await shop.stock("GT04"))[0] - sum(before.values())
    await seller.see(path)
    counts = {name: value for name, value in seller.fields(path).items() if name.startswith("count:")}
    assert counts == {f"count:{code}": str(left) for code, left in before.items() if left} | (
        {"count:": str(loose)} if loose else {}
    )
    await seller.post(path, {**seller.fields(path), "count:20260501-B": "43"})
    after = dict(await shop.rows("SELECT code, on_hand FROM inventory_lot WHERE sku = 'GT04'"))
    assert after == before | {"20260501-B": 43}
    assert (await shop.stock("GT04"))[0] - sum(after.values()) == loose


async def test_loose_pieces_are_counted_beside_the_lots(shop: Shop, seller: Visitor):
    path = "/v1/supplier/inventory/updates"
    more = {"sku": "GT04", "mode": "adjust", "quantity": 7}
    assert (await shop.call("S01", "POST", path, {"updates": [more]})).status_code == 200
    lots = await shop.rows("SELECT code, on_hand FROM inventory_lot WHERE sku = 'GT04'")
    await seller.see("/supplier/stock/GT04")
    assert seller.fields("/supplier/stock/GT04")["count:"] == "7"
    await seller.send("/supplier/stock/GT04", **{"count:": "5"})
    assert await shop.rows("SELECT code, on_hand FROM inventory_lot WHERE sku = 'GT04'") == lots
    assert await shop.stock("GT04") == (105, 0)


async def test_a_count_is_not_saved_over_what_happened_meanwhile(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"GT04": 4}))
    await seller.see("/supplier/stock/GT04")
    (name,) = (name for name in seller.fields("/supplier/stock/GT04") if name.startswith("count:"))
    form = {**seller.fields("/supplier/stock/GT04"), name: "101"}
    await shop.ship(order)
    assert "页面打开后库存有变动" in await seller.post("/supplier/stock/GT04", form, 409)
    assert seller.fields("/supplier/stock/GT04")[name] == "96"
    assert await shop.stock("GT04") == (96, 0)


@pytest.mark.parametrize(
    ("typed", "said"), [("x", "请填写整数"), ("-1", "请填写整数"), ("12345678", "请填写整数"), ("3", "已被订单占用")]
)
async def test_a_count_that_cannot_be_is_said_beside_its_number(shop: Shop, seller: Visitor, typed: str, said: str):
    await shop.pay(await shop.order({"GT04": 4}))
    await seller.see("/supplier/stock/GT04")
    (name,) = (name for name in seller.fields("/supplier/stock/GT04") if name.startswith("count:"))
    assert said in await seller.send("/supplier/stock/GT04", 422, **{name: typed})
    assert seller.fields("/supplier/stock/GT04")[name] == typed
    assert await shop.stock("GT04") == (100, 4)


async def test_another_suppliers_orders_and_goods_do_not_exist(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"NO02": 1}))
    for path in (_page_of(order), "/supplier/stock/NO02"):
        await seller.see(path, 404)
    await seller.see("/supplier/stock/GT04")
    form = {**seller.fields("/supplier/stock/GT04"), "count:": "1", "seen:": "0"}
    await seller.post("/supplier/stock/NO02", form, 404)
    line = order["lines"][0]["id"]
    await seller.post(
        _page_of(order), {**form, "carrier": "ZTO", "tracking_number": "780012345", f"quantity:{line}": "1"}, 404
    )
    assert await shop.stock("NO02") == (50, 1)


async def test_a_buyer_is_not_a_supplier_and_a_stranger_signs_in(shop: Shop, buyer: Visitor):
    for path in ("/supplier", "/supplier/stock"):
        await buyer.see(path, 403)
        stranger = Visitor(shop.app)
        await stranger.see(path)
        assert stranger.path == f"/sign-in?next={path}"


async def test_it_speaks_english(shop: Shop, seller: Visitor):
    order = await shop.pay(await shop.order({"GT04": 2}))
    assert "May go out early" in await seller.see("/supplier?lang=en")
    assert seller.foreign == []
    assert "ZTO Express" in await seller.see(_page_of(order))
    assert seller.foreign == []
    for path in ("/supplier/stock", "/supplier/stock/GT04"):
        await seller.see(path)
        assert seller.foreign == []


async def _lot(shop: Shop, code: str, quantity: int) -> None:
    today = shop.clock().date()
    body = {
        "sku": "GT04",
        "code": code,
        "produced_on": str(today - timedelta(days=9)),
        "best_before": str(today + timedelta(days=400)),
        "quantity": quantity,
    }
    answer = await shop.call("S01", "POST", "/v1/supplier/lots", body)
    assert answer.status_code == 201, answer.text


def _photo() -> bytes:
    to = io.BytesIO()
    Image.new("RGB", (640, 480), "#e8f1ea").save(to, "JPEG")
    return to.getvalue()


async def _hand_in(seller: Visitor, expected: int = 200, *, photo: bool = True, **fields: str) -> str:
    path = "/supplier/certificates/new"
    await seller.see(path)
    form = {**seller.fields(path), **fields}
    for name in ("photos", "scans"):
        form.pop(name, None)
    files = {"photos": ("licence.jpg", _photo(), "image/jpeg")} if photo else {"photos": ("", b"")}
    for _ in range(2):
        answer = await seller.http.post(
            path, data=form, files=files, headers={"Origin": "http://market.test"}, follow_redirects=True
        )
        seller._read(answer)
        assert answer.status_code == expected, seller.text
    return seller.text


_LICENCE = {"kind": "business_licence", "number": "93433125ma4fake14c", "valid_from": "2024-03-01"}


async def test_a_certificate_is_photographed_and_handed_in_once(shop: Shop, seller: Visitor):
    before = await shop.scalar("SELECT count(*) FROM suppliers_certificate")
    said = await _hand_in(seller, **_LICENCE)
    assert seller.path == "/supplier/certificates?sent=1"
    assert "营业执照 核验中" in said
    assert "93433125MA4FAKE14C" in said
    assert "/v1/store/files/" in seller.answer.text
    assert await shop.scalar("SELECT count(*) FROM suppliers_certificate") == before + 1
    for path in ("/supplier/certificates?lang=en", "/supplier/certificates/new"):
        await seller.see(path)
        assert seller.foreign == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"photo": False}, "请拍照或选择文件"),
        ({"number": "93433125MA4FAKE81A"}, "与登记的统一社会信用代码不一致"),
        ({"kind": "nothing"}, "请选择证照种类"),
        ({"valid_from": "yesterday"}, "请填写日期"),
        ({"valid_to": "2020-01-01"}, "证照已过期"),
        ({"kind": "food_production", "number": "SC1"}, "SC 编号校验不通过"),
    ],
)
async def test_a_certificate_that_cannot_be_is_not_kept(shop: Shop, seller: Visitor, fields: dict, said: str):
    before = await shop.scalar("SELECT count(*) FROM suppliers_certificate")
    assert said in await _hand_in(seller, 422, **_LICENCE | fields)
    assert await shop.scalar("SELECT count(*) FROM suppliers_certificate") == before
    assert await shop.scalar("SELECT count(*) FROM files_file") == await shop.scalar(
        "SELECT count(*) FROM files_file WHERE attached_at IS NOT NULL"
    )


async def test_days_off_are_announced_and_taken_back_in_a_few_taps(shop: Shop, seller: Visitor):
    assert "目前没有安排放假" in await seller.see("/supplier/closures")
    form = {**seller.fields("/supplier/closures"), "from_on": "2026-11-21", "to_on": "2026-11-24"}
    for _ in range(2):
        await seller.post("/supplier/closures", {**form, "reason": "spring_festival", "note": "新年好"})
        assert seller.path == "/supplier/closures?saved=1"
        assert "2026年11月21日 – 2026年11月24日" in seller.text
    assert len(await shop.rows("SELECT 1 FROM suppliers_closure")) == 1
    told = "春节：2026年11月21日至2026年11月24日放假，2026年11月25日起发货"
    assert told in await seller.see("/supplier")
    assert "48 小时内发出" not in await seller.see("/products/golden-tea"), "it would not be true"
    assert "48 小时内发出" in await seller.see("/products/orange-5kg")
    assert told in await seller.see("/products/golden-tea")
    assert "新年好" in seller.text
    shop.clock.advance(days=2)
    assert "春节：放假至2026年11月24日，2026年11月25日起发货" in await seller.see("/products/golden-tea")
    await seller.see("/supplier/closures")
    (action,) = [form["action"] for form in seller.page.forms if form["action"].startswith("/supplier/closures/")]
    await seller.post(action, seller.fields(action))
    assert "放假中" in seller.text
    assert await shop.scalar("SELECT to_on::text FROM suppliers_closure") == "2026-11-22"


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"from_on": ""}, 422, "请选择日期"),
        ({"to_on": "2026-11-20"}, 422, "结束日不能早于开始日"),
        ({"from_on": "2026-11-01"}, 422, "不能从过去的日子开始"),
        ({"reason": "none"}, 422, "请选择原因"),
        ({"note": "字" * 101}, 422, "至多 100 个字"),
    ],
)
async def test_days_off_that_cannot_be_change_nothing(shop: Shop, seller: Visitor, change, status, said):
    await seller.see("/supplier/closures")
    form = {**seller.fields("/supplier/closures"), "from_on": "2026-11-21", "to_on": "2026-11-24", "reason": "other"}
    assert said in await seller.post("/supplier/closures", {**form, **change}, status)
    assert await shop.rows("SELECT 1 FROM suppliers_closure") == []


async def test_a_carrier_that_does_not_collect_is_marked_where_it_is_chosen(shop: Shop, seller: Visitor):
    body = {"carrier": "ZTO", "from_on": "2026-11-20", "to_on": "2026-11-22"}
    assert (await shop.call("operator", "POST", "/v1/operator/blackouts", body, key=None)).status_code == 201
    order = await shop.pay(await shop.order({"GT04": 1}))
    assert "中通快递（停运至2026年11月22日）" in await seller.see(_page_of(order))
    assert "圆通速递（停运" not in seller.text


async def test_a_box_that_is_light_is_weighed_on_the_phone_and_its_buyer_sees_it(shop: Shop, seller: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"GT04": 2})), deliver=False)
    path, (line,) = _page_of(order), order["lines"]
    await seller.see(path)
    action = f"{path}/weights"
    form = {**seller.fields(action), f"pieces:{line['id']}": "1", f"grams:{line['id']}": "94"}
    for _ in range(2):
        said = await seller.post(action, form)
        assert seller.path == path
        assert "1 件每件净重 94 克（约定 100 克）" in said
        assert "已退 ¥7.68" in said
        assert "平均净重为 94 克，低于约定" in said
    await shop.settle()
    assert (await shop.look(order))["lines"][0]["refunded_fen"] == 768
    for grams, wrong in (("", "请填写每件净重"), ("80", "实为 80 克")):
        again = {**seller.fields(action), f"grams:{line['id']}": grams}
        assert wrong in await seller.post(action, again, 422)
        await seller.see(path)
    assert (await shop.look(order))["lines"][0]["refunded_fen"] == 768


async def test_what_is_counted_has_no_scales(shop: Shop, seller: Visitor):
    order = await shop.ship(await shop.pay(await shop.order({"GT14": 1})), deliver=False)
    assert "净重更正" not in await seller.see(_page_of(order))
