"""What may happen to money that nobody asked for, as steps of the random partners: recognised, given back, kept."""

from __future__ import annotations

from hypothesis import strategies as st

from app import wholesale
from app.payments.rules.bank import StatementLine
from app.payments.service import import_statement
from tests.wholesale.random_stating import BANK
from tests.wholesale.random_steps import Draw, Stage

_TO_PAY = """
SELECT p.name, s.payable_fen - s.paid_fen FROM wholesale_statement s JOIN partners_partner p ON p.id = s.partner_id
WHERE s.status IN ('invoiced', 'partially_paid') AND s.payable_fen > s.paid_fen ORDER BY s.id
"""
_LEFT = """
SELECT id, NULL FROM wholesale_remittance WHERE applied_fen + refunded_fen < amount_fen
UNION ALL
SELECT NULL, id FROM wholesale_statement WHERE status = 'paid' AND payable_fen < 0 ORDER BY 1, 2
"""
_REFUNDS = "SELECT id FROM wholesale_refund WHERE status = :status ORDER BY id"
_LYING = """
SELECT m.id, s.id FROM wholesale_remittance m JOIN wholesale_statement s ON s.partner_id = m.partner_id
WHERE s.status IN ('invoiced', 'partially_paid') AND m.applied_fen + m.refunded_fen < m.amount_fen ORDER BY m.id, s.id
"""


class Refunding(Stage):
    """Money without a code is recognised by its payer; what is too much, or below zero, goes back or stays."""

    STEPS = ("nameless", "draft_back", "draft_back", "second_word", "second_word", "pay_back")
    USUAL = frozenset(("recognise", "draft back", "approve back", "decline back", "pay back"))

    def nameless(self, draw: Draw) -> None:
        """Exactly what is open comes without a code, and an operator confirms what is suggested."""
        if not (found := self.rows(_TO_PAY)):
            self.bill(draw)
            if not (found := self.rows(_TO_PAY)):
                return
        payer, owed = draw(st.sampled_from(found))
        line = StatementLine(f"N{self.now.timestamp():.6f}", self.today, payer, None, int(owed), "货款")
        self.act("money without a code comes", lambda s: import_statement(s, [line], bank=BANK, now=self.now))
        by = self.market.shop.actor("operator")
        for one in self.act("look", wholesale.unclaimed):
            if one.suggestion is not None:
                self.act(
                    "recognise",
                    lambda s, one=one: wholesale.confirm_suggestion(
                        s, one.entry_id, one.suggestion.statement_id, by=by, now=self.now
                    ),
                )
        return

    def draft_back(self, draw: Draw) -> None:
        if not (found := self.rows(_LEFT)):
            return self.pay(draw)
        remittance_id, statement_id = draw(st.sampled_from(found))
        return self.act(
            "draft back",
            lambda s: wholesale.draft_refund(
                s,
                remittance_id=remittance_id,
                statement_id=statement_id,
                payee=wholesale.Payee(bank=None, account="6222000000001234"),
                reason="x",
                by=self.market.shop.actor("operator"),
                now=self.now,
            ),
        )

    def second_word(self, draw: Draw) -> None:
        """A yes, or a no after which what is due may be paid with it."""
        if not (found := self.rows(_REFUNDS, status="waiting")):
            return self.draft_back(draw)
        ((refund_id,),), by = [draw(st.sampled_from(found))], self.market.shop.actor("operator2")
        if draw(st.booleans()):
            return self.act("approve back", lambda s: wholesale.approve_refund(s, refund_id, by=by, now=self.now))
        self.act("decline back", lambda s: wholesale.decline_refund(s, refund_id, decision="x", by=by, now=self.now))
        if lying := self.rows(_LYING):
            money_id, statement_id = draw(st.sampled_from(lying))
            self.act("set against", lambda s: wholesale.apply_money(s, money_id, statement_id, now=self.now))
        return None

    def pay_back(self, draw: Draw) -> None:
        if not (found := self.rows(_REFUNDS, status="approved")):
            self.draft_back(draw)
            by = self.market.shop.actor("operator2")
            for (refund_id,) in self.rows(_REFUNDS, status="waiting"):
                self.act("approve back", lambda s, of=refund_id: wholesale.approve_refund(s, of, by=by, now=self.now))
            if not (found := self.rows(_REFUNDS, status="approved")):
                return
        (refund_id,), by = draw(st.sampled_from(found)), self.market.shop.actor("operator")
        receipt = f"B{self.now.timestamp():.6f}"
        for _ in range(2):  # once, however often it is told
            self.act(
                "pay back",
                lambda s: wholesale.note_refund_paid(
                    s, refund_id, bank_receipt=receipt, paid_on=None, by=by, now=self.now
                ),
            )
        return
