"""Taking partners on, and where their goods go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from stdnum import ean

from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor
from app.partners import queries
from app.partners.models import LocationRow, PartnerRow
from app.partners.rules import (
    MAX_TERM_DAYS,
    InvalidLocation,
    InvalidPartner,
    Location,
    LocationKind,
    NewLocation,
    PartnerCard,
    PartnerStatus,
)
from app.suppliers import is_uscc

_DIVISION = re.compile(r"[1-8][0-9]{5}", re.ASCII)
_MOST_BP = 10_000
_GLN = 13


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


async def add_location(
    session: AsyncSession,
    partner_id: UUID,
    *,
    code: str,
    name: str,
    kind: LocationKind,
    division_code: str,
    address: str,
    gln: str | None = None,
    now: datetime,
) -> Location:
    """Open a store or distribution centre. Raises ``NotFound``, ``InvalidLocation`` and ``LocationExists``."""
    (opened,) = await add_locations(
        session, partner_id, [NewLocation(code, name, kind, division_code, address, gln)], now=now
    )
    return opened


async def add_locations(
    session: AsyncSession, partner_id: UUID, places: Sequence[NewLocation], *, now: datetime
) -> list[Location]:
    """Open many at once, all or none. Raises what ``add_location`` raises."""
    for place in places:
        _check_location(place.division_code, place.gln)
    await queries.get(session, partner_id)
    rows = [
        LocationRow(
            id=new_id(now),
            partner_id=partner_id,
            code=place.code,
            name=place.name,
            kind=place.kind.value,
            division_code=place.division_code,
            address=place.address,
            gln=place.gln,
            active=True,
            created_at=now,
        )
        for place in places
    ]
    session.add_all(rows)
    await session.flush()
    return [queries.place(row) for row in rows]


async def change_location(
    session: AsyncSession,
    partner_id: UUID,
    code: str,
    *,
    name: str,
    division_code: str,
    address: str,
    gln: str | None,
    active: bool,
) -> Location:
    """Correct the record of a place, close it or open it again. Raises ``NotFound`` and ``InvalidLocation``."""
    _check_location(division_code, gln)
    row = await queries.lock_location(session, partner_id, code)
    row.name = name
    row.division_code = division_code
    row.address = address
    row.gln = gln
    row.active = active
    await session.flush()
    return queries.place(row)


def _check_location(division_code: str, gln: str | None) -> None:
    faults = []
    if not _DIVISION.fullmatch(division_code):
        faults.append(Fault("/division_code", "invalid_division", "应为 6 位行政区划代码", "six digits (GB/T 2260)"))
    if gln is not None and not (len(gln) == _GLN and ean.is_valid(gln)):
        faults.append(Fault("/gln", "invalid_gln", "GLN 为 13 位，校验码不对", "13 digits with their check digit"))
    if faults:
        raise InvalidLocation(faults=faults)


async def suspend(session: AsyncSession, partner_id: UUID) -> PartnerCard:
    """Let a partner order nothing for now; what it ordered goes on. Raises ``NotFound``."""
    return await _stand(session, partner_id, PartnerStatus.SUSPENDED)


async def resume(session: AsyncSession, partner_id: UUID) -> PartnerCard:
    """Let a suspended partner order again. Raises ``NotFound``."""
    return await _stand(session, partner_id, PartnerStatus.ACTIVE)


async def _stand(session: AsyncSession, partner_id: UUID, status: PartnerStatus) -> PartnerCard:
    row = await queries.lock(session, partner_id)
    row.stand(status)
    await session.flush()
    return queries.card(row)
