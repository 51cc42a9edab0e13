"""Stock by sheet: what a supplier sees before, what is done once, and what the receipts say."""

from __future__ import annotations

import asyncio
import csv as reading
import io
import zipfile
from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app import inventory
from app.core.web import Edge, Limits
from app.core.web.problems import install_handlers
from app.identity import Role
from app.inventory.lifecycle import TRANSITIONS, ImportStepNotAllowed, Status, Step, after
from app.inventory.rules.imports import CHUNK, MOST_AT_WORK, Absent, TooManyImports
from app.inventory.service.imports import start_import
from tests.identity.builders import account, bearer, token
from tests.inventory.builders import bring, broken, count, figures, open_shop
from tests.inventory.sheets import IMPORTS, apply, checked, csv, key, look, outcomes, rows, upload, work, xlsx


@pytest.fixture
async def shop(db, now):
    async with db.write() as session:
        early = now - timedelta(hours=9)
        made = await open_shop(session, early, "A1", "B2", "C3", stock=10)
        await open_shop(session, early, "THEIRS", code="S92", stock=7)
        who = await account(session, now, Role.SUPPLIER, username="staff", scope_id=made.supplier_id)
    return {"shop": made, "staff": bearer(token(who, now))}


@pytest.fixture
def staff(shop):
    return shop["staff"]


async def sell(db, sku, quantity, at):
    order = uuid4()
    async with db.write() as session:
        await inventory.reserve(session, order, {sku: quantity}, by=None, now=at)
        await inventory.ship(session, order, [(sku, quantity, None)], shipment_id=uuid4(), now=at)


async def on_hand(db, *skus):
    async with db.read() as session:
        assert await broken(session) == []
        return [(await figures(session, sku))[0] for sku in skus]


async def test_a_sheet_is_checked_then_applied_and_every_row_has_a_receipt(client, staff, db, now):
    raw = csv("A1,12", "B2,10", "NO,5", "THEIRS,5", "C3,几个")
    found = await checked(client, staff, db, now, raw)
    assert (found["status"], found["rows"]) == ("checked", {"ok": 2, "changed": 1, "rejected": 3})
    assert found["progress"] == {"done": 5, "total": 5}
    assert found["problem"] is None
    expected = [
        (2, "A1", 10, 12, "changed", None),
        (3, "B2", 10, 10, "unchanged", None),
        (4, "NO", 0, 0, "rejected", "unknown_sku"),
        (5, "THEIRS", 0, 0, "rejected", "unknown_sku"),
        (6, "C3", None, None, "rejected", "not_a_whole_number"),
    ]
    assert await outcomes(client, staff, found["id"]) == expected
    assert await on_hand(db, "A1", "B2", "C3") == [10, 10, 10]
    done = await apply(client, staff, db, now, found["id"])
    assert (done["status"], done["rows"], done["progress"]) == ("applied", found["rows"], found["progress"])
    assert done["applied_at"] == "2026-11-20T04:00:00Z"
    assert await outcomes(client, staff, found["id"]) == expected
    assert await on_hand(db, "A1", "B2", "C3") == [12, 10, 10]
    details = [row["detail"] for row in await rows(client, staff, found["id"], status="rejected")]
    assert details == ["没有这个 SKU", "没有这个 SKU", "库存数量：应为整数"]


async def test_receipts_are_taken_home_as_text_that_spreadsheets_do_not_run(client, staff, db, now):
    found = await checked(client, staff, db, now, csv("A1,12", "'@SUM(1),3"))
    answer = await client.get(f"{IMPORTS}/{found['id']}/receipts.csv", headers=staff | {"Accept-Language": "en"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *lines = reading.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""))
    assert header == [
        "row",
        "sku",
        "lot_code",
        "mode",
        "quantity",
        "as_of",
        "before",
        "after",
        "status",
        "code",
        "detail",
    ]
    assert lines == [
        ["2", "A1", "", "set", "12", "", "10", "12", "changed", "", ""],
        ["3", "'@SUM(1)", "", "set", "3", "", "0", "0", "rejected", "unknown_sku", "There is no such SKU"],
    ]


async def test_sales_between_the_check_and_its_application_stand(client, staff, db, clock):
    raw = csv("A1,20")
    found = await checked(client, staff, db, clock(), raw)
    await sell(db, "A1", 3, clock.advance(minutes=3))
    done = await apply(client, staff, db, clock.advance(minutes=3), found["id"])
    assert done["rows"]["changed"] == 1
    assert await outcomes(client, staff, found["id"]) == [(2, "A1", 7, 17, "changed", None)]
    assert await on_hand(db, "A1") == [17]


