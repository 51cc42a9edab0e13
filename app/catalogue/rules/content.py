"""A product's particulars as one document: what a supplier edits, an operator compares and a review keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import UUID

from app.catalogue.rules import InvalidProduct, NewProduct, NewSku
from app.catalogue.rules.solar_terms import PICKS
from app.core.errors import Fault

Document = dict[str, Any]
"""The fields of ``NewProduct`` without its supplier, as JSON; sales units are under ``variants``, in their order."""

_SKU_FIELDS = frozenset(field.name for field in fields(NewSku))
_PRODUCT_FIELDS = tuple(field.name for field in fields(NewProduct) if field.name not in {"supplier_id", "skus"})
_MISSING = ("字段不能为空", "must not be empty")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that a change sets; ``pointer`` names a sales unit by its code: ``/variants/GT04/net_content``."""

    pointer: str
    old: Any
    new: Any


def document_of(product: NewProduct) -> Document:
    """The document that describes a product.

    >>> document_of(NewProduct(supplier_id=UUID(int=1), slug="tea", name="茶", category="green-tea", skus=[],
    ...     township_code="433125116"))["variants"]
    []
    """
    document: Document = {name: getattr(product, name) for name in _PRODUCT_FIELDS}
    document["attributes"], document["label"] = dict(product.attributes), dict(product.label)
    document["variants"] = [asdict(sku) for sku in product.skus]
    return document


def product_of(document: Mapping[str, Any], supplier_id: UUID) -> NewProduct:
    """The product that a document describes. Raises ``InvalidProduct`` where a required field is missing."""
    faults = [
        Fault(f"/{name}", "missing", *_MISSING)
        for name in ("slug", "name", "category", "township_code", "variants")
        if document.get(name) is None
    ]
    variants = document.get("variants") or []
    for index, variant in enumerate(variants):
        faults += [
            Fault(f"/variants/{index}/{name}", "missing", *_MISSING)
            for name in ("sku", "name", "net_content", "net_weight_g", "gross_weight_g", "shelf_life_days")
            if variant.get(name) is None
        ]
    if faults:
        raise InvalidProduct(faults=faults)
    known = {name: document[name] for name in _PRODUCT_FIELDS if document.get(name) is not None}
    skus = [NewSku(**{name: value for name, value in item.items() if name in _SKU_FIELDS}) for item in variants]
    return NewProduct(supplier_id=supplier_id, skus=skus, **known)


def merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> Document:
    """The document with a merge patch applied (RFC 7396): objects are merged, null removes, lists are replaced.

    >>> merged({"name": "a", "label": {"x": 1, "y": 2}}, {"label": {"x": None, "z": 3}})
    {'name': 'a', 'label': {'y': 2, 'z': 3}}
    """
    result = dict(document)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def differences(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> list[Difference]:
    """Every field that differs, in the order of the document; without ``old`` every field that says something."""
    before, after = dict(_flat(old or {})), dict(_flat(new))
    pointers = [*after, *(pointer for pointer in before if pointer not in after)]
    return [
        Difference(pointer, before.get(pointer), after.get(pointer))
        for pointer in pointers
        if before.get(pointer) != after.get(pointer)
    ]


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Pointer and value of every field that is not empty; nutrition and the like stay whole."""
    for name, value in document.items():
        if name == "variants":
            yield "/variants", [variant["sku"] for variant in value]
            for variant in value:
                at = f"/variants/{_escaped(variant['sku'])}"
                yield from ((f"{at}/{key}", item) for key, item in variant.items() if key != "sku" and item is not None)
        elif isinstance(value, Mapping):
            yield from ((f"/{name}/{_escaped(key)}", item) for key, item in value.items())
        elif value not in (None, ""):
            yield f"/{name}", value


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def fixed_faults(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Fault]:
    """What may not change once a product was on sale.

    Its address, because people keep links; its sales units' codes, because stock and orders are kept under them
    (``retail`` and ``wholesale`` take one off sale); and a name of spring tea that lots in stock need not prove.
    """
    faults = []
    if new.get("slug") != old.get("slug"):
        faults.append(Fault("/slug", "slug_fixed", "上架后网址名不能更改", "the slug is fixed once it was published"))
    kept = {variant["sku"] for variant in new.get("variants", ())}
    faults += [
        Fault(
            "/variants",
            "sku_fixed",
            f"{variant['sku']} 已上架过，不能删除；可将零售与批发都设为否",
            f"{variant['sku']} was on sale and stays; set retail and wholesale to false instead",
        )
        for variant in old.get("variants", ())
        if variant["sku"] not in kept
    ]
    season = (new.get("attributes") or {}).get("pick_season")
    if season in PICKS and season != (old.get("attributes") or {}).get("pick_season"):
        faults.append(
            Fault(
                "/attributes/pick_season",
                "season_fixed",
                f"已上架的商品不能改称“{season}”，请另建商品并按批次登记采收日期",
                f"a product that was on sale cannot become {season}; list a new one, whose lots prove it",
            )
        )
    return faults
