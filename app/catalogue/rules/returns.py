"""What a buyer may do once goods of a kind have arrived."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReturnPolicy:
    """What a buyer may do once goods of a kind have arrived (domain handbook §1.5, §3.5).

    Within ``return_days`` of delivery they go back without a reason (0: never); within ``claim_hours`` of it faults are
    claimed. ``bad_allow_bp`` is the share of a line that may be bad without compensation, and from ``bad_full_bp`` on
    all of it is refunded or sent again; both in basis points of the pieces (3000 = 30 %). ``zh`` and
    ``en`` say it.
    """

    code: str
    return_days: int
    claim_hours: int
    bad_allow_bp: int
    bad_full_bp: int
    zh: str
    en: str


SEALED = ReturnPolicy(
    code="sealed",
    return_days=7,
    claim_hours=7 * 24,
    bad_allow_bp=0,
    bad_full_bp=10_000,
    zh="签收后七日内，包装与封口完好可无理由退货，退回运费由买家承担；质量问题运费由卖家承担。",
    en="Within seven days of delivery you may return it for any reason with its seal intact; "
    "you pay the freight back, or the seller does if the goods are faulty.",
)
"""Goods that keep."""

FRESH = ReturnPolicy(
    code="fresh",
    return_days=0,
    claim_hours=24,
    bad_allow_bp=0,
    bad_full_bp=3_000,
    zh="鲜活易腐商品，不适用七日无理由退货；下单时须确认。签收后 24 小时内发现坏果，可申请按坏果数量退款。",
    en="Fresh and perishable: the seven-day return does not apply, which you confirm when ordering. "
    "Fruit found bad within 24 hours of delivery is refunded by the piece.",
)
"""Goods that perish."""

RETURN_POLICIES = (SEALED, FRESH)
