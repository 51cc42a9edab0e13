"""What suppliers get of what random partners do: stated and paid by the month, and recounted in plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from app import settlement, suppliers
from app.core.outbox import deliver_all
from app.payments.rules.bank import StatementLine
from app.payments.service import import_statement
from tests.wholesale.random_stating import BANK, Stating
from tests.wholesale.random_steps import Draw

_SELLERS = ("S01", "S08")
_RATE = Fraction(5, 100)
_ROWS = """
SELECT t.id, t.id, l.supplier_id, p.partner_id, p.contract_id, t.payable_fen
FROM wholesale_receipt_line t JOIN wholesale_po_line l ON l.id = t.line_id JOIN wholesale_po p ON p.id = l.po_id
ORDER BY t.id
"""
_LESS = """
SELECT b.id, b.receipt_line_id, -b.amount_fen FROM wholesale_return_line b
UNION ALL SELECT id, receipt_line_id, amount_fen FROM wholesale_correction ORDER BY 1
"""
_STATEMENTS = "SELECT id, status = 'paid', fees_fen FROM wholesale_statement WHERE confirmed_at IS NOT NULL"
_LINES = """
SELECT l.kind, l.source_id, l.amount_fen FROM wholesale_statement s
JOIN wholesale_statement_line l ON l.statement_id = s.id AND l.revision = s.revision
WHERE s.id = :id ORDER BY l.position
"""
_WAITING = """
SELECT s.code, p.name, s.payable_fen - s.paid_fen FROM wholesale_statement s
JOIN partners_partner p ON p.id = s.partner_id WHERE s.status IN ('invoiced', 'partially_paid') ORDER BY s.id
"""
_BOOKED = """
SELECT supplier_id, CAST(-sum(pending_fen) AS bigint),
       CAST(-sum(payable_fen) FILTER (WHERE kind <> 'payout') AS bigint),
       CAST(-sum(unearned_fen) AS bigint), CAST(-sum(commission_fen) AS bigint)
