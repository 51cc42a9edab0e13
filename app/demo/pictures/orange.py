"""Navel oranges: slices, piles, boxes."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from app.demo.pictures.scene import GOLD, brocade, moved, red_seal, shadow, tea_leaf

# --- oranges ----------------------------------------------------------------------------------------------------------

ORANGE = (
    '<g id="o"><circle r="44" fill="#f08c1e"/><circle cx="-12" cy="-14" r="26" fill="#ffb04a" opacity=".55"/>'
    '<path d="M-6 4l6 -5l6 5l-2 7h-8z" fill="#c96a10"/><circle cx="-16" cy="-20" r="7" fill="#fff" opacity=".5"/></g>'
)


def half_orange() -> str:
    """Half an orange."""
    rays = "".join(
        f"M0 0L{34 * math.cos(at * math.pi / 5):.0f} {34 * math.sin(at * math.pi / 5):.0f}" for at in range(10)
    )
    return (
        '<circle r="46" fill="#f08c1e"/><circle r="41" fill="#fff0d2"/><circle r="36" fill="#fba83a"/>'
        f'<path d="{rays}" stroke="#fff0d2" stroke-width="4"/><circle r="6" fill="#fff0d2"/>'
    )


def pile_of(places: tuple[tuple[int, int], ...], scale: float) -> str:
    """Oranges at these places, the hindmost first."""
    return "".join(f'<use href="#o" transform="translate({x} {y}) scale({scale:g})"/>' for x, y in places)


def draw_orange(seed: str, facts: Mapping[str, str], _chance: random.Random) -> str:
    """Oranges in a box, in a crate or in a heap, as large as their grade."""
    scale = {"特等": 1.1, "一等": 1.0}.get(facts.get("grade", ""), 0.88)
    if "gift" in seed:
        grid = tuple((-144 + 96 * (at % 4), -176 + 74 * (at // 4)) for at in range(12))
        pack = (
            f"{shadow(0, 4, 230)}"
            '<path d="M-214 -230H214V20H-214z" fill="#9c3b26"/><path d="M-198 -216H198V6H-198z" fill="#fbeed3"/>'
            f"{pile_of(grid, 0.82)}"
            f'<path d="M-214 4H214V40H-214z" fill="#7e2c1b"/>{moved(0, 22, brocade(400, GOLD))}'
        )
    elif "crate" in seed:
        slats = "".join(f"M-190 {y}H190v26H-190z" for y in (-130, -92, -54, -16))
        back = tuple((x, -146) for x in (-132, -44, 44, 132)) + tuple((x, -186) for x in (-88, 0, 88))
        pack = (
            f"{shadow(0, 12, 220)}{pile_of(back, scale)}"
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
            f"{shadow(0, 10, 200)}{pile_of(heap, scale)}"
            f'<path d="M-168 -140H168L156 8H-156z" fill="{colour}"/>'
            '<path d="M-168 -140l-46 26l12 22l38 -20zM168 -140l46 26l-12 22l-38 -20z" fill="#000" opacity=".18"/>'
            f'<path d="M-168 -140l-46 26l12 22l38 -20zM168 -140l46 26l-12 22l-38 -20z" fill="{colour}" opacity=".7"/>'
            f"{moved(0, -18, brocade(290, '#d9701f'))}"
            f"{moved(0, -74, half_orange(), scale=0.8)}{red_seal(96, -112, 30)}"
        )
    leaf = moved(116, 566, tea_leaf(60, "#3f8a4c"), turn=48)
    front = f'<use href="#o" transform="translate(104 590) scale({scale:g})"/>' + moved(
        548, 592, half_orange(), scale=scale
    )
    return f"<defs>{ORANGE}</defs>{moved(322, 560, pack)}{shadow(110, 628, 52)}{shadow(552, 630, 52)}{front}{leaf}"
