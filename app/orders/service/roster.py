"""Reading a roster: who is to get what, and where. Everything that is wrong with a row is said about that row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

from app.buyers import Address, division_named, make_address, read_division, resolve_division
from app.core.errors import DomainError, InvalidInput
from app.core.sheets import Column, Heading, Limits, Page, Row, RowFault, code, opened, text, whole, workbook
from app.core.sheets import phone as phone_number
from app.orders.rules.bulk import MOST_RECIPIENTS

COLUMNS = (
    Column("recipient", ("收件人", "收货人", "姓名", "收件人姓名")),
    Column("phone", ("手机号", "手机", "电话", "联系电话", "收件人电话", "手机号码")),
    Column("address", ("地址", "收货地址", "收件地址"), required=False),
    Column("division", ("省市区", "所在地区", "行政区划", "行政区划代码"), required=False),
    Column("detail", ("详细地址",), required=False),
    Column("quantity", ("份数", "数量"), required=False),
    Column("sku", ("货号", "商品编码"), required=False),
)
_MOST_OF_EACH = 1_000
_TITLES = {column.name: column.titles for column in COLUMNS}
_NO_PLACE = RowFault(
    "address",
    "missing",
    f"表中没有可识别的地址列：请用“{'”或“'.join(_TITLES['address'])}”一列写完整地址，"
    f"或用“{'”或“'.join(_TITLES['division'])}”加“{_TITLES['detail'][0]}”两列",
    f"no column of places is known: give whole addresses under {' or '.join(_TITLES['address'])}, "
    f"or {' or '.join(_TITLES['division'])} together with {_TITLES['detail'][0]}",
)
_BY_FIELD = {"recipient": "recipient", "phone": "phone", "detail": "detail", "division_code": "division"}


@dataclass(slots=True)
class RosterRow:
    """One recipient. ``wanted`` is quantity by SKU; ``address`` is None when the row has faults."""

    number: int
    recipient: str
    address: Address | None
    wanted: dict[str, int]
    faults: list[RowFault] = field(default_factory=list)


async def read_roster(raw: bytes, goods: Mapping[str, int]) -> list[RosterRow]:
    """The rows of a roster; ``goods`` is what everybody gets who has no SKU of their own. Raises the sheet errors."""
    async with opened(raw, COLUMNS, Limits(rows=MOST_RECIPIENTS)) as sheet:
        cells = [row async for row in sheet]
    return await asyncio.to_thread(_rows, cells, goods)  # a thousand rows would keep everybody else waiting


def _rows(cells: Sequence[Row], goods: Mapping[str, int]) -> list[RosterRow]:
    rows = [_read(row, goods) for row in cells]
    seen: dict[tuple[object, ...], int] = {}
    for row in rows:
        if row.address is None:
            continue
        same = (row.address, tuple(row.wanted))
        if (first := seen.setdefault(same, row.number)) != row.number:
            zh, en = f"与第 {first} 行重复，多份请填写份数", f"the same as row {first}; write a quantity instead"
            row.faults.append(RowFault("recipient", "duplicate_row", zh, en))
    return rows


def template() -> bytes:
    """An empty roster with one example."""
    headings = [
        Heading("收件人"),
        Heading("手机号", width=16),
        Heading("省市区", width=26),
        Heading("详细地址", width=40),
        Heading("份数", "whole", width=8),
        Heading("货号", width=12),
    ]
    example = ("王晓梅", "13800001234", "山东省济南市历城区", "花园路88号3单元502室", 1, None)
    return workbook(Page("收件名单", headings, [example]))


def packed(rows: Sequence[RosterRow]) -> str:
    """A roster as text, to be sealed."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, separators=(",", ":"))


def unpacked(written: str) -> list[RosterRow]:
    """The roster that ``packed`` wrote."""
    return [
        RosterRow(
            number=row["number"],
            recipient=row["recipient"],
            address=Address(**row["address"]) if row["address"] else None,
            wanted=row["wanted"],
            faults=[RowFault(**fault) for fault in row["faults"]],
        )
        for row in json.loads(written)
    ]


def _read(row: Row, goods: Mapping[str, int]) -> RosterRow:
    recipient = row.take("recipient", partial(text, longest=50))
    phone = row.take("phone", phone_number)
    quantity = row.take("quantity", partial(whole, least=1, most=_MOST_OF_EACH), optional=True) or 1
    sku = row.take("sku", code, optional=True)
    place = _place(row)
    if sku is None and not goods:
        row.fault(
            "sku", "missing", "未填写货号，也没有指定统一的商品", "is empty, and no goods for everybody are given"
        )
    wanted = {sku: quantity} if sku else {name: each * quantity for name, each in goods.items()}
    address = None
    if recipient is not None and phone is not None and place is not None:
        address = _address(row, recipient, phone, *place)
    return RosterRow(row.number, recipient or "", None if row.faults else address, wanted, row.faults)


def _place(row: Row) -> tuple[str, str] | None:
    """Division code and detail, from one cell or from two; None for a cell that cannot be read."""
    if "address" not in row.titles and "division" not in row.titles:
        row.faults.append(_NO_PLACE)
        return None
    in_two = row.cells.get("division") is not None or "address" not in row.titles
    column = "division" if in_two else "address"
    written = row.take(column, partial(text, longest=120))
    detail = row.take("detail", partial(text, longest=100)) if in_two else ""
    if written is None or detail is None:
        return None
    try:
        if not in_two:
            division, detail = read_division(written)
        else:
            division = resolve_division(written) if written.isdigit() else division_named(written)
    except DomainError as refusal:
        candidates = "、".join(fault.zh for fault in refusal.faults if fault.code == "candidate")
        zh, en = refusal.sentence("zh"), refusal.sentence("en")
        row.fault(column, refusal.code, f"{zh}{candidates}", f"{en} {candidates}".strip())
        return None
    return division.code, detail


def _address(row: Row, recipient: str, phone: str, division_code: str, detail: str) -> Address | None:
    try:
        return make_address(recipient=recipient, phone=phone, division_code=division_code, detail=detail, pointer="")
    except InvalidInput as refusal:
        for fault in refusal.faults:
            column = _BY_FIELD[fault.pointer.removeprefix("/")]
            if column == "detail" and row.cells.get("detail") is None:
                column = "address"
            row.fault(column, fault.code, fault.zh, fault.en)
        return None
