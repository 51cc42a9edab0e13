"""Golden tea: tins, pouches, cups, tea bags."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.demo.pictures.scene import GOLD, brocade, gift_box, moved, paper_label, red_seal, shadow, tea_leaf, tea_sprig


def _tea_mark(leaves: int) -> str:
    return moved(0, 34, tea_sprig(leaves, "#8fbf4f", "#4f8a4c"), scale=0.62) + red_seal(20, 16, 18)


# --- tea --------------------------------------------------------------------------------------------------------------


def tea_tin(body: str, lid: str, leaves: int, *, width: int = 150, height: int = 230) -> str:
    """A tin that stands on the origin."""
    half = width // 2
    return (
        f"{shadow(10, 0, half + 16)}"
        f'<path d="M{-half} {-height}V0a{half} 14 0 0 0 {width} 0V{-height}z" fill="{body}"/>'
        f"{moved(0, -height // 2 + 8, paper_label(width - 44, height - 84, _tea_mark(leaves)))}"
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
        f"{shadow(6, 4, half + 18)}"
        f'<path d="M{-half + 6} {-height}Q{-half - 12} {-height // 2} {-half} 0Q0 22 {half} 0'
        f'Q{half + 12} {-height // 2} {half - 6} {-height}z" fill="{colour}"/>'
        f'<path d="M{-half + 6} {-height}h{width - 12}v26H{-half + 3}z" fill="#000" opacity=".12"/>'
        f'<path d="M{-half + 3} {-height + 34}h{width - 6}" stroke="#fff" stroke-opacity=".5" stroke-dasharray="5 5"/>'
        f"{moved(0, -height // 2 + 22, paper_label(width - 62, height - 120, _tea_mark(leaves)))}"
        f'<path d="M{-half + 6} {-height}Q{-half - 12} {-height // 2} {-half} 0Q0 22 {half} 0'
        f'Q{half + 12} {-height // 2} {half - 6} {-height}z" fill="url(#sheen)" opacity=".7"/>'
    )


def teacup(tea: str) -> str:
    """A glass of tea on the origin, with a breath of steam."""
    return (
        f"{shadow(6, 0, 62)}"
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
        f"{shadow(8, 2, 96)}"
        f'<path d="{outline}" fill="#f3f6f4"/>'
        f"{moved(0, -40, brocade(150, '#4d7aa3'))}"
        f"{moved(-6, -66, tea_sprig(2, '#6f97ba', '#4d7aa3'))}"
        f"{red_seal(34, -96, 20)}"
        f'<path d="{outline}" fill="url(#sheen)" opacity=".8"/>'
        '<path d="M-58 -216h116v-16q-58 -16 -116 0z" fill="#9a6b43"/><circle cy="-246" r="13" fill="#7f5636"/>'
    )


def draw_tea(seed: str, facts: Mapping[str, str], chance: random.Random) -> str:
    """A tin, a pouch or bags, as green or red as the tea, with as many leaves as were picked."""
    red = facts.get("tea_class") == "红茶"
    leaves = {"单芽": 0, "一芽一叶": 1}.get(facts.get("pick_standard", ""), 2)
    grade = facts.get("grade", "")
    liquor = "#c8602b" if red else {"特级": "#d9e08a", "一级": "#cfd878"}.get(grade, "#c5c760")
    young, old = ("#b5643c", "#7c3d26") if red else ("#a9cf5d", chance.choice(("#4f8f4d", "#5d9a4a", "#478257")))
    body, lid = (
        ("#8c3b2a", "#5f2419")
        if red
        else {
            "特级": (chance.choice(("#2f6b4f", "#2d5d57", "#3c6b3f")), GOLD),
            "一级": (chance.choice(("#5b9a68", "#4f9183", "#78a259")), "#3f7a58"),
        }.get(grade, ("#8fae6a", "#6c8f50"))
    )
    if "gift" in seed:
        pack = (
            gift_box(360, 210, "#2f6b4f")
            + moved(-84, -8, tea_tin(body, GOLD, leaves, width=120, height=170))
            + moved(84, -8, tea_tin(body, GOLD, leaves, width=120, height=170))
        )
    elif "ancient" in seed:
        pack = _jar()
    elif "bags" in seed:
        pack = _tea_bags()
    elif grade in ("特级", "一级") and not seed.endswith("second"):
        pack = tea_tin(body, lid, leaves)
    else:
        pack = _pouch({"三级": "#c3a36f"}.get(grade, "#a8663f" if red else "#93b06c"), leaves)
    shoots = "".join(
        moved(x, y, tea_sprig(leaves, young, old), turn=turn, scale=0.86)
        for x, y, turn in ((118, 590, -52), (168, 604, -14), (232, 600, 38))[: 3 if leaves else 2]
    )
    if leaves == 0:
        shoots += "".join(
            moved(chance.randint(110, 250), chance.randint(566, 606), tea_leaf(46, young), turn=chance.randint(-80, 80))
            for _ in range(7)
        )
    if "gift" in seed:
        return moved(336, 566, pack, scale=1.12) + shoots
    return moved(336, 566, pack, scale=1.22) + moved(536, 592, teacup(liquor), scale=1.1) + shoots


def _tea_bags() -> str:
    bag = (
        '<path d="M-38 -70L0 -88L38 -70V12H-38z" fill="#fdfaf0" opacity=".96"/><path d="M-30 -34h60v38h-60z" '
        'fill="#8aa65a" opacity=".65"/><path d="M0 -88q26 -50 52 -14" fill="none" stroke="#fff" stroke-width="3"/>'
        '<rect x="40" y="-108" width="30" height="34" rx="3" fill="#4f8f4d"/>'
    )
    return (
        f"{shadow(0, 2, 150)}"
        '<path d="M-130 -190h240v190h-240z" fill="#6fa35c"/><path d="M-130 -190l26 -26h240l-26 26z" fill="#8fbf76"/>'
        '<path d="M110 -190l26 -26V-22L110 0z" fill="#4d7f47"/>'
        f"{moved(-10, -95, paper_label(150, 132, _tea_mark(2)))}{moved(-190, 26, bag)}"
    )
