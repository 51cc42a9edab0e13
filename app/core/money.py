"""Money is a whole number of fen. One rule for dividing it, one for reading it, one for writing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

_YUAN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)

MAX_FEN = 10**15
"""No single amount is larger: ten thousand million yuan, far inside BIGINT."""


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Divide ``total`` fen in proportion to ``weights`` by largest remainder: the parts always add up to the whole.

    Ties go to the earlier part. Weights are not negative; when all are zero the parts are as equal as can be.
    Raises ``ValueError`` for no parts or a negative weight.
    """
    if not weights or min(weights) < 0:
        raise ValueError("weights must be a non-empty sequence of numbers that are not negative")
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    sign, amount = (-1, -total) if total < 0 else (1, total)
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(amount * weights[i] % whole), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def yuan(fen: int) -> str:
    """``1230`` fen as ``'12.30'`` yuan."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def parse_yuan(text: str) -> int:
    """``'12.3'`` yuan as ``1230`` fen. ASCII digits and at most two decimals, else ``ValueError``."""
    if not _YUAN.fullmatch(text):
        raise ValueError(f"not an amount in yuan: {text!r}")
    return int(Decimal(text) * 100)


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ((1000, "仟"), (100, "佰"), (10, "拾"), (1, ""))


def in_capitals(fen: int) -> str:
    """An amount in the capitals of invoices and contracts (支付结算办法 附一; domain handbook §7.5).

    ``140950`` is 壹仟肆佰零玖元伍角整. Zeros between digits, and between 元 and 角 after a round yuan, are one 零;
    整 stands after 元 and 角, not after 分; what is negative begins with 负.
    """
    if fen < 0:
        return f"负{in_capitals(-fen)}"
    whole, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    words = f"{_number(whole)}元" if whole or not fen else ""
    if whole and (jiao or rest) and (whole % 10 == 0 or not jiao):
        words += "零"
    words += f"{_DIGITS[jiao]}角" if jiao else ""
    return words + (f"{_DIGITS[rest]}分" if rest else "整")


def _number(value: int) -> str:
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if value >= unit:
            high, low = divmod(value, unit)
            zero = "零" if 0 < low < unit // 10 else ""
            return f"{_number(high)}{name}{zero}{_number(low) if low else ''}"
    words, skipped = "", False
    for unit, name in _PLACES:
        digit = value // unit % 10
        if digit:
            words += f"{'零' if skipped and words else ''}{_DIGITS[digit]}{name}"
        skipped = digit == 0
    return words or "零"
