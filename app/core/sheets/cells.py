"""What a cell means. People type the same thing in many ways; each reader here knows the ways of one kind of value.

A reader takes a cell and gives the value or raises ``BadCell``, whose sentences say what to write instead. Empty cells
never reach a reader.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from app.core.clock import SHANGHAI
from app.core.money import MAX_FEN

Cell = str | int | float | bool | date | datetime | None

_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RUINED = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]{1,3}")
_EXACT = 10**15
"""A spreadsheet keeps fifteen digits of a number and turns the rest to zeros."""
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_PLAIN = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,6})?")
_YUAN = re.compile(r"^(?:RMB|CNY|¥|￥)|(?:元|圆)$")
_WRAPPED = re.compile(r'^="(.*)"$', re.DOTALL)
_DAY_NUMBERS = range(20_000, 80_000)
"""Spreadsheet dates from 1954 to 2119 as days since 1899-12-30; other numbers are no dates."""
_EPOCH = date(1899, 12, 30)
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?|(\d{1,2})[时点](?:(\d{1,2})分)?")


class BadCell(Exception):
    """The cell cannot be read. ``code`` is stable; ``zh`` and ``en`` say what to write."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


def text(cell: Cell, *, longest: int = 200) -> str:
    """What is written, without blanks around it and characters that nobody sees."""
    written = _written(cell)
    if len(written) > longest:
        raise BadCell("too_long", f"不能超过 {longest} 个字", f"at most {longest} characters")
    if _CONTROL.search(written):
        raise BadCell("control_characters", "含有不可见的控制字符", "holds control characters")
    return written


def code(cell: Cell) -> str:
    """A number that counts nothing: SKU, order number, barcode. Full-width characters become plain ones.

    Refused when the spreadsheet has ruined it: ``6.9E+12``, or more digits than a number there can hold.
    """
    number = _number(cell)
    if number is not None and abs(number) >= _EXACT:
        raise _ruined()
    written = unicodedata.normalize("NFKC", _written(cell)).replace(" ", "")
    if _RUINED.fullmatch(written):
        raise _ruined()
    return text(written, longest=64)


def phone(cell: Cell) -> str:
    """A phone number without blanks, brackets and the country's code; whether it is one is for the caller to say."""
    written = re.sub(r"[\s()·•]", "", code(cell)).replace("–", "-").replace("—", "-")
    written = re.sub(r"^(?:\+|00)86-?", "", written)
    return re.sub(r"^(1\d{2})-(\d{4})-(\d{4})", r"\1\2\3", written)


def whole(cell: Cell, *, least: int = 0, most: int = 1_000_000) -> int:
    """A whole number: ``12``, ``1,200``, ``１２``, or a number cell without a fraction."""
    if isinstance(cell, (bool, date)):
        raise _not_whole()
    value = _number(cell)
    if value is not None:
        if value != int(value):
            raise _not_whole()
        number = int(value)
    else:
        written = _digits(cell).removesuffix(".0").removesuffix(".00")
        sign, written = (-1, written[1:]) if written[:1] == "-" else (1, written.removeprefix("+"))
        if not (_PLAIN.fullmatch(written) or _THOUSANDS.fullmatch(written)) or len(written) > 20:  # noqa: PLR2004
            raise _not_whole()
        number = sign * int(written.replace(",", ""))
    if not least <= number <= most:
        raise BadCell("out_of_range", f"应在 {least} 到 {most} 之间", f"between {least} and {most}")
    return number


def amount_fen(cell: Cell) -> int:
    """An amount written in yuan, in fen: ``12.5``, ``¥1,234.50``, ``1234元``; never negative, at most two decimals."""
    fen = _decimal(cell, "金额", "an amount", unit=_YUAN) * 100
    if fen != int(fen):
        raise BadCell("too_many_decimals", "金额最多两位小数", "an amount has at most two decimals")
    if fen > MAX_FEN:
        raise BadCell("out_of_range", "金额过大", "the amount is too large")
    return int(fen)


_KILOGRAMS = re.compile(r"(?:kg|KG|Kg|千克|公斤)$")


def grams(cell: Cell) -> int:
    """A weight written in kilograms, in grams: ``2.5``, ``2.5kg``, ``2.5 千克``."""
    found = _decimal(cell, "重量", "a weight in kilograms", unit=_KILOGRAMS) * 1000
    if found != int(found) or found > 10**9:
        raise BadCell("out_of_range", "重量应精确到克且不超过一千吨", "whole grams, at most 1,000 tonnes")
    return int(found)


