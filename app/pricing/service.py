"""The verbs of pricing: set a price, plant and choose freight, quote a cart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Fault, InvalidInput
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.pricing import queries
from app.pricing.events import PriceChanged
from app.pricing.models import FreightRuleRow, FreightTemplateRow, PriceRow
from app.pricing.rules import (
    HOUSE_TEMPLATES,
    MAX_PRICE_FEN,
    FreightRule,
    Price,
    Quote,
    UnknownTemplate,
    Wanted,
    assemble,
)


async def set_price(
    session: AsyncSession, sku: str, price_fen: int, *, by: Actor | None = None, now: datetime
) -> Price:
    """Let one sales unit of ``sku`` cost ``price_fen`` from ``now`` on; the price before stays as history.

    The same price again changes nothing. Raises ``InvalidInput`` outside 1..10,000,000 fen and ``NotFound`` for a SKU
    that does not exist.
    """
    if not 1 <= price_fen <= MAX_PRICE_FEN:
        raise InvalidInput(faults=[Fault("/price_fen", "out_of_range", "价格超出允许范围", "Out of range")])
    current = await queries.lock_current(session, sku)
    if current is not None and current.price_fen == price_fen:
        return Price(sku, price_fen, current.valid_from)
    start = now
    if current is not None:
        start = max(now, current.valid_from)
        current.valid_to = start
        await session.flush()
    session.add(
        PriceRow(
            id=new_id(now),
            sku=sku,
            price_fen=price_fen,
            valid_from=start,
            valid_to=None,
            by_account=None if by is None else by.account_id,
        )
    )
    emit(session, PriceChanged(sku=sku, price_fen=price_fen, at=now))
    await session.flush()
    return Price(sku, price_fen, start)


async def quote(session: AsyncSession, wanted: Sequence[Wanted], division_code: str) -> Quote:
    """What these goods cost now, sent to this division (six digits, GB/T 2260). One statement.

    Raises ``NotOnSale`` for SKUs without a price, ``NotDeliverable`` for suppliers that do not send there.
    """
    prices, freight = await queries.prices_and_freight(session, wanted, division_code)
    return assemble(wanted, prices, freight)


async def plant_freight(session: AsyncSession, *, now: datetime) -> None:
    """Write the house's freight templates where they are missing. Doing it again changes nothing."""
    planted = set(
        await session.scalars(select(FreightTemplateRow.code).where(FreightTemplateRow.supplier_id.is_(None)))
    )
    for code, name, rules in HOUSE_TEMPLATES:
        if code not in planted:
            await _write_template(session, code, name, None, rules, now)
    await session.flush()


async def choose_freight(session: AsyncSession, supplier_id: UUID, code: str, *, now: datetime) -> None:
    """Let a supplier send by a copy of the house template ``code`` instead of the default one.

    Raises ``UnknownTemplate``.
    """
    house = next(((name, rules) for found, name, rules in HOUSE_TEMPLATES if found == code), None)
    if house is None:
        raise UnknownTemplate
    own = await session.scalar(
        select(FreightTemplateRow).where(FreightTemplateRow.supplier_id == supplier_id).with_for_update()
    )
    if own is not None:
        await session.execute(delete(FreightRuleRow).where(FreightRuleRow.template_id == own.id))
        await session.delete(own)
        await session.flush()
    await _write_template(session, code, house[0], supplier_id, house[1], now)
    await session.flush()


async def _write_template(
    session: AsyncSession,
    code: str,
    name: str,
    supplier_id: UUID | None,
    rules: dict[str, FreightRule],
    now: datetime,
) -> None:
    template_id = new_id(now)
    await session.execute(
        insert(FreightTemplateRow).values(id=template_id, code=code, name=name, supplier_id=supplier_id)
    )
    await session.execute(
        insert(FreightRuleRow),
        [
            {
                "template_id": template_id,
                "region": region,
                "first_weight_g": rule.first_weight_g,
                "first_fee_fen": rule.first_fee_fen,
                "step_weight_g": rule.step_weight_g,
                "step_fee_fen": rule.step_fee_fen,
                "free_over_fen": rule.free_over_fen,
                "deliverable": rule.deliverable,
            }
            for region, rule in rules.items()
        ],
    )
