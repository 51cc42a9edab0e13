"""What becomes of the supermarkets' purchase orders: placed, answered, sent, by the system's own use cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import wholesale
from app.core.clock import SHANGHAI, local_day
from app.demo.county import County
from app.demo.plan import FRESH
from app.demo.purchases import Fate, PlannedPurchase
from app.demo.supermarkets import price_fen
from app.identity import Actor

Act = Callable[[AsyncSession, datetime], Any]
_SOURCES = {"P01": wholesale.Source.API, "P02": wholesale.Source.SHEET}
_TRUCKS = ("湘U·A3{:03d}", "湘U·B7{:03d}", "鲁A·C5{:03d}")


@dataclass(slots=True)
class Deals:
    """The supermarkets' part of the history; ``at`` lets something happen at a moment."""

    at: Callable[[datetime, Act], None]
    county: County
    first_year: int
    _loads: int = 0

    def enter(self, purchases: Sequence[PlannedPurchase]) -> None:
        """Let every order be placed when its time has come."""
        for purchase in purchases:
            self.at(purchase.at, self._place(purchase))

    def _asked(self, purchase: PlannedPurchase, *, more: int = 0) -> wholesale.AskedOrder:
        market = self.county.supermarkets[purchase.partner]
        doubted = purchase.fate in {Fate.DOUBTED, Fate.WAITS}
        lines = []
        for number, line in enumerate(purchase.lines, start=1):
            price = None
            if doubted and number == 1:  # last year's price, as happens with old order forms
                entry = self.county.skus[line.sku]
                price = price_fen(entry, first_year=purchase.at.year == self.first_year) * 97 // 100
            cases = line.cases + (more if number == 1 else 0)
            lines.append(wholesale.AskedLine(line_no=number, sku=line.sku, cases=cases, unit_price_fen=price))
        return wholesale.AskedOrder(
            po_no=purchase.po_no,
            location_code=market.chain.centre[0],
            required_on=purchase.required_on,
            lines=tuple(lines),
        )

    def _place(self, purchase: PlannedPurchase, *, more: int = 0) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            market = self.county.supermarkets[purchase.partner]
            placed = await wholesale.place(
                session,
                self._asked(purchase, more=more),
                partner_id=market.partner_id,
                by=market.staff,
                now=now,
                source=_SOURCES.get(purchase.partner, wholesale.Source.PAGE),
                on_mismatch=wholesale.Mismatch.REVIEW,
            )
            if more or purchase.fate is Fate.WAITS:
                return
            if purchase.amended:
                self.at(now + timedelta(minutes=40), self._place(purchase, more=1))
            if purchase.fate is Fate.CANCELLED:
                self.at(now + timedelta(hours=2), self._cancel(placed.order, market.staff))
                return
            if purchase.fate is Fate.DOUBTED:
                morning = datetime.combine(local_day(now) + timedelta(days=1), time(8, 30), SHANGHAI)
                self.at(morning, self._approve(placed.order))
            self.at(purchase.sent_at, self._send(purchase, placed.order))

        return act

    def _cancel(self, order: wholesale.PurchaseOrder, by: Actor) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            await wholesale.cancel(
                session, order.id, partner_id=order.partner_id, by=by, reason="门店活动取消", now=now
            )

        return act

    def _approve(self, order: wholesale.PurchaseOrder) -> Act:
        async def act(session: AsyncSession, now: datetime) -> None:
            await wholesale.approve(
                session,
                order.id,
                prices=wholesale.Prices.CONTRACT,
                by=self.county.operator,
                reason="单价为上年价格，按现行合同价执行",
                now=now,
            )

        return act

    def _send(self, purchase: PlannedPurchase, order: wholesale.PurchaseOrder) -> Act:
        """Every supplier loads what was promised of its goods; those of oranges keep cool on the way."""

        async def act(session: AsyncSession, now: datetime) -> None:
            current = await wholesale.view(session, order.id)
            senders = {by.supplier_id: by for by in self.county.suppliers.values()}
            for supplier_id in sorted({line.supplier_id for line in current.lines}):
                lines = [line for line in current.lines if line.supplier_id == supplier_id and line.to_ship_units]
                cool = any(line.category == FRESH for line in lines)
                self._loads += 1
                load = wholesale.Load(
                    lines=tuple(
                        wholesale.LoadLine(line_no=line.line_no, cases=line.to_ship_units // line.case_pack)
                        for line in lines
                    ),
                    pallets=-(-sum(line.promised_cases for line in lines) // 60),
                    carrier="保靖干线物流（示例）",
                    vehicle_plate=_TRUCKS[self._loads % len(_TRUCKS)].format(self._loads % 1000),
                    coldest_c10=55 if cool else None,
                    warmest_c10=82 if cool else None,
                )
                by = senders[supplier_id]
                await wholesale.dispatch(session, order.id, load, supplier_id=supplier_id, by=by, now=now)
            dock = datetime.combine(purchase.required_on, time(9, 40), SHANGHAI)
            self.at(dock, self._receive(purchase, order))
            # What did not come by the last day will not come any more; papers may be a week late.
            self.at(datetime.combine(order.closes_on + timedelta(days=9), time(1), SHANGHAI), self._close)

        return act

    async def _close(self, session: AsyncSession, now: datetime) -> None:
        await wholesale.close_due(session, now=now, limit=100)

    def _receive(self, purchase: PlannedPurchase, order: wholesale.PurchaseOrder) -> Act:
        """Counted at the dock on the day: a little is missing, a little is bruised or broken."""

        async def act(session: AsyncSession, now: datetime) -> None:
            market = self.county.supermarkets[purchase.partner]
            current = await wholesale.view(session, order.id)
            planned = dict(enumerate(purchase.lines, start=1))
            counted = []
            for line in current.lines:
                faults = planned[line.line_no]
                came = line.promised_units - _of(line.promised_units, faults.short_permille)
                bad = _of(came, faults.rejected_permille)
                fresh = line.category == FRESH
                found = wholesale.Reason.BRUISE if fresh else wholesale.Reason.PKG
                counted.append(
                    wholesale.CountedLine(
                        line_no=line.line_no,
                        delivered_units=came,
                        rejected_units=bad,
                        reason=found if bad else None,
                    )
                )
            receipt = wholesale.Counted(receipt_no=f"YS-{purchase.po_no}", lines=tuple(counted), inspector="收货一组")
            await wholesale.receive(session, order.id, receipt, partner_id=order.partner_id, by=market.staff, now=now)
            if purchase.returned_permille:
                fresh = current.lines[0].category == FRESH
                self.at(now + timedelta(days=2 if fresh else 6), self._give_back(purchase, order))

        return act

    def _give_back(self, purchase: PlannedPurchase, order: wholesale.PurchaseOrder) -> Act:
        """Some of the first line turns out to be faulty once the cases are opened."""

        async def act(session: AsyncSession, now: datetime) -> None:
            market = self.county.supermarkets[purchase.partner]
            first = next(line for line in (await wholesale.view(session, order.id)).lines if line.line_no == 1)
            if units := _of(first.received_units, purchase.returned_permille):
                back = wholesale.Back(
                    return_no=f"TH-{purchase.po_no}",
                    reason=wholesale.ReturnReason.QUALITY,
                    lines=(wholesale.BackLine(line_no=1, units=units),),
                    damaged_by=wholesale.DamagedBy.CARRIER,
                )
                await wholesale.give_back(
                    session, order.id, back, partner_id=order.partner_id, by=market.staff, now=now
                )

        return act


def _of(units: int, permille: int) -> int:
    """So many of a thousand, rounded up: where something is wrong it is at least one."""
    return -(-units * permille // 1000)
