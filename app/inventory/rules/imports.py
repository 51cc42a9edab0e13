"""Stock by sheet: which columns are understood, what a row of it says, and what may become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import UUID

from app.core import sheets
from app.core.errors import DomainError
from app.core.sheets import BadCell, Cell, Column, Limits, Row, RowFault
from app.inventory.rules import MAX_COUNT
from app.inventory.rules.updates import Update, sentence_of

COLUMNS = (
    Column("sku", ("货号", "商品编码", "商品货号", "规格编码", "SKU编码", "SKU码")),
    Column("quantity", ("库存数量", "数量", "库存", "实盘数量", "盘点数量", "qty")),
    Column("lot_code", ("批次", "批号", "批次号", "批次编号", "lot"), required=False),
    Column("mode", ("方式", "更新方式"), required=False),
    Column("as_of", ("盘点时间", "盘点日期", "清点时间"), required=False),
    Column("reason", ("原因", "备注"), required=False),
)
LIMITS = Limits(rows=50_000)
CHUNK = 1_000
"""Rows that are judged or applied in one transaction: other people's orders wait no longer than that takes."""
MOST_AT_WORK = 5
"""Imports of one supplier that may wait for the worker at the same time."""
_YEARS = range(2000, 2200)
_MODES = {
    "set": "set",
    "盘点": "set",
    "盘存": "set",
    "覆盖": "set",
    "adjust": "adjust",
    "增减": "adjust",
    "调整": "adjust",
}


class Absent(StrEnum):
    """What becomes of the supplier's SKUs that the sheet does not name."""

    KEEP = "keep"
    ZERO = "zero"


class Outcome(StrEnum):
    """What would become of a row, or has."""

    PENDING = "pending"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class TooManyImports(DomainError):
    """Others of this supplier wait already."""

    status = 409
    code = "too_many_imports"
    zh = "已有 {most} 个导入正在处理，请等其完成后再上传。"
    en = "{most} imports are being worked on; wait until they are done."


class SheetEmpty(DomainError):
    """A header and nothing below it."""

    status = 422
    code = "sheet_empty"
    zh = "表头下没有任何数据行，请填写后再上传。"
    en = "There is no row below the header; fill the sheet in and upload it again."


class ImportStopped(DomainError):
    """Reading failed again and again."""

    status = 422
    code = "import_stopped"
    zh = "读取多次失败，已停止；请稍后重新上传。"
    en = "Reading failed again and again and was stopped; upload the sheet again later."


class SheetLeft(DomainError):
    """Nobody applied the sheet while its rows were kept."""

    status = 409
    code = "sheet_left"
    zh = "核对后 90 天内未应用，行数据已清除；请重新上传。"
    en = "It was not applied within 90 days, and its rows are gone; upload the sheet again."


class AgainNeedsDryRun(DomainError):
    """Only a person who has seen what would change can say that it is meant."""

    status = 422
    code = "again_needs_dry_run"
    zh = "again=true 只能与 dry_run=true 一起使用：请先核对，再应用。"
    en = "again=true goes with dry_run=true only: look at what would change, then apply it."


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet as it was read. ``number`` is its row in the file, None for a SKU that it leaves out."""

    position: int
    number: int | None
    sku: str | None
    lot_code: str | None
    mode: str
    quantity: int | None
    as_of: datetime | None
    reason: str | None
    faults: tuple[RowFault, ...] = ()

    def update(self, counted_at: datetime) -> Update:
        """The row as an update. A count without a time of its own was taken when the sheet was sent."""
        as_of = self.as_of or (None if self.mode == "adjust" else counted_at)
        return Update(str(self.sku), self.mode, self.quantity or 0, self.lot_code, self.reason, as_of)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One row with what would become of it or has; ``before`` and ``after`` count the SKU, or the lot that is named."""

    line: Line
    outcome: Outcome
    code: str | None
    before: int | None
    after: int | None

    def detail(self, language: str) -> str | None:
        """Why, in ``zh`` or ``en``."""
        if self.line.faults:
            return (
                "；".join(fault.zh for fault in self.line.faults)
                if language == "zh"
                else "; ".join(fault.en for fault in self.line.faults)
            )
        return None if self.code is None else sentence_of(self.code, language)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a whole file failed."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Import:
    """A sheet and how far it is. ``ok`` rows can be applied, ``changed`` ones among them change something."""

    id: UUID
    status: str
    absent: Absent
    repeats: UUID | None
    uploaded_at: datetime
    applied_at: datetime | None
    done: int
    total: int
    ok: int
    changed: int
    rejected: int
    problem: Problem | None


def line_of(position: int, row: Row) -> Line:
    """What a row says; what cannot be read in it is in ``faults``."""
    sku = row.take("sku", partial(_named, longest=32))
    mode = row.take("mode", _mode, optional=True) or "set"
    least = 0 if mode == "set" else -MAX_COUNT
    quantity = row.take("quantity", partial(sheets.whole, least=least, most=MAX_COUNT))
    lot_code = row.take("lot_code", partial(_named, longest=64), optional=True)
    as_of = row.take("as_of", _counted_at, optional=True)
    reason = row.take("reason", sheets.text, optional=True)
    return Line(position, row.number, sku, lot_code, mode, quantity, as_of, reason, tuple(row.faults))


def _named(cell: Cell, *, longest: int) -> str:
    written = sheets.code(cell)
    if len(written) > longest:
        raise BadCell("too_long", f"不能超过 {longest} 个字符", f"at most {longest} characters")
    return written


def _mode(cell: Cell) -> str:
    found = _MODES.get(sheets.text(cell).casefold())
    if found is None:
        raise BadCell("unknown_mode", "应为“盘点”或“增减”", "must be set or adjust")
    return found


def _counted_at(cell: Cell) -> datetime:
    """A day alone does not say which of its sales came before the count."""
    at = sheets.moment(cell)
    told = isinstance(cell, str) and any(mark in cell for mark in ":：时点")
    if not told and (at.hour, at.minute, at.second) == (0, 0, 0):
        raise BadCell("time_missing", "请写明几点，如 2026-11-20 18:00", "say at what time, such as 2026-11-20 18:00")
    if at.year not in _YEARS:
        raise BadCell("out_of_range", "年份有误", "the year cannot be right")
    return at
