"""What may happen to a month's documents: stated, disputed, confirmed, invoiced and paid, as random partners' steps."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from app import wholesale
from app.core.settings import BankSettings
from app.payments.rules.bank import StatementLine
from app.payments.service import import_statement
from app.wholesale import Back, BackLine, Claim, DisputeKind, ReturnReason
from tests.wholesale.random_steps import Draw, Stage, dull

BANK = BankSettings(payee="保靖好物（示例）", account="0000100020003000", bank="示例银行", cnaps="000000000000")
_ROWS = """
SELECT s.id, s.partner_id, l.id, l.units, l.unit_price_fen FROM wholesale_statement s
JOIN wholesale_statement_line l ON l.statement_id = s.id AND l.revision = s.revision
WHERE s.status IN ('sent', 'disputed') AND l.kind = 'receipt' AND l.units > 0 ORDER BY s.id, l.position
"""
_LEFT = """
SELECT r.po_id, r.partner_id, r.receipt_no, t.line_no, t.received_units - t.deducted_units - coalesce(b.units, 0)
FROM wholesale_receipt r JOIN wholesale_receipt_line t ON t.receipt_id = r.id
LEFT JOIN (SELECT receipt_line_id, sum(units) AS units FROM wholesale_return_line GROUP BY receipt_line_id) b
  ON b.receipt_line_id = t.id
WHERE t.received_units - t.deducted_units > coalesce(b.units, 0)
  AND NOT EXISTS (SELECT FROM wholesale_correction WHERE receipt_line_id = t.id) ORDER BY r.id, t.line_no
