"""An ``.xlsx`` of any length, written while its rows come: neither the rows nor the file are ever held.

The library makes a workbook of the same sheets without rows, with styles, header, widths and all other pages; the rows
are put into its sheets on the way out. It would keep every sheet in a file beside the program until the end, and take
six times as long.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import IO, Any

import xlsxwriter

from app.core.sheets.writing import OPTIONS, Heading, Kind, Page, Styles, print_across, write_cell, write_page

MOST_ROWS = 1_048_576 - 2
"""Of one sheet, besides its header and total (ECMA-376 has no limit, every program has this one)."""
_LONGEST = 32_767
_EPOCH = date(1899, 12, 30).toordinal()
_SHANGHAI = timedelta(hours=8)
_DAY_SECONDS = 86_400
_SAMPLE, _TOTAL = 1, 2
_DIMENSION = re.compile(r"<dimension [^>]*/>")
_STYLE = re.compile(r'<c r="[A-Z]+[0-9]+" s="([0-9]+)"')
_ODD = re.compile(r"[&<>\x00-\x1f\ufffe\uffff]|^\s|\s$|_x[0-9A-Fa-f]{4}_")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_EMPTY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class LongColumn:
    """A column of a long sheet. Days and months are ISO text, moments too, in UTC; ``words`` are told for codes."""

    heading: Heading
    words: Mapping[str, str] = field(default_factory=dict)


class LongBook:
    """A workbook with one table of ``count`` rows in as many sheets as it needs, and other ``pages`` behind them.

    Take what ``begin``, ``add`` (as often as there are rows) and ``close`` give, in this order: that is the file.
    """

    def __init__(
        self,
        name: str,
        columns: Sequence[LongColumn],
        count: int,
        *,
        total: Sequence[Any] | None = None,
        pages: Sequence[Page] = (),
        rows_of_a_sheet: int = MOST_ROWS,
    ) -> None:
        sheets = max(1, -(-count // rows_of_a_sheet))
        names = [name if at == 0 else f"{name} {at + 1}" for at in range(sheets)]
        self._skeleton = zipfile.ZipFile(io.BytesIO(_skeleton(names, columns, pages)))
        self._parts = [f"xl/worksheets/sheet{at + 1}.xml" for at in range(sheets)]
        head, self._tail, styles, self._of_total = _cut(self._skeleton.read(self._parts[0]).decode())
        self._heads = [head.replace(' tabSelected="1"', "") if at else head for at in range(sheets)]
        self._cells = [_cell_of(at, one, style) for at, (one, style) in enumerate(zip(columns, styles, strict=True))]
        self._columns, self._total = columns, total
        self._most = rows_of_a_sheet
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._open: IO[bytes] | None = None
        self._row = self._at = 0

    def begin(self) -> bytes:
        """Everything but the sheets of the table."""
        for name in self._skeleton.namelist():
            if name not in self._parts:
                self._zip.writestr(name, self._skeleton.read(name))
        self._turn()
        return self._sink.taken()

    def add(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """What these rows add to the file. Takes as much time as rows: call it in a thread."""
        pieces: list[str] = []
        cells = self._cells
        for row in rows:
            if self._row > self._most:
                self._write("".join(pieces))
                pieces.clear()
                self._turn()
            self._row += 1
            number = str(self._row)
            told = "".join([cell(number, value) for cell, value in zip(cells, row, strict=True) if value is not None])
            pieces.append(f'<row r="{number}">{told}</row>')
        self._write("".join(pieces))
        return self._sink.taken()

    def close(self) -> bytes:
        """The total, and the end of the file."""
        if self._total is not None:
            number = str(self._row + 1)
            kinds = [LongColumn(Heading("", "text" if isinstance(value, str) else column.heading.kind))
                     for column, value in zip(self._columns, self._total, strict=True)]  # fmt: skip
            cells = [_cell_of(at, one, self._of_total[at]) for at, one in enumerate(kinds)]
            told = "".join(c(number, value) for c, value in zip(cells, self._total, strict=True) if value is not None)
            self._write(f'<row r="{number}">{told}</row>')
        self._end()
        self._zip.close()
        return self._sink.taken()

    def _write(self, xml: str) -> None:
        if self._open is None:
            raise ValueError("begin the workbook first")
        self._open.write(xml.encode())

    def _turn(self) -> None:
        """Begin the next sheet."""
        self._end()
        self._open = self._zip.open(self._parts[self._at], "w")
        self._write(self._heads[self._at])
        self._at += 1
        self._row = 1

    def _end(self) -> None:
        if self._open is not None:
            self._write(self._tail)
            self._open.close()
            self._open = None


class _Sink:
    """Where the archive is written to: it can only go on, and what was written is taken away at once."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Whoever takes it away closes the file."""

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def _skeleton(names: Sequence[str], columns: Sequence[LongColumn], pages: Sequence[Page]) -> bytes:
    """The workbook without the table's rows; each of its sheets has a cell of every style instead."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        styles = Styles(book)
        for name in names:
            sheet = book.add_worksheet(name)
            for at, column in enumerate(columns):
                kind = column.heading.kind
                sheet.set_column(at, at, column.heading.width, styles.cells[kind])
                sheet.write_string(0, at, column.heading.title, styles.heads[kind])
            for at, column in enumerate(columns):
                kind = column.heading.kind
                write_cell(sheet, _SAMPLE, at, kind, _sample(kind), styles.cells[kind])
            for at, column in enumerate(columns):
                kind = column.heading.kind if at else "text"
                write_cell(sheet, _TOTAL, at, kind, _sample(kind), styles.sums[kind])
            sheet.freeze_panes(1, 0)
            print_across(sheet, 0)
        for page in pages:
            write_page(book, styles, page)
    return file.getvalue()


def _sample(kind: Kind) -> Any:
    if kind in ("day", "month", "moment"):
        return datetime(2000, 1, 1, tzinfo=UTC) if kind == "moment" else date(2000, 1, 1)
    return "-" if kind == "text" else 0


def _cut(sheet: str) -> tuple[str, str, list[str], list[str]]:
    """What stands before and behind the rows of a sheet of the skeleton, and the styles of its cells and of its sums.

    The size of the table, which a sheet may say and need not, is left out: readers would believe it.
    """
    sample, total = sheet.index(f'<row r="{_SAMPLE + 1}"'), sheet.index(f'<row r="{_TOTAL + 1}"')
    end = sheet.index("</sheetData>")
    head = _DIMENSION.sub("", sheet[:sample])
    return head, sheet[end:], _STYLE.findall(sheet[sample:total]), _STYLE.findall(sheet[total:end])


def _cell_of(at: int, column: LongColumn, style: str) -> Callable[[str, Any], str]:
    """How a cell of the column is written, of a row and its value."""
    letters = xlsxwriter.utility.xl_col_to_name(at)
    number = f'" s="{style}"><v>'
    begin = f'<c r="{letters}'
    match column.heading.kind:
        case "text":
            words, told = column.words or _EMPTY, f'" s="{style}" t="inlineStr"><is>'
            return lambda row, value: f"{begin}{row}{told}{_text(words.get(value, value))}</is></c>"
        case "yuan":
            return lambda row, value: f"{begin}{row}{number}{_hundredths(value)}</v></c>"
        case "share":
            return lambda row, value: f"{begin}{row}{number}{value / 10_000!r}</v></c>"
        case "day":
            return lambda row, value: f"{begin}{row}{number}{_serial(value)}</v></c>"
        case "month":
            return lambda row, value: f"{begin}{row}{number}{_serial(value + '-01')}</v></c>"
        case "moment":
            return lambda row, value: f"{begin}{row}{number}{_moment(value)}</v></c>"
        case _:
            return lambda row, value: f"{begin}{row}{number}{value}</v></c>"


def _text(value: object) -> str:
    shown = str(value)
    if _ODD.search(shown) is None and len(shown) <= _LONGEST:
        return f"<t>{shown}</t>"
    shown = shown[:_LONGEST].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<t xml:space="preserve">{_CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", shown)}</t>'


def _hundredths(fen: int) -> str:
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


@lru_cache(maxsize=4_096)
def _serial(day: str) -> int:
    """A day as spreadsheets count it."""
    return date.fromisoformat(day).toordinal() - _EPOCH


def _moment(instant: str) -> str:
    """An instant as the wall clock in Shanghai shows it, in days and their fraction."""
    at = datetime.fromisoformat(instant) + _SHANGHAI
    seconds = at.hour * 3_600 + at.minute * 60 + at.second
    return f"{at.toordinal() - _EPOCH + seconds / _DAY_SECONDS:.9f}"
