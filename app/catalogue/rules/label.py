"""What a listing must show by law, class by class, and what it may not say (domain handbook §1.6).

A label's particulars are ``LABEL_FIELDS``. Storage, standard and grade may stand among a product's attributes instead,
and the producer's licence is the supplier's if the label names none. What is missing keeps a product from publication.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from json import dumps
from typing import Any

from stdnum.iso7064 import mod_11_10

from app.core.errors import Fault

STANDARDS: Mapping[str, tuple[date, date]] = {
    "GB 7718-2011": (date(2012, 4, 20), date(2027, 3, 15)),
    "GB 7718-2025": (date(2025, 3, 16), date.max),
}
"""Editions of the label standard, with the first and the last day on which a listing may follow them."""

LABEL_FIELDS: Mapping[str, tuple[str, str]] = {
    "standard_version": ("标签标准版本", "edition of the label standard"),
    "ingredients": ("配料表", "ingredients"),
    "producer_name": ("生产者名称", "producer's name"),
    "producer_address": ("生产者地址", "producer's address"),
    "producer_contact": ("生产者联系方式", "producer's contact"),
    "entrusted_by": ("委托方", "who had it produced"),
    "storage": ("贮存条件", "storage"),
    "exec_standard": ("产品标准代号", "product standard"),
    "quality_grade": ("质量等级", "quality grade"),
    "licence_no": ("食品生产许可证编号", "food production licence"),
    "permit_no": ("食品经营许可证或备案编号", "the seller's food business permit or filing"),
    "nutrition": ("营养成分表", "nutrition table"),
    "conformity": ("承诺达标合格证", "commitment certificate"),
    "origin_proof": ("原料产地证明", "proof of the raw material's origin"),
}
"""Every field of a label, in both languages."""

NUTRITION = ("energy_kj", "protein_g", "fat_g", "carbohydrate_g", "sodium_mg")
"""The core nutrients per 100 g or 100 ml (GB 28050)."""

_PREPACKED = ("ingredients", "producer_name", "producer_address", "producer_contact", "storage", "permit_no")
_PRODUCE = ("producer_name", "producer_contact", "conformity")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "golden-tea": (*_PREPACKED, "exec_standard", "quality_grade"),
    "dark-tea": (*_PREPACKED, "exec_standard"),
    "camellia-oil": (*_PREPACKED, "exec_standard", "quality_grade", "nutrition"),
    "navel-orange": _PRODUCE,
    "gift-set": _PREPACKED,
}
"""What each line of goods must show. Tea is exempt from the nutrition table; sets are made of licensed goods."""

MARKS: Mapping[str, str] = {"gi_mark_auth_no": "gi_mark", "green_food_no": "green", "organic_cert_no": "organic"}
"""Attributes and label fields that show a mark, with the kind of certificate that authorises its use."""

_COUNTY = "433125"
_SC = re.compile(r"SC[12][0-9]{13}")
_QS = re.compile(r"\bQS\s*[0-9]{4}", re.IGNORECASE)
_PERMIT = re.compile(r"(JY|YB)[0-9]{14}")

_SUPERLATIVES = (
    *(
        "最",
        "第一品牌",
        "全国第一",
        "全网第一",
        "销量第一",
        "国家级",
        "世界级",
        "顶级",
        "极品",
        "极致",
        "首选",
        "独一无二",
    ),
    *("绝无仅有", "史无前例", "万能", "王牌", "冠军", "纯天然无污染"),
)
_CURES = (
    *("治疗", "治愈", "疗效", "药效", "防癌", "抗癌", "降血压", "降血糖", "降血脂", "降三高", "减肥", "抗病毒", "消炎"),
    *("解毒", "壮阳", "补肾", "延年益寿", "防治", "预防疾病", "增强免疫", "提高免疫"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A product as it would be shown.

    ``licence_kind`` is the category of food production licence that its line needs; ``licences`` are the supplier's own
    that are verified and in force, with the categories that each covers; ``marks`` are the certificates of marks (kind
    and number) that it holds for this line.
    """

    root: str
    name: str
    description: str
    supplier_status: str
    licence_no: str | None
    licence_kind: str | None
    licences: Mapping[str, Collection[str]]
    net_contents: Sequence[str]
    today: date
    sku_names: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    label: Mapping[str, Any] = field(default_factory=dict)
    marks: Collection[tuple[str, str | None]] = ()

    def shown(self, name: str) -> Any:
        """What the page shows for a field of the label."""
        if name == "licence_no":
            return self.label.get(name) or self.licence_no
        if name == "quality_grade":
            return self.label.get(name) or self.attributes.get(name) or self.attributes.get("grade")
        return self.label.get(name) or self.attributes.get(name)


def unsayable(text: str, pointer: str) -> list[Fault]:
    """A fault for each superlative and each promise of a cure in a text (advertising law, food safety law)."""
    faults = [
        Fault(pointer, "superlative", f"不得使用“{word}”等绝对化用语", f"no superlatives such as {word}")
        for word in _SUPERLATIVES
        if word in text
    ]
    return faults + [
        Fault(pointer, "medical_claim", f"食品不得宣传“{word}”等功效", f"food promises no cure: {word}")
        for word in _CURES
        if word in text
    ]


