"""What every picture has: the table, the mountains and the mist of Baojing, labels, seals and leaves."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

SIZE = 640
_TABLE = 492


@dataclass(frozen=True, slots=True)
class _Air:
    """The colours of a landscape: sky from top to horizon, sun, three ranges from far to near, table."""

    sky: tuple[str, str]
    sun: str
    ranges: tuple[str, str, str]
    table: tuple[str, str]


AIRS = {
    "golden-tea": _Air(("#dfeee6", "#fbf6e6"), "#f6dfa0", ("#b9d3c6", "#8fb8a2", "#5f9576"), ("#e9dcc3", "#cdb894")),
    "black": _Air(("#f3e3d6", "#fdf4e6"), "#f2b98f", ("#dcc3b3", "#c09a86", "#956f5f"), ("#e3cfb6", "#b99b7b")),
    "dark-tea": _Air(("#d8dedd", "#f1ece1"), "#efe3c3", ("#b3bfbe", "#87999a", "#5c7173"), ("#c9b297", "#967a5c")),
    "camellia-oil": _Air(("#e6ecf0", "#fdf3e3"), "#f7d58c", ("#c3d0d6", "#9db5a8", "#6d9078"), ("#eadfcb", "#cbb491")),
    "navel-orange": _Air(("#dcebf2", "#fff3dd"), "#ffd9a0", ("#bcd3dc", "#98bda9", "#6ba07a"), ("#efe0c4", "#d3b98d")),
    "gift-set": _Air(("#f5e4dd", "#fdf5e9"), "#f3c3a4", ("#dcc9c6", "#b9a9a8", "#8d8a86"), ("#ead6c3", "#c4a488")),
}

_INK = "#3c332c"
_PAPER = "#fbf5e6"
_SEAL = "#b23a2e"
GOLD = "#d9b25f"


SHEEN = (
    '<linearGradient id="sheen"><stop offset="0" stop-opacity=".28"/><stop offset=".22" stop-opacity="0"/>'
    '<stop offset=".36" stop-color="#fff" stop-opacity=".4"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/>'
    '<stop offset="1" stop-opacity=".36"/></linearGradient>'
    '<linearGradient id="mist" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity="0"/>'
    '<stop offset=".6" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/>'
    "</linearGradient>"
)


def fade(name: str, colours: tuple[str, str]) -> str:
    """A gradient from top to bottom that shapes refer to by its name."""
    stops = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in enumerate(colours))
    return f'<linearGradient id="{name}" x2="0" y2="1">{stops}</linearGradient>'


# --- the county -------------------------------------------------------------------------------------------------------


def landscape(air: _Air, kind: str, chance: random.Random) -> str:
    """Sky, ridges and mist behind the goods, with the terraces or trees that they come from."""
    parts = [
        '<path fill="url(#sky)" d="M0 0h640v640H0z"/>',
        f'<circle cx="{chance.randint(420, 540)}" cy="{chance.randint(90, 150)}" r="46" fill="{air.sun}"/>',
    ]
    for depth, colour in enumerate(air.ranges):
        base = 250 + depth * 74
        parts.append(f'<path fill="{colour}" d="{_ridge(base, 104 - depth * 22, chance)}"/>')
        if depth < 2:  # noqa: PLR2004 - no mist before the nearest range
            parts.append(f'<path fill="url(#mist)" d="M0 {base}h640v90H0z"/>')
    if kind == "golden-tea":
        parts.append(_terraces(chance))
    parts.append(f'<path fill="url(#table)" d="M0 {_TABLE}h640V640H0z"/>')
    parts.append(f'<path fill="#fff" opacity=".35" d="M0 {_TABLE}h640v4H0z"/>')
    return "".join(parts)


def _ridge(base: int, height: int, chance: random.Random) -> str:
    """A range of steep, rounded peaks, as they stand along the Youshui."""
    peaks = [(x, base - chance.randint(height // 4, height) * (at % 2)) for at, x in enumerate(range(-60, 781, 60))]
    path = f"M-60 640L{peaks[0][0]} {peaks[0][1]}"
    for (x, y), (next_x, next_y) in pairwise(peaks):
        path += f"Q{x} {y} {(x + next_x) // 2} {(y + next_y) // 2}"
    return f"{path}L700 640z"


def _terraces(chance: random.Random) -> str:
    """Rows of tea along the nearest slopes."""
    rows = []
    for row in range(5):
        y = 418 + row * 17
        bend = chance.randint(14, 30)
        rows.append(f"M0 {y + bend}Q160 {y - bend} 330 {y + 6}T640 {y - 4}")
    path = "".join(rows)
    return f'<path d="{path}" fill="none" stroke="#3f7a58" stroke-width="7" stroke-dasharray="9 3" opacity=".55"/>'


def shadow(x: float, y: float, width: float) -> str:
    """What a thing on the table throws."""
    return f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{width:.0f}" ry="{width / 7:.0f}" opacity=".2"/>'


def moved(x: float, y: float, what: str, *, scale: float = 1, turn: float = 0) -> str:
    """The same at another place, turned and enlarged."""
    extra = (f" rotate({turn:.0f})" if turn else "") + (f" scale({scale:g})" if scale != 1 else "")
    return f'<g transform="translate({x:.0f} {y:.0f}){extra}">{what}</g>'


# --- labels and leaves ------------------------------------------------------------------------------------------------


def brocade(width: int, colour: str) -> str:
    """A band of the lozenges of Tujia brocade, centred, 14 high."""
    step = 16
    count = max(1, width // step)
    left = -count * step // 2
    lozenges = "".join(f"M{left + at * step} 0l8 -7l8 7l-8 7z" for at in range(count))
    return f'<path d="{lozenges}" fill="{colour}"/>'


def red_seal(x: int, y: int, size: int = 22) -> str:
    """A red seal, as a mark of origin; its strokes are those of a mountain."""
    unit = size / 22
    return moved(
        x,
        y,
        f'<rect width="22" height="22" rx="3" fill="{_SEAL}"/>'
        f'<path d="M5 8v9h12V8M11 5v12" fill="none" stroke="{_PAPER}" stroke-width="2"/>',
        scale=round(unit, 2),
    )


def tea_leaf(length: int, colour: str, vein: str = "#ffffff") -> str:
    """A leaf that grows upwards from the origin."""
    half = length // 4
    return (
        f'<path d="M0 0C{half} {-length // 3} {half} {-length * 2 // 3} 0 {-length}'
        f'C{-half} {-length * 2 // 3} {-half} {-length // 3} 0 0z" fill="{colour}"/>'
        f'<path d="M0 -4V{-length + 8}" stroke="{vein}" stroke-opacity=".45" stroke-width="1.6"/>'
    )


def tea_sprig(leaves: int, young: str, old: str) -> str:
    """A bud with so many leaves below it, as it is picked."""
    parts = [f'<path d="M0 0Q3 -30 0 -66" stroke="{old}" stroke-width="4" fill="none" stroke-linecap="round"/>']
    for number in range(leaves):
        side = 1 if number % 2 else -1
        parts.append(moved(0, -20 - 18 * number, tea_leaf(76 - 10 * number, old), turn=side * (58 - 12 * number)))
    parts.append(moved(0, -58, tea_leaf(58, young)))
    return "".join(parts)


def paper_label(width: int, height: int, mark: str) -> str:
    """A paper label around the origin, with a brocade border above and below and a mark between."""
    left, top = -width // 2, -height // 2
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="4" fill="{_PAPER}"/>'
        f"{moved(0, top + 14, brocade(width - 12, _SEAL))}{moved(0, -top - 14, brocade(width - 12, _SEAL))}{mark}"
    )


# --- gifts ------------------------------------------------------------------------------------------------------------


def gift_box(width: int, height: int, colour: str) -> str:
    """An open gift box on the origin, seen from the front: lid behind, brocade edge before."""
    half = width // 2
    return (
        f"{shadow(0, 14, half + 30)}"
        f'<path d="M{-half} {-height - 70}h{width}V0H{-half}z" fill="{colour}"/>'
        f'<path d="M{-half + 14} {-height - 56}h{width - 28}V-6H{-half + 14}z" fill="#fbeed3"/>'
        f'<path d="M{-half - 8} -14h{width + 16}V26H{-half - 8}z" fill="{colour}"/>'
        f"{moved(0, 6, brocade(width - 10, GOLD))}"
    )
