"""The drawn pictures: small, self-contained, the same every time, and as different as the goods."""

from __future__ import annotations

import re
from xml.dom import minidom

import pytest

from app.demo.pictures import draw

GOODS = [
    ("golden-tea", "tea-bud", {"tea_class": "绿茶", "pick_standard": "单芽", "grade": "特级"}),
    ("golden-tea", "tea-leaf", {"tea_class": "绿茶", "pick_standard": "一芽一叶", "grade": "一级"}),
    ("golden-tea", "tea-everyday", {"tea_class": "绿茶", "grade": "三级"}),
    ("golden-tea", "tea-ancient", {"tea_class": "绿茶", "grade": "特级"}),
    ("golden-tea", "tea-bags", {}),
    ("golden-tea", "black-tea-second", {"tea_class": "红茶", "grade": "二级"}),
    ("dark-tea", "fu-brick-handmade", {}),
    ("dark-tea", "dark-brick", {}),
    ("dark-tea", "bailiang-roll", {}),
    ("dark-tea", "fu-tea-squares", {}),
    ("dark-tea", "tianjian-loose", {}),
    ("camellia-oil", "oil-pressed", {}),
    ("camellia-oil", "oil-5l", {}),
    ("camellia-oil", "oil-gift", {}),
    ("camellia-oil", "oil-cold", {}),
    ("navel-orange", "orange-first", {"grade": "一等"}),
    ("navel-orange", "orange-gift", {"grade": "特等"}),
    ("navel-orange", "orange-crate", {"grade": "二等"}),
    ("gift-set", "two-teas", {}),
    ("gift-set", "oil-and-orange", {}),
    ("no-such-kind", "whatever", {}),
]


@pytest.mark.parametrize(("kind", "seed", "attributes"), GOODS)
def test_a_picture_is_small_sound_and_harmless(kind, seed, attributes):
    picture = draw(kind, seed, attributes)
    assert picture == draw(kind, seed, attributes)
    assert len(picture.encode()) < 8 * 1024
    root = minidom.parseString(picture).documentElement
    assert (root.tagName, root.getAttribute("viewBox")) == ("svg", "0 0 640 640")
    names = {node.tagName for node in root.getElementsByTagName("*")}
    assert not names & {"script", "image", "foreignObject", "text", "style", "a"}
    assert set(re.findall(r'href="([^"]*)"', picture)) <= {"#o"}
    assert set(re.findall(r"url\(([^)]*)\)", picture)) <= {"#sky", "#table", "#sheen", "#mist"}
    assert not re.search(r"\son\w+=", picture)


def test_different_goods_look_different():
    assert len({draw(*one) for one in GOODS}) == len(GOODS)
