"""From “I want to sell” to selling, in a browser: particulars, papers, account, handed in, and where it stands."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.pages.test_team import enter
from tests.pages.visitor import Visitor
from tests.shop import Shop
from tests.suppliers.test_admission import LICENCE, NAME, USCC
from tests.suppliers.test_team import PHONE, register

ADMISSION = "/supplier/admission"
PARTICULARS = {"name": NAME, "kind": "company", "uscc": USCC.lower(), "township_code": "433125114", "village": "枫香村"}
PAPERS = (
    {"kind": "business_licence", "number": USCC, "valid_from": "2019-01-01"},
    {"kind": "food_production", "number": LICENCE, "valid_from": "2024-01-01", "valid_to": "2028-12-31"},
    {"kind": "benefit_link", "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
)
BANK = {"bank_name": "示例银行", "account_no": "6200 0000 0000 0000 002", "cnaps": "402569000018"}


def _photo() -> bytes:
    to = io.BytesIO()
    Image.new("RGB", (640, 480), "#c0392b").save(to, "JPEG")
    return to.getvalue()


async def _hand_in(page: Visitor, paper: dict[str, str]) -> None:
    path = "/supplier/certificates/new"
    await page.see(path)
    fields = {name: value for name, value in page.fields(path).items() if name not in ("photos", "scans")}
    files = {"photos": ("paper.jpg", _photo(), "image/jpeg")}
    answer = await page.http.post(path, data=fields | paper, files=files, headers={"Origin": "http://market.test"})
    assert answer.status_code == 303, answer.text


async def _signed_in(shop: Shop) -> Visitor:
    await register(shop, PHONE)
    return await enter(shop, PHONE)


async def test_somebody_applies_hands_in_is_recommended_and_sells(shop: Shop, visitor: Visitor):
    said = await visitor.see("/sell")
    assert "县级主管部门推荐" in said
    assert "/sign-in?next=/sell" in visitor.answer.text
    page = await _signed_in(shop)
    await page.see("/sell")
    said = await page.post("/sell", {**page.fields("/sell"), **PARTICULARS, "lines": ["golden-tea"]})
    assert page.path == ADMISSION
    assert "申请待提交" in said
    assert "还缺" in said
    await page.send(f"{ADMISSION}/submit", 422)
    assert "尚未齐备" in page.text
    for paper in PAPERS:
        await _hand_in(page, paper)
    await page.see(ADMISSION)
    said = await page.send(f"{ADMISSION}/bank", **BANK)
    assert "****0002" in said
    assert "还缺" not in said
    said = await page.send(f"{ADMISSION}/submit")
    assert "已提交，请等待县级推荐" in said
    assert "等待县级推荐" in said
    assert f"{ADMISSION}/submit" not in [form["action"] for form in page.page.forms]
    supplier_id = await shop.scalar("SELECT id FROM suppliers_supplier WHERE uscc = :uscc", uscc=USCC)
    reason = {"reason": "联农证明缺少农户名单"}
    answer = await shop.call("operator", "POST", f"/v1/operator/suppliers/{supplier_id}/reject", reason, key=None)
    assert answer.status_code == 200, answer.text
    said = await page.see(ADMISSION)
    assert "已退回，请修改" in said
    assert "联农证明缺少农户名单" in said
    await page.send(f"{ADMISSION}/submit")
    recommended = await shop.call("officer", "POST", f"/v1/office/suppliers/{supplier_id}/recommend", key=None)
    assert recommended.status_code == 200, recommended.text
    assert "平台审核中" in await page.see(ADMISSION)
    papers = await shop.rows("SELECT id FROM suppliers_certificate WHERE supplier_id = :id", id=supplier_id)
    for (paper_id,) in papers:
        await shop.call("operator", "POST", f"/v1/operator/certificates/{paper_id}/verify", key=None)
    approved = await shop.call("operator", "POST", f"/v1/operator/suppliers/{supplier_id}/approve", key=None)
    assert approved.status_code == 200, approved.text
    said = await page.see(ADMISSION)
    assert "已入驻" in said
    assert "县级推荐" in said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "请填写营业执照上的名称"),
        ({"uscc": "91433125MA4FAKE22X"}, "校验不通过"),
        ({"township_code": ""}, "请选择乡镇"),
        ({"lines": []}, "请至少勾选一类商品"),
    ],
)
async def test_particulars_that_cannot_be_are_said_beside_their_fields(
    shop: Shop, fields: dict[str, object], said: str
):
    before = await shop.scalar("SELECT count(*) FROM suppliers_supplier")
    page = await _signed_in(shop)
    await page.see("/sell")
    form = {**page.fields("/sell"), **PARTICULARS, "lines": ["golden-tea"], **fields}
    assert said in await page.post("/sell", form, 422)
    assert await shop.scalar("SELECT count(*) FROM suppliers_supplier") == before


async def test_who_sells_already_changes_nothing_here(shop: Shop, seller: Visitor):
    said = await seller.see(ADMISSION)
    assert "已入驻" in said
    actions = {form["action"] for form in seller.page.forms}
    assert not {ADMISSION, f"{ADMISSION}/bank", f"{ADMISSION}/submit"} & actions
    await seller.see("/supplier/team")
    token = {"form_token": seller.fields("/supplier/team/invitations")["form_token"]}
    await seller.post(ADMISSION, {**token, **PARTICULARS, "lines": ["golden-tea"]}, 409)
    await seller.post(f"{ADMISSION}/bank", {**token, **BANK}, 409)
    await seller.post(f"{ADMISSION}/submit", token, 409)
    assert await shop.scalar("SELECT count(*) FROM suppliers_supplier WHERE uscc = :uscc", uscc=USCC) == 0


async def test_an_account_that_cannot_be_is_not_kept(shop: Shop):
    page = await _signed_in(shop)
    await page.see("/sell")
    await page.post("/sell", {**page.fields("/sell"), **PARTICULARS, "lines": ["golden-tea"]})
    said = await page.send(f"{ADMISSION}/bank", 422, bank_name="", account_no="1", cnaps="2")
    for wrong in ("请填写开户行", "8 至 30 位数字", "联行号为 12 位数字"):
        assert wrong in said
    assert await shop.scalar("SELECT bank_sealed FROM suppliers_supplier WHERE uscc = :uscc", uscc=USCC) is None
    await page.post(ADMISSION, {**page.fields(ADMISSION), "village": "", "lines": ["navel-orange"]})
    assert await shop.scalar("SELECT lines FROM suppliers_supplier WHERE uscc = :uscc", uscc=USCC) == ["navel-orange"]


async def test_applications_speak_english(shop: Shop, seller: Visitor):
    await seller.see(f"{ADMISSION}?lang=en")
    assert seller.foreign == []
    page = await _signed_in(shop)
    await page.see("/sell?lang=en")
    assert page.foreign == []
    await page.post("/sell", {**page.fields("/sell"), **PARTICULARS, "lines": ["golden-tea"]})
    assert page.foreign == []
