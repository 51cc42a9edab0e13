"""What counted sales did for households as a table: counts only, and no small group."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from app.assistance import FEWEST_HOUSEHOLDS, BenefitPart, Benefits, HouseholdGroup
from app.catalogue import CATEGORIES
from app.core.money import yuan
from app.reports.rules.suppression import hidden, hidden_within
from app.reports.rules.tables import Column, Drawing, Said, Table
from app.reports.service import words

_GROUPS: Mapping[HouseholdGroup, tuple[str | None, str, Said]] = MappingProxyType(
    {
        HouseholdGroup.TOWNSHIP: ("township_code", "township", Said("乡镇", "Township")),
        HouseholdGroup.SUPPLIER: ("supplier_id", "supplier", Said("供应商", "Supplier")),
        HouseholdGroup.VILLAGE: (None, "village", Said("村", "Village")),
        HouseholdGroup.CLASS: (None, "class", Said("农户类型", "Class")),
    }
)
_FIGURES = (
    Column("households_paid", Said("收到款项户数", "Households paid"), "whole", 14),
    Column("persons_paid", Said("收到款项人数", "Persons paid"), "whole", 14),
    Column("households", Said("受益户数", "Households benefiting"), "whole", 14),
    Column("persons", Said("受益人数", "Persons benefiting"), "whole", 14),
    Column("linked_only", Said("仅签约未付款户数", "Linked, not paid"), "whole", 16),
    Column("paid_fen", Said("实付农户（元）", "Paid (yuan)"), "yuan", 16),
    Column("income_fen", Said("分摊收入（元）", "Allocated income (yuan)"), "yuan", 18),
)
_COUNTS = (0, 2, 4)
_MOST_BARS = 12
_ALLOCATED = Said("按销售份额分摊的收入（非因果）", "Income allocated by share of sales (allocated, not causal)")
_UNRECORDED, _HIDDEN = "unrecorded", "hidden"
_NOTES = (
    Said(
        "分摊收入＝原料类收益（收购、代销代加工、返利）×原料份额ρ＋务工、土地流转、分红收益×收入份额λ。ρ＝统计销售量折算的原料"
        "÷同期收购原料总量，λ＝统计净销售额÷申报总收入，均不超过 1；原料记到批次的，按该批次售出比例计算。"
        "按最大余数法分到分，任何农户的分摊收入不超过其实收。",
        "Allocated income is what was paid for material (purchases, services, rebates) times the material share ρ, "
        "plus wages, rent and dividends times the revenue share λ. ρ is the raw material that counted sales needed, "
        "over all that was bought in the period; λ is counted net sales over declared revenue; neither is more than 1. "
        "Where payments name a lot, the part of it that was sold stands for ρ. Divided by largest remainder to the "
        "fen; no household is allocated more than it was paid.",
    ),
    Said(
        "受益户：期内分摊收入达到 100 元的农户；一户有几个供应商的，合计只计一户，因此分供应商各行之和可能大于合计。"
        "礼盒的组成重量未登记，礼盒销售只计入 λ，不计入 ρ。跨期申报的数据按天数折算。",
        "A household benefits from 100 yuan of allocated income on. One with several suppliers counts once in the "
        "total, so rows by supplier may add up to more. The contents of gift sets are not recorded by weight: their "
        "sales are in λ and not in ρ. What was declared for a longer span counts by its days.",
    ),
    Said(
        f"不足 {FEWEST_HOUSEHOLDS} 户的分组不显示；为防止由合计推算，必要时一并隐藏其他分组或合计。",
        f"Groups of fewer than {FEWEST_HOUSEHOLDS} households are not shown, nor others or totals that would "
        "give them away.",
    ),
)


def households_table(told: Benefits, *, first: date, last: date, as_of: datetime, undelivered: int) -> Table:
    """Counts and sums by group; a hidden row keeps its name and says that it is hidden."""
    key, name, title = _GROUPS[told.by]
    rows = [_figures(part) for part in told.parts]
    whole = _figures(told.total)
    counts, sums = [[row[at] for at in _COUNTS] for row in rows], [whole[at] for at in _COUNTS]
    # By township a report tells what villages come to together, so each township's villages hide one another.
    wholes = [part.key.partition("/")[0] for part in told.parts] if told.by is HouseholdGroup.VILLAGE else []
    within = hidden_within(counts, wholes, FEWEST_HOUSEHOLDS)
    gone, totals_gone = hidden(counts, sums, FEWEST_HOUSEHOLDS, also=within)
    nothing = [None] * len(_FIGURES)
    head = [Column(key, words.TITLES[key], width=38, on_paper=False)] if key else []
    ids = [[part.key] if key else [] for part in told.parts]
    shown = [
        [*ids[at], part.name or _UNRECORDED, *(nothing if at in gone else rows[at]), _HIDDEN if at in gone else None]
        for at, part in enumerate(told.parts)
    ]
    return Table(
        name=f"households-{told.by.value}-{first}-{last}",
        title=Said("联农带农受益报表", "What sales did for households"),
        as_of=as_of,
        columns=[
            *head,
            Column(name, title, width=26, words={_UNRECORDED: Said("未登记", "Not recorded")}),
            *_FIGURES,
            Column("shown", Said("显示", "Shown"), width=12, words={_HIDDEN: Said("已隐藏", "Hidden")}),
        ],
        rows=shown,
        totals=[None, *([None] if key else []), *(nothing if totals_gone else whole), None],
        particulars=[
            (words.PERIOD, words.span(first, last)),
            (Said("口径", "Basis"), _ALLOCATED),
            *([] if totals_gone else _ratio(told)),
        ],
        notes=[
            *(_ALLOCATED, *_NOTES),
            *_worked(told, hide=totals_gone),
            *_undeclared(told),
            *words.undelivered(undelivered),
        ],
        drawing=Drawing(
            Said(f"受益户数，按{title.zh}", f"Households benefiting by {title.en.lower()}"),
            [Column(name, title), _FIGURES[2]],
            [
                (part.name or _UNRECORDED, part.benefit.households)
                for at, part in sorted(enumerate(told.parts), key=lambda one: -one[1].benefit.households)
                if at not in gone and part.benefit.households
            ][:_MOST_BARS],
        ),
        head=_head(told, first, last, undelivered, hide=totals_gone),
        footer=True,
    )


_LINES = {root.slug: Said(root.name, root.slug) for root in CATEGORIES}


def _worked(told: Benefits, *, hide: bool) -> list[Said]:
    """The shares of those who declared what they are made of, and the sum; what stands in would tell of households."""
    notes = []
    for one in told.works:
        if one.whole is None:
            continue
        percent = f"{100 * one.share.numerator / one.share.denominator:.2f} %"
        if one.category is None:
            made = f"λ = {_yuan(one.sold)} ÷ {_yuan(one.whole)} = {percent}"
            notes.append(Said(f"{one.name}：{made}", f"{one.name}: {made}"))
        elif one.kappa is not None:
            kappa = f"{one.kappa.numerator / one.kappa.denominator:g}"
            made = f"ρ = {kappa} × {_kilos(one.sold)} ÷ {_kilos(one.whole)} = {percent}"
            line = _LINES[one.category]
            notes.append(Said(f"{one.name}，{line.zh}：{made}", f"{one.name}, {line.en}: {made}"))
    if not hide:
        income, net, ratio = _yuan(told.total.benefit.income_fen), _yuan(told.net_fen), _percent(told)
        notes.append(
            Said(
                f"分摊收入合计 {income} 元，统计净销售额 {net} 元，收入回报率 {ratio}。",
                f"Allocated income {income} yuan of {net} yuan of counted net sales: a return ratio of {ratio}.",
            )
        )
    return notes


def _yuan(fen: int) -> str:
    whole, _, rest = yuan(fen).partition(".")
    return f"{'-' if whole == '-0' else ''}{int(whole):,}.{rest}"


def _kilos(grams: int) -> str:
    return f"{grams / 1000:,.1f} kg"


def _percent(told: Benefits) -> str:
    return "—" if told.return_bp is None else f"{told.return_bp / 100:.1f} %"


def _shares(told: Benefits) -> list[dict[str, Any]]:
    return [
        {
            "supplier_id": str(one.supplier),
            "supplier": one.name,
            "category": one.category,
            "part": None if one.whole is None else round(one.part),
            "whole": one.whole,
            "share": None if one.whole is None else round(one.share.numerator / one.share.denominator, 6),
        }
        for one in told.works
    ]


def _figures(part: BenefitPart) -> list[int]:
    had = part.benefit
    return [
        had.paid_households,
        had.paid_persons,
        had.households,
        had.persons,
        part.linked_only,
        had.paid_fen,
        had.income_fen,
    ]


def _head(told: Benefits, first: date, last: date, undelivered: int, *, hide: bool) -> dict[str, Any]:
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "group_by": told.by.value,
        "undelivered_facts": undelivered,
        "net_fen": told.net_fen,
        "income_return_ratio": None if hide or told.return_bp is None else told.return_bp / 10_000,
        "uplift_fen": None if hide else told.uplift_fen,
        "basis": _ALLOCATED.zh,
        "material_undeclared": len(told.shares.raw_undeclared),
        "revenue_undeclared": len(told.shares.revenue_undeclared),
        "shares": _shares(told),
    }


def _ratio(told: Benefits) -> list[tuple[Said, str]]:
    return [
        (Said("收入回报率", "Income return ratio"), _percent(told)),
        (Said("统计净销售额（元）", "Counted net sales (yuan)"), yuan(told.net_fen)),
        (Said("收购溢价（元）", "Paid above reference prices (yuan)"), yuan(told.uplift_fen)),
    ]


def _undeclared(told: Benefits) -> list[Said]:
    material, revenue = len(told.shares.raw_undeclared), len(told.shares.revenue_undeclared)
    if not material and not revenue:
        return []
    return [
        Said(
            f"{material} 个供应商产品线未申报全期收购总量，按已登记的收购量计算（份额偏高）；"
            f"{revenue} 家供应商未申报全期总收入，以原料份额代替。",
            f"{material} product lines of suppliers have no declared purchases for the whole period, so those on "
            f"record stand in and the share is high; {revenue} suppliers have no declared revenue, so the material "
            "share does.",
        )
    ]
