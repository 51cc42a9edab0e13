"""Freight templates: the house's own, and which of them a supplier sends by."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.pricing.models import FreightRuleRow, FreightTemplateRow
from app.pricing.rules import HOUSE_TEMPLATES, FreightRule, UnknownTemplate


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
