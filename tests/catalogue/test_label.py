"""What the law wants a listing to show, by class of goods, and what it may not say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from app.catalogue.rules import InvalidProduct
from app.catalogue.rules.label import Listing, unsayable
from app.catalogue.rules.listing import NotPublishable, check, check_publishable
from app.suppliers import LICENCE_FOR
from tests.catalogue.test_rules import a_product
from tests.storefront.builders import LABEL

TEA, OIL, ORIGIN = "SC11443312590010", "SC10243312590078", "收购合同 2026-17"
ELSEWHERE = "SC11443310190019"
PRODUCE = {name: LABEL[name] for name in ("producer_name", "producer_contact", "conformity")}


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in LABEL.items() if name not in names} | more


def faults(root: str, label: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    facts = {
        "root": root,
        "name": "黄金茶",
        "description": "吕洞山出产",
        "supplier_status": "approved",
        "licence_no": OIL if root == "camellia-oil" else None if root in ("navel-orange", "gift-set") else TEA,
        "licence_kind": LICENCE_FOR[root],
        "licences": {TEA: {"114"}, OIL: {"102"}, ELSEWHERE: {"114"}},
        "net_contents": ["50g"],
        "today": date(2026, 11, 27),
        "label": label,
    }
    try:
        check_publishable(Listing(**(facts | changes)))
    except NotPublishable as refused:
        return [(fault.pointer, fault.code) for fault in refused.faults]
    return []


@pytest.mark.parametrize("root", ["golden-tea", "dark-tea", "camellia-oil", "navel-orange", "gift-set"])
def test_a_whole_label_is_published(root):
    assert faults(root, LABEL) == []


@pytest.mark.parametrize(
    ("root", "required"),
    [
        ("golden-tea", {*LABEL} - {"nutrition", "conformity"}),
        ("dark-tea", {*LABEL} - {"nutrition", "conformity", "quality_grade"}),
        ("camellia-oil", {*LABEL} - {"conformity"}),
        ("navel-orange", {*PRODUCE}),
        ("gift-set", {*LABEL} - {"nutrition", "conformity", "quality_grade", "exec_standard"}),
    ],
)
def test_each_class_shows_what_it_must(root, required):
    for name in LABEL:
        expected = [(f"/label/{name}", "missing")] if name in required else []
        assert faults(root, without(name)) == expected, name


def test_storage_standard_and_grade_may_be_attributes():
    attributes = {"storage": "阴凉干燥处", "exec_standard": "GB/T 14456.3", "grade": "特级"}
    assert faults("golden-tea", without("storage", "exec_standard", "quality_grade"), attributes=attributes) == []


@pytest.mark.parametrize(
    ("root", "changes", "found"),
    [
        ("golden-tea", {"licence_no": None}, [("/supplier_id", "licence_missing")]),
        ("golden-tea", {"licence_no": OIL}, [("/label/licence_no", "licence_out_of_scope")]),
        ("golden-tea", {"licences": {}}, [("/label/licence_no", "licence_not_in_force")]),
        ("camellia-oil", {"licence_no": TEA, "licences": {TEA: {"114", "102"}}}, []),
        (
            "golden-tea",
            {"attributes": {"gi_mark_auth_no": "GI-1"}, "marks": {("gi_mark", "GI-2"), ("organic", "GI-1")}},
            [("/attributes/gi_mark_auth_no", "mark_not_authorised")],
        ),
        ("golden-tea", {"attributes": {"gi_mark_auth_no": "GI-1"}, "marks": {("gi_mark", "GI-1")}}, []),
        (
            "golden-tea",
            {"label": LABEL | {"licence_no": "SC11443312590011"}},
            [("/label/licence_no", "invalid_licence")],
        ),
        ("golden-tea", {"label": LABEL | {"licence_no": "QS430014010123"}}, [("/label/licence_no", "qs_expired")]),
        ("golden-tea", {"label": LABEL | {"licence_no": ELSEWHERE}}, [("/label/origin_proof", "origin_not_proven")]),
        ("golden-tea", {"label": LABEL | {"licence_no": ELSEWHERE, "origin_proof": ORIGIN}}, []),
        ("golden-tea", {"description": "生产许可 QS4300 1401 0123"}, [("/description", "qs_expired")]),
        ("golden-tea", {"net_contents": ["50g", " "]}, [("/variants/1/net_content", "missing")]),
        ("golden-tea", {"supplier_status": "suspended"}, [("/supplier_id", "supplier_not_approved")]),
        ("golden-tea", {"label": LABEL | {"permit_no": "JY1"}}, [("/label/permit_no", "invalid_label")]),
        ("golden-tea", {"label": LABEL | {"standard_version": "GB 1"}}, [("/label/standard_version", "invalid_label")]),
        ("golden-tea", {"label": LABEL | {"colour": "绿"}}, [("/label/colour", "invalid_label")]),
        ("camellia-oil", {"label": LABEL | {"nutrition": {"fat_g": "100"}}}, [("/label/nutrition", "invalid_label")]),
        ("navel-orange", {"label": LABEL | {"conformity": {"issuer": "x"}}}, [("/label/conformity", "invalid_label")]),
        ("golden-tea", {"name": "最好的黄金茶"}, [("/name", "superlative")]),
        ("camellia-oil", {"description": "常吃可降血压"}, [("/description", "medical_claim")]),
    ],
)
def test_what_is_wrong_is_named(root, changes, found):
    assert faults(root, changes.pop("label", LABEL), **changes) == found


def test_a_draft_with_claims_is_refused_at_once():
    with pytest.raises(InvalidProduct) as refused:
        check(a_product(name="防癌黄金茶", description="全国第一", label={"permit_no": "1"}))
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/name", "medical_claim"),
        ("/description", "superlative"),
        ("/label/permit_no", "invalid_label"),
    ]


def test_plain_words_are_sayable():
    assert unsayable("明前一芽一叶，当天采、当天制。头采，特级，鲜爽回甘。", "/name") == []


def test_everything_that_a_buyer_reads_is_looked_through():
    shown = {"sku_names": ["礼盒", "极品礼盒"], "attributes": {"taste": "清香", "use": {"effects": ["降血压"]}}}
    assert faults("golden-tea", LABEL, **shown) == [
        ("/variants/1/name", "superlative"),
        ("/attributes/use", "medical_claim"),
    ]


@pytest.mark.parametrize(
    ("edition", "today", "in_force"),
    [
        ("GB 7718-2011", date(2027, 3, 15), True),
        ("GB 7718-2011", date(2027, 3, 16), False),
        ("GB 7718-2025", date(2025, 3, 15), False),
        ("GB 7718-2025", date(2025, 3, 16), True),
        ("GB 7718-2025", date(2027, 3, 16), True),
    ],
)
def test_a_label_follows_an_edition_that_is_in_force(edition, today, in_force):
    found = faults("golden-tea", LABEL | {"standard_version": edition}, today=today)
    assert found == ([] if in_force else [("/label/standard_version", "standard_not_in_force")])