FROM settlement_posting GROUP BY supplier_id
"""
_OPEN = """
SELECT r.partner_id, CAST(sum(p.receivable_fen) AS bigint) FROM settlement_posting p
JOIN wholesale_receipt_line t ON t.id = p.line_id JOIN wholesale_receipt r ON r.id = t.receipt_id GROUP BY 1
"""


def half_up(exact: Fraction) -> int:
    return int((2 * exact + 1) // 2)


def laid(total: int, weights: list[int]) -> list[int]:
    """Largest remainder, weights and total of either sign; of equal remainders the first."""
    if not (whole := sum(weights)):
        weights, whole = [1] * len(weights), len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [share.__floor__() for share in exact]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return parts


class Settling(Stating):
    """Supermarkets pay everything, suppliers' months end, and what is theirs is paid out."""

    STEPS = ("state_suppliers", "pay_suppliers")
    USUAL = frozenset(("state suppliers", "pay suppliers"))

    def state_suppliers(self, _: Draw) -> None:
        first = (self.today.replace(day=28) + timedelta(days=4)).replace(day=6)
        self.market.shop.clock.advance(days=(first - self.today).days)
        self.act("state suppliers", lambda s: settlement.issue_due(s, now=self.now))

    def pay_suppliers(self, draw: Draw) -> None:
        if not self.rows("SELECT FROM settlement_payout_account WHERE verified_at IS NOT NULL"):
            self.act("enter accounts", self._open_accounts)
        self._supermarkets_pay(draw)
        self.state_suppliers(draw)
        self.act("confirm", lambda s: settlement.confirm_due(s, now=self.now + timedelta(days=8)))
        by = self.market.shop.actor("operator")
        usual = {"month": None, "provider": "sandbox", "alone_up_to_fen": 10**12}
        run = self.act("run", lambda s: settlement.run_payouts(s, **usual, by=by, now=self.now))
        told = [settlement.Outcome("sandbox", one.number, one.amount_fen, f"F{one.number}") for one in run.payouts]
        if told:
            self.act("pay suppliers", lambda s: settlement.settle(s, told, now=self.now))

    def _supermarkets_pay(self, draw: Draw) -> None:
        """Whatever waits for money gets all of it."""
        self.bill(draw)
        for number, (code, payer, fen) in enumerate(self.rows(_WAITING)):
            line = StatementLine(f"W{number}-{self.now.timestamp():.6f}", self.today, payer, None, fen, f"货款 {code}")
            self.act("all money comes", lambda s, line=line: import_statement(s, [line], bank=BANK, now=self.now))
            self.runner.run(deliver_all(self.market.shop.db, self.now))

    async def _open_accounts(self, session: Any) -> None:
        for who in _SELLERS:
            by = self.market.shop.actor(who)
            holder = (await suppliers.get(session, by.supplier_id)).name
            details = settlement.BankDetails(holder, "某银行（示例）", "6200000000000001234", None)
            entered = await settlement.enter_account(session, details, by=by, now=self.now)
            await settlement.verify_account(session, entered.id, by=self.market.shop.actor("operator"), now=self.now)

    def what_is_booked(self) -> None:
        """Pending, released, unearned and earned of every supplier, and what every partner owes, are the recount's."""

        async def post() -> None:
            async with self.market.shop.db.write() as session:
                await settlement.post_due(session, now=self.now)

        self.runner.run(post())
        theirs, owed = self._recount()
        booked = {row[0]: row[1:] for row in self.rows(_BOOKED)}
        for supplier_id in {*theirs, *booked}:
            assert booked.get(supplier_id, (0, 0, 0, 0)) == theirs.get(supplier_id, (0, 0, 0, 0))
        assert {partner: fen for partner, fen in self.rows(_OPEN) if fen} == {p: fen for p, fen in owed.items() if fen}

    def _recount(self) -> tuple[dict[UUID, tuple[int, int, int, int]], Counter[UUID]]:
        whose: dict[UUID, tuple[UUID, UUID, UUID]] = {}
        worth: dict[UUID, int] = {}
        fee: dict[UUID, int] = {}
        whole: dict[UUID, int] = {}
        gone: Counter[UUID] = Counter()
        for source, line, supplier, partner, contract, fen in self.rows(_ROWS):
            whose[source], worth[source], whole[line] = (supplier, partner, contract), fen, fen
            fee[source] = half_up(fen * _RATE)
        for source, line, fen in self.rows(_LESS):
            whose[source], worth[source] = whose[line], fen
            before, gone[line] = gone[line], gone[line] - fen
            fee[source] = (
                half_up(Fraction(fee[line] * before, whole[line]))
                - half_up(Fraction(fee[line] * gone[line], whole[line]))
                if whole[line]
                else 0
            )
        rebate: Counter[UUID] = Counter()
        fees: Counter[UUID] = Counter()
        paid: set[UUID] = set()
        for statement_id, is_paid, _ in self.rows(_STATEMENTS):
            lines = self.rows(_LINES, id=statement_id)
            goods = [source for kind, source, _ in lines if kind in ("receipt", "return", "correction")]
            for kind, named, fen in lines:
                bearing = [one for one in goods if kind != "rebate" or named in (None, whose[one][2])]
                if kind in ("rebate", "fee"):
                    weights = [worth[one] if kind == "rebate" else abs(worth[one]) for one in bearing]
                    for one, part in zip(bearing, laid(-fen, weights), strict=True):
                        (rebate if kind == "rebate" else fees)[one] += part
            paid |= {*goods} if is_paid else set()
        theirs: dict[UUID, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        owed: Counter[UUID] = Counter()
        for source, fen in worth.items():
            supplier, partner, _ = whose[source]
            is_paid = source in paid
            theirs[supplier][is_paid] += fen - fee[source] - rebate[source]
            theirs[supplier][2 + is_paid] += fee[source]
            owed[partner] += 0 if is_paid else fen - rebate[source] - fees[source]
        return {supplier: tuple(sums) for supplier, sums in theirs.items()}, owed  # type: ignore[misc]
