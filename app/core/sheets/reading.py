"""From the bytes of a file to rows with named cells."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sys
import time
import unicodedata
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from app.core.sheets.cells import BadCell, Cell
from app.core.sheets.errors import (
    SheetHasFormulas,
    SheetHeaderNotFound,
    SheetTooLarge,
    SheetUnreadable,
    UnknownSheetFormat,
)

_PARSER = Path(__file__).with_name("parser.py")
_PARSE_SECONDS = 30.0
_AT_ONCE = 2
_LONGEST_LINE = 16 << 20
_HEADER_WITHIN = 30
"""Titles and notes may stand above the header, but not a page of them."""
_ENTRIES, _UNPACKED_BYTES, _RATIO = 200, 100 << 20, 100
_MOST_COLUMNS = 100
_LONGEST_CELL = 4_000
_TOTALS = frozenset(("合计", "总计", "小计", "total", "subtotal", "grandtotal"))

T = TypeVar("T")
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a caller understands: ``name`` is the caller's word, ``titles`` are how people head it."""

    name: str
    titles: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read."""

    bytes: int = 10 << 20
    rows: int = 50_000
    cells: int = 2_000_000


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row: under which column, a stable code and a sentence per language."""

    column: str
    code: str
    zh: str
    en: str


@dataclass(slots=True)
class Row:
    """One row below the header. ``number`` is the row's number in the file; ``faults`` collects what cannot be read."""

    number: int
    cells: dict[str, Cell]
    titles: dict[str, str]
    faults: list[RowFault] = field(default_factory=list)

    def take(self, column: str, read: Callable[[Cell], T], *, optional: bool = False) -> T | None:
        """The value under ``column``, or None for an empty cell or one that cannot be read, which is then a fault."""
        cell = self.cells.get(column)
        if cell is None:
            if not optional:
                self.fault(column, "missing", "未填写", "is empty")
            return None
        try:
            return read(cell)
        except BadCell as bad:
            self.fault(column, bad.code, bad.zh, bad.en)
            return None

    def fault(self, column: str, code: str, zh: str, en: str) -> None:
        """Note that the value under ``column`` will not do."""
        title = self.titles.get(column, column)
        self.faults.append(RowFault(column, code, f"{title}：{zh}", f"{title}: {en}"))


class Sheet:
    """A file being read: iterate over its rows once. ``titles`` tells how each known column is headed in it."""

    def __init__(self, titles: dict[str, str], rows: AsyncIterator[Row]) -> None:
        self.titles = titles
        self._rows = rows

    def __aiter__(self) -> AsyncIterator[Row]:
        return self._rows


@asynccontextmanager
async def opened(raw: bytes, columns: Sequence[Column], limits: Limits | None = None) -> AsyncIterator[Sheet]:
    """The rows below the header of an ``.xlsx`` or CSV file, blank ones and lines of totals left out.

    The header is the first row that names every required column; what stands above it is skipped, columns that nobody
    asked for are ignored. Raises the ``SHEET_ERRORS``, those about size and damage also while rows are being read.
    """
    limits = limits or Limits()
    async with _lines_of(raw, limits) as lines:
        yield await _sheet(lines, columns, limits)


async def plain_rows(raw: bytes, limits: Limits | None = None) -> list[tuple[int, list[Cell]]]:
    """Every row of an ``.xlsx`` or CSV file as it stands, with its number in the file, blank ones left out.

    For sheets that say things above, between and beside their tables. Raises the ``SHEET_ERRORS``.
    """
    limits = limits or Limits()
    found: list[tuple[int, list[Cell]]] = []
    number = cells_seen = 0
    async with _lines_of(raw, limits) as lines:
        async for cells in lines:
            number += 1
            if len(cells) > _MOST_COLUMNS:
                raise SheetTooLarge(what=f"超过 {_MOST_COLUMNS} 列", what_en=f"more than {_MOST_COLUMNS} columns")
            if all(cell is None for cell in cells):
                continue
            found.append((number, cells))
            cells_seen += len(cells)
            if len(found) > limits.rows or cells_seen > limits.cells:
                raise SheetTooLarge(what=f"超过 {limits.rows} 行", what_en=f"more than {limits.rows} rows")
    return found


@asynccontextmanager
async def _lines_of(raw: bytes, limits: Limits) -> AsyncIterator[AsyncIterator[list[Cell]]]:
    if len(raw) > limits.bytes:
        mib = limits.bytes >> 20
        raise SheetTooLarge(what=f"文件超过 {mib} MiB", what_en=f"more than {mib} MiB")
    gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    if raw.startswith(b"PK\x03\x04"):
        await asyncio.to_thread(_check_archive, raw)
        async with gate, _parsed(raw) as lines:
            yield lines
    else:
        yield _each(_csv_rows(raw))


