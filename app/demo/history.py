"""Two years of orders, lived through by the system's own use cases with the clock passed in."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import fulfilment, identity, inventory, orders, payments, pricing, suppliers
from app.buyers import make_address
from app.core.clock import SHANGHAI, day_end, day_start, local_day
from app.core.db import Database
from app.core.events import Wiring
from app.core.money import parse_yuan
from app.core.outbox import deliver_within
from app.core.settings import Settings
from app.demo.accounts import Accounts
from app.demo.county import ROOTS, County, season_of
from app.demo.deals import Deals
from app.demo.plan import FRESH, Case, Ending, Plan, PlannedOrder
from app.demo.purchases import PlannedPurchase
from app.demo.supermarkets import agree, renewals
from app.identity import Actor, Role

_SUNDAY = 6
_QUARTER_DAYS = 91
_FRESH_SHELF_DAYS = 20
_NEW_PRICES_ON = (1, 1)
_SPRING_STOPS = {  # about three days before to five after the first of the year (domain handbook §5.3)
    2025: (date(2025, 1, 26), date(2025, 2, 3)),
    2026: (date(2026, 2, 14), date(2026, 2, 21)),
    2027: (date(2027, 2, 3), date(2027, 2, 11)),
}
_CLOSED_LONGER = ("S01", "S08")
_TAKES_STOCK = "S11"
_ONE_SHORT_IN = 97
_CARRIERS = (("ZTO", "78{:012d}"), ("YTO", "YT{:013d}"), ("STO", "77{:011d}"), ("SF", "SF1{:012d}"))


def bank(wiring: Wiring) -> Wiring:
    """The past's choreography: nobody speaks to the outside world, and a bank that pays refunds back at once."""
    quiet = wiring.without_couriers("webhooks")

    async def pay_back(session: AsyncSession, fact: payments.RefundRequested, now: datetime) -> None:  # noqa: ARG001
        reference = f"DEMO-R-{fact.number}"
        await payments.settle_refund(
            session, refund_id=fact.refund_id, provider_refund=reference, now=fact.at + timedelta(minutes=3)
        )

    quiet.on(payments.RefundRequested, pay_back, name="demo.bank")
    return quiet


