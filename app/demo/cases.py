"""What auditors should find in the demo (domain handbook §2.9), each once, decided before it happens: pure.

Everything stands on days of its own, whatever the seed, and at hours at which nobody else orders. Cases of households
are planted with them (``households``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from app.core.clock import SHANGHAI
from app.demo.plan import Case, Ending, Person, Plan, PlannedOrder

DEAR_SKU, DEAR_PCT = "GT06", 160
"""Sold once at this share of its usual price."""

OWN_SUPPLIER = "S04"
"""Whose clerk buys its tea."""

UNSOLD_SUPPLIER = "S12"
"""It sells nothing here; its sale at a fair is declared by a certification that is younger than the sale."""

CLERK_PHONE = "19900008999"
_PHONES_FROM = 19_900_009_000
_USUAL_DEALS = 6
_HOME = "370112"


@dataclass(frozen=True, slots=True)
class FairSale:
    """Sold ``sold_on``, listed with an earlier validity on ``listed_on``, declared and approved on the days after."""

    sold_on: date
    valid_from: date
    listed_on: date
    declared_on: date


@dataclass(frozen=True, slots=True)
class Cases:
    """The orders with their people, and the days of what happens to them later."""

    orders: tuple[PlannedOrder, ...]
    people: tuple[Person, ...]
    reported_on: date
    refunded_on: date
    fair: FairSale

    def enter(self, plan: Plan) -> Plan:
        """The plan with these orders and people too."""
        own = [replace(order, person=order.person + len(plan.people)) for order in self.orders]
        orders = sorted((*plan.orders, *own), key=lambda order: order.at)
        return replace(plan, people=(*plan.people, *self.people), orders=tuple(orders))


def draw_cases(until: date) -> Cases:
    """The cases of the two years that end with ``until``: all but one in the calendar year that lies in them whole."""
    year = until.year - 1
    turn = until.year if until.month > 1 else year  # of this year the first days are there, and the last ones before it
    orders = [_order(nth, date(year, 9, 1 + 3 * nth), DEAR_SKU, Case.USUAL) for nth in range(_USUAL_DEALS)]
    for day, sku, case in (
        (date(year, 9, 22), DEAR_SKU, Case.OVERPRICED),
        (date(year, 5, 11), "DT01", Case.OWN),
        (date(year, 10, 11), "CO01", Case.REPORTED_TWICE),
        (date(turn - 1, 12, 18), "DT02", Case.REFUNDED_LATE),
    ):
        orders.append(_order(len(orders), day, sku, case))
    return Cases(
        orders=tuple(orders),
        people=tuple(_person(nth) for nth in range(len(orders))),
        reported_on=date(year, 10, 28),
        refunded_on=date(turn, 1, 6),
        fair=FairSale(date(year, 3, 15), date(year, 3, 1), date(year, 3, 28), date(year, 4, 2)),
    )


def _order(nth: int, day: date, sku: str, case: Case) -> PlannedOrder:
    """At ten past three in the night, when nobody of the plan is awake; kept, and confirmed within a week."""
    return PlannedOrder(
        at=datetime.combine(day, time(3, 10), SHANGHAI),
        person=nth,
        items=((sku, 1),),
        ending=Ending.KEPT,
        dispatch_hours=12,
        transit_hours=60,
        confirm_hours=20,
        spoilt_parts=(1, 8),
        case=case,
    )


def _person(nth: int) -> Person:
    return Person("张王李赵陈杨周吴徐孙"[nth] + "先生", str(_PHONES_FROM + nth), _HOME, f"经十路{100 + nth}号")
