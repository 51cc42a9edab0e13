"""Sets of several goods in a box."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.demo.pictures.dark import BRICK, pressed_block, specks
from app.demo.pictures.oil import oil_bottle
from app.demo.pictures.orange import ORANGE, half_orange, pile_of
from app.demo.pictures.scene import GOLD, gift_box, moved, tea_sprig
from app.demo.pictures.tea import tea_tin


def _bow(colour: str) -> str:
    return (
        f'<path fill="{colour}" d="M0 0C-70 -60 -110 -20 -70 8C-50 20 -20 12 0 0C70 -60 110 -20 70 8C50 20 20 12 0 0z'
        'M0 0l-34 66l20 -8l12 16zM0 0l34 66l-20 -8l-12 16z"/><circle r="12" fill="#fff" opacity=".35"/>'
    )


def draw_gift(seed: str, _facts: Mapping[str, str], chance: random.Random) -> str:
    """A box with what is in it."""
    box = gift_box(440, 250, "#a33a2c")
    bottle = oil_bottle("#f4e2ae", "#e8b64a", tall=196, wide=92)
    if "orange" in seed:
        inside = (
            moved(-112, -12, bottle)
            + pile_of(((-16, -58), (74, -58), (152, -60), (28, -128), (114, -130), (70, -196)), 0.95)
            + moved(-24, 6, half_orange(), scale=0.7)
        )
    else:
        brick = pressed_block(150, 86, 34, BRICK) + specks(chance, 18, (-66, -78, 66, -10), (GOLD, "#7b6046"), 4.5)
        inside = (
            moved(-134, -12, tea_tin("#2f6b4f", GOLD, 1, width=104, height=150))
            + moved(142, -12, bottle)
            + moved(-4, -12, brick)
            + moved(10, -130, tea_sprig(2, "#a9cf5d", "#4f8f4d"), turn=-30)
        )
    return f"<defs>{ORANGE}</defs>{moved(320, 560, box + inside)}{moved(320, 576, _bow('#d6a548'))}"
