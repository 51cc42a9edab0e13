"""Camellia oil: bottles, jugs, flowers and fruit of the tree."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.demo.pictures.scene import gift_box, moved, paper_label, red_seal, shadow, tea_leaf

# --- oil --------------------------------------------------------------------------------------------------------------


def _camellia(size: float = 1) -> str:
    """A white camellia with a golden heart."""
    petals = "".join(
        f'<ellipse cy="-22" rx="17" ry="24" fill="{"#fffdf8" if at % 2 else "#f6efe4"}" transform="rotate({at * 60})"/>'
        for at in range(6)
    )
    return moved(0, 0, f'{petals}<circle r="13" fill="#f0c04c"/><circle r="6" fill="#d99a2b"/>', scale=size)


def oil_bottle(glass: str, oil: str, *, tall: int = 250, wide: int = 96) -> str:
    """A bottle on the origin."""
    half, neck = wide // 2, wide // 5
    shoulder = tall - wide // 2
    outline = (
        f"M{-neck} {-tall - 44}V{-tall}Q{-half} {-tall + 14} {-half} {-shoulder + 18}V-10Q{-half} 0 {-half + 12} 0"
        f"H{half - 12}Q{half} 0 {half} -10V{-shoulder + 18}Q{half} {-tall + 14} {neck} {-tall}V{-tall - 44}z"
    )
    return (
        f"{shadow(8, 0, half + 20)}"
        f'<path d="{outline}" fill="{glass}"/>'
        f'<path d="M{-half + 5} {-shoulder + 26}V-10Q{-half + 5} -5 {-half + 14} -5H{half - 14}'
        f"Q{half - 5} -5 {half - 5} -10V{-shoulder + 26}Q0 {-shoulder + 14} {-half + 5} {-shoulder + 26}z"
        f'" fill="{oil}"/>'
        f"{moved(0, -shoulder // 2 + 4, paper_label(wide - 16, shoulder - 74, _camellia(0.62) + red_seal(12, 30, 14)))}"
        f'<path d="{outline}" fill="url(#sheen)" opacity=".75"/>'
        f'<rect x="{-neck - 4}" y="{-tall - 64}" width="{2 * neck + 8}" height="36" rx="5" fill="#7a2f25"/>'
    )


def _jug() -> str:
    """A five-litre jug on the origin."""
    outline = "M-40 -286V-250Q-112 -226 -112 -176V-14Q-112 0 -96 0H96Q112 0 112 -14V-176Q112 -226 40 -250V-286z"
    return (
        f"{shadow(8, 2, 132)}"
        '<path d="M44 -262Q150 -262 138 -150" fill="none" stroke="#e8b64a" stroke-width="22" stroke-linecap="round"/>'
        f'<path d="{outline}" fill="#efbf52"/>'
        f"{moved(0, -98, paper_label(160, 136, _camellia(0.95) + red_seal(36, 30, 20)))}"
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


def draw_oil(seed: str, _facts: Mapping[str, str], chance: random.Random) -> str:
    """A jug, a gift of two bottles, or one bottle; the fruit that it is pressed from lies beside it."""
    if "5l" in seed:
        pack = _jug()
    elif "gift" in seed:
        pack = (
            gift_box(330, 250, "#7a2f25")
            + moved(-70, -6, oil_bottle("#f4e2ae", "#e8b64a", tall=200))
            + moved(70, -6, oil_bottle("#f4e2ae", "#e8b64a", tall=200))
        )
    elif "cold" in seed:
        pack = oil_bottle("#4c5b3a", "#3d4a2f", tall=210, wide=104)
    else:
        pack = moved(-58, -14, oil_bottle("#f4e2ae", "#e8b64a", tall=280, wide=116)) + moved(
            72, 0, oil_bottle("#f4e2ae", "#e8b64a", tall=200)
        )
    twig = moved(150, 596, tea_leaf(92, "#3f7350"), turn=-72) + moved(158, 598, tea_leaf(84, "#4c8560"), turn=64)
    seeds = "".join(
        moved(chance.randint(440, 560), chance.randint(574, 608), _fruit(), turn=chance.randint(-40, 40))
        for _ in range(3)
    )
    return (
        moved(336, 566, pack, scale=1.4 if "cold" in seed else 1.15) + twig + moved(152, 578, _camellia(1.35)) + seeds
    )
