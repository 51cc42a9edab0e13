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
