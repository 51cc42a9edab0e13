"""Reads of proposed changes of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance.queries.ledger import WIRE_COLUMNS, entry_value
from app.assistance.rules import Entry
from app.assistance.rules.proposals import Correction, Proposal, ProposalKind, ProposalStatus
from app.core.errors import NotFound

_PROPOSALS = """
SELECT p.*, coalesce(d.verdict, 'waiting') AS status, d.decided_by, d.decided_at, d.note AS decision_note
FROM assistance_proposal p LEFT JOIN assistance_decision d ON d.proposal_id = p.id
"""
_ONE = text(f"{_PROPOSALS} WHERE p.id = :id")
_SOME = text(f"{_PROPOSALS} WHERE p.id = ANY (:ids)")
_LIST = text(f"""
{_PROPOSALS}
WHERE (CAST(:status AS text) IS NULL OR coalesce(d.verdict, 'waiting') = :status)
  AND (CAST(:kind AS text) IS NULL OR p.kind = :kind)
  AND (CAST(:before AS uuid) IS NULL OR p.id < CAST(:before AS uuid))
ORDER BY p.id DESC LIMIT :limit
""")
_POSTED = text(f"SELECT {WIRE_COLUMNS}, e.source_id FROM assistance_entry e WHERE e.source_id = ANY (:sources)")
_ENTRY = text(f"SELECT {WIRE_COLUMNS} FROM assistance_entry e WHERE e.id = :id")


async def entry(session: AsyncSession, entry_id: UUID) -> Entry:
    """One entry of the ledger. Raises ``NotFound``."""
    row = (await session.execute(_ENTRY, {"id": entry_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return entry_value(row)


async def _proposals(session: AsyncSession, rows: list[RowMapping]) -> list[Proposal]:
    posted: dict[UUID, Entry] = {}
    if rows:
        found = await session.execute(_POSTED, {"sources": [row["id"] for row in rows]})
        for one in found.mappings():
            told: dict[str, Any] = dict(one)
            source = told.pop("source_id")
            posted[source] = entry_value(told)
    return [
        Proposal(
            **{
                **row,
                "kind": ProposalKind(row["kind"]),
                "reason": None if row["reason"] is None else Correction(row["reason"]),
                "status": ProposalStatus(row["status"]),
                "posted": posted.get(row["id"]),
            }
        )
        for row in rows
    ]


async def proposal(session: AsyncSession, proposal_id: UUID) -> Proposal:
    """One proposal. Raises ``NotFound``."""
    rows = (await session.execute(_ONE, {"id": proposal_id})).mappings().all()
    if not rows:
        raise NotFound
    return (await _proposals(session, list(rows)))[0]


async def proposals(
    session: AsyncSession, *, status: ProposalStatus | None, kind: ProposalKind | None, before: UUID | None, limit: int
) -> list[Proposal]:
    """Proposals, the latest first."""
    values = {"status": status and status.value, "kind": kind and kind.value, "before": before, "limit": limit}
    return await _proposals(session, list((await session.execute(_LIST, values)).mappings()))


async def proposals_of(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Proposal]:
    """Some proposals by id."""
    rows = list((await session.execute(_SOME, {"ids": list(ids)})).mappings()) if ids else []
    return {one.id: one for one in await _proposals(session, rows)}
