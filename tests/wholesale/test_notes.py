"""Delivery notes on paper: what stands on them, who gets them."""

from __future__ import annotations

import io

from pypdf import PdfReader

from tests.market import GOODS, load
from tests.wholesale.test_appointments import book, opened, slots


async def test_a_delivery_note_is_printed(market):
    shop = market.shop
    order = await market.place({"GT04": 4, "GT14": 2, "NO02": 2})
    await opened(market)
    await book(market, order, (await slots(market))[0])
    truck = {"vehicle_plate": "湘U12345", "driver_phone": "13800001234", "carrier": "自有车", "pallets": 1}
    body = {
        "lines": [{"line_no": 1, "cases": 4}, {"line_no": 2, "cases": 2}],
        "coldest_c10": 35,
        "warmest_c10": 80,
        **truck,
    }
    note = (await shop.call("S01", "POST", f"/v1/supplier/purchase-orders/{order['id']}/deliveries", body)).json()
    for who, audience in (("S01", "supplier"), ("P01", "partner"), ("operator", "operator")):
        path = f"/v1/{audience}/purchase-orders/{order['id']}/deliveries/{note['id']}/note.pdf"
        answer = await shop.call(who, "GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
        assert f"{note['number']}.pdf" in answer.headers["content-disposition"]
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    for said in (
        note["number"],
        order["po_no"],
        "GT04-A",
        "3.5–8.0 ℃",
        "U12345",
        "138******34",
        "0012",
        GOODS["GT04"].itf14,
        GOODS["GT04"].code,
        "2026-11-21 06:00–07:00",
    ):
        assert said in text, said
    assert "13800001234" not in text
    assert "酉水脐橙" not in text
    for who, audience in (("S08", "supplier"), ("P02", "partner")):
        path = f"/v1/{audience}/purchase-orders/{order['id']}/deliveries/{note['id']}/note.pdf"
        assert (await shop.call(who, "GET", path)).status_code == 404
    assert (await load(market, order, {3: 2}, "S08"))["number"] != note["number"]
