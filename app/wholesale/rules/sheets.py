"""Sheets of purchase orders as supermarkets make them, read without a database (domain handbook §4.4).

An order's number, place and day stand in columns of the table, filled once and meant for the rows below, or as
``订单号：…`` above it; tables of several orders stand below one another. What a quantity counts is read from its
heading, a column of units, what is written behind the number, or the money beside it, and asked where none tells.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from app.core.errors import DomainError
from app.core.sheets import BadCell, Cell, RowFault, SheetHeaderNotFound, amount_fen, code, day, text, whole
from app.wholesale.rules.asking import MAX_UNITS, AskedLine, AskedOrder

MOST_ORDERS = 100
"""So many orders stand in one file at most."""
MOST_LINES = 500
_MOST_CASES = 1_000_000
_LONGEST_NO = 64

T = TypeVar("T")


class TooManyOrders(DomainError):
    """A file holds a hundred orders at most."""

    status = 422
    code = "too_many_orders"
    zh = "一个文件最多 100 个订单，请拆分后上传。"
    en = "A file holds 100 orders at most; split it."


class Counted(StrEnum):
    """What a quantity counts."""

    CASES = "cases"
    UNITS = "units"


_LABELS: Mapping[str, tuple[str, ...]] = {
    "po_no": (
        *("订单号", "采购单号", "po号", "采购订单号", "订货单号", "订单编号", "采购单编号", "采购订单编号", "单据号"),
        *("订单号码", "单号", "单据编号", "po", "pono", "ponumber", "po编号", "要货单号", "ordernumber"),
    ),
    "location": (
        *(
            "门店",
            "收货地",
            "门店编码",
            "收货门店",
            "收货地编码",
            "配送中心",
            "配送中心编码",
            "送货地",
            "收货仓",
            "仓库",
        ),
        *(
            "仓库编码",
            "收货方编码",
            "店号",
            "机构编码",
            "收货机构",
            "收货机构编码",
            "dc",
            "dc编码",
            "收货仓编码",
            "门店代码",
        ),
        *("收货门店编码", "门店号", "收货dc", "storecode", "dccode"),
    ),
    "required_on": (
        *("到货日期", "送货日期", "要求到货日期", "交货日期", "需求日期", "预计到货日期", "要货日期", "交期", "送货日"),
        *("要求送货日期", "到货日", "计划到货日期", "期望到货日期", "requiredon", "deliverydate"),
    ),
    "latest_on": ("最晚到货日期", "最迟到货日期", "有效期至", "订单有效期", "最迟送货日期", "最晚送货日期", "截止日期"),
    "line_no": ("序号", "行号", "项次", "行次", "no", "项目", "lineno"),
    "item": (
        *("商品编码", "货号", "商品编号", "商品代码", "物料编码", "店内码", "品号", "编码", "商品货号", "物料号"),
        *("itemcode", "商品内码"),
    ),
    "sku": ("平台货号", "sku", "供应商货号", "供货商货号", "供应商商品编码", "供方货号", "供应商编码"),
    "gtin": (
        *("条码", "国条", "国际条码", "商品条码", "条形码", "69码", "箱码", "ean", "gtin", "barcode", "外箱码"),
        *("商品条形码", "国标码"),
    ),
    "name": ("商品名称", "品名", "名称", "商品", "商品品名", "品名规格"),
    "pack": ("箱规", "装箱数", "入数", "箱入数", "包装含量", "装箱规格", "装箱量", "箱装数", "每箱数量", "件装量"),
    "quantity": (
        *(
            "订货数量",
            "订量",
            "数量",
            "采购数量",
            "订购数量",
            "订货量",
            "要货数量",
            "要货量",
            "采购量",
            "qty",
            "订单数量",
        ),
    ),
    "cases": ("箱数", "订货箱数", "采购箱数", "订购箱数", "要货箱数", "整箱数", "cases"),
    "unit": ("单位", "订货单位", "计量单位", "采购单位", "订购单位", "uom"),
    "price": (
        "含税进价",
        "进价",
        "供价",
        "单价",
        "含税单价",
        "采购价",
        "供货价",
        "含税供价",
        "价格",
        "含税价",
        "采购单价",
    ),
    "case_price": ("箱价", "含税箱价", "整箱价", "每箱单价"),
    "amount": ("金额", "含税金额", "采购金额", "含税总额", "订货金额", "总金额", "总价"),
}
_FIELDS = {label: name for name, labels in _LABELS.items() for label in labels}
_OF_ORDER = ("po_no", "location", "required_on", "latest_on")
_CODES = ("item", "sku", "gtin")
_COUNTS = ("quantity", "cases", "units")
_CASE_WORDS = ("箱", "case", "ctn", "cs")
_UNIT_WORDS = ("袋", "盒", "瓶", "罐", "包", "支", "提", "个", "听", "桶", "ea", "pcs", "unit", "最小单位")
_BRACKETS = re.compile(r"[(\[【<](.*?)[)\]】>]")
_DECORATION = re.compile(r"[\s_*:·\-/\\.、#]")
_TOTALS = re.compile(r"(?:合计|总计|小计|共计|本页|total|subtotal|grandtotal|大写)")
_NUMBERED = re.compile(r"([0-9][0-9,]*(?:\.0+)?)([^0-9,.\s].*)")
_PAIR = re.compile(
    r"(?<![\u4e00-\u9fff])("
    + "|".join(sorted((re.escape(one) for name in _OF_ORDER for one in _LABELS[name]), key=len, reverse=True))
    + ")"
    r"\s*:\s*([^\s:,;，；|]+)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class SheetLine:
    """A row that orders something; ``asked`` is None where ``faults`` say what cannot be read."""

    row: int
    asked: AskedLine | None = None
    faults: list[RowFault] = field(default_factory=list)


@dataclass(slots=True)
class SheetOrder:
    """The rows of one order. ``asked`` is None where something of it cannot be read."""

    row: int
    po_no: str | None
    lines: list[SheetLine] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    asked: AskedOrder | None = None


def read_orders(rows: Sequence[tuple[int, list[Cell]]], counted: Counted | None = None) -> list[SheetOrder]:
    """The orders of a sheet, in the order in which they begin. ``counted`` says what quantities count, if nothing else.

    Raises ``SheetHeaderNotFound`` when no row names a code and a quantity.
    """
    reader = _Reader(counted)
    for number, cells in rows:
        reader.take(number, cells)
    if not reader.seen_header:
        raise SheetHeaderNotFound(what="缺少列 商品编码或条码、订货数量", what_en="missing a code or a quantity")
    orders = list(reader.orders.values())
    for order in orders:
        reader.finish(order)
    return orders


@dataclass(slots=True)
class _Reader:
    counted: Counted | None
    orders: dict[str, SheetOrder] = field(default_factory=dict)
    seen_header: bool = False
    _columns: dict[str, tuple[int, str]] = field(default_factory=dict)
    _above: dict[str, tuple[Cell, str]] = field(default_factory=dict)
    _carried: dict[str, tuple[Cell, str]] = field(default_factory=dict)
    _of_order: dict[int, dict[str, tuple[Cell, str]]] = field(default_factory=dict)
    _began: bool = False

    def take(self, number: int, cells: list[Cell]) -> None:
        if (columns := _header(cells)) is not None:
            self._columns, self._carried, self.seen_header = columns, {}, True
            return
        if self._columns and self._orders_something(cells):
            self._line(number, cells)
        elif pairs := _pairs(cells):
            if self._began:  # the next order's head
                self._above, self._carried, self._began = {}, {}, False
            self._above.update(pairs)
        elif self._columns and not _is_total(cells):
            self._carry(cells)

    def _cell(self, cells: list[Cell], name: str) -> Cell:
        at = self._columns.get(name, (len(cells), ""))[0]
        return cells[at] if at < len(cells) else None

    def _orders_something(self, cells: list[Cell]) -> bool:
        """Whether a row below a header names goods and how many: else it is a sum, a signature, or not ordered."""
        if _is_total(cells):
            return False
        named = [self._cell(cells, name) for name in (*_CODES, "name")]
        if not any(cell is not None and _heading(cell) is None for cell in named):
            return False
        counts = [self._cell(cells, name) for name in _COUNTS]
        return any(_counts(cell) for cell in counts)

    def _carry(self, cells: list[Cell]) -> None:
        """What a row of goods says of its order holds for the rows below, ordered or not."""
        if any(self._cell(cells, name) is not None for name in (*_CODES, "name")):
            for name in _OF_ORDER:
                if (cell := self._cell(cells, name)) is not None:
                    self._carried[name] = cell, self._columns[name][1]

    def _line(self, number: int, cells: list[Cell]) -> None:
        here = {name: self._cell(cells, name) for name in self._columns}
        self._carry(cells)
        self._began = True
        order = self._order(number)
        line = SheetLine(number)
        order.lines.append(line)
        line.asked = _asked(line, here, {name: title for name, (_, title) in self._columns.items()}, self.counted)

    def _order(self, number: int) -> SheetOrder:
        said = {name: self._carried.get(name, self._above.get(name)) for name in _OF_ORDER}
        known = {name: found for name, found in said.items() if found is not None}
        faults: list[RowFault] = []
        po_no = _read(faults, known, "po_no", code)
        key = po_no or f"?{number if 'po_no' in known else len(self._above)}"
        order = self.orders.get(key)
        if order is None:
            order = self.orders[key] = SheetOrder(number, po_no, faults=faults)
            self._of_order[id(order)] = known
            if "po_no" not in known:
                faults.append(RowFault("po_no", "missing", "订单号：未填写", "po_no: is empty"))
            return order
        first = self._of_order[id(order)]
        for name, (cell, title) in known.items():
            same = name not in first or _plainly(first[name][0]) == _plainly(cell)
            if not same and not any(one.column == name for one in order.faults):
                zh = f"{title}：同一订单号的各行不一致（第 {number} 行），请分成不同订单号"
                en = f"{title}: rows of one order differ (row {number}); give them numbers of their own"
                order.faults.append(RowFault(name, "differs", zh, en))
        return order

    def finish(self, order: SheetOrder) -> None:
        """Put the rows together, if all of them could be read."""
        known = self._of_order[id(order)]
        location = _read(order.faults, known, "location", code, needed=True)
        required_on = _read(order.faults, known, "required_on", day, needed=True)
        latest_on = _read(order.faults, known, "latest_on", day)
        if order.po_no is not None and len(order.po_no) > _LONGEST_NO:
            order.faults.append(RowFault("po_no", "too_long", "订单号过长", "po_no is too long"))
        if len(order.lines) > MOST_LINES:
            zh, en = f"一个订单最多 {MOST_LINES} 行", f"at most {MOST_LINES} lines in an order"
            order.faults.append(RowFault("line_no", "too_many_lines", zh, en))
        lines = _numbered([line.asked for line in order.lines if line.asked is not None])
        if order.faults or len(lines) < len(order.lines) or None in {location, required_on, order.po_no}:
            return
        for line, asked in zip(order.lines, lines, strict=True):
            line.asked = asked
        order.asked = AskedOrder(
            po_no=order.po_no or "",
            location_code=location or "",
            required_on=required_on or date.min,
            latest_on=latest_on,
            lines=tuple(lines),
        )


def _plainly(cell: Cell) -> object:
    """A cell to be compared: the same day or code is the same however it is written."""
    for read in (day, code):
        try:
            return read(cell)
        except BadCell:
            continue
    return cell


def _numbered(lines: list[AskedLine]) -> list[AskedLine]:
    """Their own numbers where each has one, else as they stand."""
    if len({line.line_no for line in lines}) == len(lines) and all(line.line_no > 0 for line in lines):
        return lines
    return [
        AskedLine(**{name: getattr(line, name) for name in AskedLine.__dataclass_fields__} | {"line_no": at})
        for at, line in enumerate(lines, 1)
    ]


def _read(
    faults: list[RowFault],
    known: Mapping[str, tuple[Cell, str]],
    name: str,
    read: Callable[[Cell], T],
    *,
    needed: bool = False,
) -> T | None:
    found = known.get(name)
    if found is None:
        if needed:
            title = _LABELS[name][0]
            faults.append(RowFault(name, "missing", f"{title}：未填写", f"{name}: is empty"))
        return None
    cell, title = found
    try:
        return read(cell)
    except BadCell as bad:
        faults.append(RowFault(name, bad.code, f"{title}：{bad.zh}", f"{title}: {bad.en}"))
        return None


def _asked(
    line: SheetLine, here: Mapping[str, Cell], titles: Mapping[str, str], counted: Counted | None
) -> AskedLine | None:
    known = {name: (cell, titles[name]) for name, cell in here.items() if cell is not None}
    faults = line.faults
    codes = {name: _read(faults, known, name, code) for name in _CODES}
    if not any(name in known for name in _CODES):
        faults.append(RowFault("item", "code_missing", "商品编码：未填写编码或条码", "a code is missing"))
    pack = _read(faults, known, "pack", _pack)
    price = _read(faults, known, "price", amount_fen)
    case_price = _read(faults, known, "case_price", amount_fen)
    amount = _read(faults, known, "amount", amount_fen)
    number = _read(faults, known, "line_no", lambda cell: whole(cell, least=1)) if "line_no" in known else 0
    cases = _read(faults, known, "cases", _count)
    units = _read(faults, known, "units", _count)
    quantity = _read(faults, known, "quantity", _with_unit)
    if faults:
        return None
    if quantity is not None and cases is None and units is None:
        count, written = quantity
        meant = written or _unit_of(known) or _by_money(count, pack, price, amount) or counted
        if meant is None:
            title = titles["quantity"]
            zh = f"{title}：请注明是箱数还是最小单位数（如“{title}（箱）”，或加“单位”列）"
            en = f"{title}: say whether it counts cases or units"
            faults.append(RowFault("quantity", "unit_unclear", zh, en))
            return None
        cases, units = (count, None) if meant is Counted.CASES else (None, count)
    elif quantity is not None and cases is not None:
        units = units or (quantity[0] if quantity[1] is not Counted.CASES else None)
    if cases and units:
        if units % cases or (pack is not None and units != cases * pack):
            zh, en = "箱数：箱数与件数、箱规不符", "cases: cases, units and case pack do not agree"
            faults.append(RowFault("cases", "counts_differ", zh, en))
            return None
        pack, units = units // cases, None
    if case_price is not None and amount is None and cases:
        amount = case_price * cases
    return AskedLine(
        line_no=number or 0,
        sku=codes["sku"],
        partner_item_code=codes["item"],
        gtin=codes["gtin"],
        cases=cases,
        units=units if not cases else None,
        unit_price_fen=price,
        amount_fen=amount,
        case_pack=pack,
    )


def _pack(cell: Cell) -> int:
    """``12``, ``1*12``, ``12袋/箱``, ``1×12``: how many are in a case."""
    if isinstance(cell, str):
        written = unicodedata.normalize("NFKC", cell).replace(" ", "").lower()
        found = re.fullmatch(r"(?:1[*x×:])?([0-9]+)(?:[^0-9]*)", written)
        if found:
            return whole(found[1], least=1, most=100_000)
    return whole(cell, least=1, most=100_000)


def _count(cell: Cell) -> int:
    return _with_unit(cell)[0]


def _with_unit(cell: Cell) -> tuple[int, Counted | None]:
    """A quantity, and what it counts if that is written behind it: ``12箱``."""
    if isinstance(cell, str):
        found = _NUMBERED.fullmatch(unicodedata.normalize("NFKC", cell).replace(" ", ""))
        if found:
            return whole(found[1], least=1, most=MAX_UNITS), _word(found[2])
    return whole(cell, least=1, most=MAX_UNITS), None


def _unit_of(known: Mapping[str, tuple[Cell, str]]) -> Counted | None:
    cell = known.get("unit", (None, ""))[0]
    return _word(text(cell)) if isinstance(cell, str) else None


def _word(written: str) -> Counted | None:
    """What a word counts; 件 says nothing, because half of the trade means cases by it."""
    low = unicodedata.normalize("NFKC", written).casefold()
    if any(word in low for word in _CASE_WORDS):
        return Counted.CASES
    return Counted.UNITS if any(word in low for word in _UNIT_WORDS) else None


def _by_money(count: int, pack: int | None, price: int | None, amount: int | None) -> Counted | None:
    """What the count must be for the price to come to the amount; nothing where both would do."""
    if price is None or amount is None or pack in {None, 1}:
        return None
    if abs(price * count - amount) <= 1:
        return Counted.UNITS
    return Counted.CASES if abs(price * count * (pack or 1) - amount) <= 1 else None


def _counts(cell: Cell) -> bool:
    """Whether something is written where the quantity stands, and it is not nothing."""
    if isinstance(cell, str):
        return bool(cell.strip("0０ .-—/"))
    return cell is not None and cell != 0


def _header(cells: list[Cell]) -> dict[str, tuple[int, str]] | None:
    """Where each known column stands, if this row heads a table: it names a code and a quantity."""
    found: dict[str, tuple[int, str]] = {}
    for at, cell in enumerate(cells):
        name = _heading(cell)
        if name is None:
            continue
        if name in found:
            if name in (*_CODES, *_COUNTS, *_OF_ORDER, "price"):
                title = str(cell).strip()
                raise SheetHeaderNotFound(what=f"“{title}”列出现两次", what_en=f"two columns mean {title}")
            continue
        found[name] = at, str(cell).strip()
    if any(name in found for name in _CODES) and any(name in found for name in _COUNTS):
        return found
    return None


def _heading(cell: Cell) -> str | None:
    """The column that a cell heads; ``订货数量（箱）`` heads ``cases``."""
    if not isinstance(cell, str):
        return None
    written = unicodedata.normalize("NFKC", cell).casefold()
    said = "".join(_BRACKETS.findall(written))
    plain = _DECORATION.sub("", _BRACKETS.sub("", written))
    name = _FIELDS.get(plain)
    if name is None:  # 订货数量/箱, 进价元/箱
        tail = re.fullmatch(r"(.+?)(?:元)?(箱|袋|盒|瓶|罐|包|个|元)", plain)
        if tail is None or (name := _FIELDS.get(tail[1])) is None:
            return None
        said += tail[2]
    means = _word(said) if said else None
    if name == "quantity" and means is not None:
        return means.value
    return "case_price" if name == "price" and means is Counted.CASES else name


def _pairs(cells: list[Cell]) -> dict[str, tuple[Cell, str]]:
    """What a row above a table says: ``订单号：…`` in one cell, several in one, or a word with its value beside it."""
    found: dict[str, tuple[Cell, str]] = {}
    filled = [cell for cell in cells if cell is not None]
    for at, cell in enumerate(filled):
        if not isinstance(cell, str):
            continue
        written = unicodedata.normalize("NFKC", cell)
        for label, value in _pairs_in(written):
            found.setdefault(_FIELDS[label], (value, label))
        name = _FIELDS.get(_DECORATION.sub("", _BRACKETS.sub("", written)).casefold())
        if name in _OF_ORDER and at + 1 < len(filled) and _heading(filled[at + 1]) is None:
            found.setdefault(name, (filled[at + 1], written.strip(": ")))
    return found


def _pairs_in(written: str) -> Iterator[tuple[str, str]]:
    for match in _PAIR.finditer(written):
        yield match[1].casefold(), match[2]


def _is_total(cells: list[Cell]) -> bool:
    first = [cell for cell in cells if cell is not None][:3]
    return any(
        isinstance(cell, str) and _TOTALS.match(_DECORATION.sub("", unicodedata.normalize("NFKC", cell)).casefold())
        for cell in first
    )
