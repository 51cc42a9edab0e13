"""What partners, suppliers, operators and the calendar may do to purchase orders, one class of steps for each room.

A step is a method that draws; ``STEPS`` of a class names its steps, as often as they should be played, and ``USUAL``
what must have been done at least once. Whoever adds a room adds a class like ``Ordering`` and gives it to the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncSession

from app import inventory, wholesale
from app.core.errors import DomainError
from app.wholesale import Mismatch, Partial
from tests.market import GOODS, Market

Draw = Callable[[st.SearchStrategy[Any]], Any]
partners = st.sampled_from(["P01", "P02"])
baskets = st.dictionaries(st.sampled_from(sorted(GOODS)), st.integers(1, 4), min_size=1, max_size=3)
dull = st.sampled_from([False, False, False, True])


_OPEN_OFFERS = """
SELECT a.id, p.partner_id FROM wholesale_po_answer a JOIN wholesale_po p ON p.id = a.po_id
JOIN wholesale_po_line l ON l.id = a.line_id
WHERE a.decided_at IS NULL AND p.status = 'confirmed' AND l.ordered_units > 0 ORDER BY a.id
"""


class Stage:
    """What every step has: a market, the time, and what happened so far."""

    STEPS: ClassVar[tuple[str, ...]] = ()
    USUAL: ClassVar[frozenset[str]] = frozenset()
    runner: Any
    done: Counter[str]
    market: Market
    orders: list[tuple[str, wholesale.PurchaseOrder]]

    @property
    def today(self) -> date:
        return self.market.today

    @property
    def now(self) -> Any:
        return self.market.shop.clock()

    def act(self, name: str, use_case: Callable[[AsyncSession], Coroutine[Any, Any, Any]]) -> Any:
        """What the use case returned, or None if it was refused; a refusal leaves nothing behind."""
        self.market.shop.clock.advance(seconds=1)

        async def transaction() -> Any:
            async with self.market.shop.db.write() as session:
                return await use_case(session)

        try:
            result = self.runner.run(transaction())
        except DomainError as refusal:
            self.done[f"{name} refused: {refusal.code}"] += 1
            return None
        self.done[name] += 1
        return result

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.runner.run(self.market.shop.rows(sql, **parameters))

    def some_order(self, draw: Draw) -> tuple[str, wholesale.PurchaseOrder]:
        """One of the latest two half of the time: those can still be changed."""
        return draw(st.sampled_from(self.orders[-draw(st.sampled_from([2, 8])) :]))

    def open_order(self, draw: Draw) -> tuple[str, wholesale.PurchaseOrder]:
        """One of which nothing was sent yet, if there is one."""
        confirmed = {po_id for (po_id,) in self.rows("SELECT id FROM wholesale_po WHERE status = 'confirmed'")}
        return draw(st.sampled_from([one for one in self.orders if one[1].id in confirmed] or self.orders[-8:]))


class Ordering(Stage):
    """Orders are placed, amended, approved, cut, exchanged, given up, sent and closed."""

    STEPS = (
        *("place", "place", "place", "amend", "amend", "repeat", "doubt", "decide", "cancel", "cut", "cut"),
        *("offer", "answer", "answer", "send", "send", "send", "stock_comes", "time_passes"),
    )
    USUAL = frozenset(("place", "amend", "repeat", "decide", "cancel", "cut", "offer", "take", "send", "close"))

    def _ask(self, name: str, who: str, basket: dict[str, int], **more: Any) -> None:
        by, partner_id = self.market.shop.actor(who), self.market.partner_id(who)
        handling = {key: more.pop(key) for key in ("partial", "on_mismatch") if key in more}
        usual = {"required_on": self.today + timedelta(days=6)}
        asked = self.market.asked(basket, **usual | more)
        placed = self.act(
            name, lambda s: wholesale.place(s, asked, partner_id=partner_id, by=by, now=self.now, **handling)
        )
        if placed is not None and placed.order.version == 1 and not placed.duplicate:
            self.orders.append((who, placed.order))

    def place(self, draw: Draw) -> None:
        basket = {sku: cases * 2 for sku, cases in draw(baskets).items()}
        self._ask("place", draw(partners), basket, partial=draw(st.sampled_from(Partial)))

    def amend(self, draw: Draw) -> None:
        who, order = self.some_order(draw)
        basket = {sku: cases * 2 for sku, cases in draw(baskets).items()}
        handling = {"partial": draw(st.sampled_from(Partial)), "on_mismatch": draw(st.sampled_from(Mismatch))}
        self._ask("amend", who, basket, po_no=order.po_no, required_on=order.required_on, **handling)

    def repeat(self, draw: Draw) -> None:
        """What the partner sent last is sent again."""
        who, order = self.some_order(draw)
        ((content,),) = self.rows(
            "SELECT content FROM wholesale_po_version WHERE po_id = :id ORDER BY version DESC LIMIT 1", id=order.id
        )
        lines = tuple(
            wholesale.AskedLine(line_no=line["line_no"], sku=line["means"], units=line["wants"])
            for line in content["lines"]
        )
        if any("doubted" in line for line in content["lines"]):
            return
        before = self.rows("SELECT version FROM wholesale_po WHERE id = :id", id=order.id)
        self._ask(
            "repeat", who, {}, po_no=order.po_no, required_on=date.fromisoformat(content["required_on"]), lines=lines
        )
        assert self.rows("SELECT version FROM wholesale_po WHERE id = :id", id=order.id) == before

    def doubt(self, draw: Draw) -> None:
        line = wholesale.AskedLine(line_no=1, sku="GT04", cases=draw(st.integers(1, 3)), unit_price_fen=7_000)
        self._ask("doubt", draw(partners), {}, lines=(line,), on_mismatch=Mismatch.REVIEW)

    def decide(self, draw: Draw) -> None:
        waiting = self.rows("SELECT id FROM wholesale_po WHERE status = 'needs_approval'")
        if not waiting:
            return self.doubt(draw)
        (po_id,), operator = draw(st.sampled_from(waiting)), self.market.shop.actor("operator")
        if draw(dull):
            return self.act("decide", lambda s: wholesale.reject(s, po_id, by=operator, reason="x", now=self.now))
        prices = draw(st.sampled_from(wholesale.Prices))
        return self.act(
            "decide", lambda s: wholesale.approve(s, po_id, prices=prices, by=operator, reason=None, now=self.now)
        )

    def cancel(self, draw: Draw) -> None:
        who, order = self.some_order(draw)
        owner = draw(st.sampled_from([None, order.partner_id]))
        by = self.market.shop.actor(who if owner else "operator")
        self.act("cancel", lambda s: wholesale.cancel(s, order.id, partner_id=owner, by=by, reason=None, now=self.now))

    def cut(self, draw: Draw) -> None:
        _, order = self.open_order(draw)
        line, by = draw(st.sampled_from(order.lines)), self.market.shop.actor("operator")
        fewer = draw(st.integers(0, max(0, line.promised_cases - 1)))
        cuts = [wholesale.Cut(line.line_no, fewer, "x")]
        self.act("cut", lambda s: wholesale.cut(s, order.id, cuts, by=by, now=self.now))

    def offer(self, draw: Draw) -> None:
        _, order = self.open_order(draw)
        line, by = draw(st.sampled_from(order.lines)), self.market.shop.actor("operator")
        other = {"GT04": "GT14", "GT14": "GT04", "NO02": "NO04", "NO04": "NO02"}[line.sku]
        offer = {"line_no": line.line_no, "sku": other, "cases": draw(st.integers(1, 3)), "reason": "x"}
        self.act("offer", lambda s: wholesale.offer(s, order.id, by=by, now=self.now, **offer))

    def answer(self, draw: Draw) -> None:
        if not (open_ := self.rows(_OPEN_OFFERS)):
            self.offer(draw)
            if not (open_ := self.rows(_OPEN_OFFERS)):
                return None
        offer_id, partner_id = draw(st.sampled_from(open_))
        verb = wholesale.decline if draw(dull) else wholesale.accept
        by = self.market.shop.actor("P01")
        return self.act(
            "take" if verb is wholesale.accept else "decline",
            lambda s: verb(s, offer_id, partner_id=partner_id, by=by, now=self.now),
        )

    def send(self, draw: Draw) -> None:
        """What of an order one supplier still has to send, or a part of it."""
        found = self.rows(
            "SELECT p.id, l.supplier_id, l.line_no, (l.promised_units - l.shipped_units) / l.case_pack "
            "FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id "
            "WHERE l.promised_units - l.shipped_units >= l.case_pack "
            "AND p.status IN ('confirmed', 'shipped', 'partially_received') "
            "ORDER BY p.id, l.line_no"
        )
        if not found:
            return self.place(draw)
        po_id, supplier_id, line_no, cases = draw(st.sampled_from(found))
        return self.dispatch(po_id, supplier_id, line_no, draw(st.integers(1, int(cases))))

    def dispatch(self, po_id: UUID, supplier_id: UUID, line_no: int, cases: int) -> Any:
        load = wholesale.Load(lines=(wholesale.LoadLine(line_no=line_no, cases=cases),), pallets=1)
        by = self.market.shop.actor("operator")
        return self.act(
            "send", lambda s: wholesale.dispatch(s, po_id, load, supplier_id=supplier_id, by=by, now=self.now)
        )

    def stock_comes(self, draw: Draw) -> None:
        sku = draw(st.sampled_from(sorted(GOODS)))
        by = self.market.shop.actor("S01" if sku.startswith("GT") else "S08")
        lot = {"harvested_on": None, "produced_on": self.today, "village": None, "quantity": draw(st.integers(20, 60))}
        code, best_before = f"L{self.now.timestamp():.0f}", self.today + timedelta(days=300)
        self.act(
            "stock comes",
            lambda s: inventory.receive(s, sku=sku, code=code, best_before=best_before, by=by, now=self.now, **lot),
        )

    def time_passes(self, draw: Draw) -> None:
        self.market.shop.clock.advance(days=draw(st.sampled_from([1, 3, 9, 23])))
        self.act("close", lambda s: wholesale.close_due(s, now=self.now))
