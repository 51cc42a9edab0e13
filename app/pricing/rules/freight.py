"""What a parcel costs, by weight or volume, region, tiers and steps (domain handbook §5.1): sums in fen and grams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.errors import DomainError, Fault, InvalidInput

MOST_RULES = 400
"""More than there are provinces and prefectures."""

MOST_TIERS = 20


class UnknownTemplate(DomainError):
    """There is no house template with this code."""

    status = 404
    code = "unknown_freight_template"
    zh = "没有这个运费模板。"
    en = "There is no such freight template."


class FreightRace(DomainError):
    """Two people wrote the supplier's first template in the same moment."""

    code = "freight_changed_meanwhile"
    zh = "运费模板刚刚被他人修改，请重新读取后再改。"
    en = "The freight template was changed by somebody else just now; read it again and repeat."


@dataclass(frozen=True, slots=True)
class FreightRule:
    """What a parcel costs by its billable weight: the first so many grams, then for each further step begun.

    ``free_over_fen``: no such fee when the supplier's goods in the parcel come to this much or more. ``surcharge_fen``
    is for remote places and is charged even then. ``tiers`` are pairs of grams and fen, ascending: up to so many grams
    the parcel costs that ("three kilograms one price"); what is heavier than the last goes by first weight and steps.
    ``volume_divisor`` comes from the template: cubic centimetres that count as one kilogram; None is by weight alone.
    """

    first_weight_g: int
    first_fee_fen: int
    step_weight_g: int
    step_fee_fen: int
    free_over_fen: int | None
    deliverable: bool
    surcharge_fen: int = 0
    tiers: tuple[tuple[int, int], ...] = ()
    volume_divisor: int | None = None


@dataclass(frozen=True, slots=True)
class FreightTemplate:
    """How a supplier sends: its own template, or (``own`` is False, ``version`` 0) the house's default one."""

    code: str
    name: str
    volume_divisor: int | None
    version: int
    own: bool
    rules: Mapping[str, FreightRule]


@dataclass(slots=True)
class Load:
    """What goes into one parcel. Units of unknown size fill as much room as their weight stands for."""

    weight_g: int = 0
    _sized_mm3: int = 0
    _unsized_g: int = 0

    def add(self, weight_g: int, volume_mm3: int | None, quantity: int) -> None:
        """Put so many units into the parcel."""
        self.weight_g += weight_g * quantity
        if volume_mm3 is None:
            self._unsized_g += weight_g * quantity
        else:
            self._sized_mm3 += volume_mm3 * quantity

    def billable_g(self, volume_divisor: int | None) -> int:
        """The larger of weight and ``L × W × H cm³ / divisor`` kilograms, whole grams begun."""
        if volume_divisor is None:
            return self.weight_g
        # One cubic centimetre is a thousand mm³, and one kilogram a thousand grams, so the thousands cancel out.
        return max(self.weight_g, -(-self._sized_mm3 // volume_divisor) + self._unsized_g)


def freight_fen(rule: FreightRule, billable_g: int, goods_fen: int) -> int:
    """Freight of one parcel: ``first + ceil((billable − first_weight) / step_weight) · step``, or its tier's price."""
    if rule.free_over_fen is not None and goods_fen >= rule.free_over_fen:
        return rule.surcharge_fen
    for up_to_g, fee_fen in rule.tiers:
        if billable_g <= up_to_g:
            return fee_fen + rule.surcharge_fen
    beyond = max(0, billable_g - rule.first_weight_g)
    return rule.first_fee_fen + -(-beyond // rule.step_weight_g) * rule.step_fee_fen + rule.surcharge_fen


def check_rules(rules: Sequence[tuple[str, FreightRule]]) -> None:
    """Raise ``InvalidInput`` with every fault of a template: a region named twice, tiers that do not ascend."""
    seen: set[str] = set()
    faults = []
    for index, (region, rule) in enumerate(rules):
        if region in seen:
            faults.append(Fault(f"/rules/{index}/region", "repeated", "地区重复", "the region is named twice"))
        seen.add(region)
        weights = [up_to_g for up_to_g, _ in rule.tiers]
        if weights != sorted(set(weights)):
            faults.append(
                Fault(f"/rules/{index}/tiers", "not_ascending", "档位须由轻到重", "tiers go from light to heavy")
            )
    if faults:
        raise InvalidInput(faults=faults)


DEFAULT_TEMPLATE = "economy"
"""The house template for a supplier that has none of its own."""

_SHANDONG = ("37",)
_NEAR = ("36", "42", "43", "44", "45", "52")
_REMOTE = ("15", "54", "63", "65")
_ABROAD = ("71", "81", "82")
_KILOGRAM = 1000

HouseTemplate = tuple[str, str, dict[str, FreightRule]]
"""Code, name, and a rule for each region prefix; the longest prefix of a division wins."""


def _by_kilogram(first_fen: int, step_fen: int) -> FreightRule:
    return FreightRule(_KILOGRAM, first_fen, _KILOGRAM, step_fen, None, deliverable=True)


_NOT_SENT = FreightRule(_KILOGRAM, 0, _KILOGRAM, 0, None, deliverable=False)


def _template(
    shandong: tuple[int, int],
    near: tuple[int, int],
    elsewhere: tuple[int, int],
    remote: tuple[int, int],
    *,
    never: tuple[str, ...] = (),
) -> dict[str, FreightRule]:
    rules = {"": _by_kilogram(*elsewhere)}
    for regions, fees in ((_SHANDONG, shandong), (_NEAR, near), (_REMOTE, remote)):
        rules |= {region: _by_kilogram(*fees) for region in regions}
    return rules | dict.fromkeys((*_ABROAD, *never), _NOT_SENT)


HOUSE_TEMPLATES: tuple[HouseTemplate, ...] = (
    ("economy", "经济快递", _template((600, 200), (500, 150), (800, 300), (1500, 1000))),
    ("sf", "顺丰标快", _template((1800, 450), (1600, 400), (2000, 600), (2800, 1400))),
    ("fresh", "生鲜快递", _template((600, 200), (500, 150), (800, 300), (1500, 1000), never=("54", "65"))),
)
"""Parcels from Hunan (domain handbook §5.1): first and each further kilogram, by province."""


def nearest(rules: Mapping[str, FreightRule], division_code: str) -> FreightRule | None:
    """The rule of the smallest region that a division lies in; None where nothing is sent."""
    regions = (division_code[:6], division_code[:4], division_code[:2], "")
    return next((rules[region] for region in regions if region in rules), None)