async def test_a_count_says_when_it_was_taken(client, staff, db, now):
    await sell(db, "A1", 2, now - timedelta(hours=5))
    await sell(db, "A1", 3, now - timedelta(hours=1))
    header = "货号,库存数量,盘点时间"
    raw = csv("A1,8,2026-11-20 10:00", "B2,9,2026-11-20", "C3,9,2026-11-21 10:00", header=header)
    found = await checked(client, staff, db, now, raw)
    assert await outcomes(client, staff, found["id"]) == [
        (2, "A1", 5, 5, "unchanged", None),
        (3, "B2", None, None, "rejected", "time_missing"),
        (4, "C3", 10, 10, "rejected", "as_of_in_future"),
    ]


async def test_a_newer_count_booked_after_the_check_stands(client, staff, shop, db, clock):
    found = await checked(client, staff, db, clock(), csv("A1,20", "B2,3"))
    async with db.write() as session:
        await count(session, shop["shop"], clock.advance(minutes=3), {"A1": 4})
    done = await apply(client, staff, db, clock(), found["id"])
    assert done["rows"] == {"ok": 1, "changed": 1, "rejected": 1}
    assert await outcomes(client, staff, found["id"]) == [
        (2, "A1", 4, 4, "rejected", "newer_count"),
        (3, "B2", 10, 3, "changed", None),
    ]
    assert await on_hand(db, "A1", "B2") == [4, 3]


async def test_the_same_file_twice_changes_nothing(client, staff, db, clock):
    raw = csv("A1,15,盘点", "B2,-2,增减", header="货号,数量,方式")
    first = await checked(client, staff, db, clock(), raw)
    second = await checked(client, staff, db, clock(), raw)
    assert first["rows"] == second["rows"] == {"ok": 2, "changed": 2, "rejected": 0}
    await apply(client, staff, db, clock(), first["id"])
    await sell(db, "A1", 1, clock.advance(minutes=3))
    for import_id in (second["id"], (await checked(client, staff, db, clock(), raw))["id"]):
        done = await apply(client, staff, db, clock(), import_id)
        assert (done["rows"], done["repeats"]) == ({"ok": 2, "changed": 0, "rejected": 0}, first["id"])
        assert await outcomes(client, staff, import_id) == [
            (2, "A1", 14, 14, "unchanged", "same_file"),
            (3, "B2", 8, 8, "unchanged", "same_file"),
        ]
    assert await on_hand(db, "A1", "B2") == [14, 8]
    meant = await checked(client, staff, db, clock(), raw, again=True)
    assert meant["rows"]["changed"] == 2
    await apply(client, staff, db, clock(), meant["id"])
    assert await on_hand(db, "A1", "B2") == [15, 6]


async def test_what_a_sheet_leaves_out_is_what_the_person_chose(client, staff, shop, db, now):
    async with db.write() as session:
        await inventory.reserve(session, uuid4(), {"B2": 4}, by=None, now=now - timedelta(hours=1))
    kept = await checked(client, staff, db, now, csv("A1,12"))
    assert [row[1] for row in await outcomes(client, staff, kept["id"])] == ["A1"]
    found = await checked(client, staff, db, now, csv("A1,12"), absent="zero")
    assert await outcomes(client, staff, found["id"]) == [
        (2, "A1", 10, 12, "changed", None),
        (None, "B2", 10, 4, "changed", None),
        (None, "C3", 10, 0, "changed", None),
    ]
    await apply(client, staff, db, now, found["id"])
    async with db.read() as session:
        assert await figures(session, "B2") == (4, 4)
    assert await on_hand(db, "A1", "C3", "THEIRS") == [12, 0, 7]


@pytest.mark.parametrize("row", ["NO,3", "6.9E+12,3", ",3", "THEIRS,3"])
async def test_nothing_is_cleared_while_a_row_may_have_meant_it(client, staff, db, now, row):
    found = await checked(client, staff, db, now, csv("A1,12", "B2,一些", row), absent="zero")
    assert (await outcomes(client, staff, found["id"]))[-1] == (
        None, "C3", None, None, "rejected", "unsure_what_is_absent"
    )  # fmt: skip
    await apply(client, staff, db, now, found["id"])
    assert await on_hand(db, "A1", "B2", "C3") == [12, 10, 10]


