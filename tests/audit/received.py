"""Books in which a supermarket has taken goods in and sent some back, and how each rule about that is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

_NOON = "'2026-11-20T04:00:00+00:00'"


def received(purchase_order: Callable[..., Sequence[str]], po: UUID) -> Callable[..., Sequence[str]]:
    """Of ten units nine were taken in and two of them went back, by consent; nothing of it counts, which is noted.

    Whatever is given is then done to it.
    """
    ids = f"'{po}', '{po}'"
    world = (
        f"INSERT INTO wholesale_po_event (po_id, status, at) VALUES ('{po}', 'received', now())",
        "UPDATE wholesale_po SET status = 'received'",
        """UPDATE wholesale_po_line SET shipped_units = 10, delivered_units = 10, received_units = 9,
            returned_units = 2, payable_fen = 900""",
        f"""INSERT INTO wholesale_delivery (id, number, po_id, supplier_id, pallets, dispatched_at, by_account)
            SELECT '{po}', 'SH', '{po}', supplier_id, 0, {_NOON}, '{po}' FROM wholesale_po_line""",
        f"INSERT INTO wholesale_delivery_line (delivery_id, position, line_id, units) VALUES ('{po}', 0, '{po}', 10)",
        f"""INSERT INTO wholesale_receipt (id, partner_id, po_id, receipt_no, received_at, received_on, payable_fen,
                entered_at, by_account)
            VALUES ({ids}, '{po}', 'Y', {_NOON}, '2026-11-20', 900, {_NOON}, '{po}')""",
        f"""INSERT INTO wholesale_receipt_line (id, receipt_id, line_id, line_no, sku, delivered_units, received_units,
                rejected_units, short_units, excess_units, deducted_units, unit_price_fen, payable_fen)
            VALUES ({ids}, '{po}', 1, 'GT04', 10, 9, 1, 0, 0, 0, 100, 900)""",
        f"""INSERT INTO assistance_exclusion (id, source_id, line_id, order_id, po_no, sku, product_name, supplier_id,
                supplier_name, quantity, net_fen, occurred_at, excluded_at, reason, facts)
            SELECT {ids}, {ids}, 'X', 'GT04', '', supplier_id, '', 9, 900, {_NOON}, {_NOON}, 'other_origin', '{{}}'
            FROM wholesale_po_line""",
        f"""INSERT INTO wholesale_return_consent (id, partner_id, po_id, line_id, reason, units, given_at, by_account)
            VALUES ({ids}, {ids}, 'unsold', 2, {_NOON}, '{po}')""",
        f"""INSERT INTO wholesale_return (id, partner_id, po_id, receipt_id, return_no, reason, agreed, freight_payer,
                returned_at, returned_on, amount_fen, by_account)
            VALUES ({ids}, {ids}, 'R', 'unsold', true, 'partner', {_NOON}, '2026-11-20', 200, '{po}')""",
        f"""INSERT INTO wholesale_return_line (id, return_id, receipt_line_id, line_id, consent_id, units,
                sellable_units, unit_price_fen, amount_fen)
            VALUES ({ids}, {ids}, '{po}', 2, 0, 100, 200)""",
        f"""INSERT INTO core_event VALUES (gen_random_uuid(), 'wholesale.goods_returned', '{po}', {_NOON}, '{{}}')""",
        f"INSERT INTO partners_credit (partner_id, limit_fen, used_fen, updated_at) VALUES ('{po}', 0, 700, now())",
        *(
            f"""INSERT INTO partners_credit_entry (partner_id, kind, reference, source_id, amount_fen, at)
                VALUES ('{po}', '{kind}', {ids}, {amount}, now())"""
            for kind, amount in (("ordered", 1_000), ("received", -100), ("returned", -200))
        ),
    )
    return lambda *changes: purchase_order(*world, *changes)


def _counted(po: UUID, *, returned: int = 2) -> tuple[str, ...]:
    """The line's entries in the ledger, as if it counted."""
    entry = """INSERT INTO assistance_entry (id, posted_at, occurred_at, counted_on, kind, source_id, line_id,
        order_id, po_no, sku, product_id, product_name, category, supplier_id, supplier_name, township_code, township,
        channel, division_code, partner_id, partner_name, quantity, weight_g, amount_fen, reverses)"""
    told = """'X', 'GT04', product_id, '', category, supplier_id, '', '433125116', '', 'supermarket', '370112'"""
    return (
        "DELETE FROM assistance_exclusion WHERE po_no IS NOT NULL",
        "ALTER TABLE assistance_entry ENABLE TRIGGER USER",  # what is added is told to the sums
        f"""{entry} SELECT '{po}', now(), {_NOON}, '2026-11-20', 'sale', '{po}', '{po}', '{po}', {told}, '{po}', '',
            9, 900, 900, NULL FROM wholesale_po_line""",
        f"""{entry} SELECT gen_random_uuid(), now(), {_NOON}, '2026-11-20', 'refund', '{po}', '{po}', '{po}', {told},
            '{po}', '', {-returned}, {-returned * 100}, {-returned * 100}, '{po}' FROM wholesale_po_line""",
    )


