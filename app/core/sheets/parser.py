"""The process that opens an ``.xlsx``: run as a script, apart from the rest of the house, with little of everything.

It reads the file from standard input and writes rows to standard output, some in each line of JSON, dates as
``{"at": …}`` or ``{"on": …}``. A last line tells how it ended: ``{"end": true}``, or
``{"refused": reason, "where": place}``. When it is missing, a limit of the kernel ended the process.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

MEMORY_BYTES = 768 << 20
CPU_SECONDS = 20
MOST_ROWS = 100_000
"""Less than this many, and up to a hundred columns (``CV``): what ``_FAR`` finds lies beyond."""
LONGEST_CELL = 4_000
_CHUNK = 1 << 20
_OVERLAP = 512
_LINE = 64 << 10

_FAR = re.compile(rb"""\br=["'](?:[A-Z]{3,}\d|[D-Z][A-Z]\d|C[W-Z]\d|[A-Z]*\d{6,})""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ERROR_VALUE = re.compile(rb"""<(?:\w+:)?c\s[^>]*\bt=["']e["']""")
_PLACE = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\br=["']([A-Z]+\d+)["']""")
_ACTIVE = ("xl/vbaproject.bin", "xl/macrosheets/", "xl/externallinks/")


class Refused(Exception):
    """``args``: the reason, and where."""


def inspect(raw: bytes) -> None:
    """Look at the XML before the parser does: far cells, formulas, error values, macros, links. Raises ``Refused``."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for name in archive.namelist():
            if name.lower().startswith(_ACTIVE):
                raise Refused("formulas", name.rpartition("/")[2])
        for name in archive.namelist():
            is_sheet = name.lower().startswith("xl/worksheets/") and name.lower().endswith(".xml")
            tail = b""
            with archive.open(name) as part:
                while chunk := part.read(_CHUNK):
                    if b"<!DOCTYPE" in tail + chunk:  # no program writes one, and it is where entity bombs begin
                        raise Refused("unreadable", "")
                    if is_sheet:
                        _inspect(tail + chunk)
                    tail = chunk[-_OVERLAP:]


def _inspect(xml: bytes) -> None:
    if _FAR.search(xml):
        raise Refused("size", "")
    for pattern in (_FORMULA, _ERROR_VALUE):
        if found := pattern.search(xml):
            places = _PLACE.findall(xml[: found.end()])
            raise Refused("formulas", places[-1].decode() if places else "")


def rows(raw: bytes) -> Iterator[list[Any]]:
    """The rows of the first visible sheet, from row 1 on."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    visible = [
        number
        for number, sheet in enumerate(book.sheets_metadata)
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    for row in book.get_sheet_by_index(visible[0]).iter_rows():
        yield [_plain(cell) for cell in row]


def _plain(cell: Any) -> Any:
    match cell:
        case "":
            return None
        case str() if len(cell) > LONGEST_CELL:
            raise Refused("size", "")
        case dt.datetime():
            return {"at": cell.isoformat()}
        case dt.date():
            return {"on": cell.isoformat()}
        case dt.time() | dt.timedelta():
            return str(cell)
        case _:
            return cell


def _lines(raw: bytes) -> Iterator[str]:
    """Rows put together to lines of a sensible length: who waits for each single row waits long."""
    written: list[str] = []
    length = 0
    for row in rows(raw):
        written.append(json.dumps(row, allow_nan=False, separators=(",", ":")))
        length += len(written[-1])
        if length > _LINE:
            yield f"[{','.join(written)}]\n"
            written, length = [], 0
    yield f"[{','.join(written)}]\n"


def main() -> None:
    """Read, inspect, parse, tell."""
    # The order matters: what is imported before may be larger than what is left afterwards.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    raw = sys.stdin.buffer.read()
    out = sys.stdout
    try:
        inspect(raw)
        for line in _lines(raw):
            out.write(line)
        end: dict[str, Any] = {"end": True}
    except Refused as refusal:
        end = {"refused": refusal.args[0], "where": refusal.args[1]}
    except MemoryError:
        end = {"refused": "size", "where": ""}
    except Exception:  # noqa: BLE001 - whatever a hostile file makes a parser say, the answer is the same
        end = {"refused": "unreadable", "where": ""}
    out.write(json.dumps(end) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
