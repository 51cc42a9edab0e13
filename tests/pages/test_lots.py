"""A supplier's lots in a browser: received, shown with the code for the packs, called back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.clock import local_day
from tests.pages.visitor import Visitor
from tests.shop import Shop

LOTS = "/supplier/lots"


def _filled(shop: Shop, seller: Visitor, **more: str) -> dict[str, str]:
    today = local_day(shop.clock())
    return {
        **seller.fields(f"{LOTS}/new"),
        "sku": "GT14",
        "code": "20261120-B",
        "quantity": "40",
        "produced_on": str(today - timedelta(days=3)),
        "harvested_on": str(today - timedelta(days=5)),
        "best_before": str(today + timedelta(days=200)),
        "village": "黄金村",
        **more,
    }


async def test_a_lot_is_received_once_and_shows_its_code(shop: Shop, seller: Visitor):
    await seller.see(f"{LOTS}/new?sku=GT14")
    assert seller.fields(f"{LOTS}/new")["sku"] == "GT14"
    form = _filled(shop, seller)
    for _ in range(2):
        said = await seller.post(f"{LOTS}/new", form)
        assert "已入库" in said
    assert await shop.stock("GT14") == (140, 0)
    code = await shop.scalar("SELECT trace_code FROM inventory_lot WHERE code = '20261120-B'")
    assert code in said
    image = await seller.http.get(f"/v1/store/trace/{code}/qr.svg")
    assert image.status_code == 200
    said = await seller.see(LOTS)
    assert "20261120-B" in said
    assert "采收" in said


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"sku": ""}, 422, "请选择商品"),
        ({"code": "with space"}, 422, "请填写批次号"),
        ({"quantity": "-1"}, 422, "请填写整数"),
        ({"best_before": ""}, 422, "请填写日期"),
        ({"best_before": "2020-01-01"}, 422, "已过保质期"),
        ({"produced_on": "2099-01-01"}, 422, "日期在未来"),
        ({"sku": "NO02"}, 404, ""),
    ],
)
async def test_a_lot_that_cannot_be_is_not_received(
    shop: Shop, seller: Visitor, fields: dict[str, str], status: int, said: str
):
    before = await shop.scalar("SELECT count(*) FROM inventory_lot")
    await seller.see(f"{LOTS}/new")
    assert said in await seller.post(f"{LOTS}/new", _filled(shop, seller, **fields), status)
    assert await shop.scalar("SELECT count(*) FROM inventory_lot") == before


async def test_a_lot_is_called_back_by_somebody_who_means_it(shop: Shop, seller: Visitor):
    lot_id = await shop.scalar("SELECT id FROM inventory_lot WHERE sku = 'GT04'")
    path = f"{LOTS}/{lot_id}"
    await seller.see(path)
    form = seller.fields(f"{path}/recall")
    for wrong, said in (({"reason": ""}, "请填写召回原因"), ({"reason": "农残超标"}, "请勾选确认")):
        assert said in await seller.post(f"{path}/recall", {**form, **wrong}, 422)
    await seller.see(path)
    said = await seller.post(f"{path}/recall", {**seller.fields(f"{path}/recall"), "reason": "农残超标", "sure": "1"})
    assert "单独存放" in said
    assert f"{path}/recall" not in [form["action"] for form in seller.page.forms]
    assert await shop.stock("GT04") == (0, 0)
    said = await seller.see(f"{LOTS}?recalled=1")
    assert said.count("召回") > 1
    assert "GT14" not in said


async def test_others_lots_do_not_exist(shop: Shop, seller: Visitor):
    lot_id = await shop.scalar("SELECT id FROM inventory_lot WHERE sku = 'NO02'")
    await seller.see(f"{LOTS}/{lot_id}", 404)
    await seller.see(f"{LOTS}/new")
    form = {**seller.fields(f"{LOTS}/new"), "reason": "x", "sure": "1"}
    await seller.post(f"{LOTS}/{lot_id}/recall", form, 404)
    assert await shop.stock("NO02") == (50, 0)


async def test_lots_speak_english(shop: Shop, seller: Visitor):
    lot_id = await shop.scalar("SELECT id FROM inventory_lot WHERE sku = 'GT04'")
    for path in (LOTS, f"{LOTS}?recalled=1", f"{LOTS}/new", f"{LOTS}/{lot_id}"):
        await seller.see(f"{path}{'&' if '?' in path else '?'}lang=en")
        assert seller.foreign == [], path


async def test_a_buyer_of_a_recalled_lot_is_warned_on_the_order(shop: Shop, buyer: Visitor):
    sent = await shop.complete({"GT04": 2})
    waits = await shop.pay(await shop.order({"GT04": 1}))
    for order in (sent, waits):
        assert "召回" not in await buyer.see(f"/orders/{order['id']}")
    lot_id = await shop.scalar("SELECT id FROM inventory_lot WHERE sku = 'GT04'")
    body = {"reason": "农残抽检不合格"}
    recalled = await shop.call("S01", "POST", f"/v1/supplier/lots/{lot_id}/recall", body)
    assert recalled.status_code == 200
    await shop.settle()
    said = await buyer.see(f"/orders/{sent['id']}")
    assert "请勿食用或饮用" in said
    assert "× 2 · 批次 GT04-A" in said
    assert "退款正在审核" in said
    assert "不会发给您" in await buyer.see(f"/orders/{waits['id']}")
    for one in (await shop.call("operator", "GET", "/v1/operator/recall-refunds")).json()["items"]:
        assert (
            await shop.call("operator", "POST", f"/v1/operator/recall-refunds/{one['id']}/confirm")
        ).status_code == 200
    await shop.settle()
    said = await buyer.see(f"/orders/{sent['id']}")
    assert "退款已安排" in said
    assert "请勿食用或饮用" in said
    await buyer.see(f"/orders/{sent['id']}?lang=en")
    assert "Do not eat or drink it" in buyer.text
    assert buyer.foreign == []


async def test_the_supplier_sees_how_a_recall_stands(shop: Shop, seller: Visitor):
    await shop.complete({"GT04": 2})
    lot_id = await shop.scalar("SELECT id FROM inventory_lot WHERE sku = 'GT04'")
    body = {"reason": "农残抽检不合格"}
    assert (await shop.call("S01", "POST", f"/v1/supplier/lots/{lot_id}/recall", body)).status_code == 200
    await shop.settle()
    said = await seller.see(f"{LOTS}/{lot_id}")
    assert "2 件，1 个包裹" in said
    assert "待审核 1，已确认 0，不退 0" in said
