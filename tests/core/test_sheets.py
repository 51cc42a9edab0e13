"""What people upload: read in all the ways they write it, and refused in one sentence where it would do harm."""

from __future__ import annotations

import io
import resource
import threading
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from app.core.clock import SHANGHAI
from app.core.errors import DomainError
from app.core.sheets import (
    BadCell,
    Column,
    Heading,
    Limits,
    Page,
    amount_fen,
    code,
    day,
    grams,
    moment,
    opened,
    phone,
    text,
    whole,
    workbook,
)
from tests.hostile import BOMB, FAR, MACRO, by_hand

COLUMNS = (
    Column("sku", ("货号", "商品编码")),
    Column("quantity", ("库存数量", "数量")),
    Column("note", ("备注",), required=False),
)


def written(*rows: tuple, merge: bool = False, formula: str | None = None) -> bytes:
    """An ``.xlsx`` as a spreadsheet program would save it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        if merge:
            sheet.merge_range(0, 0, 0, 3, "酉水茶业 库存盘点表")
        for number, row in enumerate(rows, start=2 if merge else 0):
            for at, value in enumerate(row):
                sheet.write(number, at, value)
        if formula:
            sheet.write_formula(len(rows), 1, formula, None, 3)
    return file.getvalue()


async def rows_of(raw: bytes, columns=COLUMNS, **limits) -> list:
    async with opened(raw, columns, Limits(**limits)) as sheet:
        return [row async for row in sheet]


async def refusal(raw: bytes, **limits) -> DomainError:
    with pytest.raises(DomainError) as refused:
        await rows_of(raw, **limits)
    assert refused.value.status == 422
    assert refused.value.sentence("zh")
    assert "{" not in refused.value.sentence("zh") + refused.value.sentence("en")
    return refused.value


async def test_a_sheet_with_a_title_and_a_total_is_read_by_its_headings():
    raw = written(
        ("供应商", "酉水茶业"),
        ("*库存数量（件）", "序号", "商品 编码", "产地"),
        (12, 1, "GT04", "吕洞山"),
        (),
        ("1,200", 2, 6912345678901, None),
        ("合计", None, None),
        merge=True,
    )
    async with opened(raw, COLUMNS) as sheet:
        assert sheet.titles == {"quantity": "*库存数量（件）", "sku": "商品 编码"}
        found = [(row.number, row.take("sku", code), row.take("quantity", whole), row.faults) async for row in sheet]
    assert found == [(5, "GT04", 12, []), (7, "6912345678901", 1200, [])]


@pytest.mark.parametrize(
    "raw",
    [
        "\ufeffsku,quantity\r\nGT04,5\r\n".encode(),
        "货号,库存数量\nGT04,5\n".encode("gb18030"),
        "货号\t数量\nGT04\t5\n".encode(),
        '说明：请勿改动表头\n\n"货号";"数量"\n="GT04";"5"\n'.encode(),
    ],
    ids=["utf-8 with a mark", "gb18030", "tabs", "semicolons, a title, a wrapped code"],
)
async def test_text_files_are_read_as_programs_here_save_them(raw):
    (row,) = await rows_of(raw)
    assert (row.take("sku", code), row.take("quantity", whole), row.faults) == ("GT04", 5, [])
    assert row.take("note", text, optional=True) is None


async def test_what_cannot_be_read_is_said_for_each_row_and_column():
    (row, other) = await rows_of("货号,数量\n6.9E+12,一些\n,3\n".encode())
    assert (row.take("sku", code), row.take("quantity", whole), row.number) == (None, None, 2)
    assert [(fault.column, fault.code) for fault in row.faults] == [
        ("sku", "ruined_code"),
        ("quantity", "not_a_whole_number"),
    ]
    assert row.faults[0].zh.startswith("货号：")
    assert other.take("sku", code) is None
    assert [fault.code for fault in other.faults] == ["missing"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "unknown_sheet_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "unknown_sheet_format"),
        ("<html><table><tr><td>货号".encode(), "unknown_sheet_format"),
        (b"%PDF-1.7", "unknown_sheet_format"),
        (bytes(range(128, 256)) * 4, "unknown_sheet_format"),
        (b"PK\x03\x04 not really", "sheet_unreadable"),
        (written(("货号", "数量"), ("GT04", 1))[:-300], "sheet_unreadable"),
        ('货号,数量\n"GT04,1\n'.encode(), "sheet_unreadable"),
        (by_hand(FAR), "sheet_too_large"),
        (by_hand(FAR.replace("XFD1048576", "CW2")), "sheet_too_large"),
        (by_hand(FAR.replace("XFD1048576", "&#88;FD1048576")), "sheet_unreadable"),
        (by_hand("", also={"xl/sharedStrings.xml": b"<si><t>" + b"a" * (4 << 20)}), "sheet_too_large"),
        (by_hand("", also={"../../etc/cron.d/x": b"x"}), "sheet_unreadable"),
        (by_hand("", also={f"xl/{n}.xml": b"" for n in range(201)}), "sheet_unreadable"),
        (by_hand("", also=MACRO), "sheet_has_formulas"),
        (by_hand("", also={"xl/externalLinks/externalLink1.xml": b"<x/>"}), "sheet_has_formulas"),
        (by_hand('<row r="2"><c r="A2" t="e"><v>#N/A</v></c></row>'), "sheet_has_formulas"),
        (by_hand("", before=BOMB + "]>", sheet=None), "sheet_unreadable"),
        ("编码,件数\nGT04,1\n".encode(), "sheet_header_not_found"),
        ("货号,数量,库存数量\nGT04,1,2\n".encode(), "sheet_header_not_found"),
        (("货号,数量\n" + "GT04,1\n" * 11).encode(), "sheet_too_large"),
    ],
    ids=[
        "nothing", "old xls", "html", "pdf", "no encoding", "no archive", "truncated", "open quote", "far cell",
        "column 101", "far cell in disguise", "zip bomb", "path trick", "too many entries", "macro",
        "external link", "error value", "entity bomb", "no header", "header twice", "too many rows",
    ],
)  # fmt: skip
async def test_hostile_and_broken_files_are_refused_by_name(raw, expected):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = await refusal(raw, rows=10)
    if expected == "sheet_unreadable":
        assert found.code in ("sheet_unreadable", "sheet_header_not_found")  # a parser may also find nothing in it
    else:
        assert found.code == expected
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


async def test_a_formula_is_refused_with_its_cell():
    found = await refusal(written(("货号", "数量"), ("GT04", 1), formula="=1+2"))
    assert (found.code, found.params["where"]) == ("sheet_has_formulas", "B3")


async def test_a_missing_column_is_named():
    found = await refusal("货号,名称\nGT04,茶\n".encode())
    assert "库存数量" in found.sentence("zh")
    assert "货号" not in found.sentence("zh")


def _processes() -> list[bytes]:
    """The command lines of this process's children."""
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children]


