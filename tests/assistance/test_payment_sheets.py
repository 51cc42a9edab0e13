"""Payments by sheet, and what suppliers propose: checked first, never counted before an officer has approved it."""

import csv
import io
import time
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.assistance import service
from app.assistance.rules.benefits import By
from app.assistance.rules.households import NewHousehold
from app.assistance.rules.season import Period
from app.core.sheets import Heading, Page, workbook
from app.identity import Actor, Role
from tests.assistance.test_households import admit, leaf, register, second, supplier
from tests.identity.builders import account, bearer, token

__all__ = ["second", "supplier"]
HEADER = ("户编号", "付款单位", "收益类型", "产品线", "付款日期", "重量（公斤）", "单价", "金额（元）", "凭证编号")
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def row(n=1, kind="收购款", line="黄金茶", on="2026/4/2", kg="100", price="50.00", amount="", voucher=""):
    return (f"H-433125114-{n:04d}", "S03", kind, line, on, kg, price, amount, voucher)


def as_csv(*rows, header=HEADER):
    out = io.StringIO()
    csv.writer(out).writerows([("保靖县农户收益清单",), header, *rows])
    return ("sheet.csv", out.getvalue().encode("gb18030"), "text/csv")


def as_book(*rows):
    headings = [Heading(name, "text", 14) for name in HEADER]
    return ("sheet.xlsx", workbook(Page("清单", headings, rows, ["农户收益清单"])), "application/octet-stream")


async def send(client, file, path="/v1/office/payment-lists/imports", headers=None, **query):
    return await client.post(path, files={"file": file}, params={"note": "四月收购款"} | query, headers=headers)


async def paid(db):
    async with db.read() as session:
        return (await service.benefits(session, YEAR, By.TOWNSHIP)).total.benefit.paid_fen


@pytest.fixture
async def homes(officer, supplier):
    return [await register(officer, household_no=f"H-433125114-{n:04d}") for n in range(1, 4)]


@pytest.fixture
async def seller(db, supplier, now):
    async with db.write() as session:
        who = await account(session, now, Role.SUPPLIER, username="seller-3", scope_id=supplier)
    return bearer(token(who, now))


@pytest.mark.parametrize("written", [as_csv, as_book])
async def test_a_sheet_is_checked_and_then_waits_for_another_officer(officer, second, homes, db, written):
    file = written(
        row(1),
        row(2, "工资", "", kg="12 天" if written is as_csv else "12", price="90"),
        row(3, "分红", "", "2026年4月3日", "", "", "1,234.50"),
    )
    checked = (await send(officer, file)).json()
    assert (checked["rows"], checked["rejected"], checked["warned"], checked["list"]) == (3, 0, 0, None)
    assert checked["total_fen"] == 500_000 + 108_000 + 123_450
    async with db.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM assistance_payment_list"))).scalar_one() == 0
    sent = (await send(officer, file, dry_run=False)).json()
    assert (sent["list"]["rows"], sent["list"]["source"], sent["list"]["status"]) == (3, "sheet", "waiting")
    assert await paid(db) == 0
    path = f"/v1/office/payment-lists/{sent['list']['id']}/approve"
    assert (await officer.post(path, json={"note": "同意"})).json()["code"] == "second_officer_needed"
    assert (await officer.post(path, json={"note": "已核对"}, headers=second)).status_code == 200
    assert await paid(db) == checked["total_fen"]


async def test_each_row_says_what_is_wrong_with_it_and_one_keeps_the_sheet_out(officer, homes, db):
    file = as_csv(
        row(1),
        row(9),
        row(2, "礼金"),
        row(2, "工资"),
        row(2, on="2099-01-01"),
        row(3, amount="4,999.99"),
        row(3, kg="", amount="5000"),
    )
    checked = (await send(officer, file)).json()
    told = {one["row"]: [fault["code"] for fault in one["faults"]] for one in checked["items"]}
    assert told == {
        3: [],
        4: ["unknown_household"],
        5: ["unknown_kind"],
        6: ["category"],
        7: ["in_future"],
        8: ["amount_differs"],
        9: ["missing"],
    }
    assert [one["status"] for one in checked["items"]] == ["rejected"] * 6 + ["ok"]
    refused = await send(officer, file, dry_run=False)
    assert (refused.status_code, refused.json()["code"]) == (422, "payments_refused")
    assert refused.json()["errors"][0]["pointer"] == "/rows/4/household_no"
    async with db.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM assistance_household_payment"))).scalar_one() == 0
    nothing = await send(officer, as_csv())
    assert (nothing.status_code, nothing.json()["code"]) == (422, "sheet_empty")


async def test_the_same_voucher_household_and_month_is_found_in_the_sheet_and_on_record(officer, second, homes):
    twice = as_csv(
        row(1, voucher="BD-1"), row(1, kg="7", voucher="BD-1"), row(1, on="2026-05-02", voucher="BD-1"), row(2), row(2)
    )
    items = {one["row"]: one for one in (await send(officer, twice)).json()["items"]}
    assert [items[n]["status"] for n in range(3, 8)] == ["ok", "rejected", "ok", "ok", "warning"]
    assert items[4]["faults"][0]["code"] == "duplicate"
    once = as_csv(row(1, voucher="BD-1"), row(2))
    kept = (await send(officer, once, dry_run=False)).json()["list"]["id"]
    again = (await send(officer, once)).json()
    assert [one["status"] for one in again["items"]] == ["rejected", "warning"]
    single = leaf(homes[0], 3) | {"supplier_id": None, "paid_on": "2026-04-20", "voucher_no": "BD-1"}
    single["supplier_id"] = (
        await officer.get("/v1/office/households/" + homes[0], params={"why": "核对收购款"})
    ).json()["payments"][0]["supplier_id"]
    refused = await officer.post("/v1/office/payment-lists", json={"note": "x", "payments": [single]})
    assert [one["code"] for one in refused.json()["errors"]] == ["duplicate"]
    await officer.post(f"/v1/office/payment-lists/{kept}/decline", json={"note": "重做"}, headers=second)
    assert (await send(officer, once)).json()["rejected"] == 0


