"""How each programme period calls things: one table, from which reports and certificates take their words.

Terms of one period do not fit another (domain handbook §2.1). The labels of the third were still settling when this was
written: they are changed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from app.assistance.rules.counting import PROGRAMMES, Programme, programme_on


@dataclass(frozen=True, slots=True)
class Said:
    """The same in Chinese and in English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of one programme period.

    ``assessed`` tells whether its figures may enter the assessment of East–West cooperation at all: since 2021 Xiangxi
    is not paired with a district of Shandong, so no report of a later year may claim such a figure. ``caution`` says so
    in the footnote of whatever is printed.
    """

    people: Said
    product: Said
    programme: Said
    authority: Said
    purchase: Said
    caution: Said
    assessed: bool


TERMS: Mapping[str, Terms] = MappingProxyType(
    {
        "P1": Terms(
            people=Said("建档立卡贫困人口", "registered poor people"),
            product=Said("扶贫产品", "poverty-alleviation products"),
            programme=Said("东西部扶贫协作", "East–West poverty-alleviation cooperation"),
            authority=Said("国务院扶贫办", "State Council Leading Group Office of Poverty Alleviation"),
            purchase=Said("消费扶贫", "consumption for poverty alleviation"),
            caution=Said(
                "数据为本平台订单的可核验部分，东西部扶贫协作考核数据以有关部门核定为准。",
                "These are sales that this platform can prove; what counts in the assessment of East–West cooperation "
                "is decided by the authorities.",
            ),
            assessed=True,
        ),
        "P2": Terms(
            people=Said("脱贫人口和防止返贫监测对象", "people lifted out of poverty and monitored households"),
            product=Said("帮扶产品", "assistance products"),
            programme=Said("消费帮扶（乡村振兴）", "consumption assistance within rural revitalisation"),
            authority=Said(
                "国家乡村振兴局、农业农村部",
                "National Rural Revitalisation Administration, then the Ministry of Agriculture and Rural Affairs",
            ),
            purchase=Said("消费帮扶", "consumption assistance"),
            caution=Said(
                "数据为本平台订单的可核验部分，不属于东西部协作考核数据。",
                "These are sales that this platform can prove; they are no figure of the assessment of East–West "
                "cooperation.",
            ),
            assessed=False,
        ),
        "P3": Terms(
            people=Said("防止返贫致贫对象和农村低收入人口", "people at risk of poverty and rural people of low income"),
            product=Said("欠发达地区农副产品", "farm products of less developed areas"),
            programme=Said("常态化帮扶", "regular assistance within rural revitalisation"),
            authority=Said("农业农村部", "Ministry of Agriculture and Rural Affairs"),
            purchase=Said("常态化消费帮扶", "regular consumption assistance"),
            caution=Said(
                "数据为本平台订单的可核验部分，不属于东西部协作考核数据。",
                "These are sales that this platform can prove; they are no figure of the assessment of East–West "
                "cooperation.",
            ),
            assessed=False,
        ),
    }
)


def terms_on(day: date) -> tuple[Programme, Terms] | None:
    """The programme in force on ``day`` and its words; None before the first."""
    programme = programme_on(day)
    return None if programme is None else (programme, TERMS[programme.code])


def terms_of(first: date, last: date) -> list[tuple[Programme, Terms]]:
    """Every programme that the days ``first`` to ``last`` touch, in their order: a report says what each called it."""
    return [
        (programme, TERMS[programme.code])
        for programme in PROGRAMMES
        if programme.starts_on <= last and (programme.ends_on is None or programme.ends_on >= first)
    ]