def _check_archive(raw: bytes) -> None:
    """Whether the archive is a workbook of a sane size, told by its directory alone."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError):
        raise SheetUnreadable from None
    names = [entry.filename for entry in entries]
    if len(entries) > _ENTRIES or len(set(names)) != len(names):
        raise SheetUnreadable
    if any(name.startswith("/") or "\\" in name or ".." in name.split("/") or ":" in name for name in names):
        raise SheetUnreadable
    if any(entry.flag_bits & 1 for entry in entries) or "xl/workbook.xml" not in names:
        raise UnknownSheetFormat
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if unpacked > _UNPACKED_BYTES or unpacked > max(packed, 10_000) * _RATIO:
        raise SheetTooLarge(what="解压后超出上限", what_en="it unpacks to more than is read")


@asynccontextmanager
async def _parsed(raw: bytes) -> AsyncIterator[AsyncIterator[list[Cell]]]:
    """The rows of a workbook, parsed in a process of its own that ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_PARSER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        limit=_LONGEST_LINE,
    )
    feeding = asyncio.create_task(_feed(process, raw))
    try:
        yield _lines(process)
    finally:
        if process.returncode is None:
            process.kill()
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await process.wait()


async def _feed(process: asyncio.subprocess.Process, raw: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    try:
        process.stdin.write(raw)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # it ended before it had read everything, and its last line says why


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[list[Cell]]:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    patience = _PARSE_SECONDS
    while True:
        begun = time.monotonic()
        try:
            line = await asyncio.wait_for(process.stdout.readline(), patience)
        except (TimeoutError, ValueError):
            raise SheetUnreadable from None
        patience -= time.monotonic() - begun  # only what the parser takes counts, not what the reader does with a row
        if not line.endswith(b"\n"):
            raise SheetUnreadable
        said = json.loads(line)
        if isinstance(said, list):
            for row in said:
                yield [_cell(value) for value in row]
            continue
        match said.get("refused"):
            case None:
                return
            case "formulas":
                raise SheetHasFormulas(where=said["where"] or "?")
            case "size":
                raise SheetTooLarge(
                    what="行、列或单元格内容超出上限", what_en="rows, columns or cells beyond the limit"
                )
            case _:
                raise SheetUnreadable


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"]) if "at" in value else date.fromisoformat(value["on"])
    if isinstance(value, str):
        return value.strip() or None
    found: Cell = value
    return found


async def _each(rows: Iterator[list[Cell]]) -> AsyncIterator[list[Cell]]:
    for number, row in enumerate(rows):
        if number % 500 == 0:
            await asyncio.sleep(0)  # the file is in memory, but others want the loop too
        yield row


def _csv_rows(raw: bytes) -> Iterator[list[Cell]]:
    head = raw[:4096].lstrip().lower()
    if not head or b"\0" in raw or head.startswith((b"<", b"%pdf", b"{\\rtf", b"\xd0\xcf\x11\xe0")):
        raise UnknownSheetFormat
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnknownSheetFormat
    delimiter = max(",\t;", key=text[:4096].count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if any(len(cell) > _LONGEST_CELL for cell in row):
                raise SheetTooLarge(what="单元格内容超出上限", what_en="a cell beyond the limit")
            yield [cell.strip() or None for cell in row]
    except csv.Error:
        raise SheetUnreadable from None


async def _sheet(lines: AsyncIterator[list[Cell]], columns: Sequence[Column], limits: Limits) -> Sheet:
    known = {_plain(title): column.name for column in columns for title in (column.name, *column.titles)}
    required = {column.name for column in columns if column.required}
    nearest: set[str] = set()
    number = 0
    async for cells in lines:
        number += 1
        places = [(known.get(_plain(str(cell))), at) for at, cell in enumerate(cells) if isinstance(cell, str)]
        found = [(name, at) for name, at in places if name is not None]
        names = {name for name, _ in found}
        nearest = max(nearest, names & required, key=len)
        if required <= names and names:
            _refuse_twice(found, cells)
            where = dict(found)
            titles = {name: str(cells[at]).strip() for name, at in found}
            return Sheet(titles, _below(lines, where, titles, number, limits))
        if number == _HEADER_WITHIN:
            break
    missing = [column.titles[0] for column in columns if column.required and column.name not in nearest]
    listed = "、".join(missing)
    raise SheetHeaderNotFound(what=f"缺少列 {listed}", what_en=f"missing {', '.join(missing)}")


def _refuse_twice(found: list[tuple[str, int]], cells: list[Cell]) -> None:
    for name, at in found:
        if any(other == name and place > at for other, place in found):
            title = str(cells[at]).strip()
            raise SheetHeaderNotFound(what=f"“{title}”列出现两次", what_en=f"two columns mean {title}")


async def _below(
    lines: AsyncIterator[list[Cell]], where: dict[str, int], titles: dict[str, str], number: int, limits: Limits
) -> AsyncIterator[Row]:
    rows = cells_seen = 0
    async for cells in lines:
        number += 1
        if len(cells) > _MOST_COLUMNS:
            raise SheetTooLarge(what=f"超过 {_MOST_COLUMNS} 列", what_en=f"more than {_MOST_COLUMNS} columns")
        first = next((cell for cell in cells if cell is not None), None)
        if first is None or (isinstance(first, str) and _plain(first) in _TOTALS):
            continue
        rows += 1
        cells_seen += len(cells)
        if rows > limits.rows or cells_seen > limits.cells:
            raise SheetTooLarge(what=f"超过 {limits.rows} 行", what_en=f"more than {limits.rows} rows")
        here = {name: cells[at] if at < len(cells) else None for name, at in where.items()}
        yield Row(number, here, titles)


_DECORATION = re.compile(r"[\s_*＊:：·\-/\\]|[(（\[【].*?[)）\]】]")


def _plain(title: str) -> str:
    """A heading without what people decorate it with: ``*数量（件）：`` is ``数量``."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", title)).casefold()
