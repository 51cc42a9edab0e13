"""Books in which what a supermarket took in was stated, disputed, corrected and confirmed, and how they are broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from tests.audit.received import received

_OTHER = uuid4()


def _row(po: UUID, position: int, kind: str, units: str, fen: int, *, statement: UUID | None = None) -> str:
    source = f"'{po}'" if kind != "rebate" else "NULL"
    return f"""INSERT INTO wholesale_statement_line (id, statement_id, revision, position, kind, source_id, on_day,
            name, units, unit_price_fen, amount_fen)
        VALUES (gen_random_uuid(), '{statement or po}', 1, {position}, '{kind}', {source}, '2026-11-20', '', {units},
            100, {fen})"""


def _statement(po: UUID, statement: UUID, month: str, goods: int, rebate: int) -> str:
    return f"""INSERT INTO wholesale_statement (id, partner_id, contract_id, month, number, code, revision, status,
            goods_fen, rebate_fen, fees_fen, payable_fen, issued_at, sent_at, confirmed_at, due_on)
        VALUES ('{statement}', '{po}', '{po}', '{month}', 'N{month}', 'C{month}', 1, 'confirmed', {goods}, {rebate}, 0,
            {goods - rebate}, now(), now(), now(), '2026-12-31')"""


def stated(purchase_order: Callable[..., Sequence[str]], po: UUID) -> Callable[..., Sequence[str]]:
    """Of nine units that were taken in two went back and one was corrected away; the rest is confirmed, less 6 fen."""
    made = received(purchase_order, po)
    world = (
        _statement(po, po, "2026-11-01", 600, 6),
        _row(po, 1, "receipt", "9", 900),
        _row(po, 2, "return", "-2", -200),
        f"""INSERT INTO wholesale_dispute (id, statement_id, kind, note, opened_at, by_account, accepted, decided_at)
            VALUES ('{po}', '{po}', 'QTY', '', now(), '{po}', true, now())""",
        f"""INSERT INTO wholesale_correction (id, dispute_id, po_id, line_id, receipt_line_id, units, amount_fen, at,
                by_account) VALUES ('{po}', '{po}', '{po}', '{po}', '{po}', -1, -100, now(), '{po}')""",
        _row(po, 3, "correction", "-1", -100),
        _row(po, 4, "rebate", "NULL", -6),
        "UPDATE partners_credit SET used_fen = 594",
        *(
            f"""INSERT INTO partners_credit_entry (partner_id, kind, reference, source_id, amount_fen, at)
                VALUES ('{po}', '{kind}', '{po}', '{po}', {amount}, now())"""
            for kind, amount in (("corrected", -100), ("stated", -6))
        ),
    )
    return lambda *changes: made(*world, *changes)


def _paid(po: UUID) -> tuple[str, ...]:
    """Money that came for the statement: a hundred fen of it pay, five are left over."""
    return (
        f"""INSERT INTO payments_bank_entry (id, account, serial, booked_on, amount_fen, payer_sealed, payer_index,
                status, reference, imported_at)
            VALUES ('{po}', '1', '{po}', '2026-12-05', 105, '', '', 'assigned', '{po}', now())""",
        f"""INSERT INTO wholesale_remittance (id, entry_id, partner_id, amount_fen, applied_fen, booked_on, noted_at)
            VALUES ('{po}', '{po}', '{po}', 105, 100, '2026-12-05', now())""",
        f"""INSERT INTO wholesale_payment (id, statement_id, entry_id, amount_fen, received_on, matched_at)
            VALUES ('{po}', '{po}', '{po}', 100, '2026-12-05', now())""",
        "UPDATE wholesale_statement SET status = 'partially_paid', paid_fen = 100",
        "UPDATE partners_credit SET used_fen = used_fen - 100",
        f"""INSERT INTO partners_credit_entry (partner_id, kind, reference, source_id, amount_fen, at)
            VALUES ('{po}', 'paid', '{po}', '{po}', -100, now())""",
    )


def _counted(po: UUID, *, corrected: int) -> tuple[str, ...]:
    """The line's entries in the ledger, as if it counted: the sale, what went back and what was corrected."""
    entry = """INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id,
        order_id, po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township,
        channel, division_code, partner_id, partner_name, quantity, weight_g, amount_fen, reverses)"""
    told = """'X', 'GT04', product_id, '', category, supplier_id, '', '433125116', '', 'supermarket', '370112'"""
    noon = "'2026-11-20T04:00:00+00:00'"
    rows = [("sale", po, 9), ("refund", po, -2), ("refund", _OTHER, -corrected)]
    return (
        "UPDATE wholesale_po_line SET township_code = '433125116'",
        "DELETE FROM assistance_exclusion WHERE po_no IS NOT NULL",
        "ALTER TABLE assistance_entry ENABLE TRIGGER USER",
        f"UPDATE wholesale_statement_line SET source_id = '{_OTHER}' WHERE kind = 'correction'",
        f"UPDATE wholesale_correction SET id = '{_OTHER}'",
        f"UPDATE partners_credit_entry SET source_id = '{_OTHER}' WHERE kind = 'corrected'",
        *(
            f"""{entry} SELECT {f"'{po}'" if kind == "sale" else "gen_random_uuid()"}, now(), {noon}, '2026-11-20',
                '{kind}', '{source}', '{po}', '{po}', {told}, '{po}', '', {units}, {units * 100}, {units * 100},
                {"NULL" if kind == "sale" else f"'{po}'"} FROM wholesale_po_line"""
            for kind, source, units in rows
        ),
    )


