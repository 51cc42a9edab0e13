"""Dark tea: bricks, rolls, bowls of loose leaves."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.demo.pictures.scene import GOLD, brocade, moved, red_seal, shadow
from app.demo.pictures.tea import teacup

# --- dark tea ---------------------------------------------------------------------------------------------------------


def pressed_block(width: int, height: int, depth: int, faces: tuple[str, str, str]) -> str:
    """A block on the origin seen from the upper left: front, top, side."""
    half = width // 2
    front, top, side = faces
    return (
        f"{shadow(depth // 2, 2, half + depth)}"
        f'<path d="M{-half} {-height}h{width}V0H{-half}z" fill="{front}"/>'
        f'<path d="M{-half} {-height}l{depth} {-depth * 2 // 3}h{width}l{-depth} {depth * 2 // 3}z" fill="{top}"/>'
        f'<path d="M{half} {-height}l{depth} {-depth * 2 // 3}V{-depth * 2 // 3}L{half} 0z" fill="{side}"/>'
    )


BRICK = ("#4f3a29", "#6b5139", "#3a2a1e")


def specks(
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


def draw_dark(seed: str, _facts: Mapping[str, str], chance: random.Random) -> str:
    """A brick, a roll, a bowl or squares, by what the product's address says, with a cup of what they give."""
    cup = moved(536, 592, teacup("#8a3a1c"))
    if "roll" in seed:
        return moved(300, 566, _roll()) + cup
    if "squares" in seed:
        squares = "".join(
            moved(
                x,
                y,
                pressed_block(92, 40, 36, BRICK)
                + specks(chance, 8, (-40, -36, 40, -6), ("#7b6046", "#8d7150"), 3)
                + specks(chance, 5, (-36, -34, 36, -8), (GOLD,), 5),
                turn=turn,
            )
            for x, y, turn in ((210, 540, 0), (322, 546, 0), (266, 500, 0), (160, 600, -8), (300, 612, 6))
        )
        return squares + cup
    if "loose" in seed:
        return moved(300, 580, _bowl(chance, coarse="everyday" in seed)) + cup
    handmade, fu = "handmade" in seed, "fu" in seed
    width, height = (300, 176) if handmade else (270, 140)
    pressed = specks(chance, 46, (-width // 2 + 8, -height + 8, width // 2 - 10, -8), ("#7b6046", "#36271b"), 3)
    flowers = (
        specks(chance, 30, (-width // 2 + 12, -height + 10, width // 2 - 12, -12), (GOLD, "#efcf7d"), 5.5)
        if fu
        else (
            f'<g opacity=".55">{moved(0, -height // 2, brocade(width - 60, "#221710"))}'
            f'<rect x="{-width // 2 + 16}" y="{-height + 16}" width="{width - 32}" height="{height - 32}" fill="none" '
            'stroke="#221710" stroke-width="4"/></g>'
        )
    )
    brick = pressed_block(width, height, 92, BRICK) + pressed + flowers
    paper = (
        f'<path d="M{-width // 2 - 2} {-height - 2}h{width // 2 - 24}l-14 40l18 34l-16 36l12 {height - 108}'
        f'H{-width // 2 - 2}z" fill="{"#e3cfa2" if handmade else "#f0e3c4"}"/>'
        f"{red_seal(-width // 2 + 26, -height // 2 - 14, 34)}"
    )
    crumbs = specks(chance, 26, (430, 590, 500, 616), ("#4f3a29", "#6b5139"), 4)
    return moved(250, 586, brick + (paper if handmade or fu else "")) + cup + crumbs


def _roll() -> str:
    """A hundred-liang roll in its bamboo basketry."""
    weave = "".join(f"M{-70} {y}q70 18 140 0" for y in range(-316, -8, 26))
    cross = "".join(f"M-70 {y}L70 {y + 66}M70 {y}L-70 {y + 66}" for y in range(-318, -70, 62))
    return (
        f"{shadow(10, 4, 100)}"
        '<path d="M-70 -330V0a70 20 0 0 0 140 0V-330z" fill="#b98d52"/>'
        f'<path d="{cross}" fill="none" stroke="#8d6534" stroke-width="7"/>'
        f'<path d="{weave}" fill="none" stroke="#d8b277" stroke-width="5"/>'
        '<path d="M-70 -330V0a70 20 0 0 0 140 0V-330z" fill="url(#sheen)"/>'
        '<ellipse cy="-330" rx="70" ry="20" fill="#4f3a29"/><ellipse cy="-330" rx="52" ry="14" fill="#3a2a1e"/>'
        f'<path d="M-74 -214h148v20H-74zM-74 -96h148v20H-74z" fill="#7a552c"/>{red_seal(-17, -172, 34)}'
    )


def _bowl(chance: random.Random, *, coarse: bool) -> str:
    """Loose leaf heaped in a wooden bowl."""
    heap = "M-150 -96Q-110 -196 0 -204Q112 -196 150 -96z"
    leaf = specks(chance, 90, (-104, -160, 104, -100), ("#6b5139", "#36271b", "#8a6a48"), 4)
    return (
        f"{shadow(6, 2, 150)}"
        f'<path d="{heap}" fill="#463324"/>{leaf}'
        f"{specks(chance, 26, (-56, -194, 56, -160), ('#6b5139', '#36271b'), 4)}"
        f'<path d="M-164 -104H164Q150 0 60 0H-60Q-150 0 -164 -104z" fill="{"#a47c50" if coarse else "#7c3f2b"}"/>'
        '<path d="M-164 -104H164Q150 0 60 0H-60Q-150 0 -164 -104z" fill="url(#sheen)" opacity=".8"/>'
        f"{moved(0, -56, brocade(230, '#e8cf9d'))}"
    )
