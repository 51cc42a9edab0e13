"""What a purchase did: told line by line, and certified for a year."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity, inventory, orders
from app.assistance import queries
from app.assistance.models import CertificateRow
from app.assistance.rules import Candidate, Entry, decide, programme_on
from app.assistance.rules.contribution import (
    Certificate,
    Contribution,
    LineContribution,
    NothingCounted,
    code_of,
    digest_of,
    standing,
)
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.ids import new_id
from app.core.sealing import keys
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
        candidate = Candidate(line.assisted, line.township_code, line.division_code, line.self_purchase, line.net_fen)
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
    return Contribution(
        order_id=order_id,
        order_number=lines[0].order_number,
        counted_fen=sum(line.counted_fen for line in told),
        households_linked=None,  # no household is recorded in this version, and nothing is made up
        lines=tuple(told),
    )


async def certify(session: AsyncSession, year: int, *, by: Actor, now: datetime) -> Certificate:
    """The certificate of the caller's counted purchases of ``year``, issued now if these figures have none yet.

    Raises ``NothingCounted``.
    """
    holder = await identity.account(session, by.account_id)
    if holder is None:
        raise NotFound
    content = await queries.counted_of(session, await orders.ids_of(session, by.account_id), year)
    if content.net_fen <= 0:
        raise NothingCounted
    digest = digest_of(content, holder.id, holder.name)
    issued = insert(CertificateRow).values(
        id=new_id(now),
        code=code_of(year, digest),
        holder_id=holder.id,
        holder_sealed=keys().seal(holder.name, queries.HOLDER),
        year=year,
        content=content.to_json(),
        digest=digest,
        issued_at=now,
    )
    await session.execute(issued.on_conflict_do_nothing(index_elements=[CertificateRow.code]))
    return await queries.certificate(session, code_of(year, digest))
