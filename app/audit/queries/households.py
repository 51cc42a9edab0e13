"""What must be true of the evidence of what households were paid.

What is allocated to sales is kept nowhere: it is computed from these payments by a rule that gives no payment a part
larger than itself.
"""

from __future__ import annotations

from app.audit.rules import Rule

HOUSEHOLDS: tuple[Rule, ...] = (
    Rule(
        "households.list",
        "收益清单的行数或合计与其明细不符",
        "the rows of a list of payments do not come to what it says",
        """
        SELECT l.id AS list_id, concat_ws(' / ', count(p.id), coalesce(sum(p.amount_fen), 0)) AS found,
               concat_ws(' / ', l.rows, l.total_fen) AS expected
        FROM assistance_payment_list l LEFT JOIN assistance_household_payment p ON p.list_id = l.id
        GROUP BY l.id HAVING count(p.id) <> l.rows OR coalesce(sum(p.amount_fen), 0) <> l.total_fen
        """,
    ),
    Rule(
        "households.amount",
        "收益金额不等于数量乘单价",
        "a payment is not quantity times unit price",
        """
        SELECT id AS payment_id, abs(amount_fen) AS found,
               CAST(round(quantity_milli * CAST(unit_price_fen AS numeric) / 1000) AS bigint) AS expected
        FROM assistance_household_payment WHERE quantity_milli IS NOT NULL AND unit_price_fen IS NOT NULL
          AND abs(amount_fen) <> round(quantity_milli * CAST(unit_price_fen AS numeric) / 1000)
        """,
    ),
    Rule(
        "households.reversal",
        "冲销行与被冲销的收益不符",
        "a reversal does not take back the payment that it names",
        """
        SELECT r.id AS payment_id, r.amount_fen AS found, -p.amount_fen AS expected
        FROM assistance_household_payment r JOIN assistance_household_payment p ON p.id = r.reverses
        WHERE r.amount_fen <> -p.amount_fen OR r.household_id <> p.household_id OR r.supplier_id <> p.supplier_id
           OR r.kind <> p.kind OR p.reverses IS NOT NULL
        """,
    ),
    Rule(
        "households.taken_back",
        "已审批的冲销与冲销登记不符",
        "an approved reversal and the record of what was taken back do not agree",
        """
        SELECT coalesce(r.reverses, b.payment_id) AS payment_id, r.id AS found, b.reversal_id AS expected
        FROM (SELECT p.id, p.reverses FROM assistance_household_payment p
              JOIN assistance_payment_list_decision d ON d.list_id = p.list_id AND d.verdict = 'approved'
              WHERE p.reverses IS NOT NULL) r
        FULL JOIN assistance_payment_taken_back b ON (b.payment_id, b.reversal_id) = (r.reverses, r.id)
        WHERE r.id IS NULL OR b.payment_id IS NULL
        """,
    ),
    Rule(
        "households.approval",
        "收益清单由录入人自己审批",
        "a list of payments was approved by who entered it",
        """
        SELECT l.id AS list_id FROM assistance_payment_list l
        JOIN assistance_payment_list_decision d ON d.list_id = l.id WHERE d.decided_by = l.entered_by
        """,
    ),
)