def label_faults(label: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a label as entered; what is missing is another matter."""
    for name, value in label.items():
        at = f"/label/{name}"
        match name:
            case "nutrition":
                sound = (
                    isinstance(value, Mapping) and set(value) == set(NUTRITION) and all(map(_is_amount, value.values()))
                )
            case "conformity":
                sound = isinstance(value, Mapping) and bool(value.get("issuer")) and bool(value.get("commitments"))
            case "standard_version":
                sound = value in STANDARDS
            case "permit_no":
                sound = isinstance(value, str) and _PERMIT.fullmatch(value) is not None
            case _:
                sound = name in LABEL_FIELDS and isinstance(value, str) and bool(value.strip())
        if not sound:
            zh, en = LABEL_FIELDS.get(name, ("标签字段", "field of the label"))
            yield Fault(at, "invalid_label", f"{zh}填写不正确", f"not a valid {en}")


def _is_amount(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", value) is not None


def listing_faults(listing: Listing) -> Iterator[Fault]:
    """Everything that keeps a listing from being published."""
    if listing.supplier_status != "approved":
        yield Fault("/supplier_id", "supplier_not_approved", "供应商尚未通过审核", "supplier is not approved")
    yield from _licence_faults(listing)
    yield from _mark_faults(listing)
    for name in _REQUIRED.get(listing.root, ()):
        if not listing.shown(name):
            zh, en = LABEL_FIELDS[name]
            yield Fault(f"/label/{name}", "missing", f"缺少{zh}", f"{en} is missing")
    yield from label_faults(listing.label)
    for index, text in enumerate(listing.net_contents):
        if not text.strip():
            yield Fault(f"/variants/{index}/net_content", "missing", "缺少净含量", "net content is missing")
    edition = STANDARDS.get(listing.label.get("standard_version", ""))
    if edition is not None and not edition[0] <= listing.today <= edition[1]:
        yield Fault(
            "/label/standard_version",
            "standard_not_in_force",
            f"该标签标准版本的适用期为 {edition[0]} 至 {edition[1]}",
            f"labels follow this edition from {edition[0]} to {edition[1]}",
        )
    for pointer, text in _texts(listing):
        yield from unsayable(text, pointer)
    if _QS.search(listing.name) or _QS.search(listing.description):
        yield Fault("/description", "qs_expired", "QS 编号自 2018-10-01 起停用", "QS numbers ended on 2018-10-01")


def _texts(listing: Listing) -> Iterator[tuple[str, str]]:
    """Everything that a buyer reads, with where it was entered."""
    yield "/name", listing.name
    yield "/description", listing.description
    for index, name in enumerate(listing.sku_names):
        yield f"/variants/{index}/name", name
    for name, value in listing.attributes.items():
        yield f"/attributes/{name}", value if isinstance(value, str) else dumps(value, ensure_ascii=False)


def _mark_faults(listing: Listing) -> Iterator[Fault]:
    for name, kind in MARKS.items():
        number = listing.shown(name)
        if number and (kind, number) not in listing.marks:
            yield Fault(
                f"/attributes/{name}",
                "mark_not_authorised",
                "该标志的使用授权未经核验或不在有效期内",
                "the use of this mark is not authorised, or no longer",
            )


def _licence_faults(listing: Listing) -> Iterator[Fault]:
    kind = listing.licence_kind
    number = listing.shown("licence_no")
    if number and str(number).upper().startswith("QS"):
        yield Fault("/label/licence_no", "qs_expired", "QS 编号自 2018-10-01 起停用", "QS numbers ended on 2018-10-01")
    elif kind is not None and not number:
        yield Fault(
            "/supplier_id",
            "licence_missing",
            f"供应商没有类别为 {kind} 的食品生产许可证",
            f"the supplier holds no food production licence of category {kind}",
        )
    elif number and not _is_sc(str(number)):
        yield Fault("/label/licence_no", "invalid_licence", "食品生产许可证编号校验不通过", "not a valid SC number")
    elif kind is not None and str(number) not in listing.licences:
        yield Fault(
            "/label/licence_no",
            "licence_not_in_force",
            "该食品生产许可证未经平台核验或不在有效期内",
            "this food production licence was not verified or is not in force",
        )
    elif kind is not None and kind not in listing.licences[str(number)]:
        yield Fault(
            "/label/licence_no",
            "licence_out_of_scope",
            f"该食品生产许可证的范围不含类别 {kind}",
            f"the scope of this food production licence lacks category {kind}",
        )
    elif kind is not None and str(number)[5:11] != _COUNTY and not listing.shown("origin_proof"):
        yield Fault(
            "/label/origin_proof",
            "origin_not_proven",
            "许可证所载生产地址不在保靖县，须提供原料产地证明",
            "it is not made in Baojing, so the origin of its raw material needs proof",
        )


def _is_sc(number: str) -> bool:
    """Whether it is an SC number with the right check digit (ISO 7064 MOD 11,10)."""
    return _SC.fullmatch(number) is not None and bool(mod_11_10.is_valid(number[2:]))
