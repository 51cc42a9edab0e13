"""The supermarkets of the demo: their stores and centres, what each agreed for every year, codes, prices, credit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import partners, pricing
from app.core.clock import day_start
from app.core.money import parse_yuan
from app.identity import Actor

ORANGES = frozenset(("NO06", "NO07"))
_EARLIER_PCT = 95
"""What the supply prices of the first year were of today's."""
_YUAN_10_000 = 1_000_000
_ROADS = (
    "花园路", "经十路", "工业北路", "和平路", "人民路", "建设路", "解放路", "文化路", "中心路", "新村路",
    "学府路", "健康路", "迎宾路", "金桥路", "柳泉路", "向阳路", "南园路", "北湖路", "东风街", "青年街",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chain:
    """What is particular to a partner (domain handbook §8.3): its places, its habits, what it buys."""

    centre: tuple[str, str, str, str]
    """Code, name, division and address of where goods go."""
    divisions: tuple[tuple[str, str], ...]
    """Where its stores are: code and name."""
    weekdays: tuple[int, ...]
    until: time
    lead_days: int
    minimum: int
    minimum_unit: partners.MinimumUnit
    min_life_pct: int
    limit_fen: int
    skus: tuple[str, ...]
    codes_from: int
    """Where its own item codes begin, written with nine digits; 0 where it has none."""
    fee: partners.NewFee | None = None


def _fee(name: str, service: str, basis: partners.FeeBasis, figure: int) -> partners.NewFee:
    percent = basis is partners.FeeBasis.PERCENT
    return partners.NewFee(
        name=name,
        service=service,
        basis=basis,
        amount_fen=None if percent else figure,
        rate_bp=figure if percent else None,
        tax_rate_bp=600,
    )


_TEA = ("GT02", "GT04", "GT05", "GT11", "GT12", "GT13", "GT14")
_DARK = ("DT01", "DT02", "DT03", "DT05", "DT06")
_OIL = ("CO01", "CO02", "CO03", "CO04")
CHAINS: Mapping[str, Chain] = {
    "P01": Chain(
        ("0012", "王舍人配送中心", "370112", "济南市历城区工业北路 200 号"),
        (("370112", "历城"), ("370102", "历下"), ("370103", "市中"), ("370105", "天桥"), ("370104", "槐荫")),
        (1, 3, 5),
        time(14),
        3,
        300_000,
        partners.MinimumUnit.FEN,
        67,
        120 * _YUAN_10_000,
        (*_TEA, "GT03", *_DARK, *_OIL, "NO02", "NO06", "GB01"),
        100_245,
        _fee("促销服务费", "每月一次堆头陈列与店内广播", partners.FeeBasis.FIXED, 30_000),
    ),
    "P02": Chain(
        ("ZB-DC", "张店物流中心", "370303", "淄博市张店区柳泉路 118 号"),
        (("370303", "张店"), ("370302", "淄川"), ("370305", "临淄"), ("370306", "周村"), ("370304", "博山")),
        (1, 2, 4),
        time(16),
        3,
        20,
        partners.MinimumUnit.CASES,
        67,
        120 * _YUAN_10_000,
        (*_TEA, *_DARK, "CO01", "CO02", "CO04", "NO06"),
        7_003_100,
        _fee("物流服务费", "张店物流中心至门店的分拣与配送", partners.FeeBasis.PERCENT, 100),
    ),
    "P03": Chain(
        ("QD01", "城阳生鲜仓", "370214", "青岛市城阳区正阳路 66 号"),
        (("370213", "李沧"), ("370202", "市南"), ("370203", "市北"), ("370214", "城阳"), ("370212", "崂山")),
        (1, 2, 3, 4, 5, 6),
        time(12),
        2,
        15,
        partners.MinimumUnit.CASES,
        67,
        80 * _YUAN_10_000,
        ("GT04", "GT13", "GT14", "DT02", "DT06", "CO01", "CO02", "NO02", "NO06", "NO07", "GB02"),
        52_001,
    ),
    "P04": Chain(
        ("LY-001", "兰山常温仓", "371302", "临沂市兰山区通达路 9 号"),
        (("371302", "兰山"), ("371311", "罗庄"), ("371312", "河东")),
        (1, 4),
        time(16),
        3,
        200_000,
        partners.MinimumUnit.FEN,
        60,
        80 * _YUAN_10_000,
        ("GT04", "GT05", "GT13", "GT14", *_DARK, *_OIL, "NO06", "GB01"),
        30_880,
        _fee("促销服务费", "每店每月一次试饮活动", partners.FeeBasis.PER_STORE, 1_000),
    ),
    "P05": Chain(
        ("YF-ZD", "奎文集货点（直送）", "370705", "潍坊市奎文区北海路 300 号"),
        (),
        (1, 2, 3, 4, 5, 6, 7),
        time(18),
        2,
        1_000_000,
        partners.MinimumUnit.NET_WEIGHT_G,
        67,
        90 * _YUAN_10_000,
        ("NO06", "NO07"),
        0,
    ),
}


@dataclass(frozen=True, slots=True)
class Supermarket:
    """A partner of the demo: who writes for it, and what it is."""

    code: str
    partner_id: UUID
    staff: Actor
    chain: Chain


def price_fen(entry: Mapping[str, Any], *, first_year: bool) -> int:
    """The supply price of a sales unit (domain handbook §8.2), tax included and delivered."""
    full = parse_yuan(entry["supply"])
    return full * _EARLIER_PCT // 100 // 10 * 10 if first_year else full


async def open_accounts(
    session: AsyncSession,
    markets: Sequence[Supermarket],
    records: Mapping[str, Mapping[str, Any]],
    skus: Mapping[str, Mapping[str, Any]],
    *,
    first: date,
    by: Actor,
    now: datetime,
) -> None:
    """Places, codes, credit and the contract of the first year, so that each can order from ``first`` on."""
    for market in markets:
        record, chain = records[market.code], market.chain
        await partners.add_locations(session, market.partner_id, _places(record, chain), now=now)
        for place, sku in enumerate(chain.skus):
            entry = skus[sku]
            mapping = pricing.Mapping(
                sku,
                f"{chain.codes_from + place * 3:09d}" if chain.codes_from else None,
                entry["gtin13"],
                entry["itf14"] or None,
                entry["case_pack"],
                60 if sku in ORANGES else None,
            )
            await pricing.map_item(session, market.partner_id, mapping, by=by, now=now)
        await partners.set_credit_limit(
            session, market.partner_id, chain.limit_fen, reason="首年授信评审", by=by, now=now
        )
        await agree(market, record, skus, first.year, first_year=True, by=by)(session, now)


def agree(
    market: Supermarket,
    record: Mapping[str, Any],
    skus: Mapping[str, Mapping[str, Any]],
    year: int,
    *,
    first_year: bool = False,
    sign: bool = True,
    by: Actor,
) -> Callable[[AsyncSession, datetime], Any]:
    """What draws a calendar year's contract up with its price list, and has it signed unless it is to stay a draft."""
    chain = market.chain
    terms = partners.Terms(
        contract_no=f"BJ-{market.code}-{year}",
        valid_from=date(year, 1, 1),
        valid_to=date(year, 12, 31),
        order_weekdays=chain.weekdays,
        order_until=chain.until,
        lead_days=chain.lead_days,
        minimum=chain.minimum,
        minimum_unit=chain.minimum_unit,
        min_life_pct=chain.min_life_pct,
        term_days=record["term_days"],
        term_base=partners.TermBase.RECEIPT_DATE,
        rebate_bp=parse_yuan(record["rebate_pct"]),
        rebate_on_invoice=market.code == "P02",
        tolerance={"navel-orange": partners.ORANGES},
    )

    async def act(session: AsyncSession, now: datetime) -> None:
        fees = [chain.fee] if chain.fee else []
        contract = await partners.draft(session, market.partner_id, terms, fees, by=by, now=now)
        rows = [
            pricing.NewPrice(
                sku,
                price_fen(skus[sku], first_year=first_year),
                terms.valid_from,
                terms.valid_to,
                min_cases=20 if sku in ORANGES else 1,
                min_life_days=12 if sku in ORANGES else None,
            )
            for sku in chain.skus
        ]
        if "NO06" in chain.skus:  # the chains' orange festival before the New Year
            festival = price_fen(skus["NO06"], first_year=first_year) * 94 // 100 // 10 * 10
            start, end = date(year, 12, 10), date(year, 12, 25)
            rows.append(pricing.NewPrice("NO06", festival, start, end, promotion=True, min_cases=20, min_life_days=12))
        await pricing.list_prices(session, contract, rows, by=by, now=now)
        if sign:
            await partners.sign(session, contract.id, by=by, now=now)

    return act


def renewals(first: date, until: date) -> list[tuple[datetime, int, bool]]:
    """When the contract of each later year is drawn up, and whether it is signed before the history ends."""
    found = []
    for year in range(first.year + 1, until.year + 2):
        drawn = max(day_start(date(year - 1, 11, 18)), day_start(first)) + timedelta(hours=9)
        if drawn <= day_start(until):
            # The one of a year that has not begun lies on the table.
            found.append((drawn, year, year <= until.year))
    return found


def _places(record: Mapping[str, Any], chain: Chain) -> list[partners.NewLocation]:
    """The centre, and as many stores as the chain has, each on a road of one of its districts."""
    code, name, division, address = chain.centre
    found = [partners.NewLocation(code, name, partners.LocationKind.DC, division, address)]
    for number in range(1, record["stores"] + 1):
        division, area = chain.divisions[number % len(chain.divisions)]
        round_, at = divmod(number, len(_ROADS))
        road = f"{area}{_ROADS[at]}{'东西南北'[round_]}"
        code, address = f"{record['store_prefix']}{number:03d}", f"{area}区{_ROADS[at]} {number * 7 % 290 + 8} 号"
        found.append(partners.NewLocation(code, f"{road}店", partners.LocationKind.STORE, division, address))
    return found
