"""Taking partners on."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor
from app.partners import queries
from app.partners.models import PartnerRow
from app.partners.rules import MAX_TERM_DAYS, InvalidPartner, PartnerCard, PartnerStatus
from app.suppliers import is_uscc

_DIVISION = re.compile(r"[1-8][0-9]{5}", re.ASCII)
_MOST_BP = 10_000


async def enrol(
    session: AsyncSession,
    *,
    code: str,
    name: str,
    uscc: str,
    division_code: str,
    stores_count: int,
    term_days: int,
    rebate_bp: int,
    by: Actor,  # noqa: ARG001 - every use case is told who acts
    now: datetime,
) -> PartnerCard:
    """Make a partner that may buy at once. Raises ``InvalidPartner`` and ``PartnerExists``."""
    faults = []
    if not is_uscc(uscc):
        faults.append(Fault("/uscc", "invalid_uscc", "统一社会信用代码校验不通过", "fails its check"))
    if not _DIVISION.fullmatch(division_code):
        faults.append(Fault("/division_code", "invalid_division", "应为 6 位行政区划代码", "six digits (GB/T 2260)"))
    if not 0 <= term_days <= MAX_TERM_DAYS:
        faults.append(Fault("/term_days", "term_too_long", "账期不得超过 60 天", "at most 60 days"))
    if not 0 <= rebate_bp <= _MOST_BP:
        faults.append(Fault("/rebate_bp", "invalid_rebate", "返点应在 0 到 100% 之间", "between 0 and 100 %"))
    if stores_count < 0:
        faults.append(Fault("/stores_count", "invalid_count", "门店数不能为负", "not negative"))
    if faults:
        raise InvalidPartner(faults=faults)
    row = PartnerRow(
        id=new_id(now),
        code=code,
        name=name,
        uscc=uscc,
        division_code=division_code,
        stores_count=stores_count,
        term_days=term_days,
        rebate_bp=rebate_bp,
        status=PartnerStatus.ACTIVE.value,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return queries.card(row)
