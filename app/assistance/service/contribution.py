"""What a purchase did: told line by line, and certified for a year."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import buyers, inventory, orders
from app.assistance import queries
from app.assistance.models import CertificateRow
from app.assistance.rules import Entry
from app.assistance.rules.contribution import (
    ActsForNobody,
    ActsForSeveral,
    Certificate,
    Contribution,
    LineContribution,
    NothingCounted,
    code_of,
    digest_of,
    standing,
)
from app.assistance.rules.counting import Candidate, decide, programme_on
from app.assistance.rules.season import year_until
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor

_ENDED = (orders.Status.CANCELLED, orders.Status.EXPIRED, orders.Status.REFUNDED)


async def contribution(session: AsyncSession, order_id: UUID, *, by: Actor, now: datetime) -> Contribution:
    """What this buyer's order was counted for. Raises ``NotFound``.

    Lines that are not counted yet are judged by the programme in force ``now``, which may be another when they are.
    """
    lines = await orders.origins(session, order_id, by=by)
    entries = await queries.entries_of(session, [line.line_id for line in lines])
    of_line: defaultdict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_line[entry.line_id].append(entry)
    shares = await queries.shares_of(session, entries)
    lots = await inventory.lots_of(session, sorted({line.sku for line in lines if line.lot_codes}))
    programme = programme_on(local_day(now))
    told = []
    for line in lines:
        candidate = Candidate(
            line.assisted, line.township_code, line.division_code, line.self_purchase, line.on_832, line.net_fen
        )
        counting, reason = standing(
            alive=line.status not in _ENDED,
            completed=line.status is orders.Status.COMPLETED,
            counted=bool(of_line[line.line_id]),
            decided=decide(candidate, programme).reason,
        )
        told.append(
            LineContribution(
                line_id=line.line_id,
                sku=line.sku,
                name=line.name,
                supplier_name=line.supplier_name,
                township=line.township,
                village=line.village,
                trace_codes=tuple(lot.trace_code for lot in lots.get(line.sku, []) if lot.code in line.lot_codes),
                counting=counting,
                reason=reason,
                counted_fen=sum(entry.amount_fen for entry in of_line[line.line_id]),
                entries=tuple(of_line[line.line_id]),
                goals=tuple(shares.get(line.line_id, [])),
            )
        )
    counted_of = sorted({entry.supplier_id for entry in entries})
    year = year_until(local_day(now))
    households = await queries.households_told(session, counted_of, year) if counted_of else None
    return Contribution(
        order_id=order_id,
        order_number=lines[0].order_number,
        counted_fen=sum(line.counted_fen for line in told),
        households_linked=households,
        lines=tuple(told),
    )


async def certify(
    session: AsyncSession, year: int, *, organisation_id: UUID | None = None, by: Actor, now: datetime
) -> Certificate:
    """The certificate of an organisation's counted purchases of ``year``, issued now if these figures have none yet.

    Any member may have it; without ``organisation_id`` it is the only organisation that the caller acts for.
    Raises ``NotFound``, ``ActsForNobody``, ``ActsForSeveral``, ``NothingCounted``.
    """
    organisation = await _organisation(session, organisation_id, by=by)
    content = await queries.counted_for(session, organisation.id, year)
    if content.net_fen <= 0:
        raise NothingCounted
    digest = digest_of(content, organisation.name, organisation.uscc)
    issued = insert(CertificateRow).values(
        id=new_id(now),
        code=code_of(year, digest),
        organisation_id=organisation.id,
        holder=organisation.name,
        uscc=organisation.uscc,
        year=year,
        content=content.to_json(),
        digest=digest,
        issued_at=now,
    )
    await session.execute(issued.on_conflict_do_nothing(index_elements=[CertificateRow.code]))
    return await queries.certificate(session, code_of(year, digest))


async def _organisation(session: AsyncSession, organisation_id: UUID | None, *, by: Actor) -> buyers.Organisation:
    if organisation_id is not None:
        return await buyers.organisation(session, organisation_id, by=by)
    found = await buyers.organisations_of(session, by=by, limit=2)
    if not found:
        raise ActsForNobody
    if len(found) > 1:
        fault = Fault("query:/organisation_id", ActsForSeveral.code, "请指明采购单位", "say which organisation")
        raise ActsForSeveral(faults=[fault])
    return found[0]
