"""A partner with a distribution centre, a contract and credit, made through the front doors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import partners
from app.core.clock import local_day
from app.identity import SYSTEM

RECORD: dict[str, Any] = {
    "code": "P01",
    "name": "济南泉润万家超市连锁有限公司（示例）",
    "uscc": "91370112MA3FAKE120",
    "division_code": "370112",
    "stores_count": 38,
    "term_days": 45,
    "rebate_bp": 600,
}
SECOND = RECORD | {"code": "P02", "name": "山东齐禾商业连锁有限公司（示例）", "uscc": "91370303MA3FAKE204"}
TERMS = partners.Terms(
    contract_no="HT-2026-P01",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    order_weekdays=(1, 2, 3, 4, 5, 6, 7),
    order_until=time(23, 59),
    lead_days=2,
    minimum=0,
    minimum_unit=partners.MinimumUnit.FEN,
    min_life_pct=60,
    term_days=45,
    term_base=partners.TermBase.RECEIPT_DATE,
    rebate_bp=600,
    rebate_on_invoice=False,
    tolerance={"navel-orange": partners.ORANGES},
)
PROMOTION = partners.NewFee(
    name="促销服务费",
    service="每月一次堆头陈列",
    basis=partners.FeeBasis.FIXED,
    amount_fen=30_000,
    rate_bp=None,
    tax_rate_bp=600,
)


@dataclass(frozen=True, slots=True)
class Customer:
    """A partner that may order."""

    card: partners.PartnerCard
    contract: partners.Contract
    dc: partners.Location


async def customer(
    session: AsyncSession,
    now: datetime,
    *,
    record: dict[str, Any] = RECORD,
    terms: partners.Terms | None = None,
    fees: tuple[partners.NewFee, ...] = (),
    limit_fen: int = 10_000_000,
) -> Customer:
    """A partner with one signed contract around ``now``, a distribution centre and ``limit_fen`` of credit."""
    card = await partners.enrol(session, **record, by=SYSTEM, now=now)
    today = local_day(now)
    if terms is None:
        terms = replace(
            TERMS,
            contract_no=f"HT-{card.code}",
            valid_from=today - timedelta(days=365),
            valid_to=today + timedelta(days=365),
        )
    drafted = await partners.draft(session, card.id, terms, fees, by=SYSTEM, now=now)
    contract = await partners.sign(session, drafted.id, by=SYSTEM, now=now)
    dc = await partners.add_location(
        session,
        card.id,
        code=f"{card.code}-DC",
        name="王舍人配送中心",
        kind=partners.LocationKind.DC,
        division_code=card.division_code,
        address="工业北路 200 号",
        now=now,
    )
    await partners.set_credit_limit(session, card.id, limit_fen, by=SYSTEM, now=now)
    return Customer(card, contract, dc)
