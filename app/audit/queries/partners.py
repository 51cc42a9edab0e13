"""What must be true of contracts with supermarkets and of their credit."""

from __future__ import annotations

from app.audit.rules import Rule

PARTNERS: tuple[Rule, ...] = (
    Rule(
        "credit.used",
        "已用授信与其明细之和不符",
        "the used part of a partner's credit is not the sum of its entries",
        """
        SELECT coalesce(c.partner_id, e.partner_id) AS partner_id, c.used_fen AS found, coalesce(e.total, 0) AS expected
        FROM partners_credit c
        FULL JOIN (SELECT partner_id, sum(amount_fen) AS total FROM partners_credit_entry GROUP BY partner_id) e
          ON e.partner_id = c.partner_id
        WHERE c.used_fen IS DISTINCT FROM coalesce(e.total, 0)
        """,
    ),
    Rule(
        "credit.limit",
        "授信额度与其最后一次设定不符",
        "a partner's limit of credit is not the one that was set last",
        """
        SELECT c.partner_id, c.limit_fen AS found, coalesce(l.limit_fen, 0) AS expected
        FROM partners_credit c
        LEFT JOIN LATERAL (SELECT limit_fen FROM partners_credit_limit WHERE partner_id = c.partner_id
                           ORDER BY at DESC, id DESC LIMIT 1) l ON true
        WHERE c.limit_fen <> coalesce(l.limit_fen, 0)
        """,
    ),
    Rule(
        "contract.overlap",
        "同一商超的两份已签合同日期重叠",
        "two signed contracts of a partner hold on the same days",
        """
        WITH signed AS (
            SELECT id, partner_id, contract_no, valid_from, CASE WHEN ended_at IS NULL THEN valid_to
                   ELSE least(valid_to, CAST(ended_at AT TIME ZONE 'Asia/Shanghai' AS date) - 1) END AS last_on
            FROM partners_contract WHERE signed_at IS NOT NULL)
        SELECT a.id AS contract_id, a.contract_no, b.contract_no AS found, NULL AS expected
        FROM signed a JOIN signed b ON b.partner_id = a.partner_id AND b.id > a.id
         AND greatest(a.valid_from, b.valid_from) <= least(a.last_on, b.last_on)
        """,
    ),
    Rule(
        "price_list.overlap",
        "同一合同同一商品在同一天有两个同类价格",
        "a contract has two prices of a sort for the same goods on the same day",
        """
        WITH listed AS (
            SELECT id, contract_id, sku, promotion, price_fen, valid_from, CASE WHEN withdrawn_at IS NULL THEN valid_to
                   ELSE least(valid_to, CAST(withdrawn_at AT TIME ZONE 'Asia/Shanghai' AS date) - 1) END AS last_on
            FROM pricing_contract_price)
        SELECT a.id AS price_id, a.contract_id, a.sku, a.price_fen AS found, b.price_fen AS expected
        FROM listed a JOIN listed b ON b.contract_id = a.contract_id AND b.sku = a.sku AND b.promotion = a.promotion
         AND b.id > a.id AND greatest(a.valid_from, b.valid_from) <= least(a.last_on, b.last_on)
        """,
    ),
)
