"""What may happen to goods at a dock and after it, as steps of the random partners."""

from __future__ import annotations

from hypothesis import strategies as st

from app import wholesale
from app.wholesale import Back, BackLine, Counted, CountedLine, DamagedBy, Found, ReturnReason
from tests.wholesale.random_steps import Draw, Stage

_ON_THE_ROAD = """
SELECT p.id, p.partner_id, l.line_no, l.promised_units - l.delivered_units
FROM wholesale_po p JOIN wholesale_po_line l ON l.po_id = p.id
WHERE p.status IN ('confirmed', 'shipped', 'partially_received') AND l.promised_units > l.delivered_units
  AND (p.status <> 'confirmed' OR :unannounced)
ORDER BY p.id, l.line_no
"""
_THERE = """
SELECT r.po_id, r.partner_id, r.receipt_no, t.line_no, t.received_units - t.deducted_units
FROM wholesale_receipt r JOIN wholesale_receipt_line t ON t.receipt_id = r.id
WHERE t.received_units > t.deducted_units ORDER BY r.id, t.line_no
"""


_MISSING = """
SELECT m.id, m.units, (SELECT min(lot_code) FROM wholesale_delivery_line d WHERE d.line_id = m.line_id)
FROM wholesale_missing m WHERE m.decided_at IS NULL ORDER BY m.id
"""


class Receiving(Stage):
    """Goods are counted, with faults, in parts and in excess; some go back, by right or by agreement."""

    STEPS = ("count", "count", "count", "count_whole", "again", "fault", "agree", "unsold", "unsold", "look_for")
    USUAL = frozenset(("count", "count_whole", "again", "fault", "agree", "unsold", "look for"))

    def count(self, draw: Draw) -> None:
        """A load of a line, more or less than was due, with any number of faults."""
        found = self.rows(_ON_THE_ROAD, unannounced=draw(st.booleans()))
        if not found:
            return self.place(draw)
        po_id, partner_id, line_no, due = draw(st.sampled_from(found))
        came = draw(st.integers(0, due + 3))
        rejected = draw(st.one_of(st.just(0), st.integers(0, came // 20), st.integers(0, came)))
        deducted = draw(st.one_of(st.just(0), st.integers(0, came - rejected)))
        line = CountedLine(line_no=line_no, delivered_units=came, rejected_units=rejected, deducted_units=deducted)
        return self._enter("count", po_id, partner_id, (line,))

    def count_whole(self, draw: Draw) -> None:
        """Everything of an order that is still to come comes, and is good."""
        found = self.rows(_ON_THE_ROAD, unannounced=True)
        if not found:
            return self.place(draw)
        wanted = draw(st.sampled_from(found))[0]
        lines = tuple(
            CountedLine(line_no=line_no, delivered_units=due) for po_id, _, line_no, due in found if po_id == wanted
        )
        owner = next(partner_id for po_id, partner_id, _, _ in found if po_id == wanted)
        return self._enter("count_whole", wanted, owner, lines)

    def _enter(self, name: str, po_id, partner_id, lines) -> None:
        by, counted = self.market.shop.actor("P01"), Counted(receipt_no=f"R{self.now.timestamp():.6f}", lines=lines)
        entered = self.act(
            name, lambda s: wholesale.receive(s, po_id, counted, partner_id=partner_id, by=by, now=self.now)
        )
        if entered is not None:
            self.entered = (po_id, partner_id, counted, entered.receipt)

    def again(self, draw: Draw) -> None:
        """A receipt is sent again."""
        if not hasattr(self, "entered"):
            return self.count_whole(draw)
        po_id, partner_id, counted, receipt = self.entered
        by = self.market.shop.actor("P01")
        found = self.act(
            "again", lambda s: wholesale.receive(s, po_id, counted, partner_id=partner_id, by=by, now=self.now)
        )
        assert found.duplicate
        assert (found.receipt.id, found.receipt.payable_fen) == (receipt.id, receipt.payable_fen)
        return None

    def fault(self, draw: Draw) -> None:
        """Something is found to be bad later."""
        self._send_back("fault", draw, ReturnReason.QUALITY)

    def look_for(self, draw: Draw) -> None:
        """Where goods are that were sent and never received: some, all or none of them are found."""
        found = self.rows(_MISSING)
        if not found:
            sent = "SELECT id FROM wholesale_po WHERE status = 'shipped'"
            if not self.rows(sent):
                self.send(draw)
            self.market.shop.clock.advance(days=30)
            self.act("close", lambda s: wholesale.close_due(s, now=self.now))
            if not (found := self.rows(_MISSING)):
                return
        missing_id, units, lot = draw(st.sampled_from(found))
        back = [Found(units=draw(st.integers(1, units)), lot_code=lot)] if draw(st.booleans()) else []
        by = self.market.shop.actor("operator")
        self.act("look for", lambda s: wholesale.decide_missing(s, missing_id, back, note="x", by=by, now=self.now))

    def agree(self, draw: Draw) -> None:
        if not (found := self.rows(_THERE)):
            return self.count_whole(draw)
        po_id, _, _, line_no, there = draw(st.sampled_from(found))
        by, units = self.market.shop.actor("operator"), draw(st.integers(1, there))
        more = {"lot_code": None, "until_on": None, "note": None}
        return self.act(
            "agree",
            lambda s: wholesale.consent(
                s, po_id, line_no=line_no, units=units, reason=ReturnReason.UNSOLD, by=by, now=self.now, **more
            ),
        )

    def unsold(self, draw: Draw) -> None:
        """What was agreed to, or more, comes back, whole or not."""
        open_ = self.rows(
            "SELECT r.po_id, r.partner_id, r.receipt_no, t.line_no, c.units FROM wholesale_return_consent c "
            "JOIN wholesale_receipt_line t ON t.line_id = c.line_id JOIN wholesale_receipt r ON r.id = t.receipt_id "
            "WHERE t.received_units > t.deducted_units ORDER BY c.id, r.id"
        )
        if not open_:
            self.agree(draw)
        self._send_back("unsold", draw, ReturnReason.UNSOLD, open_)

    def _send_back(self, name: str, draw: Draw, reason: ReturnReason, found=()) -> None:
        if not (found := found or self.rows(_THERE)):
            return self.count_whole(draw)
        po_id, partner_id, receipt_no, line_no, there = draw(st.sampled_from(found))
        units = draw(st.integers(1, there + 1))
        line = BackLine(line_no=line_no, units=units, sellable_units=draw(st.integers(0, units)))
        back = Back(
            return_no=f"T{self.now.timestamp():.6f}",
            receipt_no=receipt_no,
            reason=reason,
            damaged_by=DamagedBy.SUPPLIER,
            lines=(line,),
        )
        by = self.market.shop.actor("P01")
        return self.act(name, lambda s: wholesale.give_back(s, po_id, back, partner_id=partner_id, by=by, now=self.now))