"""
_DISPUTES = "SELECT id FROM wholesale_dispute WHERE decided_at IS NULL ORDER BY id"
_STANDING = "SELECT id, partner_id, revision FROM wholesale_statement WHERE status = :status ORDER BY id"
_TO_PAY = """
SELECT s.code, p.name, greatest(s.payable_fen - s.paid_fen, 1) FROM wholesale_statement s
JOIN partners_partner p ON p.id = s.partner_id WHERE s.status IN ('sent', 'confirmed', 'invoiced', 'partially_paid')
ORDER BY s.status IN ('invoiced', 'partially_paid') DESC, s.id LIMIT 4
"""

_INVOICES = itertools.count(1)


class Stating(Stage):
    """Months end and are stated; partners dispute rows, agree, and pay some, all or too much."""

    STEPS = ("month_ends", "object", "object", "settle_objection", "sign_off", "sign_off", "bill", "pay", "pay")
    STEPS += ("goods_go_back", "goods_go_back")
    USUAL = frozenset(
        ("month ends", "object", "settle objection", "sign off", "bill", "money comes", "below zero", "carried over")
    )

    def month_ends(self, _: Draw) -> None:
        first = (self.today.replace(day=28) + timedelta(days=4)).replace(day=3)
        self.market.shop.clock.advance(days=(first - self.today).days)
        self.act("month ends", lambda s: wholesale.issue_statements(s, now=self.now))
        if self.rows("SELECT FROM wholesale_statement WHERE carried_fen > 0"):
            self.done["carried over"] += 1

    def goods_go_back(self, draw: Draw) -> None:
        """A month in which a partner only sends back, agreed to and billed: it is below zero."""
        self.month_ends(draw)
        if not (found := self.rows(_LEFT)):
            return self.count_whole(draw)
        po_id, partner_id, receipt_no, line_no, units = draw(st.sampled_from(found))
        operator, partner = self.market.shop.actor("operator"), self.market.shop.actor("P01")
        more = {"lot_code": None, "until_on": None, "note": None, "reason": ReturnReason.RECALL}
        self.act(
            "agree",
            lambda s: wholesale.consent(s, po_id, line_no=line_no, units=units, by=operator, now=self.now, **more),
        )
        back = Back(
            return_no=f"T{self.now.timestamp():.6f}",
            receipt_no=receipt_no,
            reason=ReturnReason.RECALL,
            lines=(BackLine(line_no=line_no, units=units),),
        )
        self.act(
            "recall", lambda s: wholesale.give_back(s, po_id, back, partner_id=partner_id, by=partner, now=self.now)
        )
        self.month_ends(draw)
        for statement_id, owner, revision in self.rows(_STANDING, status="sent"):
            self.act(
                "sign off",
                lambda s, of=statement_id, owner=owner, seen=revision: wholesale.confirm_statement(
                    s, of, partner_id=owner, revision=seen, by=partner, now=self.now
                ),
            )
        for statement_id, *_ in self.rows(_STANDING, status="confirmed"):
            self.act(
                "bill",
                lambda s, of=statement_id: wholesale.invoice_statement(
                    s, of, invoice_no=f"26{next(_INVOICES):018}", now=self.now
                ),
            )
        if self.rows("SELECT FROM wholesale_statement WHERE status = 'paid' AND payable_fen < 0"):
            self.done["below zero"] += 1
        return None

    def object(self, draw: Draw) -> None:
        found = self.rows(_ROWS)
        if not found:
            return self.month_ends(draw)
        statement_id, partner_id, line_id, units, price = draw(st.sampled_from(found))
        claims: list[dict[str, Any]] = [
            {"kind": DisputeKind.QTY, "claimed_units": draw(st.integers(0, units))},
            {"kind": DisputeKind.PRICE, "claimed_price_fen": draw(st.integers(price // 2, price))},
            {"kind": DisputeKind.MISSING_RECEIPT},
            {"kind": DisputeKind.TAX},
        ]
        claim = Claim(line_id=line_id, note="x", **draw(st.sampled_from(claims)))
        by = self.market.shop.actor("P01")
        return self.act(
            "object",
            lambda s: wholesale.dispute_statement(s, statement_id, claim, partner_id=partner_id, by=by, now=self.now),
        )

    def settle_objection(self, draw: Draw) -> None:
        if not (found := self.rows(_DISPUTES)):
            return self.object(draw)
        by, accept = self.market.shop.actor("operator"), not draw(dull)
        ((dispute_id,),) = [draw(st.sampled_from(found))]
        done = self.act(
            "settle objection",
            lambda s: wholesale.decide_dispute(s, dispute_id, accept=accept, answer=None, by=by, now=self.now),
        )
        if done is None:  # what cannot be taken is declined, so that the statement goes on
            self.act(
                "settle objection",
                lambda s: wholesale.decide_dispute(s, dispute_id, accept=False, answer=None, by=by, now=self.now),
            )
        return None

    def sign_off(self, draw: Draw) -> None:
        while self.rows(_STANDING, status="disputed") and not self.rows(_STANDING, status="sent"):
            self.settle_objection(draw)
        if not (found := self.rows(_STANDING, status="sent")):
            return self.month_ends(draw)
        statement_id, partner_id, revision = draw(st.sampled_from(found))
        by = self.market.shop.actor("P01")
        return self.act(
            "sign off",
            lambda s: wholesale.confirm_statement(
                s, statement_id, partner_id=partner_id, revision=revision, by=by, now=self.now
            ),
        )

    def bill(self, draw: Draw) -> None:
        if not (found := self.rows(_STANDING, status="confirmed")):
            self.sign_off(draw)
            if not (found := self.rows(_STANDING, status="confirmed")):
                return None
        statement_id = draw(st.sampled_from(found))[0]
        return self.act(
            "bill",
            lambda s: wholesale.invoice_statement(s, statement_id, invoice_no=f"26{next(_INVOICES):018}", now=self.now),
        )

    def pay(self, draw: Draw) -> None:
        """A part, all, or more than all of a statement; also before it is invoiced."""
        if not (found := self.rows(_TO_PAY)):
            return self.bill(draw)
        code, payer, owed = draw(st.sampled_from(found))
        amount = draw(st.sampled_from([max(owed // 3, 1), owed, owed + 1_000]))
        line = StatementLine(f"{self.now.timestamp():.6f}", self.today, payer, None, int(amount), f"货款 {code}")
        self.act("money comes", lambda s: import_statement(s, [line], bank=BANK, now=self.now))
        self.act("remind", lambda s: wholesale.remind(s, now=self.now))
        return None
