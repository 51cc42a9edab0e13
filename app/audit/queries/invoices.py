"""What must be true of invoices."""

from __future__ import annotations

from app.audit.queries.waiting import WAITING_FOR_INVOICING
from app.audit.rules import Rule

INVOICES: tuple[Rule, ...] = (
    Rule(
        "invoice.net",
        "蓝字发票减红字发票不等于已付未退的金额",
        "the blue invoices of a supplier order less the red ones are not what was paid and not refunded",
        f"""
        SELECT i.supplier_order_id, sum(i.total_fen) AS found, p.amount_fen - coalesce(r.total, 0) AS expected
        FROM invoicing_invoice i JOIN orders_supplier_order p ON p.id = i.supplier_order_id
        LEFT JOIN (SELECT supplier_order_id, sum(amount_fen) AS total FROM orders_refund WHERE status = 'settled'
                   GROUP BY supplier_order_id) r ON r.supplier_order_id = i.supplier_order_id
        WHERE i.status NOT IN ('requested', 'cancelled')
          AND i.supplier_order_id NOT IN ({WAITING_FOR_INVOICING})
        GROUP BY i.supplier_order_id, p.amount_fen, r.total
        HAVING sum(i.total_fen) <> p.amount_fen - coalesce(r.total, 0)
               AND count(*) FILTER (WHERE i.colour = 'blue' AND i.status = 'rejected') = 0
        """,
    ),
    Rule(
        "invoice.red",
        "红字发票冲销的金额或税额超过蓝字发票",
        "red invoices take back more, or other tax, than their blue one billed",
        """
        SELECT b.id AS invoice_id, concat_ws(' + ', -sum(r.amount_fen), -sum(r.tax_fen)) AS found,
               concat_ws(' + ', b.amount_fen, b.tax_fen) AS expected
        FROM invoicing_invoice b JOIN invoicing_invoice r ON r.reverses = b.id AND r.status <> 'cancelled'
        GROUP BY b.id HAVING -sum(r.amount_fen) > b.amount_fen OR -sum(r.tax_fen) > b.tax_fen
        """,
    ),
    Rule(
        "invoice.items",
        "发票合计与其各项之和不符",
        "an invoice is not the sum of its items",
        """
        SELECT i.id AS invoice_id, concat_ws(' + ', i.amount_fen, i.tax_fen) AS found,
               concat_ws(' + ', coalesce(l.amount, 0), coalesce(l.tax, 0)) AS expected
        FROM invoicing_invoice i LEFT JOIN LATERAL (
            SELECT sum(CAST(item ->> 'amount_fen' AS bigint)) AS amount, sum(CAST(item ->> 'tax_fen' AS bigint)) AS tax
            FROM jsonb_array_elements(i.items) AS item) l ON true
        WHERE (i.amount_fen, i.tax_fen) <> (coalesce(l.amount, 0), coalesce(l.tax, 0))
        """,
    ),
)