def breaks(purchase_order: Callable[..., Sequence[str]], po: UUID) -> list[tuple[str, Sequence[str]]]:
    """A rule, and what breaks it and no other."""
    made = received(purchase_order, po)
    counts = "UPDATE wholesale_po_line SET township_code = '433125116'"
    used = "UPDATE partners_credit SET used_fen = used_fen + {more}"
    entry = "UPDATE partners_credit_entry SET amount_fen = amount_fen + {more} WHERE kind = '{kind}'"
    return [
        ("receipt.total", made("UPDATE wholesale_receipt SET payable_fen = 899")),
        ("po.received", made("UPDATE wholesale_po_line SET received_units = 8")),
        (
            "po.taken_in",
            made("UPDATE wholesale_po_line SET shipped_units = 9", "UPDATE wholesale_delivery_line SET units = 9"),
        ),
        (
            "po.missing",
            made(
                f"""INSERT INTO wholesale_missing (id, po_id, line_id, units, noticed_at)
                    VALUES ('{po}', '{po}', '{po}', 1, now())"""
            ),
        ),
        (
            "po.complete",
            made(
                "UPDATE wholesale_po_line SET promised_units = 11, ordered_units = 11",
                "UPDATE wholesale_po SET total_fen = 1100",
                entry.format(kind="ordered", more=100),
                used.format(more=100),
            ),
        ),
        ("receipt.credit", made(entry.format(kind="received", more=10), used.format(more=10))),
        ("return.total", made("UPDATE wholesale_return SET amount_fen = 201")),
        ("return.total", made(entry.format(kind="returned", more=10), used.format(more=10))),
        ("po.returned", made("UPDATE wholesale_po_line SET returned_units = 1")),
        (
            "return.too_much",
            made(
                "UPDATE wholesale_receipt_line SET deducted_units = 8, payable_fen = 100",
                "UPDATE wholesale_receipt SET payable_fen = 100",
                "UPDATE wholesale_po_line SET payable_fen = 100",
                entry.format(kind="received", more=-800),
                used.format(more=-800),
            ),
        ),
        ("return.without_consent", made("UPDATE wholesale_return_consent SET units = 1")),
        ("return.without_consent", made("UPDATE wholesale_return_line SET consent_id = NULL")),
        ("ledger.receipt_missing", made(counts)),
        ("ledger.receipt_missing", made("DELETE FROM assistance_exclusion WHERE po_no IS NOT NULL")),
        ("ledger.receipt_without_cause", made(*_counted(po))),
        ("ledger.receipt_without_cause", made(counts, *_counted(po), "UPDATE wholesale_po SET division_code = '3702'")),
        ("ledger.return", made(counts, *_counted(po, returned=1))),
    ]