async def test_five_thousand_rows_are_quick_and_few_statements(db, county, client, officer, now, statements):
    by = Actor(uuid4(), frozenset({Role.OFFICER}))
    async with db.write() as session:
        await admit(session, now)
        new = [NewHousehold(f"H-433125114-{n:04d}", "433125114", "国茶村", {}, 4, 2) for n in range(5_000)]
        await service.register_households(session, new, by=by, now=now)
    file = as_csv(*(row(n, kg=str(1 + n % 90), voucher=f"BD-{n}") for n in range(5_000)))
    statements.clear()
    begun = time.perf_counter()
    sent = await send(officer, file, dry_run=False)
    took = time.perf_counter() - begun
    assert sent.json()["list"]["rows"] == 5_000
    assert len(statements) <= 16
    assert took < 10, took  # about two seconds where nobody else works
    many = await send(officer, as_csv(*(row(n) for n in range(5_001))))
    assert many.json()["code"] == "sheet_too_large"


async def test_a_supplier_proposes_what_it_paid_and_whom_it_has_contracts_with(
    client, officer, homes, seller, supplier, db
):
    contract = {"household_no": "H-433125114-0001", "kind": "PURCHASE", "contract_no": "LD-7"}
    contract |= {"valid_from": "2026-01-01", "terms": "保底价"}
    made = await client.post("/v1/supplier/household-linkages", json=contract, headers=seller)
    assert (made.status_code, made.json()["status"], made.json()["supplier_id"]) == (201, "waiting", str(supplier))
    assert "H-433125114" not in made.text
    unknown = await client.post(
        "/v1/supplier/household-linkages", json=contract | {"household_no": "H-1-1"}, headers=seller
    )
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (422, "unknown_household")
    own = {"household_no": "H-433125114-0001", "kind": "PURCHASE", "category": "golden-tea", "paid_on": "2026-04-02"}
    body = {
        "note": "收购款",
        "payments": [own | {"quantity_milli": 100_000, "unit_price_fen": 5_000, "voucher_no": "BD-9"}],
    }
    listed = await client.post("/v1/supplier/household-payments", json=body, headers=seller)
    assert (listed.status_code, listed.json()["total_fen"]) == (201, 500_000)
    twice = await client.post("/v1/supplier/household-payments", json=body, headers=seller)
    assert twice.json()["errors"][0]["code"] == "duplicate"
    sheet = await send(client, as_csv(row(2)), "/v1/supplier/household-payments/imports", headers=seller, dry_run=False)
    assert sheet.json()["list"]["source"] == "supplier"
    assert await paid(db) == 0
    assert len((await client.get("/v1/supplier/household-payments", headers=seller)).json()["items"]) == 2
    waiting = (await officer.get("/v1/office/payment-lists?status=waiting")).json()["items"]
    assert {one["supplier_id"] for one in waiting} == {str(supplier)}
    for one in waiting:
        path = f"/v1/office/payment-lists/{one['id']}/approve"
        assert (await officer.post(path, json={"note": "已核对"})).status_code == 200
    assert await paid(db) == 1_000_000
    path = f"/v1/office/linkage-proposals/{made.json()['id']}"
    assert (await client.post(f"{path}/approve", json={"note": "x"}, headers=seller)).status_code == 403
    assert (await officer.post(f"{path}/approve", json={"note": "见合同"})).json()["status"] == "approved"
    assert (await officer.post(f"{path}/decline", json={"note": "x"})).json()["code"] == "linkage_decided"
    seen = (await officer.get(f"/v1/office/households/{homes[0]}", params={"why": "核对收购款"})).json()
    assert [one["contract_no"] for one in seen["linkages"]] == ["LD-7"]
    told = (await client.get("/v1/supplier/household-linkages", headers=seller)).json()["items"]
    assert [(one["status"], one["decision_note"]) for one in told] == [("approved", "见合同")]


async def test_a_supplier_sees_and_names_nobody_elses(client, officer, homes, seller, db, now):
    async with db.write() as session:
        other = bearer(token(await account(session, now, Role.SUPPLIER, username="seller-9", scope_id=uuid4()), now))
    contract = {
        "household_no": "H-433125114-0001",
        "kind": "WAGE",
        "contract_no": "LD-7",
        "valid_from": "2026-01-01",
        "terms": "x",
    }
    assert (await client.post("/v1/supplier/household-linkages", json=contract, headers=seller)).status_code == 201
    assert (await client.get("/v1/supplier/household-linkages", headers=other)).json()["items"] == []
    assert (await client.get("/v1/supplier/household-payments", headers=other)).json()["items"] == []
    named = contract | {"supplier_id": str(uuid4())}
    assert (await client.post("/v1/supplier/household-linkages", json=named, headers=seller)).status_code == 422
    assert (await client.get("/v1/office/linkage-proposals", headers=seller)).status_code == 403
