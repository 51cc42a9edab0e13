"""Sales reports as a workbook and on paper, read back and compared with the JSON."""

import io
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from app.core.sheets import Column, opened
from app.reports import Basis, Report, ReportTooLarge, ask
from app.reports.rules import FIGURES, MOST_BARS, MOST_PERIODS, bars
from app.reports.service import paper, sales_table, workbook
from tests.assistance.builders import completed, line, refunded
from tests.reports.test_sales import URL, YEAR, sell

ON_PAPER = ("gross_fen", "refunded_fen", "net_fen")
HEADED = (
    "月份",
    "类别",
    "订单数",
    "件数",
    "销售额（元）",
    "退款（元）",
    "平台净额（元）",
    "申报净额（元）",
    "净额（元）",
)
AT = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
async def sold(db, now):
    """Three months and two categories, with a refund that makes one row negative."""
    tea, oranges = line(net_fen=1_234_567, quantity=3), line(net_fen=1, category="navel-orange", quantity=40)
    first, later = completed(now, tea, oranges), completed(now - timedelta(days=40), line(net_fen=29, quantity=1))
    await sell(db, first, later, refunded(now + timedelta(days=12), first, (tea.line_id, 1, 400_029)))


async def asked(officer, form, language="zh", **params):
    answer = await officer.get(
        URL,
        params=YEAR | {"group_by": "month,category", "format": form} | params,
        headers={"Accept-Language": language},
    )
    assert answer.status_code == 200, answer.text
    return answer


def fen(cell):
    """What a person who types the number in would write, in fen: no cell may hide a fraction of a fen."""
    amount = Decimal(repr(cell)) * 100
    assert amount == int(amount)
    return int(amount)


def figures(cells):
    return dict(zip(FIGURES, (int(cells[0]), int(cells[1]), *map(fen, cells[2:])), strict=True))


def written(pdf):
    """What a PDF says, without its spaces and line breaks."""
    return "".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


async def test_a_workbook_says_what_the_json_says_and_the_ledger(officer, db, sold):
    found = (await asked(officer, "json")).json()
    answer = await asked(officer, "xlsx")
    assert answer.headers["content-disposition"].endswith('2026-01-01-2026-12-31.xlsx"')
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    names = {"golden-tea": "黄金茶", "navel-orange": "脐橙"}
    async with opened(answer.content, [Column(title, ()) for title in HEADED]) as sheet:
        read = [[row.cells.get(title) for title in HEADED] async for row in sheet]
    read = [cells for cells in read if isinstance(cells[0], date)]  # notes stand below the rows
    assert len(read) == len(found["rows"]) == 4
    for cells, row in zip(read, found["rows"], strict=True):
        assert (f"{cells[0]:%Y-%m-%d}", cells[1]) == (f"{row['month']}-01", names[row["category"]])
        assert figures(cells[2:]) == {name: row[name] for name in FIGURES}
    (total,) = [
        row
        for row in CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
        if row[0] == "合计"
    ]
    assert figures(total[2:]) == found["totals"]
    async with db.read() as session:
        assert fen(total[-1]) == await session.scalar(text("SELECT sum(amount_fen) FROM assistance_entry"))


async def test_a_workbook_can_be_filtered_and_is_drawn(officer, sold):
    found = (await asked(officer, "json")).json()
    content = (await asked(officer, "xlsx")).content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet, chart = (archive.read(f"xl/{name}").decode() for name in ("worksheets/sheet1.xml", "charts/chart1.xml"))
    header = 6  # below a title and four lines about the report
    assert f'<autoFilter ref="A{header}:I{header + 4}"/>' in sheet
    assert f'ySplit="{header}"' in sheet
    assert "<f>" not in sheet
    assert re.findall(r"<c:f>(.*?)</c:f>", chart) == ["图表!$A$2:$A$4", "图表!$D$2:$D$4"]
    by_month = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("图表").to_python()
    assert [row[0] for row in by_month] == ["月份", "2026-10", "2026-11", "2026-12", "合计"]
    for month, *amounts in by_month[1:]:
        rows = [row for row in found["rows"] if month in (row["month"], "合计")]
        assert [fen(amount) for amount in amounts] == [sum(row[name] for row in rows) for name in ON_PAPER]


@pytest.mark.parametrize(
    ("language", "title", "month", "total", "counted", "pages"),
    [
        ("zh", "销售报表", "净额（元），按月份", "合计", "帮扶台账", "第1页共1页"),
        ("en-GB", "Salesreport", "Net(yuan)bymonth", "Total", "append-onlyledger", "Page1of1"),
    ],
)
async def test_paper_says_what_the_json_says(officer, sold, language, title, month, total, counted, pages):
    found = (await asked(officer, "json")).json()
    csv = (await asked(officer, "csv")).content
    answer = await asked(officer, "pdf", language)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-language"] == language[:2]
    assert answer.headers["content-disposition"].endswith('2026-01-01-2026-12-31.pdf"')
    said = written(answer.content)
    for part in (title, month, counted, pages, "2026-01-01", "2026-12-31", sha256(csv).hexdigest()):
        assert part in said
    names = {"golden-tea": ("黄金茶", "Goldentea"), "navel-orange": ("脐橙", "Naveloranges")}
    for row in found["rows"]:
        assert row["month"] + names[row["category"]][language != "zh"] + shown(row) in said
    assert total + shown(found["totals"]) in said
    assert answer.content == (await asked(officer, "pdf", language)).content, "the same data is the same paper"