async def test_a_thing_counted_twice_is_not_guessed(client, staff, shop, db, now):
    async with db.write() as session:
        for code in ("L1", "L2"):
            await bring(session, shop["shop"], now - timedelta(hours=2), "C3", code, 5, date(2027, 6, 1))
    header = "货号,库存数量,批次,方式"
    raw = csv(
        "A1,12,,",
        "A1,13,,",
        "B2,7,,",
        "B2,7,,盘点",
        "C3,3,L1,",
        "C3,4,L2,",
        "C3,-1,,增减",
        "C3,-1,,增减",
        header=header,
    )
    found = await checked(client, staff, db, now, raw)
    assert [row[3:] for row in await outcomes(client, staff, found["id"])] == [
        (None, "rejected", "duplicate_row"),
        (None, "rejected", "duplicate_row"),
        (7, "changed", None),
        (None, "rejected", "duplicate_row"),
        (3, "changed", None),
        (4, "changed", None),
        (16, "changed", None),
        (15, "changed", None),
    ]
    await apply(client, staff, db, now, found["id"])
    assert await on_hand(db, "A1", "B2", "C3") == [10, 7, 15]


async def test_what_orders_hold_is_not_counted_away(client, staff, db, now):
    async with db.write() as session:
        await inventory.reserve(session, uuid4(), {"A1": 4}, by=None, now=now)
    found = await checked(client, staff, db, now, csv("A1,3"))
    assert await outcomes(client, staff, found["id"]) == [(2, "A1", 10, 10, "rejected", "below_reserved")]


async def test_two_applications_at_once_are_one(fresh_db, settings, clock, now):
    """Of the same import and of another of the same bytes, with several workers."""
    async with fresh_db.write() as session:
        made = await open_shop(session, now - timedelta(hours=9), "A1", "B2", stock=10)
        who = await account(session, now, Role.SUPPLIER, username="staff", scope_id=made.supplier_id)
    staff = bearer(token(who, now))
    app = FastAPI()
    app.include_router(inventory.router)
    install_handlers(app)
    app.state.edge = Edge(settings, fresh_db, Limits(fresh_db, settings.limits), clock)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://market.test") as client:
        raw = csv("A1,-1,adjust", "B2,4,set", header="sku,quantity,mode")
        first, second = [await checked(client, staff, fresh_db, now, raw) for _ in range(2)]
        told = await asyncio.gather(
            *(
                client.post(f"{IMPORTS}/{found['id']}/apply", headers=staff | key())
                for found in (first, second, first, second)
            )
        )
        assert {answer.status_code for answer in told} == {202}
        await asyncio.gather(*(work(fresh_db, now) for _ in range(4)))
        after_all = [await look(client, staff, found["id"]) for found in (first, second)]
    assert [found["status"] for found in after_all] == ["applied", "applied"]
    assert sorted(found["rows"]["changed"] for found in after_all) == [0, 2]
    assert await on_hand(fresh_db, "A1", "B2") == [9, 4]
    async with fresh_db.read() as session:
        moved = await session.scalar(text("SELECT count(*) FROM inventory_movement WHERE kind = 'adjusted'"))
    assert moved == 1


async def test_applied_at_once_only_if_every_row_is_good(client, staff, db, now):
    good = await checked(client, staff, db, now, csv("A1,12"), dry_run=False)
    assert (good["status"], await on_hand(db, "A1")) == ("applied", [12])
    bad = await checked(client, staff, db, now, csv("A1,13", "NO,1"), dry_run=False)
    assert (bad["status"], await on_hand(db, "A1")) == ("checked", [12])
    refused = await upload(client, staff, csv("A1,12"), dry_run=False, again=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "again_needs_dry_run")


async def test_chunks_go_on_where_they_stopped(client, staff, shop, db, now, statements):
    """More rows than a chunk has, most of them about one SKU: what one step did is not done again."""
    lines = [f"A1,{1 if n % 2 else -1},adjust" for n in range(CHUNK + 50)]
    raw = csv(*lines, "B2,9,set", "C3,8,set", header="sku,quantity,mode")
    found = await checked(client, staff, db, now, raw)
    assert found["rows"] == {"ok": CHUNK + 52, "changed": CHUNK + 52, "rejected": 0}
    await client.post(f"{IMPORTS}/{found['id']}/apply", headers=staff | key())
    statements.clear()
    assert await inventory.work_on_imports(db, now) == 1
    assert len(statements) <= 12
    half = await look(client, staff, found["id"])
    assert (half["status"], half["progress"]) == ("applying", {"done": CHUNK + 50, "total": CHUNK + 52})
    await work(db, now)
    assert (await look(client, staff, found["id"]))["status"] == "applied"
    assert await on_hand(db, "A1", "B2", "C3") == [10, 9, 8]


