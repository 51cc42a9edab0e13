"""Pictures of the county's goods, drawn by the program itself: no photographs, no licences, nothing from elsewhere.

Each is an SVG of 640 by 640 and a few kilobytes: the goods on a table, behind them the mountains and the mist of
Baojing. The same product always gets the same picture; what its particulars say (class, grade, how it was picked) is
what is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.demo.pictures.dark import draw_dark
from app.demo.pictures.gift import draw_gift
from app.demo.pictures.oil import draw_oil
from app.demo.pictures.orange import draw_orange
from app.demo.pictures.scene import AIRS, SHEEN, SIZE, fade, landscape
from app.demo.pictures.tea import draw_tea


def draw(kind: str, seed: str, attributes: Mapping[str, object] | None = None) -> str:
    """The picture of a product.

    ``kind`` is the slug of its root category, ``seed`` its own slug (what it is packed in is read from its words), and
    ``attributes`` are the product's. Returns an SVG document without scripts, text or references.
    """
    facts = {name: str(value) for name, value in (attributes or {}).items()}
    chance = random.Random(f"{kind}/{seed}")  # noqa: S311 - a picture must repeat itself; it guards nothing
    mood = "black" if facts.get("tea_class") == "红茶" else kind
    air = AIRS.get(mood, AIRS["gift-set"])
    goods = _GOODS.get(kind, draw_gift)(seed, facts, chance)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
        f"<defs>{fade('sky', air.sky)}{fade('table', air.table)}{SHEEN}</defs>"
        f"{landscape(air, kind, chance)}{goods}</svg>"
    )


_GOODS = {
    "golden-tea": draw_tea,
    "dark-tea": draw_dark,
    "camellia-oil": draw_oil,
    "navel-orange": draw_orange,
    "gift-set": draw_gift,
}
