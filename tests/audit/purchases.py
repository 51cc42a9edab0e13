"""Books in which suppliers' shares of what a supermarket took in are posted, and how journal and documents differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from app.settlement.service import purchases
from tests.audit.stated import stated

_RETURNED, _CORRECTED = uuid4(), uuid4()
_EARLY = "'2026-11-19T04:00:00+00:00'"
_NOTHING = "'00000000-0000-0000-0000-000000000000'"


def _post(statement: object) -> str:
    words = {":first": _NOTHING, ":since": _EARLY, ":now": _EARLY, ":limit": "NULL"}
    sql = str(statement)
    for word, literal in words.items():
        sql = sql.replace(word, literal)
    return sql


def posted(purchase_order: Callable[..., Sequence[str]], po: UUID) -> Callable[..., Sequence[str]]:
    """All of the statement was long ago and stands in the journal: 900, 200 less and 100 less, of which 6 are rebate.

    Whatever is given is then done to it.
    """
    made = stated(purchase_order, po)
    world = (
        "ALTER TABLE core_event DISABLE TRIGGER USER",
        f"UPDATE core_event SET at = {_EARLY} WHERE name = 'wholesale.goods_returned'",
        f"UPDATE wholesale_receipt SET entered_at = {_EARLY}",
        f"UPDATE wholesale_return_line SET id = '{_RETURNED}'",
        f"UPDATE wholesale_correction SET id = '{_CORRECTED}', at = {_EARLY}",
        f"UPDATE partners_credit_entry SET source_id = '{_CORRECTED}' WHERE kind = 'corrected'",
        f"UPDATE wholesale_statement_line SET source_id = '{_RETURNED}' WHERE kind = 'return'",
        f"UPDATE wholesale_statement_line SET source_id = '{_CORRECTED}' WHERE kind = 'correction'",
        f"UPDATE wholesale_statement SET confirmed_at = {_EARLY}",
        _post(purchases.POST_RECEIPTS),
        _post(purchases.POST_RETURNS),
        _post(purchases.POST_DEDUCTIONS),
    )
    return lambda *changes: made(*world, *changes)


def _paid(po: UUID) -> tuple[str, ...]:
    """Everything that the statement asks for has come."""
    return (
        f"""INSERT INTO payments_bank_entry (id, account, serial, booked_on, amount_fen, payer_sealed, payer_index,
                status, reference, imported_at)
            VALUES ('{po}', '1', '{po}', '2026-11-19', 594, '', '', 'assigned', '{po}', now())""",
        f"""INSERT INTO wholesale_remittance (id, entry_id, partner_id, amount_fen, applied_fen, booked_on, noted_at)
            VALUES ('{po}', '{po}', '{po}', 594, 594, '2026-11-19', now())""",
        f"""INSERT INTO wholesale_payment (id, statement_id, entry_id, amount_fen, received_on, matched_at)
            VALUES ('{po}', '{po}', '{po}', 594, '2026-11-19', now())""",
        f"UPDATE wholesale_statement SET status = 'paid', paid_fen = 594, paid_at = {_EARLY}",
        "UPDATE partners_credit SET used_fen = used_fen - 594",
        f"""INSERT INTO partners_credit_entry (partner_id, kind, reference, source_id, amount_fen, at)
            VALUES ('{po}', 'paid', '{po}', '{po}', -594, now())""",
    )


def let_go(purchase_order: Callable[..., Sequence[str]], po: UUID) -> Callable[..., Sequence[str]]:
    """The supermarket has paid, and what the journal held of it is the supplier's."""
    made = posted(purchase_order, po)
    return lambda *changes: made(*_paid(po), _post(purchases.POST_PURCHASES), *changes)


def breaks(purchase_order: Callable[..., Sequence[str]], po: UUID) -> list[tuple[str, Sequence[str]]]:
    """A rule, and what breaks it and no other."""
    held, gone = posted(purchase_order, po), let_go(purchase_order, po)

    def move(kind: str, **by: int) -> str:
        changes = ", ".join(f"{account}_fen = {account}_fen + {fen}" for account, fen in by.items())
        return f"UPDATE settlement_posting SET {changes} WHERE kind = '{kind}'"

    def of(source: UUID, sql: str) -> str:
        return f"{sql} AND source_id = '{source}'"

    return [
        ("journal.receivable", held(move("receipt", receivable=1, pending=-1))),
        ("journal.receivable", held("UPDATE settlement_posting SET quantity = 8 WHERE kind = 'receipt'")),
        ("journal.receivable", held("DELETE FROM settlement_posting WHERE kind = 'return'")),
        ("journal.receivable", held(*_paid(po))),
        ("journal.receivable", gone(of(_RETURNED, "DELETE FROM settlement_posting WHERE kind = 'purchase_return'"))),
        ("journal.receivable", gone(of(po, move("purchase", pending=-1, payable=1)))),
        ("journal.receivable", gone("UPDATE wholesale_statement SET status = 'invoiced', paid_at = NULL")),
        ("journal.unearned", held(move("receipt", unearned=-1, pending=1))),
        ("journal.unearned", held("UPDATE settlement_posting SET rate_bp = 400 WHERE kind = 'receipt'")),
        ("journal.deducted", held(of(po, move("deduction", pending=1, platform=-1)))),
        (
            "journal.deducted",
            held(
                of(po, move("deduction", pending=2, receivable=-2)),
                of(_RETURNED, move("deduction", pending=-2, receivable=2)),
            ),
        ),
    ]