def shown(row):
    amounts = (f"{Decimal(row[name]).scaleb(-2):,.2f}" for name in ON_PAPER)
    return "".join([f"{row['orders']:,}", f"{row['quantity']:,}", *amounts])


async def test_a_workbook_in_english(officer, sold):
    book = CalamineWorkbook.from_filelike(io.BytesIO((await asked(officer, "xlsx", "en")).content))
    assert book.sheet_names == ["Sales report", "Chart"]
    cells = {cell for row in book.get_sheet_by_index(0).to_python() for cell in row}
    assert {"Sales report", "Basis by the day of counting", "Net (yuan)", "Golden tea", "Total"} <= cells
    assert sha256((await asked(officer, "csv")).content).hexdigest() in cells


async def test_fonts_are_in_the_paper_and_headers_on_every_page(officer, db, now):
    await sell(db, completed(now, *(line(sku=f"SKU{number:03d}") for number in range(70))))
    reader = pypdf.PdfReader(io.BytesIO((await asked(officer, "pdf", group_by="sku")).content))
    assert len(reader.pages) >= 2
    for number, page in enumerate(reader.pages, start=1):
        said = "".join(page.extract_text().split())
        assert f"第{number}页共{len(reader.pages)}页" in said
        assert "货号订单数" in said or number == len(reader.pages)
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font["/DescendantFonts"]
            assert {"/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"])
    assert "其余" in "".join(page.extract_text() for page in reader.pages), "a chart of 70 things is of 12"


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "<r><t>x</t></r>", "#panic() *x* <y> $z$"])
async def test_what_people_wrote_stays_what_it_is(officer, db, now, name):
    await sell(db, completed(now, line(supplier_name=name, supplier_id=UUID(int=1))))
    book = CalamineWorkbook.from_filelike(io.BytesIO((await asked(officer, "xlsx", group_by="supplier")).content))
    (row,) = [row for row in book.get_sheet_by_index(0).to_python() if row[0] == str(UUID(int=1))]
    assert row[1].rstrip() == name
    assert "".join(name.split()) in written((await asked(officer, "pdf", group_by="supplier")).content)


@pytest.mark.parametrize("basis", ["counted", "paid"])
@pytest.mark.parametrize("form", ["xlsx", "pdf"])
async def test_an_empty_report_can_be_handed_in(officer, form, basis, statements):
    statements.clear()
    content = (await asked(officer, form, basis=basis)).content
    assert len(statements) == 1
    if form == "pdf":
        said = written(content)
        assert "合计000.000.000.00" in said
        assert ("销售计入付款当日" in said) == (basis == "paid")
    else:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert ["合计", "", *[0] * len(FIGURES)] in rows


async def test_sales_not_counted_yet_are_told(officer, db, now):
    answers = [await asked(officer, "pdf", language) for language in ("zh", "en")]
    assert not any("尚未计入" in written(answer.content) for answer in answers)
    report = made("partner,day", [(None, None, "2026-11-20", 1, 1, 100, 0, 100, 0, 100)], undelivered=3)
    assert "另有3项" in written(await paper(sales_table(report), "zh"))
    said = written(await paper(sales_table(report), "en"))
    assert "3salesorrefunds" in said
    assert "(none)2026-11-20111.000.001.00" in said


def made(groups, rows, *, undelivered=0):
    totals = tuple(sum(row[at] for row in rows) for at in range(-len(FIGURES), 0))
    return Report(ask(date(2020, 1, 1), date(2060, 1, 1), groups, Basis.COUNTED), AT, rows, totals, undelivered)


async def test_files_have_room_for_so_many_rows():
    many = [(f"S{number}", 1, 1, 1, 0, 1, 0, 1) for number in range(20_001)]
    with pytest.raises(ReportTooLarge) as refused:
        await workbook(sales_table(made("sku", many)), "zh")
    assert "20000" in refused.value.sentence("en")
    with pytest.raises(ReportTooLarge) as refused:
        await paper(sales_table(made("sku", many[:2_001])), "zh")
    assert "2000" in refused.value.sentence("zh")


amounts = st.integers(0, 10**9)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["sku", "day", "month"]),
    st.dictionaries(st.integers(0, 500), st.tuples(amounts, amounts, amounts), max_size=80),
)
def test_bars_are_few_and_add_up_to_the_totals(group, pieces):
    def label(number):
        return {"sku": f"S{number}", "day": f"{date(2020, 1, 1) + timedelta(days=number * 29)}"}.get(
            group, f"{2020 + number // 12}-{number % 12 + 1:02d}"
        )

    report = made(group, [(label(key), 1, 1, a, b, a - b - c, c, a - b) for key, (a, b, c) in sorted(pieces.items())])
    drawn = bars(report, lambda _, cells: cells[0], "rest")
    sums = [sum(getattr(bar, name) for bar in drawn) for name in FIGURES[2:]]
    assert sums == list(report.totals[2:])
    labels = [bar.label for bar in drawn]
    assert len(labels) == len(set(labels)) <= (MOST_BARS if group == "sku" else MOST_PERIODS + 6)
    if group == "sku":
        kept = [bar.net_fen for bar in drawn if bar.label != "rest"]
        assert kept == sorted((a - b for a, b, _ in pieces.values()), reverse=True)[: len(kept)]
    else:
        assert labels == sorted(labels)