async def test_a_step_that_fails_is_taken_again_and_a_hopeless_file_is_given_up(client, staff, db, clock, monkeypatch):
    found = await checked(client, staff, db, clock(), csv("A1,12"))
    await client.post(f"{IMPORTS}/{found['id']}/apply", headers=staff | key())
    read = inventory.service.imports.queries.moved_later

    async def fails(*_):
        raise RuntimeError("arranged")

    monkeypatch.setattr(inventory.service.stock.queries, "moved_later", fails)
    assert await inventory.work_on_imports(db, clock()) == 1
    assert await inventory.work_on_imports(db, clock()) == 0
    monkeypatch.setattr(inventory.service.stock.queries, "moved_later", read)
    await work(db, clock.advance(seconds=2))
    assert (await look(client, staff, found["id"]))["status"] == "applied"
    lost = (await upload(client, staff, csv("A1,5"))).json()
    monkeypatch.setattr(inventory.service.imports, "line_of", None)
    for _ in range(5):
        await work(db, clock.advance(seconds=40))
    gone = await look(client, staff, lost["id"])
    assert (gone["status"], gone["problem"]["code"]) == ("failed", "import_stopped")


async def test_a_worker_that_died_while_reading_is_replaced(client, staff, db, clock, monkeypatch):
    found = (await upload(client, staff, csv("A1,12"))).json()

    async def dies(*_):
        raise asyncio.CancelledError

    with monkeypatch.context() as dying:
        dying.setattr(inventory.service.imports, "_close_reading", dies)
        with pytest.raises(asyncio.CancelledError):
            await inventory.work_on_imports(db, clock())
    assert (await look(client, staff, found["id"]))["status"] == "checking"
    assert await work(db, clock()) == 0
    await work(db, clock.advance(seconds=61))
    assert (await look(client, staff, found["id"]))["rows"] == {"ok": 1, "changed": 1, "rejected": 0}


async def test_an_import_is_its_suppliers_and_applied_only_when_checked(client, shop, staff, db, now):
    async with db.write() as session:
        stranger = await account(session, now, Role.SUPPLIER, username="other", scope_id=uuid4())
        buyer = await account(session, now, Role.BUYER, username="li-xia")
    sent = (await upload(client, staff, csv("A1,12"))).json()
    early = await client.post(f"{IMPORTS}/{sent['id']}/apply", headers=staff | key())
    assert (early.status_code, early.json()["code"]) == (409, "step_not_allowed")
    assert (await client.post(f"{IMPORTS}/{sent['id']}/apply", headers=staff)).json()[
        "code"
    ] == "idempotency_key_required"
    await work(db, now)
    for who, status in ((stranger, 404), (buyer, 403)):
        theirs = bearer(token(who, now))
        for path in ("", "/rows", "/receipts.csv"):
            assert (await client.get(f"{IMPORTS}/{sent['id']}{path}", headers=theirs)).status_code == status
        assert (await client.post(f"{IMPORTS}/{sent['id']}/apply", headers=theirs | key())).status_code == status
    assert (await client.get(IMPORTS, headers=bearer(token(stranger, now)))).json()["items"] == []
    assert await on_hand(db, "A1") == [10]


