"""What comes instead of a good sheet: each is told in a sentence, as a whole or row by row, and changes nothing."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import text

from app import inventory
from app.core.sheets import Limits
from app.identity import Role
from tests.hostile import BOMB, FAR, MACRO, by_hand
from tests.identity.builders import account, bearer, token
from tests.inventory.builders import broken, figures, open_shop
from tests.inventory.sheets import apply, checked, csv, rows, upload, xlsx


@pytest.fixture
async def shop(db, now):
    async with db.write() as session:
        made = await open_shop(session, now - timedelta(hours=9), "A1", "B2", stock=10)
        who = await account(session, now, Role.SUPPLIER, username="staff", scope_id=made.supplier_id)
    return made, bearer(token(who, now))


@pytest.fixture
def staff(shop):
    return shop[1]


def _with_formula() -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("货号", "库存数量"))
        sheet.write_row(1, 0, ("A1",))
        sheet.write_formula(1, 1, '=IMPORTRANGE("https://evil.example","A1")', None, 5)
    return file.getvalue()


def _archive(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return file.getvalue()


def _locked(raw: bytes) -> bytes:
    """With the mark of encryption on every entry of its directory."""
    patched, at = bytearray(raw), -1
    while (at := raw.find(b"PK\x01\x02", at + 1)) >= 0:
        patched[at + 8] |= 1
    return bytes(patched)


GOOD = xlsx(("货号", "库存数量"), ("A1", 5))
FILES = {
    "nothing at all": (b"", "unknown_sheet_format"),
    "blanks": (b" \r\n\r\n ", "unknown_sheet_format"),
    "an old or encrypted workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unknown_sheet_format"),
    "a web page called .xls": ("<html><table><tr><td>货号".encode(), "unknown_sheet_format"),
    "XML of a spreadsheet of 2003": (b'<?xml version="1.0"?><Workbook/>', "unknown_sheet_format"),
    "PDF": (b"%PDF-1.7", "unknown_sheet_format"),
    "RTF": (b"{\\rtf1 x}", "unknown_sheet_format"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(40), "unknown_sheet_format"),
    "UTF-16": ("货号,库存数量\nA1,5\n".encode("utf-16"), "unknown_sheet_format"),
    "no encoding": (b"\xff\xfe\xfd\xfc" * 9, "unknown_sheet_format"),
    "a document of words": (_archive(word__document=b"<w/>"), "unknown_sheet_format"),
    "encrypted entries": (_locked(GOOD), "unknown_sheet_format"),
    "no archive": (b"PK\x03\x04 not really", "sheet_unreadable"),
    "cut off": (GOOD[:-300], "sheet_unreadable"),
    "a path trick": (by_hand("", also={"../../etc/cron.d/x": b"x"}), "sheet_unreadable"),
    "too many entries": (by_hand("", also={f"xl/{n}.xml": b"" for n in range(201)}), "sheet_unreadable"),
    "an entity bomb": (by_hand("", before=BOMB + "]>"), "sheet_unreadable"),
    "an open quote above the header": ('"货号,库存数量\nA1,5\n'.encode(), "sheet_unreadable"),
    "a zip bomb": (by_hand("", also={"xl/sharedStrings.xml": b"a" * (4 << 20)}), "sheet_too_large"),
    "a cell at the end of the world": (by_hand(FAR), "sheet_too_large"),
    "a hundred columns and one": (by_hand(FAR.replace("XFD1048576", "CW2")), "sheet_too_large"),
    "a novel in a title cell": (b"x" * 5_000 + "\n货号,库存数量\n".encode(), "sheet_too_large"),
    "a macro": (by_hand("", also=MACRO), "sheet_has_formulas"),
    "a macro sheet": (by_hand("", also={"xl/macrosheets/sheet1.xml": b"<x/>"}), "sheet_has_formulas"),
    "a link outside": (by_hand("", also={"xl/externalLinks/externalLink1.xml": b"<x/>"}), "sheet_has_formulas"),
    "an error value": (by_hand('<row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'), "sheet_has_formulas"),
    "a formula": (_with_formula(), "sheet_has_formulas"),
    "other headings": (csv("A1,5", header="名称,价格"), "sheet_header_not_found"),
    "half a header": (csv("A1,5", header="货号,备注"), "sheet_header_not_found"),
    "a column twice": (csv("A1,5,6", header="货号,数量,库存数量"), "sheet_header_not_found"),
    "no header": (csv("B2,6", header="A1,5"), "sheet_header_not_found"),
    "a header too far down": (("\n" * 40).encode() + csv("A1,5"), "sheet_header_not_found"),
}


async def test_a_file_that_is_no_good_is_refused_by_name_before_it_is_kept(client, staff, db):
    answers = {name: await upload(client, staff, raw) for name, (raw, _) in FILES.items()}
    found = {name: (answer.status_code, answer.json()["code"]) for name, answer in answers.items()}
    assert found == {name: (422, code) for name, (_, code) in FILES.items()}
    for answer in answers.values():
        assert len(answer.json()["detail"]) > 10
        assert "{" not in answer.json()["detail"]
    async with db.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM inventory_import")) == 0


async def test_what_shows_only_while_reading_fails_the_import(client, staff, db, now, monkeypatch):
    monkeypatch.setattr(inventory.service.imports, "LIMITS", Limits(rows=3))
    for raw, code in (
        (csv("A1,1", "A1,1", "A1,1", "A1,1"), "sheet_too_large"),
        (csv('A1,"1'), "sheet_unreadable"),
        (csv(), "sheet_empty"),
        (csv(f"A1,{'x' * 5_000}"), "sheet_too_large"),
    ):
        found = await checked(client, staff, db, now, raw)
        assert (found["status"], found["problem"]["code"]) == ("failed", code)
        assert found["rows"] == {"ok": 0, "changed": 0, "rejected": 0}
    async with db.read() as session:
        assert await figures(session, "A1") == (10, 0)


_HEADER = "货号,库存数量,批次,方式,盘点时间,原因"
_DAY = datetime(2026, 11, 20)  # noqa: DTZ001 - as a spreadsheet has it
ROWS = {
    "a barcode in scientific notation": (csv("6.9E+12,5"), "ruined_code"),
    "a barcode that lost its digits": (xlsx(("货号", "数量"), (6.9213179050381e17, 5)), "ruined_code"),
    "an empty code": (csv(",5"), "missing"),
    "an empty quantity": (csv("A1,"), "missing"),
    "words for a quantity": (csv("A1,约五箱"), "not_a_whole_number"),
    "half a box": (csv("A1,1.5"), "not_a_whole_number"),
    "half a box as a number": (xlsx(("货号", "数量"), ("A1", 1.5)), "not_a_whole_number"),
    "true": (xlsx(("货号", "数量"), ("A1", True)), "not_a_whole_number"),
    "a date for a quantity": (xlsx(("货号", "数量"), ("A1", _DAY)), "not_a_whole_number"),
    "infinity": (csv("A1,1e999"), "not_a_whole_number"),
    "less than nothing": (csv("A1,-5"), "out_of_range"),
    "more than there can be": (csv("A1,99999999999999999999"), "out_of_range"),
    "a formula as text": (csv("A1,=1+2"), "formula"),
    "a command as a code": (csv("=cmd|' /C calc'!A0,5"), "formula"),
    "a control character": (csv("A\x071,5"), "control_characters"),
    "a code without end": (csv("X" * 33 + ",5"), "too_long"),
    "a stranger's SQL": (csv("A1'; DROP TABLE inventory_stock;--,5"), "unknown_sku"),
    "an emoji": (csv("🍊,5"), "unknown_sku"),
    "letters that look alike": (csv("А1,5"), "unknown_sku"),
    "an unknown lot": (csv("A1,5,L9,,,", header=_HEADER), "unknown_lot"),
    "an unknown mode": (csv("A1,5,,加一点,,", header=_HEADER), "unknown_mode"),
    "a day without a time": (csv("A1,5,,,2026-11-20,", header=_HEADER), "time_missing"),
    "a day cell without a time": (
        xlsx(("货号", "数量", "盘点时间"), ("A1", 5, _DAY), dates="yyyy-mm-dd"),
        "time_missing",
    ),
    "no date": (csv("A1,5,,,昨天晚上,", header=_HEADER), "not_a_date"),
    "the 31st of February": (csv("A1,5,,,2026-02-31 10:00,", header=_HEADER), "not_a_date"),
    "day and month in either order": (csv("A1,5,,,3/4/2026 10:00,", header=_HEADER), "not_a_date"),
    "tomorrow": (csv("A1,5,,,2026-11-21 10:00,", header=_HEADER), "as_of_in_future"),
    "the year 0001": (csv("A1,5,,,0001-01-01T00:00:01+00:00,", header=_HEADER), "out_of_range"),
    "the year 9999": (csv("A1,5,,,9999-12-31T23:59:59-14:00,", header=_HEADER), "out_of_range"),
    "before the last count": (csv("A1,5,,,2026-11-01 10:00,", header=_HEADER), "newer_count"),
    "more taken than is there": (csv("A1,-11,,增减,,", header=_HEADER), "below_zero"),
    "an endless reason": (csv(f"A1,5,,,,{'长' * 201}", header=_HEADER), "too_long"),
}


async def test_a_row_that_is_no_good_is_told_so_and_left_out(client, staff, db, now):
    told = {}
    for name, (raw, _) in ROWS.items():
        found = await checked(client, staff, db, now, raw)
        assert (found["status"], found["rows"]) == ("checked", {"ok": 0, "changed": 0, "rejected": 1}), name
        [row] = await rows(client, staff, found["id"])
        assert row["detail"], name
        told[name] = row["code"]
        done = await apply(client, staff, db, now, found["id"])
        assert (done["status"], done["rows"]["changed"]) == ("applied", 0)
    assert told == {name: code for name, (_, code) in ROWS.items()}
    async with db.read() as session:
        assert await figures(session, "A1") == (10, 0)
        assert await broken(session) == []


def test_there_are_enough_of_them():
    assert len(FILES) + len(ROWS) >= 60


@pytest.mark.parametrize(
    "raw",
    [
        csv("A1,5", encoding="utf-8"),
        csv("A1,5", encoding="utf-8-sig"),
        csv("A1,5", encoding="gb18030"),
        b"sku\tqty\nA1\t5\n",
        '"SKU 编码";"盘点 数量"\n="A1";" 5 "\n\n合计;5\n'.encode(),
        "\ufeff盘点表,,\n,,\n序号,货号*,现有库存,库存数量（箱）\n1,A1,10,5\n".encode(),
        xlsx(("SKU", "QUANTITY"), ("'A1", "5")),
    ],
    ids=["utf-8", "with a mark", "gb18030", "tabs", "semicolons", "a title above", "xlsx in English"],
)
async def test_a_good_sheet_is_understood_however_it_is_written(client, staff, db, now, raw):
    found = await checked(client, staff, db, now, raw)
    assert found["rows"] == {"ok": 1, "changed": 1, "rejected": 0}
    [row] = await rows(client, staff, found["id"])
    assert (row["sku"], row["after"]) == ("A1", 5)


_MANY = """
WITH product AS (SELECT product_id FROM catalogue_sku WHERE sku = 'A1'), made AS (
    INSERT INTO catalogue_sku SELECT (jsonb_populate_record(k, jsonb_build_object(
        'sku', 'M' || lpad(n::text, 6, '0'), 'position', n + 10))).*
    FROM catalogue_sku k, generate_series(1, :many) n WHERE k.sku = 'A1' RETURNING sku
)
INSERT INTO inventory_stock (sku, supplier_id) SELECT sku, :supplier FROM made
"""


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_a_large_sheet_is_worked_on_in_little_memory(client, shop, db, now):
    """Chunk by chunk, so that the number of rows does not matter: a tenth of the most is enough to see it."""
    many, (made, staff) = 5_000, shop
    async with db.write() as session:
        await session.execute(text(_MANY), {"many": many, "supplier": made.supplier_id})
    raw = csv(*(f"M{n:06},{n % 90 + 1}" for n in range(1, many + 1)))
    sent = (await upload(client, staff, raw)).json()
    before, most, steps, begun = _resident(), 0, 0, time.monotonic()
    while await inventory.work_on_imports(db, now):
        most, steps = max(most, _resident()), steps + 1
    done = await apply(client, staff, db, now, sent["id"])
    assert done["rows"] == {"ok": many, "changed": many, "rejected": 0}
    assert steps == 1 + many // 1_000
    assert most - before < 48 << 20
    assert time.monotonic() - begun < 20
    async with db.read() as session:
        assert await broken(session) == []
