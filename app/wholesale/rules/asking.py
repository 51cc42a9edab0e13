"""What a partner asks for, and whether a contract allows it: decided without the database (domain handbook §4.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol

from app.core.clock import SHANGHAI
from app.core.errors import DomainError, Fault
from app.core.money import MAX_FEN, yuan
from app.wholesale.rules import PoKind

GRACE_DAYS = 3
"""Goods that were due on a day are still taken in so many days later, unless the order names its last day."""
MAX_GRACE_DAYS = 60
MAX_AHEAD_DAYS = 180
"""Nobody can promise goods for a day farther away."""
MAX_UNITS = 10_000_000
SHORT_OF_STOCK, SHORT_OF_CREDIT = "stock", "credit"
"""Why a line was cut when it was placed."""
TOLERANCE_FEN = 1
"""Amounts of a line may differ by so much, because people round (domain handbook §4.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """A line as the partner wrote it: goods by one code or several, how much by the case or by the unit.

    ``unit_price_fen`` and ``amount_fen`` are what the partner believes that it pays, ``case_pack`` what it believes a
    case to hold; None where it says nothing.
    """

    line_no: int
    sku: str | None = None
    partner_item_code: str | None = None
    gtin: str | None = None
    cases: int | None = None
    units: int | None = None
    unit_price_fen: int | None = None
    amount_fen: int | None = None
    case_pack: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOrder:
    """A purchase order as the partner wrote it. ``latest_on`` is the last day on which goods may come."""

    po_no: str
    location_code: str
    required_on: date
    lines: tuple[AskedLine, ...]
    latest_on: date | None = None
    kind: PoKind = PoKind.NORMAL
    note: str | None = None

    @property
    def closes_on(self) -> date:
        """The last day on which goods may come."""
        return self.latest_on or self.required_on + timedelta(days=GRACE_DAYS)

    @property
    def content(self) -> dict[str, Any]:
        """Everything that was asked, as it is kept with the version."""
        return {
            "location_code": self.location_code,
            "required_on": self.required_on.isoformat(),
            "latest_on": self.latest_on.isoformat() if self.latest_on else None,
            "kind": self.kind.value,
            "note": self.note,
            "lines": [
                {name: value for name in _LINE if (value := getattr(line, name)) is not None}
                for line in sorted(self.lines, key=lambda line: line.line_no)
            ],
        }

    @property
    def digest(self) -> bytes:
        """What tells this content from any other, whatever order its lines stand in."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True, ensure_ascii=False).encode()).digest()


_LINE = tuple(AskedLine.__dataclass_fields__)


class Item(Protocol):
    """What of a price list's line decides about an order."""

    @property
    def sku(self) -> str:
        """Our code."""
        ...

    @property
    def name(self) -> str:
        """The sales unit."""
        ...

    @property
    def price_fen(self) -> int:
        """Of a unit, tax included."""
        ...

    @property
    def case_pack(self) -> int:
        """Units in a case."""
        ...

    @property
    def min_cases(self) -> int:
        """At least so many in a line."""
        ...

    @property
    def multiple_cases(self) -> int:
        """So many at a time."""
        ...

    @property
    def net_weight_g(self) -> int:
        """Of a unit."""
        ...


class Agreed(Protocol):
    """What of a contract decides about an order."""

    @property
    def order_weekdays(self) -> Sequence[int]:
        """1 Monday to 7 Sunday."""
        ...

    @property
    def order_until(self) -> time:
        """The time of the day after which orders count for the next."""
        ...

    @property
    def lead_days(self) -> int:
        """From the day that an order counts for to its delivery."""
        ...

    @property
    def minimum(self) -> int:
        """The least order."""
        ...

    @property
    def minimum_unit(self) -> str:
        """What ``minimum`` counts: ``fen``, ``cases`` or ``net_weight_g``."""
        ...


class UnclearItems(DomainError):
    """Codes that we do not know, that mean several goods, or that contradict one another: questions, not guesses."""

    status = 422
    code = "unclear_items"
    zh = "部分商品无法确认是哪一个，请按 errors 逐行核对编码后重新提交。"
    en = "Some goods cannot be told from their codes; answer what `errors` asks line by line and send it again."


class NotACaseMultiple(DomainError):
    """Goods are sold by the case, and of some only so many cases at a time."""

    status = 422
    code = "not_a_case_multiple"
    zh = "订货数量不是整箱或订货倍数的整数倍，请按 errors 调整。"
    en = "A quantity is not a multiple of the case or of the order multiple; adjust what `errors` points at."


class BelowMinimum(DomainError):
    """Less than the contract lets a line or an order be."""

    status = 422
    code = "below_minimum"
    zh = "订货数量低于合同约定的起订量，请按 errors 增加。"
    en = "Less is ordered than the contract's minimum; order more of what `errors` points at."


class PriceMismatch(DomainError):
    """The partner believes in another price than the list has for the day of the order."""

    status = 422
    code = "price_mismatch"
    zh = "所填价格与订货日有效的供货价不一致；请按 errors 更正；新订单也可使用 ?on_mismatch=review 提交平台审核。"
    en = (
        "A price is not that of the price list on the day of the order; correct what `errors` points at. "
        "A new order may be left to the marketplace with ?on_mismatch=review instead."
    )


class RequiredOnNotPossible(DomainError):
    """The goods cannot be there by then, or it is too far away."""

    status = 422
    code = "required_on_not_possible"
    zh = "到货日期无法满足：本单按 {order_on} 的订货计算，最早 {earliest} 到货，最晚可预订到 {latest}。"
    en = (
        "The goods cannot be there then: the order counts as one of {order_on}, so they come on {earliest} at the "
        "earliest, and can be ordered for {latest} at the latest."
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """A line that can be delivered as it was asked, if there are goods and credit. ``place`` is its index as sent."""

    place: int
    asked: AskedLine
    item: Any
    units: int
    doubts: tuple[Fault, ...] = ()
    """Why the price must be looked at by somebody."""

    @property
    def amount_fen(self) -> int:
        """What it is worth by the price list."""
        return self.units * int(self.item.price_fen)


@dataclass(slots=True)
class Plan:
    """An order that was understood; ``order_on`` is the day that it counts for, ``doubts`` what needs approval."""

    order_on: date
    lines: list[Planned]
    doubts: list[Fault] = field(default_factory=list)

    @property
    def total_fen(self) -> int:
        """What all of it is worth by the price list."""
        return sum(line.amount_fen for line in self.lines)


def order_day(agreed: Agreed, now: datetime) -> date:
    """The day for which an order that comes ``now`` counts: today inside the order window, else the next one's day.

    >>> from types import SimpleNamespace
    >>> monday_to_two = SimpleNamespace(order_weekdays=[1], order_until=time(14))
    >>> order_day(monday_to_two, datetime(2026, 11, 23, 14, tzinfo=SHANGHAI)).isoformat()
    '2026-11-23'
    >>> order_day(monday_to_two, datetime(2026, 11, 23, 14, 1, tzinfo=SHANGHAI)).isoformat()
    '2026-11-30'
    """
    local = now.astimezone(SHANGHAI)
    days = set(agreed.order_weekdays) or set(range(1, 8))
    today = local.date()
    if today.isoweekday() in days and local.time() <= agreed.order_until:
        return today
    return next(day for ahead in range(1, 8) if (day := today + timedelta(days=ahead)).isoweekday() in days)


def check_days(
    asked: AskedOrder, agreed: Agreed, *, order_on: date, today: date, hurry: bool, review: bool
) -> list[Fault]:
    """Refuse days that cannot be kept; with ``review`` too much haste of an urgent order is a doubt instead.

    Without ``hurry`` the lead days do not matter: nothing more is wanted than what was ordered in time. Raises
    ``RequiredOnNotPossible``.
    """
    earliest = order_on + timedelta(days=agreed.lead_days)
    latest = today + timedelta(days=MAX_AHEAD_DAYS)
    too_far = asked.required_on > latest or (asked.closes_on - asked.required_on).days > MAX_GRACE_DAYS
    closes_before = asked.closes_on < asked.required_on
    too_soon = asked.required_on < (earliest if hurry else today)
    if not (too_far or closes_before or too_soon):
        return []
    where = "/required_on" if too_soon or asked.required_on > latest else "/latest_on"
    fault = Fault(
        where,
        RequiredOnNotPossible.code,
        f"本单计入 {order_on} 的订货，最早 {earliest} 到货；最晚日期应在到货日之后 {MAX_GRACE_DAYS} 天内",
        f"it counts as an order of {order_on}: {earliest} at the earliest; the last day is within {MAX_GRACE_DAYS} "
        "days after it",
    )
    if review and asked.kind is PoKind.URGENT and not (too_far or closes_before) and asked.required_on >= today:
        return [fault]
    raise RequiredOnNotPossible(order_on=order_on, earliest=earliest, latest=latest, faults=[fault])


def plan_lines(asked: AskedOrder, found: Sequence[Any], agreed: Agreed, *, review: bool) -> list[Planned]:
    """The lines with their quantities in units, or everything that is wrong with them.

    ``found`` has for each line its ``Item``, or the ``Fault`` that says why there is none. With ``review`` another
    price is a doubt and no refusal. Raises ``UnclearItems``, ``NotACaseMultiple``, ``BelowMinimum`` or
    ``PriceMismatch``, whichever comes first in this order, with all faults that were found.
    """
    unclear: list[Fault] = []
    uneven: list[Fault] = []
    little: list[Fault] = []
    priced: list[Fault] = []
    planned: list[Planned] = []
    numbers: set[int] = set()
    for place, (line, item) in enumerate(zip(asked.lines, found, strict=True)):
        if line.line_no in numbers:
            zh, en = f"行号 {line.line_no} 重复", f"line_no {line.line_no} stands here twice"
            unclear.append(Fault(f"/lines/{place}/line_no", "duplicate_line_no", zh, en))
        numbers.add(line.line_no)
        if isinstance(item, Fault):
            unclear.append(item)
            continue
        if line.case_pack is not None and line.case_pack != item.case_pack:
            zh = f"箱规为 {line.case_pack}，登记的箱规为 {item.case_pack}，请核对"
            en = f"{line.case_pack} in a case; ours holds {item.case_pack}: which is right?"
            unclear.append(Fault(f"/lines/{place}/case_pack", "case_pack_differs", zh, en))
            continue
        units = line.units if line.units is not None else (line.cases or 0) * item.case_pack
        if fault := _uneven(place, line, item, units):
            uneven.append(fault)
            continue
        if units < item.min_cases * item.case_pack:
            where = "units" if line.units is not None else "cases"
            zh, en = f"{item.sku} 至少订 {item.min_cases} 箱", f"at least {item.min_cases} cases of {item.sku}"
            little.append(Fault(f"/lines/{place}/{where}", BelowMinimum.code, zh, en))
        doubts = _doubts(place, line, item, units)
        priced += doubts
        planned.append(Planned(place, line, item, units, tuple(doubts)))
    if not (unclear or uneven or little):
        little += _below(planned, agreed)
    first: type[DomainError] | None = next(
        (
            kind
            for kind, faults in ((UnclearItems, unclear), (NotACaseMultiple, uneven), (BelowMinimum, little))
            if faults
        ),
        PriceMismatch if priced and not review else None,
    )
    if first is not None:
        raise first(faults=[*unclear, *uneven, *little, *priced])
    return planned


def _for_people(number: int, unit: str) -> str:
    """Cases as they are, fen as yuan, grams as kilograms."""
    return str(number) if unit == "cases" else yuan(number) if unit == "fen" else f"{Decimal(number).scaleb(-3):f}"


def _uneven(place: int, line: AskedLine, item: Item, units: int) -> Fault | None:
    where = f"/lines/{place}/{'units' if line.units is not None else 'cases'}"
    step = item.case_pack * item.multiple_cases
    if units <= 0 or units > MAX_UNITS:
        return Fault(where, "out_of_range", f"应在 1 到 {MAX_UNITS} 件之间", f"between 1 and {MAX_UNITS} units")
    if units % item.case_pack:
        zh = f"{item.sku} 每箱 {item.case_pack} 件，{units} 件不是整箱"
        en = f"a case of {item.sku} holds {item.case_pack}; {units} is no whole number of cases"
        return Fault(where, NotACaseMultiple.code, zh, en)
    if units % step:
        zh, en = f"{item.sku} 须按 {item.multiple_cases} 箱的倍数订货", f"{item.multiple_cases} cases at a time"
        return Fault(where, NotACaseMultiple.code, zh, en)
    return None


def _doubts(place: int, line: AskedLine, item: Item, units: int) -> list[Fault]:
    ours = item.price_fen * units
    believed = [
        ("unit_price_fen", line.unit_price_fen, (line.unit_price_fen or 0) * units),
        ("amount_fen", line.amount_fen, line.amount_fen or 0),
    ]
    return [
        Fault(
            f"/lines/{place}/{name}",
            PriceMismatch.code,
            f"{item.sku} 供货价为每件 {yuan(item.price_fen)} 元，本行 {yuan(ours)} 元",
            f"{item.sku} is {yuan(item.price_fen)} yuan a unit, {yuan(ours)} for the line",
        )
        for name, said, amount in believed
        if said is not None and abs(amount - ours) > TOLERANCE_FEN
    ]


def _below(planned: Iterable[Planned], agreed: Agreed) -> list[Fault]:
    """Whether the whole order is large enough, in what the contract counts."""
    lines = list(planned)
    match agreed.minimum_unit:
        case "cases":
            size, unit, unit_en = sum(line.units // line.item.case_pack for line in lines), "箱", "cases"
        case "net_weight_g":
            size, unit, unit_en = sum(line.units * line.item.net_weight_g for line in lines), "千克", "kg net"
        case _:
            size, unit, unit_en = sum(line.amount_fen for line in lines), "元", "yuan"
    if size >= agreed.minimum:
        return []
    least, this = (_for_people(number, agreed.minimum_unit) for number in (agreed.minimum, size))
    zh = f"整单起订量为 {least} {unit}，本单为 {this} {unit}"
    en = f"an order is {least} {unit_en} at least; this is {this}"
    return [Fault("/lines", BelowMinimum.code, zh, en)]


def same_meaning(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two contents ask for the same: other codes for the same goods, or units for cases, change nothing."""
    return _meaning(before) == _meaning(after)


def _meaning(content: Mapping[str, Any]) -> tuple[list[object], list[tuple[Any, ...]]]:
    header = [content.get(name) for name in ("location_code", "required_on", "latest_on", "kind", "note")]
    lines = [(line["line_no"], line.get("means"), line.get("wants"), line.get("doubted")) for line in content["lines"]]
    return header, sorted(lines, key=lambda line: line[0])


def understood(asked: AskedOrder, plan: Sequence[Planned]) -> dict[str, Any]:
    """What was asked, with the SKU and units that each line means, and its price where that is not ours."""
    content = asked.content
    by_number = {line.asked.line_no: line for line in plan}
    for line in content["lines"]:
        planned = by_number[line["line_no"]]
        line["means"], line["wants"] = planned.item.sku, planned.units
        if planned.doubts:
            line["doubted"] = [planned.asked.unit_price_fen, planned.asked.amount_fen]
    return content


@dataclass(frozen=True, slots=True)
class Given:
    """How much of a line we promise, and why not more."""

    units: int
    reason: str | None = None


def cut(
    plan: Sequence[Planned], free: Mapping[str, int], available_fen: int, *, taken: Mapping[str, int] | None = None
) -> list[Given]:
    """What stock and credit give of each line, in the order of the lines: whole multiples, none below its minimum.

    ``free`` is what can be had of each SKU, ``taken`` what the order holds already.
    """
    left = {sku: free.get(sku, 0) + (taken or {}).get(sku, 0) for sku in {line.item.sku for line in plan}}
    money = available_fen
    given = []
    for line in plan:
        item = line.item
        step = item.case_pack * item.multiple_cases
        by_stock = min(line.units, left[item.sku])
        units = min(by_stock, money // item.price_fen) // step * step
        if units < item.min_cases * item.case_pack:
            units = 0
        left[item.sku] -= units
        money -= units * item.price_fen
        reason = None if units == line.units else (SHORT_OF_STOCK if by_stock < line.units else SHORT_OF_CREDIT)
        given.append(Given(units, reason))
    return given


def in_range(total_fen: int) -> bool:
    """Whether an amount is one that we count in."""
    return total_fen <= MAX_FEN