async def test_a_reader_who_stops_leaves_no_process_behind():
    raw = written(("货号", "数量"), *[(f"S{n}", n) for n in range(3000)])
    async with opened(raw, COLUMNS) as sheet:
        async for row in sheet:
            assert row.number == 2
            break
    assert not [line for line in _processes() if b"sheets/parser.py" in line]


async def test_fifty_thousand_rows_stream():
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>SKU{n}</t></is></c><c r="B{n}"><v>{n}</v></c></row>'
        for n in range(2, 50_002)
    )
    raw = by_hand(rows)
    del rows

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    count = total = 0
    before = most = resident()
    async with opened(raw, COLUMNS) as sheet:
        async for row in sheet:
            count += 1
            total += row.take("quantity", whole, optional=False) or 0
            if count % 5000 == 0:
                most = max(most, resident())
    assert (count, total) == (50_000, sum(range(2, 50_002)))
    assert most - before < 24 << 20


@pytest.mark.parametrize(
    ("read", "cell", "value"),
    [
        (code, 13800001234.0, "13800001234"),
        (code, "ＧＴ０４", "GT04"),
        (code, "'0012", "0012"),
        (code, "\ufeffGT 04\u200b", "GT04"),
        (phone, "+86 138-0000-1234", "13800001234"),
        (phone, 13800001234.0, "13800001234"),
        (phone, "0531–8888 6666", "0531-88886666"),
        (text, " 王晓梅 ", "王晓梅"),
        (text, 12.5, "12.5"),
        (whole, "１２", 12),
        (whole, "1,234,567", None),
        (whole, "12.0", 12),
        (whole, 12.5, None),
        (whole, "-3", None),
        (whole, "约12", None),
        (whole, True, None),
        (whole, date(2026, 1, 1), None),
        (amount_fen, "¥1,234.50", 123_450),
        (amount_fen, "１２元", 1_200),
        (amount_fen, 12.340000000000002, 1_234),
        (amount_fen, 0.1 + 0.2, 30),
        (amount_fen, "12.345", None),
        (amount_fen, "1,23", None),
        (amount_fen, "NaN", None),
        (amount_fen, 1e300, None),
        (grams, "2.5kg", 2_500),
        (grams, 0.0005, None),
        (day, datetime(2026, 11, 20, 8, tzinfo=SHANGHAI), date(2026, 11, 20)),
        (day, 46346.0, date(2026, 11, 20)),
        (day, "46346", None),
        (day, "2026年11月20日", date(2026, 11, 20)),
        (day, "2026/1/2", date(2026, 1, 2)),
        (day, "20261120", date(2026, 11, 20)),
        (day, 20261120.0, date(2026, 11, 20)),
        (day, "3/4/2026", None),
        (day, "2026-02-30", None),
        (moment, "2026-11-20 08:30", datetime(2026, 11, 20, 8, 30, tzinfo=SHANGHAI)),
        (moment, "2026-11-20T00:30:00Z", datetime(2026, 11, 20, 0, 30, tzinfo=UTC)),
        (moment, 46346.354166666664, datetime(2026, 11, 20, 8, 30, tzinfo=SHANGHAI)),
        (moment, "2026-11-20 25:00", None),
        (code, "6.9E+12", None),
        (code, 3.7011219900101e17, None),
        (text, "=cmd|' /C calc'!A0", None),
        (text, "长" * 201, None),
    ],
)
def test_a_cell_means_what_its_writer_meant(read, cell, value):
    if value is None:
        with pytest.raises(BadCell):
            read(cell)
    else:
        assert read(cell) == value


async def test_what_is_written_is_read_back_and_text_stays_text():
    columns = (
        Column("name", ("品名",)), Column("phone", ("电话",)), Column("paid", ("金额（元）",)), Column("on", ("日期",))
    )  # fmt: skip
    page = Page(
        "对账单",
        [Heading("品名"), Heading("电话"), Heading("金额（元）", "yuan"), Heading("日期", "day")],
        [["=1+1", "013800001234", 1_234_567, date(2026, 11, 20)], ["http://a.cn", None, 5, None]],
        title=["保靖好物", "2026 年 11 月"],
    )
    raw = workbook(page)
    first, second = await rows_of(raw, columns)
    assert first.cells["name"] == "=1+1"
    assert first.take("phone", code) == "013800001234"
    assert first.take("paid", amount_fen) == 1_234_567
    assert first.take("on", day) == date(2026, 11, 20)
    assert second.take("paid", amount_fen) == 5
    xml = zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml")
    assert b"<f" not in xml.replace(b"<formula", b"")
    assert b"hyperlink" not in xml