async def test_imports_and_rows_come_in_pages_and_no_more_wait_than_may(client, staff, db, clock):
    sent = []
    for n in range(5):
        clock.advance(seconds=1)
        sent.append((await upload(client, staff, csv("A1,1", "B2,2", "C3,3", f"X{n},1"))).json()["id"])
    many = await upload(client, staff, csv("A1,1"))
    assert (many.status_code, many.json()["code"]) == (409, "too_many_imports")
    await work(db, clock())
    for path, field, expected in ((IMPORTS, "id", sent[::-1]), (f"{IMPORTS}/{sent[0]}/rows", "row", [2, 3, 4, 5])):
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(path, params=query, headers=staff)).json()
            seen += [item[field] for item in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == expected


async def test_the_template_offers_skus_and_modes_and_can_be_sent_back(client, staff, db, now):
    answer = await client.get("/v1/supplier/inventory/template.xlsx", headers=staff)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        known = book.read("xl/worksheets/sheet2.xml").decode()
    assert "货号!$A$2:$A$4" in sheet
    assert "盘点,增减" in sheet
    assert all(sku in known for sku in ("A1", "B2", "C3"))
    assert "THEIRS" not in known
    empty = await checked(client, staff, db, now, answer.content)
    assert (empty["status"], empty["problem"]["code"]) == ("failed", "sheet_empty")
    assert "填写" in empty["problem"]["detail"]


async def test_receipts_are_forgotten_after_ninety_days_and_the_file_is_not(client, staff, db, clock):
    raw = csv("A1,12")
    found = await checked(client, staff, db, clock(), raw)
    await apply(client, staff, db, clock(), found["id"])
    async with db.write() as session:
        assert await inventory.forget_receipts(session, now=clock.advance(days=89)) == 0
        assert await inventory.forget_receipts(session, now=clock.advance(days=2)) == 1
        who = await account(
            session,
            clock(),
            Role.SUPPLIER,
            username="staff2",
            scope_id=(await session.scalar(text("SELECT supplier_id FROM inventory_stock WHERE sku = 'A1'"))),
        )
    staff = bearer(token(who, clock()))
    assert await rows(client, staff, found["id"]) == []
    assert (await checked(client, staff, db, clock(), raw))["repeats"] == found["id"]


async def test_a_sheet_that_nobody_applied_cannot_be_once_its_rows_are_forgotten(client, staff, shop, db, clock):
    found = await checked(client, staff, db, clock(), csv("A1,12"))
    async with db.write() as session:
        assert await inventory.forget_receipts(session, now=clock.advance(days=91)) == 1
        who = await account(session, clock(), Role.SUPPLIER, username="staff2", scope_id=shop["shop"].supplier_id)
    staff = bearer(token(who, clock()))
    late = await client.post(f"{IMPORTS}/{found['id']}/apply", headers=staff | key())
    assert (late.status_code, late.json()["code"]) == (409, "step_not_allowed")
    gone = await look(client, staff, found["id"])
    assert (gone["status"], gone["problem"]["code"]) == ("failed", "sheet_left")
    assert await rows(client, staff, found["id"]) == []
    assert await on_hand(db, "A1") == [10]


async def test_of_many_sheets_sent_at_once_no_more_wait_than_may(fresh_db, now):
    async with fresh_db.write() as session:
        made = await open_shop(session, now, "A1")

    async def send(number: int) -> bool:
        try:
            async with fresh_db.write() as session:
                await start_import(
                    session,
                    made.supplier_id,
                    csv(f"A1,{number}"),
                    absent=Absent.KEEP,
                    dry_run=True,
                    again=False,
                    by=made.staff.account_id,
                    now=now,
                )
                await asyncio.sleep(0.02)  # everybody has counted before anybody commits
        except TooManyImports:
            return False
        return True

    assert sum(await asyncio.gather(*(send(number) for number in range(MOST_AT_WORK + 4)))) == MOST_AT_WORK


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", Step)
def test_the_life_of_an_import(status, step):
    if (status, step) in TRANSITIONS:
        assert after(status, step) is TRANSITIONS[status, step]
    else:
        with pytest.raises(ImportStepNotAllowed):
            after(status, step)


async def test_xlsx_dates_titles_and_full_width_digits_are_understood(client, staff, db, clock, now):
    at = now.astimezone(tz=None).replace(tzinfo=None)
    raw = xlsx(
        ("序号", "商品 编码", "*实盘数量（件）", "更新方式", "盘点时间", "备注"),
        (1, "Ａ１", "１２", None, at.replace(hour=10), None),
        (2, "B2", "1,200", "盘点", None, "新到"),
        (3, "C3", -3, "增减", None, "破损"),
        ("合计", None, 1209, None, None, None),
        title="酉水茶业 十一月盘点",
    )
    found = await checked(client, staff, db, now, raw)
    assert [row[1:] for row in await outcomes(client, staff, found["id"])] == [
        ("A1", 10, 12, "changed", None),
        ("B2", 10, 1200, "changed", None),
        ("C3", 10, 7, "changed", None),
    ]
    await apply(client, staff, db, now, found["id"])
    moved = await client.get("/v1/supplier/inventory/C3/movements?limit=1", headers=staff)
    assert (moved.json()["items"][0]["kind"], moved.json()["items"][0]["reason"]) == ("adjusted", "破损")