_COUNTED = re.compile(r"(?:kg|KG|Kg|千克|公斤|天|工日|亩|股)$")


def thousandths(cell: Cell) -> int:
    """A quantity in thousandths: ``312.5``, ``312.5 公斤``, ``2 亩``; never negative, at most three decimals."""
    found = _decimal(cell, "数量", "a quantity", unit=_COUNTED) * 1000
    if found != int(found) or not 0 < found <= 10**12:
        raise BadCell("out_of_range", "应为正数，最多三位小数", "more than nothing, with at most three decimals")
    return int(found)


def day(cell: Cell) -> date:
    """A date: a date cell, a day number, ``2026-11-20``, ``2026/11/20``, ``2026年11月20日`` or ``20261120``.

    Day and month in an unknown order (``3/4/2026``) are refused rather than guessed.
    """
    return _moment(cell)[0]


def moment(cell: Cell) -> datetime:
    """A point in time, Shanghai's where nothing else is said: a date with or without a time of day."""
    if isinstance(cell, str):
        try:
            read = datetime.fromisoformat(_written(cell))
        except ValueError:
            read = None
        if read is not None and read.tzinfo is not None:
            return read
    on, at = _moment(cell)
    return datetime.combine(on, at or time(), SHANGHAI)


def _moment(cell: Cell) -> tuple[date, time | None]:
    if isinstance(cell, datetime):
        return cell.date(), cell.time()
    if isinstance(cell, date):
        return cell, None
    number = _number(cell)
    if number is not None and int(number) in _DAY_NUMBERS:
        seconds = round(Decimal(repr(number)) % 1 * 86_400)
        at = datetime.combine(_EPOCH, time()) + timedelta(days=int(number), seconds=seconds)
        return at.date(), at.time()
    written = unicodedata.normalize("NFKC", _written(cell)).replace("T", " ").strip()
    head = _DAY.match(written)
    if head is None:
        raise _no_date()
    rest = written[head.end() :].strip()
    clock = _TIME.fullmatch(rest) if rest else None
    if rest and clock is None:
        raise _no_date()
    year, month, number_of_day = (int(part) for part in head.groups() if part)
    hour, minute, second = [*(int(part) for part in clock.groups() if part), 0, 0][:3] if clock else (0, 0, 0)
    try:
        return date(year, month, number_of_day), time(hour, minute, second) if clock else None
    except ValueError:
        raise _no_date() from None


def _written(cell: Cell) -> str:
    """The cell as a person sees it. Raises ``BadCell`` for a formula that came as text."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if (number := _number(cell)) is not None:
        return str(int(number)) if number == int(number) and abs(number) < _EXACT else format(number, ".15g")
    if isinstance(cell, date):
        return cell.isoformat()
    written = _INVISIBLE.sub("", str(cell or "")).strip()
    written = _WRAPPED.sub(r"\1", written).strip().removeprefix("'")
    if written.startswith("="):
        raise BadCell("formula", "是公式，请填写数值或文字", "is a formula; write the value")
    return written


def _digits(cell: Cell) -> str:
    return unicodedata.normalize("NFKC", _written(cell)).replace(" ", "")


def _decimal(cell: Cell, zh: str, en: str, *, unit: re.Pattern[str]) -> Decimal:
    fault = BadCell("not_a_number", f"应为{zh}", f"must be {en}")
    if isinstance(cell, bool):
        raise fault
    # A number cell carries binary dust (12.340000000000002) beyond the fifteen digits that a spreadsheet shows.
    written = format(cell, ".15g") if isinstance(cell, float) else unit.sub("", _digits(cell))
    whole_part = written.partition(".")[0]
    if "," in whole_part and _THOUSANDS.fullmatch(whole_part):
        written = written.replace(",", "")
    if not _DECIMAL.fullmatch(written):
        raise fault
    try:
        return Decimal(written)
    except InvalidOperation:
        raise fault from None


def _number(cell: Cell) -> int | float | None:
    return cell if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None


def _ruined() -> BadCell:
    return BadCell(
        "ruined_code",
        "编码已被表格软件改写为科学计数法或丢失末位，请把该列设为“文本”格式后重新填写",
        "was turned into a number and lost digits; format the column as text and enter it again",
    )


def _not_whole() -> BadCell:
    return BadCell("not_a_whole_number", "应为整数", "must be a whole number")


def _no_date() -> BadCell:
    return BadCell("not_a_date", "应为日期，如 2026-11-20", "must be a date such as 2026-11-20")