def breaks(purchase_order: Callable[..., Sequence[str]], po: UUID) -> list[tuple[str, Sequence[str]]]:
    """A rule, and what breaks it and no other."""
    made = stated(purchase_order, po)
    entry = "UPDATE partners_credit_entry SET amount_fen = amount_fen + 10 WHERE kind = '{kind}'"
    used = "UPDATE partners_credit SET used_fen = used_fen + {more}"
    return [
        ("statement.total", made("UPDATE wholesale_statement SET goods_fen = 601, payable_fen = 595")),
        (
            "statement.document",
            made("UPDATE wholesale_statement_line SET units = 8 WHERE kind = 'receipt'"),
        ),
        (
            "statement.once",
            made(_statement(po, _OTHER, "2026-12-01", -200, 0), _row(po, 1, "return", "-2", -200, statement=_OTHER)),
        ),
        (
            "statement.carried_over",
            made(
                _statement(po, _OTHER, "2026-12-01", 0, 0),
                f"UPDATE wholesale_statement SET carried_fen = 50, payable_fen = -50 WHERE id = '{_OTHER}'",
                _row(po, 1, "carried", "NULL", -50, statement=_OTHER),
            ),
        ),
        ("statement.credit", made(entry.format(kind="stated"), used.format(more=10))),
        ("statement.disputed", made("UPDATE wholesale_dispute SET accepted = NULL, decided_at = NULL")),
        ("correction.credit", made(entry.format(kind="corrected"), used.format(more=10))),
        (
            "correction.credit",
            made(
                "UPDATE wholesale_correction SET amount_fen = -701",
                "UPDATE wholesale_statement_line SET amount_fen = -701 WHERE kind = 'correction'",
                "UPDATE wholesale_statement SET goods_fen = -1, payable_fen = -7",
                "UPDATE partners_credit_entry SET amount_fen = -701 WHERE kind = 'corrected'",
                used.format(more=-601),
            ),
        ),
        ("statement.paid", made(*_paid(po), "UPDATE wholesale_statement SET paid_fen = 99")),
        ("remittance.applied", made(*_paid(po), "UPDATE wholesale_remittance SET applied_fen = 99")),
        ("remittance.applied", made(*_paid(po), "UPDATE payments_bank_entry SET amount_fen = 104")),
        (
            "refund.partner",
            made(
                *_paid(po),
                "UPDATE wholesale_remittance SET refunded_fen = 4",
                f"""INSERT INTO wholesale_refund (id, code, partner_id, remittance_id, amount_fen, payee_sealed,
                        payee_tail, reason, status, drafted_by, drafted_at)
                    VALUES ('{po}', 'TK', '{po}', '{po}', 4, '', '', '', 'waiting', '{po}', now())""",
            ),
        ),
        ("ledger.correction", made(*_counted(po, corrected=2))),
    ]
