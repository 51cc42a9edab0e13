"""Item mappings and price lists over HTTP: by hand, by sheet, and as partners read them."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from app import partners
from app.core.clock import local_day
from app.identity import SYSTEM, Role
from tests.identity.builders import account, bearer, token
from tests.partners.builders import SECOND, customer
from tests.pricing.wares import GTINS, ITFS, open_store

DAY = timedelta(days=1)
ROW = {"sku": "A1", "price_fen": 7_200, "valid_from": "2026-11-01", "valid_to": "2026-12-31", "min_cases": 5}


@pytest.fixture
async def client(api):
    transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as made:
        yield made


@pytest.fixture
async def operator(session, now) -> dict[str, str]:
    return bearer(token(await account(session, now, Role.OPERATOR, username="op"), now))


@pytest.fixture
async def who(session, now):
    await open_store(session, now, "A1", "B2")
    return await customer(session, now)


async def staff(session, now, partner_id, username="staff") -> dict[str, str]:
    return bearer(token(await account(session, now, Role.PARTNER, username=username, scope_id=partner_id), now))


HEADINGS = ("货号", "含税供价", "生效日期", "失效日期", "是否促销", "起订箱数")


def sheet(*rows) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for at, row in enumerate((["2026 年供货价目表"], HEADINGS, *rows)):
            page.write_row(at, 0, row)
    return out.getvalue()


async def test_a_partner_reads_what_it_can_order(client, session, now, operator, who):
    path = f"/v1/operator/contracts/{who.contract.id}/prices"
    added = await client.post(path, json={"rows": [ROW, {**ROW, "sku": "B2", "price_fen": 990}]}, headers=operator)
    assert (added.status_code, added.json()["warnings"]) == (201, [])
    mapped = await client.put(
        f"/v1/operator/partners/{who.card.id}/items/A1",
        json={"partner_item_code": "00012345", "gtin13": GTINS[0], "itf14": ITFS[0], "case_pack": 6},
        headers=operator,
    )
    assert mapped.status_code == 200, mapped.text
    mine = await staff(session, now, who.card.id)
    first = await client.get("/v1/partner/price-list?limit=1", headers=mine)
    assert first.json()["items"] == [
        {
            "sku": "A1",
            "name": "脐橙 一箱",
            "price_fen": 7_200,
            "promotion": False,
            "case_pack": 6,
            "min_cases": 5,
            "multiple_cases": 1,
            "min_life_days": None,
            "tax_rate_bp": 900,
            "partner_item_code": "00012345",
            "gtin13": GTINS[0],
            "itf14": ITFS[0],
        }
    ]
    rest = await client.get("/v1/partner/price-list", params={"cursor": first.json()["next_cursor"]}, headers=mine)
    assert [item["sku"] for item in rest.json()["items"]] == ["B2"]
    assert rest.headers["ETag"] == first.headers["ETag"]
    (row,) = [row for row in added.json()["rows"] if row["sku"] == "B2"]
    gone = await client.post(f"{path}/{row['id']}/withdraw", headers=operator)
    assert gone.status_code == 200, gone.text
    assert (await client.post(f"{path}/{row['id']}/withdraw", headers=operator)).json()["code"] == "price_withdrawn"
    left = await client.get("/v1/partner/price-list", headers=mine)
    assert [item["sku"] for item in left.json()["items"]] == ["A1"]
    assert left.headers["ETag"] != first.headers["ETag"]
    assert len((await client.get(path, headers=operator)).json()["items"]) == 2


async def test_without_a_contract_there_is_no_price_list(client, session, now):
    card = await partners.enrol(session, **SECOND, by=SYSTEM, now=now)
    answer = await client.get("/v1/partner/price-list", headers=await staff(session, now, card.id))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_contract")


async def test_codes_are_mapped_listed_and_forgotten(client, session, now, operator, who):
    base = f"/v1/operator/partners/{who.card.id}/items"
    item = {"partner_item_code": "0001", "case_pack": 12}
    assert (await client.put(f"{base}/A1", json=item, headers=operator)).status_code == 200
    taken = await client.put(f"{base}/B2", json=item, headers=operator)
    assert (taken.status_code, taken.json()["code"]) == (422, "code_conflict")
    (error,) = taken.json()["errors"]
    assert error["pointer"] == "/partner_item_code"
    assert "A1" in error["detail"]
    assert "B2" in error["detail"]
    assert (await client.put(f"{base}/NO", json=item, headers=operator)).status_code == 404
    (only,) = (await client.get(base, headers=operator)).json()["items"]
    assert (only["sku"], only["partner_item_code"], only["case_pack"]) == ("A1", "0001", 12)
    assert (await client.delete(f"{base}/A1", headers=operator)).status_code == 204
    assert (await client.delete(f"{base}/A1", headers=operator)).status_code == 404
    assert (await client.get(base, headers=operator)).json()["items"] == []


async def test_a_sheet_is_tried_and_then_added(client, now, operator, who):
    """Titles above the header, yuan with a sign, dates as people write them, a line of totals below."""
    path = f"/v1/operator/contracts/{who.contract.id}/prices"
    raw = sheet(
        ["a1", "¥72.00", "2026/11/1", "20261231", None, 5],
        ["B2", 9.9, "2026年11月1日", "2026-12-31", "否", None],
        ["B2", "8.80", "2026-11-20", "2026-11-22", "是", None],
        ["合计", None, None, None, None, None],
    )
    files = {"file": ("价目表.xlsx", raw)}
    tried = await client.post(f"{path}/sheets?dry_run=true", files=files, headers=operator)
    assert tried.status_code == 200, tried.text
    assert (tried.json()["dry_run"], len(tried.json()["rows"])) == (True, 3)
    assert (await client.get(path, headers=operator)).json()["items"] == []
    done = await client.post(f"{path}/sheets", files=files, headers=operator)
    assert [(row["sku"], row["price_fen"], row["promotion"]) for row in done.json()["rows"]] == [
        ("A1", 7_200, False),
        ("B2", 990, False),
        ("B2", 880, True),
    ]
    assert len((await client.get(path, headers=operator)).json()["items"]) == 3
    again = await client.post(f"{path}/sheets", files=files, headers=operator)
    assert (again.status_code, again.json()["code"]) == (422, "invalid_price_list")
    assert [error["pointer"] for error in again.json()["errors"]] == [f"/rows/{n}/valid_from" for n in (3, 4, 5)]


async def test_what_is_taken_home_can_be_sent_back_for_another_contract(client, session, now, operator, who):
    path = f"/v1/operator/contracts/{who.contract.id}/prices"
    promotion = {**ROW, "price_fen": 6_500, "promotion": True, "valid_from": "2026-11-20", "valid_to": "2026-11-22"}
    await client.post(path, json={"rows": [{**ROW, "min_life_days": 12}, promotion]}, headers=operator)
    answer = await client.get(f"{path}/sheet.xlsx", headers=operator)
    assert answer.status_code == 200
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == 3
    other = await customer(session, now, record=SECOND)
    copied = await client.post(
        f"/v1/operator/contracts/{other.contract.id}/prices/sheets",
        files={"file": ("p.xlsx", answer.content)},
        headers=operator,
    )
    assert copied.status_code == 200, copied.text
    shown = {(row["price_fen"], row["promotion"], row["min_life_days"]) for row in copied.json()["rows"]}
    assert shown == {(7_200, False, 12), (6_500, True, None)}


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        (["A1", "很贵", "2026-11-01", "2026-12-31", None, None], "price", None),
        (["A1", None, "2026-11-01", "2026-12-31", None, None], "price", "missing"),
        (["A1", 72, "3/4/2026", "2026-12-31", None, None], "valid_from", None),
        (["A1", 72, "2026-11-01", "2026-12-31", "也许", None], "promotion", "not_yes_or_no"),
        (["A1", 72, "2026-11-01", "2026-12-31", None, 0], "min_cases", "out_of_range"),
        (["NO", 72, "2026-11-01", "2026-12-31", None, None], "sku", "not_for_wholesale"),
    ],
)
async def test_one_bad_row_holds_up_the_sheet_and_says_where(client, operator, who, cells, column, code):
    path = f"/v1/operator/contracts/{who.contract.id}/prices"
    good = ["B2", 9.9, "2026-11-01", "2026-12-31", None, None]
    answer = await client.post(f"{path}/sheets", files={"file": ("p.xlsx", sheet(good, cells))}, headers=operator)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["pointer"] == f"/rows/4/{column}"
    assert code in {None, error["code"]}
    assert (await client.get(path, headers=operator)).json()["items"] == []


async def test_short_notice_is_a_warning_by_the_rows_number(client, now, operator, who):
    path = f"/v1/operator/contracts/{who.contract.id}/prices"
    today = local_day(now)
    usual = {**ROW, "valid_to": str(today)}
    assert (await client.post(path, json={"rows": [usual]}, headers=operator)).status_code == 201
    raw = sheet(["A1", 75, str(today + DAY), str(today + 10 * DAY), None, None])
    answer = await client.post(
        f"{path}/sheets?dry_run=true", files={"file": ("p.xlsx", raw)}, headers=operator | {"Accept-Language": "en"}
    )
    (warned,) = answer.json()["warnings"]
    assert (warned["pointer"], warned["code"]) == ("/rows/3", "short_notice")
    assert "15 days" in warned["detail"]


async def test_nothing_is_added_to_a_contract_that_was_ended(client, session, now, operator, who):
    await partners.end(session, who.contract.id, by=SYSTEM, now=now)
    path = f"/v1/operator/contracts/{who.contract.id}/prices"
    answer = await client.post(path, json={"rows": [ROW]}, headers=operator)
    assert (answer.status_code, answer.json()["code"]) == (409, "contract_over")


async def test_a_draft_with_prices_is_not_thrown_away(api, client, db, session, now, operator, who):
    drafted = await client.post(
        f"/v1/operator/partners/{who.card.id}/contracts",
        json={
            "contract_no": "HT-NEXT",
            "valid_from": "2028-01-01",
            "valid_to": "2028-12-31",
            "order_weekdays": [1],
            "order_until": "14:00",
            "lead_days": 2,
            "min_life_pct": 60,
            "term_days": 30,
        },
        headers=operator,
    )
    contract = f"/v1/operator/contracts/{drafted.json()['id']}"
    row = {**ROW, "valid_from": "2028-01-01", "valid_to": "2028-12-31"}
    assert (await client.post(f"{contract}/prices", json={"rows": [row]}, headers=operator)).status_code == 201
    refused = await client.delete(contract, headers=operator)
    assert (refused.status_code, refused.json()["code"]) == (409, "contract_has_prices")
    assert (await client.get(contract, headers=operator)).status_code == 200


ROUTES = [
    ("GET", "/v1/operator/partners/{id}/items"),
    ("PUT", "/v1/operator/partners/{id}/items/A1"),
    ("DELETE", "/v1/operator/partners/{id}/items/A1"),
    ("GET", "/v1/operator/contracts/{id}/prices"),
    ("POST", "/v1/operator/contracts/{id}/prices"),
    ("GET", "/v1/operator/contracts/{id}/prices/sheet.xlsx"),
    ("POST", "/v1/operator/contracts/{id}/prices/sheets"),
    ("POST", "/v1/operator/contracts/{id}/prices/{id}/withdraw"),
]


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SUPPLIER, Role.PARTNER, Role.OFFICER])
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_only_operators_do_that(client, session, now, role, method, path):
    headers = bearer(token(await account(session, now, role), now)) if role else {}
    answer = await client.request(method, path.format(id=uuid4()), headers=headers)
    assert answer.status_code == (403 if role else 401)


@pytest.mark.parametrize("role", [None, Role.BUYER, Role.SUPPLIER, Role.OPERATOR])
async def test_only_partners_read_their_price_list(client, session, now, role):
    headers = bearer(token(await account(session, now, role), now)) if role else {}
    assert (await client.get("/v1/partner/price-list", headers=headers)).status_code == (403 if role else 401)
