"""Bar codes as widths: of a bar, the gap after it, the next bar, and so on, in modules.

Code 128 (ISO/IEC 15417) for numbers of papers, interleaved two of five (ISO/IEC 16390) for ITF-14 on cases.
"""

from __future__ import annotations

import re

_SYMBOLS = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321
232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224
111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111
111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112
"""
_CODE_128 = re.findall(r"\d+", _SYMBOLS)
_TO_C, _TO_B = 99, 100
_START_B, _START_C, _STOP = 104, 105, 106
_CHECK = 103
_PAIRS_WORTH_IT = 4
"""So many digits in a row are shorter in pairs."""

_TWO_OF_FIVE = ["00110", "10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "01010"]
_NARROW, _WIDE = 1, 3
_ITF_START, _ITF_STOP = [1, 1, 1, 1], [3, 1, 1]


def code_128(text: str) -> list[int]:
    """The widths that say ``text``, which is printable ASCII; digits go in pairs where that is shorter.

    Raises ``ValueError`` for anything else.
    """
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("Code 128 says printable ASCII here")
    values = _values(text)
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % _CHECK
    return [int(width) for value in [*values, check, _STOP] for width in _CODE_128[value]]


def _values(text: str) -> list[int]:
    values: list[int] = []
    at, pairs = 0, None
    while at < len(text):
        digits = len(text[at:]) - len(text[at:].lstrip("0123456789"))
        if digits >= _PAIRS_WORTH_IT or (pairs and digits > 1):
            if not pairs:
                if digits % 2:  # an odd one out is said before
                    values += _switched(values, to_pairs=False, already=pairs)
                    values.append(ord(text[at]) - 32)
                    at, digits, pairs = at + 1, digits - 1, False
                values += _switched(values, to_pairs=True, already=pairs)
                pairs = True
            for start in range(at, at + digits // 2 * 2, 2):
                values.append(int(text[start : start + 2]))
            at += digits // 2 * 2
        else:
            values += _switched(values, to_pairs=False, already=pairs)
            pairs = False
            values.append(ord(text[at]) - 32)
            at += 1
    return values


def _switched(values: list[int], *, to_pairs: bool, already: bool | None) -> list[int]:
    """What says in which set the next value is meant."""
    if not values:
        return [_START_C if to_pairs else _START_B]
    if already is to_pairs:
        return []
    return [_TO_C if to_pairs else _TO_B]


def two_of_five(digits: str) -> list[int]:
    """The widths that say an even number of digits: the first of two in the bars, the second in the gaps.

    Raises ``ValueError`` for anything else.
    """
    if not digits or len(digits) % 2 or not (digits.isascii() and digits.isdigit()):
        raise ValueError("an even number of digits")
    widths = list(_ITF_START)
    for first, second in zip(digits[::2], digits[1::2], strict=True):
        for bar, gap in zip(_TWO_OF_FIVE[int(first)], _TWO_OF_FIVE[int(second)], strict=True):
            widths += [_WIDE if one == "1" else _NARROW for one in (bar, gap)]
    return widths + _ITF_STOP
