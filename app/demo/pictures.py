"""Pictures of the county's goods, drawn by the program itself: no photographs, no licences, nothing from elsewhere.

Each is an SVG of 640 by 640 and a few kilobytes: the goods on a table, behind them the mountains and the mist of
Baojing. The same product always gets the same picture; what its particulars say (class, grade, how it was picked) is
what is drawn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
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


_AIRS = {
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
_GOLD = "#d9b25f"


def draw(kind: str, seed: str, attributes: Mapping[str, object] | None = None) -> str:
    """The picture of a product.

    ``kind`` is the slug of its root category, ``seed`` its own slug (what it is packed in is read from its words), and
    ``attributes`` are the product's. Returns an SVG document without scripts, text or references.
    """
    facts = {name: str(value) for name, value in (attributes or {}).items()}
    chance = random.Random(f"{kind}/{seed}")  # noqa: S311 - a picture must repeat itself; it guards nothing
    mood = "black" if facts.get("tea_class") == "红茶" else kind
    air = _AIRS.get(mood, _AIRS["gift-set"])
    goods = _GOODS.get(kind, _gift)(seed, facts, chance)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
        f"<defs>{_fade('sky', air.sky)}{_fade('table', air.table)}{_SHEEN}</defs>"
        f"{_landscape(air, kind, chance)}{goods}</svg>"
    )


_SHEEN = (
    '<linearGradient id="sheen"><stop offset="0" stop-opacity=".28"/><stop offset=".22" stop-opacity="0"/>'
    '<stop offset=".36" stop-color="#fff" stop-opacity=".4"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/>'
    '<stop offset="1" stop-opacity=".36"/></linearGradient>'
    '<linearGradient id="mist" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity="0"/>'
    '<stop offset=".6" stop-color="#fff" stop-opacity=".75"/><stop offset="1" stop-color="#fff" stop-opacity="0"/>'
    "</linearGradient>"
)


def _fade(name: str, colours: tuple[str, str]) -> str:
    stops = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in enumerate(colours))
    return f'<linearGradient id="{name}" x2="0" y2="1">{stops}</linearGradient>'


# --- the county -------------------------------------------------------------------------------------------------------


def _landscape(air: _Air, kind: str, chance: random.Random) -> str:
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


def _shadow(x: float, y: float, width: float) -> str:
    return f'<ellipse cx="{x:.0f}" cy="{y:.0f}" rx="{width:.0f}" ry="{width / 7:.0f}" opacity=".2"/>'


def _moved(x: float, y: float, what: str, *, scale: float = 1, turn: float = 0) -> str:
    extra = (f" rotate({turn:.0f})" if turn else "") + (f" scale({scale:g})" if scale != 1 else "")
    return f'<g transform="translate({x:.0f} {y:.0f}){extra}">{what}</g>'


# --- labels and leaves ------------------------------------------------------------------------------------------------


def _brocade(width: int, colour: str) -> str:
    """A band of the lozenges of Tujia brocade, centred, 14 high."""
    step = 16
    count = max(1, width // step)
    left = -count * step // 2
    lozenges = "".join(f"M{left + at * step} 0l8 -7l8 7l-8 7z" for at in range(count))
    return f'<path d="{lozenges}" fill="{colour}"/>'


def _seal(x: int, y: int, size: int = 22) -> str:
    """A red seal, as a mark of origin; its strokes are those of a mountain."""
    unit = size / 22
    return _moved(
        x,
        y,
        f'<rect width="22" height="22" rx="3" fill="{_SEAL}"/>'
        f'<path d="M5 8v9h12V8M11 5v12" fill="none" stroke="{_PAPER}" stroke-width="2"/>',
        scale=round(unit, 2),
    )


def _leaf(length: int, colour: str, vein: str = "#ffffff") -> str:
    """A leaf that grows upwards from the origin."""
    half = length // 4
    return (
        f'<path d="M0 0C{half} {-length // 3} {half} {-length * 2 // 3} 0 {-length}'
        f'C{-half} {-length * 2 // 3} {-half} {-length // 3} 0 0z" fill="{colour}"/>'
        f'<path d="M0 -4V{-length + 8}" stroke="{vein}" stroke-opacity=".45" stroke-width="1.6"/>'
    )


def _sprig(leaves: int, young: str, old: str) -> str:
    """A bud with so many leaves below it, as it is picked."""
    parts = [f'<path d="M0 0Q3 -30 0 -66" stroke="{old}" stroke-width="4" fill="none" stroke-linecap="round"/>']
    for number in range(leaves):
        side = 1 if number % 2 else -1
        parts.append(_moved(0, -20 - 18 * number, _leaf(76 - 10 * number, old), turn=side * (58 - 12 * number)))
    parts.append(_moved(0, -58, _leaf(58, young)))
    return "".join(parts)


def _label(width: int, height: int, mark: str) -> str:
    """A paper label around the origin, with a brocade border above and below and a mark between."""
    left, top = -width // 2, -height // 2
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="4" fill="{_PAPER}"/>'
        f"{_moved(0, top + 14, _brocade(width - 12, _SEAL))}{_moved(0, -top - 14, _brocade(width - 12, _SEAL))}{mark}"
    )


def _tea_mark(leaves: int) -> str:
    return _moved(0, 34, _sprig(leaves, "#8fbf4f", "#4f8a4c"), scale=0.62) + _seal(20, 16, 18)


# --- tea --------------------------------------------------------------------------------------------------------------


def _tin(body: str, lid: str, leaves: int, *, width: int = 150, height: int = 230) -> str:
    """A tin that stands on the origin."""
    half = width // 2
    return (
        f"{_shadow(10, 0, half + 16)}"
        f'<path d="M{-half} {-height}V0a{half} 14 0 0 0 {width} 0V{-height}z" fill="{body}"/>'
        f"{_moved(0, -height // 2 + 8, _label(width - 44, height - 84, _tea_mark(leaves)))}"
        f'<path d="M{-half - 3} {-height - 40}v44a{half + 3} 14 0 0 0 {width + 6} 0v-44z" fill="{lid}"/>'
        f'<path d="M{-half - 3} {-height - 40}v44a{half + 3} 14 0 0 0 {width + 6} 0v-44z" fill="url(#sheen)"/>'
        f'<path d="M{-half} {-height + 8}V0a{half} 14 0 0 0 {width} 0V{-height + 8}z" fill="url(#sheen)"/>'
        f'<ellipse cy="{-height - 40}" rx="{half + 3}" ry="14" fill="{lid}"/>'
        f'<ellipse cy="{-height - 40}" rx="{half - 8}" ry="10" fill="#fff" opacity=".22"/>'
    )


def _pouch(colour: str, leaves: int, *, width: int = 190, height: int = 270) -> str:
    """A stand-up bag on the origin."""
    half = width // 2
    return (
        f"{_shadow(6, 4, half + 18)}"
        f'<path d="M{-half + 6} {-height}Q{-half - 12} {-height // 2} {-half} 0Q0 22 {half} 0'
        f'Q{half + 12} {-height // 2} {half - 6} {-height}z" fill="{colour}"/>'
        f'<path d="M{-half + 6} {-height}h{width - 12}v26H{-half + 3}z" fill="#000" opacity=".12"/>'
        f'<path d="M{-half + 3} {-height + 34}h{width - 6}" stroke="#fff" stroke-opacity=".5" stroke-dasharray="5 5"/>'
        f"{_moved(0, -height // 2 + 22, _label(width - 62, height - 120, _tea_mark(leaves)))}"
        f'<path d="M{-half + 6} {-height}Q{-half - 12} {-height // 2} {-half} 0Q0 22 {half} 0'
        f'Q{half + 12} {-height // 2} {half - 6} {-height}z" fill="url(#sheen)" opacity=".7"/>'
    )


def _cup(tea: str) -> str:
    """A glass of tea on the origin, with a breath of steam."""
    return (
        f"{_shadow(6, 0, 62)}"
        f'<path d="M-52 -92L-42 0Q0 14 42 0L52 -92z" fill="#fff" opacity=".5"/>'
        f'<path d="M-48 -62L-41 -3Q0 10 41 -3L48 -62z" fill="{tea}"/>'
        f'<ellipse cy="-62" rx="48" ry="10" fill="{tea}"/><ellipse cy="-62" rx="40" ry="7" fill="#fff" opacity=".3"/>'
        '<ellipse cy="-92" rx="52" ry="11" fill="none" stroke="#fff" stroke-width="3" opacity=".85"/>'
        '<path d="M-14 -112q-14 -18 0 -34t0 -34M14 -116q14 -18 0 -34t0 -30" fill="none" stroke="#fff" stroke-width="6" '
        'stroke-linecap="round" opacity=".55"/>'
    )


def _jar() -> str:
    """A porcelain jar with a wooden lid, on the origin: for leaf of the old trees."""
    outline = "M-52 -214C-122 -190 -126 -60 -72 0Q0 18 72 0C126 -60 122 -190 52 -214z"
    return (
        f"{_shadow(8, 2, 96)}"
        f'<path d="{outline}" fill="#f3f6f4"/>'
        f"{_moved(0, -40, _brocade(150, '#4d7aa3'))}"
        f"{_moved(-6, -66, _sprig(2, '#6f97ba', '#4d7aa3'))}"
        f"{_seal(34, -96, 20)}"
        f'<path d="{outline}" fill="url(#sheen)" opacity=".8"/>'
        '<path d="M-58 -216h116v-16q-58 -16 -116 0z" fill="#9a6b43"/><circle cy="-246" r="13" fill="#7f5636"/>'
    )


def _tea(seed: str, facts: Mapping[str, str], chance: random.Random) -> str:
    red = facts.get("tea_class") == "红茶"
    leaves = {"单芽": 0, "一芽一叶": 1}.get(facts.get("pick_standard", ""), 2)
    grade = facts.get("grade", "")
    liquor = "#c8602b" if red else {"特级": "#d9e08a", "一级": "#cfd878"}.get(grade, "#c5c760")
    young, old = ("#b5643c", "#7c3d26") if red else ("#a9cf5d", chance.choice(("#4f8f4d", "#5d9a4a", "#478257")))
    body, lid = (
        ("#8c3b2a", "#5f2419")
        if red
        else {
            "特级": (chance.choice(("#2f6b4f", "#2d5d57", "#3c6b3f")), _GOLD),
            "一级": (chance.choice(("#5b9a68", "#4f9183", "#78a259")), "#3f7a58"),
        }.get(grade, ("#8fae6a", "#6c8f50"))
    )
    if "gift" in seed:
        pack = (
            _gift_box(360, 210, "#2f6b4f")
            + _moved(-84, -8, _tin(body, _GOLD, leaves, width=120, height=170))
            + _moved(84, -8, _tin(body, _GOLD, leaves, width=120, height=170))
        )
    elif "ancient" in seed:
        pack = _jar()
    elif "bags" in seed:
        pack = _tea_bags()
    elif grade in ("特级", "一级") and not seed.endswith("second"):
        pack = _tin(body, lid, leaves)
    else:
        pack = _pouch({"三级": "#c3a36f"}.get(grade, "#a8663f" if red else "#93b06c"), leaves)
    shoots = "".join(
        _moved(x, y, _sprig(leaves, young, old), turn=turn, scale=0.86)
        for x, y, turn in ((118, 590, -52), (168, 604, -14), (232, 600, 38))[: 3 if leaves else 2]
    )
    if leaves == 0:
        shoots += "".join(
            _moved(chance.randint(110, 250), chance.randint(566, 606), _leaf(46, young), turn=chance.randint(-80, 80))
            for _ in range(7)
        )
    if "gift" in seed:
        return _moved(336, 566, pack, scale=1.12) + shoots
    return _moved(336, 566, pack, scale=1.22) + _moved(536, 592, _cup(liquor), scale=1.1) + shoots


def _tea_bags() -> str:
    bag = (
        '<path d="M-38 -70L0 -88L38 -70V12H-38z" fill="#fdfaf0" opacity=".96"/><path d="M-30 -34h60v38h-60z" '
        'fill="#8aa65a" opacity=".65"/><path d="M0 -88q26 -50 52 -14" fill="none" stroke="#fff" stroke-width="3"/>'
        '<rect x="40" y="-108" width="30" height="34" rx="3" fill="#4f8f4d"/>'
    )
    return (
        f"{_shadow(0, 2, 150)}"
        '<path d="M-130 -190h240v190h-240z" fill="#6fa35c"/><path d="M-130 -190l26 -26h240l-26 26z" fill="#8fbf76"/>'
        '<path d="M110 -190l26 -26V-22L110 0z" fill="#4d7f47"/>'
        f"{_moved(-10, -95, _label(150, 132, _tea_mark(2)))}{_moved(-190, 26, bag)}"
    )


# --- dark tea ---------------------------------------------------------------------------------------------------------


def _block(width: int, height: int, depth: int, faces: tuple[str, str, str]) -> str:
    """A block on the origin seen from the upper left: front, top, side."""
    half = width // 2
    front, top, side = faces
    return (
        f"{_shadow(depth // 2, 2, half + depth)}"
        f'<path d="M{-half} {-height}h{width}V0H{-half}z" fill="{front}"/>'
        f'<path d="M{-half} {-height}l{depth} {-depth * 2 // 3}h{width}l{-depth} {depth * 2 // 3}z" fill="{top}"/>'
        f'<path d="M{half} {-height}l{depth} {-depth * 2 // 3}V{-depth * 2 // 3}L{half} 0z" fill="{side}"/>'
    )


_BRICK = ("#4f3a29", "#6b5139", "#3a2a1e")


def _specks(
    chance: random.Random, count: int, box: tuple[int, int, int, int], colours: tuple[str, ...], size: float
) -> str:
    """Specks inside a box (left, top, right, bottom): pressed leaf, or the golden flowers of fu brick."""
    left, top, right, bottom = box
    paths: dict[str, str] = {}
    for number in range(count):
        at = f"M{chance.randint(left, right)} {chance.randint(top, bottom)}"
        step = f"l{chance.randint(-9, 9)} {chance.randint(-4, 4)}" if size < 5 else "h.1"  # noqa: PLR2004
        colour = colours[number % len(colours)]
        paths[colour] = paths.get(colour, "") + at + step
    return "".join(
        f'<path d="{path}" stroke="{colour}" stroke-width="{size:g}" stroke-linecap="round"/>'
        for colour, path in paths.items()
    )


def _dark(seed: str, _facts: Mapping[str, str], chance: random.Random) -> str:
    cup = _moved(536, 592, _cup("#8a3a1c"))
    if "roll" in seed:
        return _moved(300, 566, _roll()) + cup
    if "squares" in seed:
        squares = "".join(
            _moved(
                x,
                y,
                _block(92, 40, 36, _BRICK)
                + _specks(chance, 8, (-40, -36, 40, -6), ("#7b6046", "#8d7150"), 3)
                + _specks(chance, 5, (-36, -34, 36, -8), (_GOLD,), 5),
                turn=turn,
            )
            for x, y, turn in ((210, 540, 0), (322, 546, 0), (266, 500, 0), (160, 600, -8), (300, 612, 6))
        )
        return squares + cup
    if "loose" in seed:
        return _moved(300, 580, _bowl(chance, coarse="everyday" in seed)) + cup
    handmade, fu = "handmade" in seed, "fu" in seed
    width, height = (300, 176) if handmade else (270, 140)
    pressed = _specks(chance, 46, (-width // 2 + 8, -height + 8, width // 2 - 10, -8), ("#7b6046", "#36271b"), 3)
    flowers = (
        _specks(chance, 30, (-width // 2 + 12, -height + 10, width // 2 - 12, -12), (_GOLD, "#efcf7d"), 5.5)
        if fu
        else (
            f'<g opacity=".55">{_moved(0, -height // 2, _brocade(width - 60, "#221710"))}'
            f'<rect x="{-width // 2 + 16}" y="{-height + 16}" width="{width - 32}" height="{height - 32}" fill="none" '
            'stroke="#221710" stroke-width="4"/></g>'
        )
    )
    brick = _block(width, height, 92, _BRICK) + pressed + flowers
    paper = (
        f'<path d="M{-width // 2 - 2} {-height - 2}h{width // 2 - 24}l-14 40l18 34l-16 36l12 {height - 108}'
        f'H{-width // 2 - 2}z" fill="{"#e3cfa2" if handmade else "#f0e3c4"}"/>'
        f"{_seal(-width // 2 + 26, -height // 2 - 14, 34)}"
    )
    crumbs = _specks(chance, 26, (430, 590, 500, 616), ("#4f3a29", "#6b5139"), 4)
    return _moved(250, 586, brick + (paper if handmade or fu else "")) + cup + crumbs


def _roll() -> str:
    """A hundred-liang roll in its bamboo basketry."""
    weave = "".join(f"M{-70} {y}q70 18 140 0" for y in range(-316, -8, 26))
    cross = "".join(f"M-70 {y}L70 {y + 66}M70 {y}L-70 {y + 66}" for y in range(-318, -70, 62))
    return (
        f"{_shadow(10, 4, 100)}"
        '<path d="M-70 -330V0a70 20 0 0 0 140 0V-330z" fill="#b98d52"/>'
        f'<path d="{cross}" fill="none" stroke="#8d6534" stroke-width="7"/>'
        f'<path d="{weave}" fill="none" stroke="#d8b277" stroke-width="5"/>'
        '<path d="M-70 -330V0a70 20 0 0 0 140 0V-330z" fill="url(#sheen)"/>'
        '<ellipse cy="-330" rx="70" ry="20" fill="#4f3a29"/><ellipse cy="-330" rx="52" ry="14" fill="#3a2a1e"/>'
        f'<path d="M-74 -214h148v20H-74zM-74 -96h148v20H-74z" fill="#7a552c"/>{_seal(-17, -172, 34)}'
    )


def _bowl(chance: random.Random, *, coarse: bool) -> str:
    """Loose leaf heaped in a wooden bowl."""
    heap = "M-150 -96Q-110 -196 0 -204Q112 -196 150 -96z"
    leaf = _specks(chance, 90, (-104, -160, 104, -100), ("#6b5139", "#36271b", "#8a6a48"), 4)
    return (
        f"{_shadow(6, 2, 150)}"
        f'<path d="{heap}" fill="#463324"/>{leaf}'
        f"{_specks(chance, 26, (-56, -194, 56, -160), ('#6b5139', '#36271b'), 4)}"
        f'<path d="M-164 -104H164Q150 0 60 0H-60Q-150 0 -164 -104z" fill="{"#a47c50" if coarse else "#7c3f2b"}"/>'
        '<path d="M-164 -104H164Q150 0 60 0H-60Q-150 0 -164 -104z" fill="url(#sheen)" opacity=".8"/>'
        f"{_moved(0, -56, _brocade(230, '#e8cf9d'))}"
    )


# --- oil --------------------------------------------------------------------------------------------------------------


def _camellia(size: float = 1) -> str:
    """A white camellia with a golden heart."""
    petals = "".join(
        f'<ellipse cy="-22" rx="17" ry="24" fill="{"#fffdf8" if at % 2 else "#f6efe4"}" transform="rotate({at * 60})"/>'
        for at in range(6)
    )
    return _moved(0, 0, f'{petals}<circle r="13" fill="#f0c04c"/><circle r="6" fill="#d99a2b"/>', scale=size)


def _bottle(glass: str, oil: str, *, tall: int = 250, wide: int = 96) -> str:
    """A bottle on the origin."""
    half, neck = wide // 2, wide // 5
    shoulder = tall - wide // 2
    outline = (
        f"M{-neck} {-tall - 44}V{-tall}Q{-half} {-tall + 14} {-half} {-shoulder + 18}V-10Q{-half} 0 {-half + 12} 0"
        f"H{half - 12}Q{half} 0 {half} -10V{-shoulder + 18}Q{half} {-tall + 14} {neck} {-tall}V{-tall - 44}z"
    )
    return (
        f"{_shadow(8, 0, half + 20)}"
        f'<path d="{outline}" fill="{glass}"/>'
        f'<path d="M{-half + 5} {-shoulder + 26}V-10Q{-half + 5} -5 {-half + 14} -5H{half - 14}'
        f"Q{half - 5} -5 {half - 5} -10V{-shoulder + 26}Q0 {-shoulder + 14} {-half + 5} {-shoulder + 26}z"
        f'" fill="{oil}"/>'
        f"{_moved(0, -shoulder // 2 + 4, _label(wide - 16, shoulder - 74, _camellia(0.62) + _seal(12, 30, 14)))}"
        f'<path d="{outline}" fill="url(#sheen)" opacity=".75"/>'
        f'<rect x="{-neck - 4}" y="{-tall - 64}" width="{2 * neck + 8}" height="36" rx="5" fill="#7a2f25"/>'
    )


def _jug() -> str:
    """A five-litre jug on the origin."""
    outline = "M-40 -286V-250Q-112 -226 -112 -176V-14Q-112 0 -96 0H96Q112 0 112 -14V-176Q112 -226 40 -250V-286z"
    return (
        f"{_shadow(8, 2, 132)}"
        '<path d="M44 -262Q150 -262 138 -150" fill="none" stroke="#e8b64a" stroke-width="22" stroke-linecap="round"/>'
        f'<path d="{outline}" fill="#efbf52"/>{_moved(0, -98, _label(160, 136, _camellia(0.95) + _seal(36, 30, 20)))}'
        f'<path d="{outline}" fill="url(#sheen)" opacity=".8"/>'
        '<rect x="-46" y="-318" width="92" height="40" rx="8" fill="#7a2f25"/>'
    )


def _fruit() -> str:
    """A camellia fruit, split to show its dark seeds."""
    return (
        '<circle r="26" fill="#8a6b3e"/>'
        '<path d="M-22 -8Q0 -30 22 -8Q10 14 0 16Q-10 14 -22 -8z" fill="#f0e2c4"/>'
        '<circle cx="-7" cy="-5" r="8" fill="#33251b"/><circle cx="9" cy="-4" r="7" fill="#46331f"/>'
    )


def _oil(seed: str, _facts: Mapping[str, str], chance: random.Random) -> str:
    if "5l" in seed:
        pack = _jug()
    elif "gift" in seed:
        pack = (
            _gift_box(330, 250, "#7a2f25")
            + _moved(-70, -6, _bottle("#f4e2ae", "#e8b64a", tall=200))
            + _moved(70, -6, _bottle("#f4e2ae", "#e8b64a", tall=200))
        )
    elif "cold" in seed:
        pack = _bottle("#4c5b3a", "#3d4a2f", tall=210, wide=104)
    else:
        pack = _moved(-58, -14, _bottle("#f4e2ae", "#e8b64a", tall=280, wide=116)) + _moved(
            72, 0, _bottle("#f4e2ae", "#e8b64a", tall=200)
        )
    twig = _moved(150, 596, _leaf(92, "#3f7350"), turn=-72) + _moved(158, 598, _leaf(84, "#4c8560"), turn=64)
    seeds = "".join(
        _moved(chance.randint(440, 560), chance.randint(574, 608), _fruit(), turn=chance.randint(-40, 40))
        for _ in range(3)
    )
    return (
        _moved(336, 566, pack, scale=1.4 if "cold" in seed else 1.15) + twig + _moved(152, 578, _camellia(1.35)) + seeds
    )


# --- oranges ----------------------------------------------------------------------------------------------------------

_ORANGE = (
    '<g id="o"><circle r="44" fill="#f08c1e"/><circle cx="-12" cy="-14" r="26" fill="#ffb04a" opacity=".55"/>'
    '<path d="M-6 4l6 -5l6 5l-2 7h-8z" fill="#c96a10"/><circle cx="-16" cy="-20" r="7" fill="#fff" opacity=".5"/></g>'
)


def _slice() -> str:
    """Half an orange."""
    rays = "".join(
        f"M0 0L{34 * math.cos(at * math.pi / 5):.0f} {34 * math.sin(at * math.pi / 5):.0f}" for at in range(10)
    )
    return (
        '<circle r="46" fill="#f08c1e"/><circle r="41" fill="#fff0d2"/><circle r="36" fill="#fba83a"/>'
        f'<path d="{rays}" stroke="#fff0d2" stroke-width="4"/><circle r="6" fill="#fff0d2"/>'
    )


def _pile(places: tuple[tuple[int, int], ...], scale: float) -> str:
    return "".join(f'<use href="#o" transform="translate({x} {y}) scale({scale:g})"/>' for x, y in places)


def _orange(seed: str, facts: Mapping[str, str], _chance: random.Random) -> str:
    scale = {"特等": 1.1, "一等": 1.0}.get(facts.get("grade", ""), 0.88)
    if "gift" in seed:
        grid = tuple((-144 + 96 * (at % 4), -176 + 74 * (at // 4)) for at in range(12))
        pack = (
            f"{_shadow(0, 4, 230)}"
            '<path d="M-214 -230H214V20H-214z" fill="#9c3b26"/><path d="M-198 -216H198V6H-198z" fill="#fbeed3"/>'
            f"{_pile(grid, 0.82)}"
            f'<path d="M-214 4H214V40H-214z" fill="#7e2c1b"/>{_moved(0, 22, _brocade(400, _GOLD))}'
        )
    elif "crate" in seed:
        slats = "".join(f"M-190 {y}H190v26H-190z" for y in (-130, -92, -54, -16))
        back = tuple((x, -146) for x in (-132, -44, 44, 132)) + tuple((x, -186) for x in (-88, 0, 88))
        pack = (
            f"{_shadow(0, 12, 220)}{_pile(back, scale)}"
            f'<path d="M-178 -130H178V8H-178z" fill="#2d6f86"/><path d="{slats}" fill="#3f8ea8"/>'
            '<path d="M-196 -140h26V16h-26zM170 -140h26V16h-26z" fill="#2d6f86"/>'
        )
    else:
        heap: tuple[tuple[int, int], ...] = (
            (-114, -152),
            (-38, -152),
            (38, -152),
            (114, -152),
            (-76, -206),
            (0, -214),
            (76, -206),
        )
        heap = (*heap, (-36, -262), (38, -264)) if "premium" in seed else heap
        colour = "#c99a5e" if "value" in seed or "carton" in seed else "#f6ead0"
        pack = (
            f"{_shadow(0, 10, 200)}{_pile(heap, scale)}"
            f'<path d="M-168 -140H168L156 8H-156z" fill="{colour}"/>'
            '<path d="M-168 -140l-46 26l12 22l38 -20zM168 -140l46 26l-12 22l-38 -20z" fill="#000" opacity=".18"/>'
            f'<path d="M-168 -140l-46 26l12 22l38 -20zM168 -140l46 26l-12 22l-38 -20z" fill="{colour}" opacity=".7"/>'
            f"{_moved(0, -18, _brocade(290, '#d9701f'))}"
            f"{_moved(0, -74, _slice(), scale=0.8)}{_seal(96, -112, 30)}"
        )
    leaf = _moved(116, 566, _leaf(60, "#3f8a4c"), turn=48)
    front = f'<use href="#o" transform="translate(104 590) scale({scale:g})"/>' + _moved(
        548, 592, _slice(), scale=scale
    )
    return f"<defs>{_ORANGE}</defs>{_moved(322, 560, pack)}{_shadow(110, 628, 52)}{_shadow(552, 630, 52)}{front}{leaf}"


# --- gifts ------------------------------------------------------------------------------------------------------------


def _gift_box(width: int, height: int, colour: str) -> str:
    """An open gift box on the origin, seen from the front: lid behind, brocade edge before."""
    half = width // 2
    return (
        f"{_shadow(0, 14, half + 30)}"
        f'<path d="M{-half} {-height - 70}h{width}V0H{-half}z" fill="{colour}"/>'
        f'<path d="M{-half + 14} {-height - 56}h{width - 28}V-6H{-half + 14}z" fill="#fbeed3"/>'
        f'<path d="M{-half - 8} -14h{width + 16}V26H{-half - 8}z" fill="{colour}"/>'
        f"{_moved(0, 6, _brocade(width - 10, _GOLD))}"
    )


def _bow(colour: str) -> str:
    return (
        f'<path fill="{colour}" d="M0 0C-70 -60 -110 -20 -70 8C-50 20 -20 12 0 0C70 -60 110 -20 70 8C50 20 20 12 0 0z'
        'M0 0l-34 66l20 -8l12 16zM0 0l34 66l-20 -8l-12 16z"/><circle r="12" fill="#fff" opacity=".35"/>'
    )


def _gift(seed: str, _facts: Mapping[str, str], chance: random.Random) -> str:
    box = _gift_box(440, 250, "#a33a2c")
    bottle = _bottle("#f4e2ae", "#e8b64a", tall=196, wide=92)
    if "orange" in seed:
        inside = (
            _moved(-112, -12, bottle)
            + _pile(((-16, -58), (74, -58), (152, -60), (28, -128), (114, -130), (70, -196)), 0.95)
            + _moved(-24, 6, _slice(), scale=0.7)
        )
    else:
        brick = _block(150, 86, 34, _BRICK) + _specks(chance, 18, (-66, -78, 66, -10), (_GOLD, "#7b6046"), 4.5)
        inside = (
            _moved(-134, -12, _tin("#2f6b4f", _GOLD, 1, width=104, height=150))
            + _moved(142, -12, bottle)
            + _moved(-4, -12, brick)
            + _moved(10, -130, _sprig(2, "#a9cf5d", "#4f8f4d"), turn=-30)
        )
    return f"<defs>{_ORANGE}</defs>{_moved(320, 560, box + inside)}{_moved(320, 576, _bow('#d6a548'))}"


_GOODS = {"golden-tea": _tea, "dark-tea": _dark, "camellia-oil": _oil, "navel-orange": _orange, "gift-set": _gift}
