"""Freight templates: the house's own, and by which of them, or by what of its own, a supplier sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import new_id
from app.pricing.models import FreightRuleRow, FreightTemplateRow
from app.pricing.rules.freight import HOUSE_TEMPLATES, FreightRule, UnknownTemplate, check_rules

OWN_TEMPLATE = "own"
"""The code of a template that a supplier wrote itself."""


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
    await _replace(session, supplier_id, code, house[0], None, house[1], now)


async def write_freight(
    session: AsyncSession,
    supplier_id: UUID,
    *,
    name: str,
    volume_divisor: int | None,
    rules: Sequence[tuple[str, FreightRule]],
    now: datetime,
) -> None:
    """Let a supplier send by rules of its own, by region; where none fits it does not send. Raises ``InvalidInput``."""
    check_rules(rules)
    await _replace(session, supplier_id, OWN_TEMPLATE, name, volume_divisor, dict(rules), now)


async def _replace(
    session: AsyncSession,
    supplier_id: UUID,
    code: str,
    name: str,
    volume_divisor: int | None,
    rules: Mapping[str, FreightRule],
    now: datetime,
) -> None:
    own = (
        await session.execute(
            select(FreightTemplateRow).where(FreightTemplateRow.supplier_id == supplier_id).with_for_update()
        )
    ).scalar_one_or_none()
    if own is None:
        await _write_template(session, code, name, supplier_id, rules, now, volume_divisor=volume_divisor)
    else:
        own.code, own.name, own.volume_divisor, own.version = code, name, volume_divisor, own.version + 1
        await session.flush()
        await session.execute(delete(FreightRuleRow).where(FreightRuleRow.template_id == own.id))
        await _write_rules(session, own.id, rules)
    await session.flush()


async def _write_template(
    session: AsyncSession,
    code: str,
    name: str,
    supplier_id: UUID | None,
    rules: Mapping[str, FreightRule],
    now: datetime,
    *,
    volume_divisor: int | None = None,
) -> None:
    template_id = new_id(now)
    await session.execute(
        insert(FreightTemplateRow).values(
            id=template_id, code=code, name=name, supplier_id=supplier_id, volume_divisor=volume_divisor
        )
    )
    await _write_rules(session, template_id, rules)


async def _write_rules(session: AsyncSession, template_id: UUID, rules: Mapping[str, FreightRule]) -> None:
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
                "surcharge_fen": rule.surcharge_fen,
                "tiers": [list(tier) for tier in rule.tiers] or None,
            }
            for region, rule in rules.items()
        ],
    )
