"""What is told row by row, as a table without its rows, and as a CSV file that is never held whole."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.sheets import csv_line
from app.core.turns import turns
from app.reports import queries
from app.reports.rules import Basis, ReportTooLarge
from app.reports.rules.listings import MOST_LISTED, Detail, Listing, Only, TooManyDownloads
from app.reports.rules.tables import Column, Said, Table, key_of
from app.reports.service import words

_TURN = "downloads"
_KINDS = {
    "sale": Said("销售", "Sale"),
    "refund": Said("退款", "Refund"),
    "adjustment": Said("调整", "Adjustment"),
}
_WORDS: Mapping[str, Mapping[str, Said]] = {
    "kind": _KINDS,
    "evidence": {"platform": Said("平台订单", "Platform"), "declared": Said("凭证申报", "Declared")},
    "category": words.CATEGORY_NAMES,
    "channel": words.CHANNELS,
}
_ID = 38


def _text(key: str, zh: str, en: str, width: int = 16, *, on_paper: bool = False) -> Column:
    return Column(key, Said(zh, en), width=width, on_paper=on_paper, words=_WORDS.get(key, {}))


def _number(key: str, zh: str, en: str, width: int, *, yuan: bool = False) -> Column:
    return Column(key, Said(zh, en), "yuan" if yuan else "whole", width)


_OF_GOODS = (
    _text("sku", "货号", "SKU", 12, on_paper=True),
    _text("lot_code", "批次", "Lot", 18),
    _text("product_id", "商品编号", "Product id", _ID),
    _text("product_name", "商品", "Product", 30, on_paper=True),
    _text("category", "类别", "Category", 12),
    _text("supplier_id", "供应商编号", "Supplier id", _ID),
    _text("supplier_name", "供应商", "Supplier", 28, on_paper=True),
    _text("township_code", "乡镇代码", "Township code", 12),
    _text("township", "产地乡镇", "Township of origin", 14),
    _text("channel", "渠道", "Channel", 12, on_paper=True),
    _text("division_code", "区划代码", "Division code", 12, on_paper=True),
)
_COLUMNS: Mapping[Detail, Sequence[Column]] = {
    Detail.LEDGER: (
        _text("id", "分录编号", "Entry id", _ID),
        Column("posted_at", Said("入账时间", "Posted at"), "moment", 17, on_paper=False),
        Column("occurred_at", Said("发生时间", "Occurred at"), "moment", 17, on_paper=False),
        Column("counted_on", Said("计入日", "Counted on"), "day", 12),
        _text("kind", "类型", "Kind", 9, on_paper=True),
        _text("evidence", "依据", "Evidence", 11),
        _text("order_number", "订单号", "Order", 20, on_paper=True),
        _text("po_no", "采购单号", "Purchase order", 18),
        _text("line_id", "订单行编号", "Line id", _ID),
        *_OF_GOODS,
        _text("partner_name", "合作方", "Partner", 24),
        _number("quantity", "件数", "Quantity", 10),
        Column("weight_g", Said("重量（克）", "Weight (g)"), "whole", 12, on_paper=False),
        _number("amount_fen", "金额（元）", "Amount (yuan)", 15, yuan=True),
        _text("reverses", "冲销分录", "Reverses", _ID),
        _text("reason", "原因", "Reason", 30),
    ),
    Detail.LINES: (
        Column("day", Said("日期", "Day"), "day", 12),
        _text("kind", "类型", "Kind", 9, on_paper=True),
        _text("order_number", "订单号", "Order", 20, on_paper=True),
        _text("line_id", "订单行编号", "Line id", _ID),
        *(column for column in _OF_GOODS if column.key != "lot_code"),
        _number("quantity", "件数", "Quantity", 10),
        _number("gross_fen", "销售额（元）", "Gross (yuan)", 15, yuan=True),
        _number("refunded_fen", "退款（元）", "Refunded (yuan)", 15, yuan=True),
        _number("net_fen", "净额（元）", "Net (yuan)", 15, yuan=True),
    ),
}
_TITLES = {
    Detail.LEDGER: Said("帮扶销售台账", "Ledger of counted sales"),
    Detail.LINES: Said("订单明细（按付款日）", "Order lines by the day of payment"),
}
_NOTES = {
    Detail.LEDGER: (
        words.COUNTED[Basis.COUNTED],
        Said(
            "每行一条分录。合计与同期、同一截止时间的销售报表（按计入日）净额分文不差。",
            "A row is an entry. The total equals the net of the sales report by the day of counting, of the same days "
            "and the same moment, to the fen.",
        ),
    ),
    Detail.LINES: (
        words.COUNTED[Basis.PAID],
        Said(
            "每行一个订单行或其一笔退款。合计与同期、同一截止时间的销售报表（按付款日）分文不差。",
            "A row is an order line, or a refund of one. The totals equal the sales report by the day of payment, of "
            "the same days and the same moment, to the fen.",
        ),
    ),
}
_FILTERS = {
    "kind": Said("类型", "Kind"),
    "category": Said("类别", "Category"),
    "product": Said("商品编号", "Product id"),
    "sku": Said("货号", "SKU"),
    "supplier": Said("供应商编号", "Supplier id"),
    "township": Said("乡镇代码", "Township code"),
    "village": Said("产地村", "Village of origin"),
    "channel": Said("渠道", "Channel"),
    "division": Said("区划代码", "Division code"),
    "partner": Said("合作方编号", "Partner id"),
}
_CHAIN = Said("台账哈希链末端", "Head of the ledger's chain of hashes")


async def listing(
    session: AsyncSession, detail: Detail, first: date, last: date, *, only: Only, now: datetime
) -> Listing:
    """What is to be told, from the snapshot of ``session``. Raises ``ReportTooLarge``."""
    found = await queries.outline(session, detail, first, last, only=only, now=now)
    if found.count > MOST_LISTED:
        raise ReportTooLarge(most=MOST_LISTED)
    columns = _COLUMNS[detail]
    particulars: list[tuple[Said, Said | str]] = [(words.PERIOD, words.span(first, last))]
    for name, said in _FILTERS.items():
        value = getattr(only, name)
        if value is not None:
            particulars.append((said, _WORDS.get(name, {}).get(value, str(value))))
    foot: list[list[Any]] = [["as_of", found.as_of.isoformat().replace("+00:00", "Z")]]
    if detail is Detail.LEDGER:
        foot.append(["chain", found.through, found.chain])
        particulars.append((_CHAIN, f"{found.through} · {found.chain or '–'}"))
    table = Table(
        name=f"{detail.value}-{first}-{last}",
        title=_TITLES[detail],
        as_of=found.as_of,
        columns=columns,
        rows=(),
        totals=[found.sums.get(column.key) for column in columns],
        particulars=particulars,
        notes=_NOTES[detail],
    )
    wide = len(columns)
    rows = partial(queries.listed, session, detail, first, last, only=only)
    return Listing(table, found.count, rows, [[*cells, *[None] * (wide - len(cells))] for cells in foot])


async def csv_pieces(found: Listing) -> AsyncGenerator[tuple[bytes, int], None]:
    """Pieces of the listing as CSV (UTF-8 with a byte order mark), each with the number of rows told until then.

    A header, the rows, a row marked ``total``, and rows marked ``as_of`` and ``chain``. Amounts are whole fen.
    """
    table = found.table
    yield ("\ufeff" + csv_line(map(key_of, table.columns))).encode(), 0
    done = 0
    async with aclosing(found.rows()) as batches:
        async for batch in batches:
            done += len(batch)
            yield "".join(map(csv_line, batch)).encode(), done
    closing = [*([["total", *table.totals[1:]]] if table.totals is not None else []), *found.foot]
    yield "".join(map(csv_line, closing)).encode(), done


async def downloaded(
    db: Database, detail: Detail, first: date, last: date, *, only: Only, now: datetime, seconds: int, parallel: int
) -> AsyncGenerator[bytes, None]:
    """The CSV file as fast as its reader takes it; who reads for more than ``seconds`` finds it cut off.

    Close it, and the cursor is gone. No more than ``parallel`` at once in a process: raises ``TooManyDownloads``.
    """
    if turns(_TURN, parallel).locked():
        raise TooManyDownloads(retry_after=10)
    async with turns(_TURN, parallel), db.snapshot(seconds=seconds) as session:
        found = await listing(session, detail, first, last, only=only, now=now)
        async with aclosing(csv_pieces(found)) as pieces:
            async for piece, _ in pieces:
                yield piece
