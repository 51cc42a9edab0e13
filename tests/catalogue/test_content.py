"""Documents of products: what a patch makes of one, and what a review compares."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalogue.rules import InvalidProduct, NewProduct, NewSku
from app.catalogue.rules.content import differences, document_of, fixed_faults, merged, product_of

HOUSE = UUID(int=1)


def a_document(**changes):
    sku = NewSku(
        sku="GT04",
        name="袋",
        net_content="100g",
        net_weight_g=100,
        gross_weight_g=140,
        shelf_life_days=540,
        tax_rate_bp=0,
    )
    product = NewProduct(
        supplier_id=HOUSE, slug="tea", name="茶", category="green-tea", skus=[sku], township_code="433125116"
    )
    return document_of(product) | changes


def test_a_document_describes_its_product():
    document = a_document(label={"ingredients": "茶鲜叶"}, attributes={"grade": "二级"})
    assert document_of(product_of(document, HOUSE)) == document


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"name": None, "category": None}, ["/name", "/category"]),
        ({"variants": None}, ["/variants"]),
        (
            {"variants": [{"sku": "A", "name": "B"}]},
            [f"/variants/0/{name}" for name in ("net_content", "net_weight_g", "gross_weight_g", "shelf_life_days")],
        ),
    ],
)
def test_what_is_missing_is_pointed_at(changes, pointers):
    with pytest.raises(InvalidProduct) as refused:
        product_of(a_document(**changes), HOUSE)
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_differences_name_sales_units_by_their_code():
    old = a_document(label={"storage": "干燥", "a/b": "x"})
    more = dict(old["variants"][0], sku="GT05", gtin13="2004330000509")
    new = merged(
        old,
        {
            "label": {"storage": None, "ingredients": "茶鲜叶"},
            "variants": [dict(old["variants"][0], case_pack=24), more],
        },
    )
    found = {one.pointer: (one.old, one.new) for one in differences(old, new)}
    assert found["/label/storage"] == ("干燥", None)
    assert found["/label/ingredients"] == (None, "茶鲜叶")
    assert found["/variants"] == (["GT04"], ["GT04", "GT05"])
    assert found["/variants/GT04/case_pack"] == (1, 24)
    assert found["/variants/GT05/gtin13"] == (None, "2004330000509")
    assert "/label/a~1b" not in found
    assert differences(old, old) == []
    assert "/name" in {one.pointer for one in differences(None, new)}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"slug": "other"}, ["slug_fixed"]),
        ({"variants": []}, ["sku_fixed"]),
        ({"attributes": {"pick_season": "明前"}}, ["season_fixed"]),
        ({"attributes": {"pick_season": "夏茶"}, "name": "别的"}, []),
    ],
)
def test_what_is_fixed_once_it_was_on_sale(changes, codes):
    assert [fault.code for fault in fixed_faults(a_document(), a_document(**changes))] == codes


_values = st.sampled_from([None, 0, 1, "", "茶"])
_objects = st.dictionaries(st.sampled_from("abc"), _values | st.dictionaries(st.sampled_from("xy"), _values))


@settings(max_examples=60)
@given(_objects, _objects)
def test_a_patch_applied_twice_is_a_patch_applied_once(document, patch):
    once = merged(document, patch)
    assert merged(once, patch) == once
    assert all(once.get(name) == value for name, value in patch.items() if not isinstance(value, dict))
