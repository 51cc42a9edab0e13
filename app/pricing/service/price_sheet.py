"""Price lists as sheets: read what operators upload, write what they take home to change."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from app.core.errors import Fault
from app.core.money import yuan
from app.core.sheets import (
    BadCell,
    Cell,
    Column,
    Heading,
    Limits,
    Page,
    Row,
    amount_fen,
    code,
    day,
    opened,
    whole,
    workbook,
)
from app.pricing.rules.contracts import InvalidPriceList, ListedPrice, NewPrice

MOST_ROWS = 2_000
_MOST = 100_000
_YES, _NO = frozenset(["是", "y", "yes", "true", "1", "促销", "√"]), frozenset(["否", "n", "no", "false", "0"])
COLUMNS = (
    Column("sku", ("货号", "平台货号", "sku")),
    Column("price", ("含税供价", "含税进价", "进价", "供价", "供货价", "价格", "price")),
    Column("valid_from", ("生效日期", "起始日期", "开始日期", "valid from", "valid_from")),
    Column("valid_to", ("失效日期", "截止日期", "结束日期", "valid to", "valid_to")),
    Column("promotion", ("是否促销", "促销", "promotion"), required=False),
    Column("min_cases", ("起订箱数", "最小起订量", "起订量(箱)", "min cases", "min_cases"), required=False),
    Column("multiple_cases", ("箱数倍数", "订货倍数", "倍数", "multiple cases", "multiple_cases"), required=False),
    Column("min_life_days", ("最短剩余天数", "剩余保质期(天)", "min life days", "min_life_days"), required=False),
)


async def read_prices(raw: bytes) -> tuple[list[NewPrice], list[int]]:
    """The rows of a price list in an ``.xlsx`` or CSV file, and the number that each has in the file.

    Raises the sheet errors, and ``InvalidPriceList`` with all rows that cannot be read; pointers name the row's number
    in the file: ``/rows/7/price``.
    """
    found: list[NewPrice] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    async with opened(raw, COLUMNS, Limits(rows=MOST_ROWS)) as sheet:
        async for row in sheet:
            price = _read(row)
            faults += [Fault(f"/rows/{row.number}/{bad.column}", bad.code, bad.zh, bad.en) for bad in row.faults]
            if price is not None:
                found.append(price)
                numbers.append(row.number)
    if faults:
        raise InvalidPriceList(faults=faults)
    return found, numbers


def in_the_file(refusal: InvalidPriceList, numbers: Sequence[int]) -> InvalidPriceList:
    """The same refusal, its pointers by the rows' numbers in the file instead of their places in the list."""
    faults = []
    for fault in refusal.faults:
        _, rows, at, column = fault.pointer.split("/", 3)
        faults.append(replace(fault, pointer=f"/{rows}/{numbers[int(at)]}/{column}"))
    return InvalidPriceList(faults=faults)


async def price_sheet(rows: Sequence[ListedPrice]) -> bytes:
    """The rows as an ``.xlsx`` with the headings that are understood."""
    headings = [
        Heading("货号", width=12),
        Heading("含税供价", width=12),
        Heading("生效日期", "day", width=12),
        Heading("失效日期", "day", width=12),
        Heading("是否促销", width=10),
        Heading("起订箱数", "whole", width=10),
        Heading("箱数倍数", "whole", width=10),
        Heading("最短剩余天数", "whole", width=14),
    ]
    shown = [
        (
            row.sku,
            yuan(row.price_fen),
            row.valid_from,
            row.last_on,
            "是" if row.promotion else "否",
            row.min_cases,
            row.multiple_cases,
            row.min_life_days,
        )
        for row in rows
    ]
    return await asyncio.to_thread(workbook, Page("价目表", headings, shown))


def _read(row: Row) -> NewPrice | None:
    sku = row.take("sku", code)
    price_fen = row.take("price", amount_fen)
    valid_from = row.take("valid_from", day)
    valid_to = row.take("valid_to", day)
    promotion = row.take("promotion", _yes_or_no, optional=True)
    cases = partial(whole, least=1, most=_MOST)
    min_cases = row.take("min_cases", cases, optional=True)
    multiple_cases = row.take("multiple_cases", cases, optional=True)
    min_life_days = row.take("min_life_days", partial(whole, most=10_000), optional=True)
    if row.faults or sku is None or price_fen is None or valid_from is None or valid_to is None:
        return None
    return NewPrice(
        sku.upper(),
        price_fen,
        valid_from,
        valid_to,
        promotion=bool(promotion),
        min_cases=min_cases or 1,
        multiple_cases=multiple_cases or 1,
        min_life_days=min_life_days,
    )


def _yes_or_no(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    written = unicodedata.normalize("NFKC", str(cell)).strip().lower()
    if written in _YES:
        return True
    if written in _NO:
        return False
    raise BadCell("not_yes_or_no", "请填“是”或“否”", "write 是 or 否")