@dataclass(slots=True)
class History:
    """A queue of things that will happen, and the hands that make them happen in the order of time."""

    db: Database
    settings: Settings
    county: County
    plan: Plan
    password_hash: str
    buyers: dict[int, Actor] = field(default_factory=dict)
    purchases: tuple[PlannedPurchase, ...] = ()
    placed: dict[Case, orders.OrderView] = field(default_factory=dict)
    """The planned cases, once they are ordered."""
    _queue: list[tuple[datetime, int, Callable[[AsyncSession, datetime], Any]]] = field(default_factory=list)
    _ticket: itertools.count[int] = field(default_factory=itertools.count)
    _parcels: itertools.count[int] = field(default_factory=lambda: itertools.count(20_001))
    _stop: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._stop = day_end(self.plan.until)

    def at(self, moment: datetime, act: Callable[[AsyncSession, datetime], Any]) -> None:
        """Let ``act`` happen at ``moment``, unless the history ends before."""
        if moment < self._stop:
            heapq.heappush(self._queue, (moment.astimezone(UTC), next(self._ticket), act))

    async def live(self, report: Callable[[str, int, int], None]) -> None:
        """Live through the plan, one transaction a day, with that day's facts delivered at its end."""
        self._harvests()
        self._price_rise()
        self._write_offs()
        self._days_off()
        self._contracts()
        for planned in self.plan.orders:
            self.at(planned.at, self._place(planned))
        Deals(self.at, self.county, self.plan.first.year).enter(self.purchases)
        Accounts(self.at, self.county, self.plan.first, self.plan.until).enter()
        span = (self.plan.until - self.plan.first).days + 1
        for number in range(span):
            day = self.plan.first + timedelta(days=number)
            end = day_end(day)
            # A day on which nothing happens needs no look at the books; the last one always does.
            if number == span - 1 or (self._queue and self._queue[0][0] < end):
                await self._day(end)
            if number % 7 == 0 or number == span - 1:
                report("两年订单 / two years of orders", number + 1, span)

    async def _day(self, end: datetime) -> None:
        async with self.db.write() as session:
            while self._queue and self._queue[0][0] < end:
                moment, _, act = heapq.heappop(self._queue)
                await act(session, moment)
            await deliver_within(session, self.db.wiring, end - timedelta(seconds=1))

    # --- the goods ---

    def _harvests(self) -> None:
        """Lots arrive as the land gives them: oranges weekly in season, tea after the harvest, the rest by quarter."""
        demand: defaultdict[str, Counter[date]] = defaultdict(Counter)
        for planned in self.plan.orders:
            for sku, quantity in planned.items:
                demand[sku][planned.at.date()] += quantity
        for purchase in self.purchases:
            for line in purchase.lines:
                units = (line.cases + purchase.amended) * self.county.skus[line.sku]["case_pack"]
                demand[line.sku][purchase.at.date()] += units
        for sku, entry in self.county.skus.items():
            fresh = ROOTS[entry["cat"]] == FRESH
            days = self._arrivals(entry, fresh=fresh)
            for number, day in enumerate(days):
                following = days[number + 1] if number + 1 < len(days) else self.plan.until + timedelta(days=90)
                wanted = sum(count for on, count in demand[sku].items() if day <= on < following)
                spare = 40 if fresh else 60
                self._receive(sku, day, wanted * 5 // 4 + spare, fresh=fresh)
            if fresh:
                for year in range(self.plan.first.year, self.plan.until.year + 1):
                    self._clear(sku, date(year, 2, 12))

    def _arrivals(self, entry: dict[str, Any], *, fresh: bool) -> list[date]:
        first, until = self.plan.first, self.plan.until
        season = season_of(entry)
        if fresh and season is not None:
            opens, closes = season
            open_days = []
            for number in range((until - first).days + 1):
                day = first + timedelta(days=number)
                today = f"{day:%m-%d}"
                if opens <= today or today <= closes:
                    open_days.append(day)
            return [day for n, day in enumerate(open_days) if n == 0 or day.weekday() == 0 or f"{day:%m-%d}" == opens]
        if season is not None and ROOTS[entry["cat"]] == "golden-tea":
            month, day_of_month = (int(part) for part in season[1].split("-"))
            harvests = (
                date(year, month, day_of_month) + timedelta(days=6) for year in range(first.year, until.year + 1)
            )
            return [first, *(day for day in harvests if first < day <= until)]
        return [first + timedelta(days=n) for n in range(0, (until - first).days + 1, _QUARTER_DAYS)]

    def _receive(self, sku: str, day: date, quantity: int, *, fresh: bool) -> None:
        entry = self.county.skus[sku]
        by = self.county.suppliers[entry["supplier"]]
        season = season_of(entry)
        produced = day - timedelta(days=1 if fresh else 8)
        if fresh and season is not None and f"{day:%m-%d}" == season[0]:
            produced = day  # nothing is picked before the first day of the season
        harvested: date | None = produced if fresh else None
        if season is not None and not fresh and ROOTS[entry["cat"]] == "golden-tea":
            closes = date(day.year, *(int(part) for part in season[1].split("-")))
            harvested = closes if closes < day else closes.replace(year=closes.year - 1)
            harvested -= timedelta(days=2)  # in some years the solar term falls a day earlier
            produced = harvested + timedelta(days=2)
        shelf = timedelta(days=_FRESH_SHELF_DAYS if fresh else entry["shelf_days"])

        async def act(session: AsyncSession, now: datetime) -> None:
            await inventory.receive(
                session,
                sku=sku,
                code=f"{entry['supplier']}-{day:%Y%m%d}-{sku}",
                harvested_on=harvested,
                produced_on=produced,
                best_before=produced + shelf,
                village=self.county.villages[entry["supplier"]] or None,
                quantity=quantity,
                by=by,
                now=now,
            )

        self.at(day_start(day), act)  # before anybody orders of it: tickets are drawn for lots first

    def _clear(self, sku: str, day: date) -> None:
        """After the season nothing that can rot stays on the shelf."""
        by = self.county.suppliers[self.county.skus[sku]["supplier"]]

        async def act(session: AsyncSession, now: datetime) -> None:
            if by.supplier_id is not None:
                update = inventory.Update(sku=sku, mode="set", quantity=0, reason="产季结束，余果清仓")
                await inventory.apply_updates(session, by.supplier_id, [update], by=by, now=now, partial=True)

        if day >= self.plan.first:
            self.at(day_start(day) + timedelta(hours=9), act)

    def _write_offs(self) -> None:
        """On Sunday nights what is past its date leaves the shelf."""

        async def act(session: AsyncSession, now: datetime) -> None:
            await inventory.write_off_expired(session, now=now)

        for number in range((self.plan.until - self.plan.first).days + 1):
            day = self.plan.first + timedelta(days=number)
            if day.weekday() == _SUNDAY:
                self.at(day_end(day) - timedelta(seconds=1), act)

    def _price_rise(self) -> None:
        for year in range(self.plan.first.year + 1, self.plan.until.year + 1):
            for sku, entry in self.county.skus.items():
                if entry["retail"]:
                    self.at(day_start(date(year, *_NEW_PRICES_ON)), self._reprice(sku, entry))
            break

    def _reprice(self, sku: str, entry: dict[str, Any]) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            by = self.county.suppliers[entry["supplier"]]
            await pricing.set_price(session, sku, parse_yuan(entry["retail"]), by=by, now=now)

        return act

    def _days_off(self) -> None:
        """The Spring Festival, told to buyers two months before; and a supplier that counts its stock next week."""
        two_months = timedelta(days=60)
        for first, last in _SPRING_STOPS.values():
            told = day_start(first - two_months) + timedelta(hours=10)
            if told < day_start(self.plan.first):
                continue
            self.at(told, self._no_collection(first, last))
            for code in _CLOSED_LONGER:
                festival = suppliers.ClosureReason.SPRING_FESTIVAL
                note = "祝您新春快乐，节后按付款先后发货"
                self.at(told, self._close(code, first - timedelta(days=2), last + timedelta(days=1), festival, note))
        counting = self.plan.until + timedelta(days=4)
        stocktaking = suppliers.ClosureReason.STOCKTAKING
        self.at(
            day_start(self.plan.until) + timedelta(hours=9),
            self._close(_TAKES_STOCK, counting, counting + timedelta(days=1), stocktaking, None),
        )

    def _no_collection(self, first: date, last: date) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            await fulfilment.announce_blackout(session, None, first, last, by=self.county.operator, now=now)

        return act

    def _close(
        self, code: str, first: date, last: date, reason: suppliers.ClosureReason, note: str | None
    ) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            by = self.county.suppliers[code]
            await suppliers.announce_closure(session, first, last, reason, note, by=by, now=now)

        return act

    def _contracts(self) -> None:
        """Each November the supermarkets agree on the next year."""
        county = self.county
        for drawn, year, sign in renewals(self.plan.first, self.plan.until):
            for code, market in county.supermarkets.items():
                record = county.records[code]
                self.at(drawn, agree(market, record, county.skus, year, sign=sign, by=county.operator))

    # --- the orders ---

    async def _buyer(self, session: AsyncSession, number: int, now: datetime) -> Actor:
        if number not in self.buyers:
            person = self.plan.people[number]
            account_id = await identity.create_account(
                session,
                username=None,
                name=person.name,
                password_hash=self.password_hash,
                role=Role.BUYER,
                phone=person.phone,
                now=now,
            )
            self.buyers[number] = Actor(account_id, frozenset({Role.BUYER}))
        return self.buyers[number]

    def _place(self, planned: PlannedOrder) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            by = await self._buyer(session, planned.person, now)
            person = self.plan.people[planned.person]
            asked = orders.Placement(
                wanted=dict(planned.items),
                address=make_address(
                    recipient=person.name,
                    phone=person.phone,
                    division_code=person.division_code,
                    detail=person.detail,
                ),
                fresh_goods_acknowledged=True,
            )
            minutes = self.settings.orders.pay_within_minutes
            order = await orders.place(session, asked, by=by, now=now, pay_within_minutes=minutes)
            if planned.case is not None:
                self.placed[planned.case] = order
            if planned.ending is Ending.UNPAID:
                # Money is noticed with the day's facts: only then is it known who has not paid.
                self.at(day_end(local_day(order.expires_at)), self._expire)
            else:
                self.at(now + timedelta(minutes=4), self._pay(planned, order, by))

        return act

    async def _expire(self, session: AsyncSession, now: datetime) -> None:
        await orders.expire_due(session, now=now)

    def _pay(
        self, planned: PlannedOrder, order: orders.OrderView, by: Actor
    ) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            payment = await orders.start_payment(
                session, order.id, provider=payments.Provider.SANDBOX, by=by, settings=self.settings, now=now
            )
            await payments.capture(
                session,
                payment_id=payment.id,
                provider_transaction=f"DEMO-{order.number}",
                amount_fen=order.total_fen,
                now=now,
            )
            # The money is noticed with the day's facts; nothing leaves a warehouse before the next morning.
            morning = datetime.combine(now.astimezone(SHANGHAI).date() + timedelta(days=1), time(8, 30), SHANGHAI)
            if planned.ending is Ending.CANCELLED:
                self.at(morning, self._cancel(order, by))
                return
            leaves = max(morning, now + timedelta(hours=planned.dispatch_hours))
            for part in order.supplier_orders:
                self.at(leaves, self._ship(planned, order, part, by))

        return act

    def _cancel(self, order: orders.OrderView, by: Actor) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            await orders.cancel(session, order.id, by=by, reason="买家改变主意", now=now)

        return act

    def _ship(
        self, planned: PlannedOrder, order: orders.OrderView, part: orders.SupplierOrderView, by: Actor
    ) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            serial = next(self._parcels)
            carrier, form = _CARRIERS[serial % len(_CARRIERS)]
            parcel = await orders.ship(
                session,
                part.id,
                carrier=carrier,
                tracking_number=form.format(serial),
                contents=[
                    orders.ShipLine(line.id, line.quantity) for line in order.lines if line.supplier_order_id == part.id
                ],
                supplier_id=part.supplier_id,
                now=now,
            )
            arrives = now + timedelta(hours=planned.transit_hours)
            if serial % _ONE_SHORT_IN == 0:
                self.at(now + timedelta(hours=2), self._weigh(order, part))
            last = part is order.supplier_orders[-1]
            self.at(arrives, self._deliver(planned, order, part, parcel.id, by, last=last))

        return act

    def _weigh(
        self, order: orders.OrderView, part: orders.SupplierOrderView
    ) -> Callable[[AsyncSession, datetime], Any]:
        """The box was weighed again behind the scales: it lacks four per cent."""

        async def act(session: AsyncSession, now: datetime) -> None:
            boxes = [
                orders.Weighed(line.id, 1, self.county.skus[line.sku]["net"] * 96 // 100)
                for line in order.lines
                if line.supplier_order_id == part.id and _is_fresh(line.sku, self.county)
            ]
            if boxes:
                by = next(one for one in self.county.suppliers.values() if one.supplier_id == part.supplier_id)
                limit = self.settings.orders.weight_correction_max_bp
                await orders.weigh(
                    session, part.id, boxes, supplier_id=part.supplier_id, by=by, limit_bp=limit, now=now
                )

        return act

    def _deliver(
        self,
        planned: PlannedOrder,
        order: orders.OrderView,
        part: orders.SupplierOrderView,
        parcel_id: UUID,
        by: Actor,
        *,
        last: bool,
    ) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            # The carrier says so; the order hears of it with the day's facts.
            await fulfilment.deliver(session, parcel_id, supplier_id=part.supplier_id, now=now)
            if not last:
                return
            days = self.settings.orders.confirm_after_days
            if planned.confirm_hours is not None:
                self.at(now + timedelta(hours=planned.confirm_hours), self._confirm(order, by))
            else:
                self.at(now + timedelta(days=days), self._confirm_due)
            if planned.ending is Ending.SPOILT:
                self.at(now + timedelta(hours=20), self._refund(planned, order))

        return act

    def _confirm(self, order: orders.OrderView, by: Actor) -> Callable[[AsyncSession, datetime], Any]:
        async def act(session: AsyncSession, now: datetime) -> None:
            await orders.confirm(session, order.id, by=by, now=now)

        return act

    async def _confirm_due(self, session: AsyncSession, now: datetime) -> None:
        await orders.confirm_due(session, now=now)

    def _refund(self, planned: PlannedOrder, order: orders.OrderView) -> Callable[[AsyncSession, datetime], Any]:
        """Bad fruit: what was paid for the line, times spoilt pieces over all pieces, half a fen up (§1.5)."""

        async def act(session: AsyncSession, now: datetime) -> None:
            line = max(order.lines, key=lambda found: found.amount_fen)
            spoilt, total = planned.spoilt_parts
            amount = max(1, (2 * line.amount_fen * spoilt + total) // (2 * total))
            await orders.refund_lines(
                session,
                order.id,
                [orders.RefundLine(line.id, amount)],
                by=self.county.operator,
                reason=f"坏果包赔：{total} 份中坏 {spoilt} 份" if _is_fresh(line.sku, self.county) else "破损补偿",
                now=now,
            )

        return act


def _is_fresh(sku: str, county: County) -> bool:
    return ROOTS[county.skus[sku]["cat"]] == FRESH
