"""Suppliers propose the contracts that they have with households; an officer decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistance import queries
from app.assistance.models import LinkageDecisionRow, LinkageProposalRow, LinkageRow
from app.assistance.rules.households import LinkageDecided, LinkageProposal, ListStatus, NewLinkage
from app.core.errors import Fault, InvalidInput, NotFound
from app.core.ids import new_id
from app.identity import Actor


async def propose_linkage(session: AsyncSession, new: NewLinkage, *, by: Actor, now: datetime) -> LinkageProposal:
    """Say that a supplier has a contract with a registered household; it counts once an officer approves it."""
    values = {field.name: getattr(new, field.name) for field in fields(NewLinkage)} | {"kind": new.kind.value}
    proposal_id = new_id(now)
    who = {"proposed_by": by.account_id, "proposed_at": now}
    await session.execute(insert(LinkageProposalRow).values(id=proposal_id, **values, **who))
    (proposal,) = await queries.linkage_proposals(session, proposal_id=proposal_id)
    return proposal


async def decide_linkage(
    session: AsyncSession, proposal_id: UUID, *, approve: bool, note: str, by: Actor, now: datetime
) -> LinkageProposal:
    """Approve or decline a contract that a supplier proposed. Raises ``NotFound``, ``LinkageDecided``."""
    found = await queries.linkage_proposals(session, proposal_id=proposal_id)
    if not found:
        raise NotFound
    if found[0].status is not ListStatus.WAITING:
        raise LinkageDecided
    verdict = ListStatus.APPROVED if approve else ListStatus.DECLINED
    decision = {"verdict": verdict.value, "note": note, "decided_by": by.account_id, "decided_at": now}
    await session.execute(insert(LinkageDecisionRow).values(proposal_id=proposal_id, **decision))
    if approve:
        values = {field.name: getattr(found[0], field.name) for field in fields(NewLinkage)}
        values |= {"kind": found[0].kind.value, "counts_from": await queries.open_from(session)}
        who = {"entered_by": by.account_id, "entered_at": now}
        await session.execute(insert(LinkageRow).values(id=proposal_id, **values, **who))
    (decided,) = await queries.linkage_proposals(session, proposal_id=proposal_id)
    return decided


async def households_named(session: AsyncSession, numbers: Sequence[str], pointer: str) -> dict[str, UUID]:
    """The households with these numbers. Raises ``InvalidInput`` at ``pointer`` for one that is not registered.

    ``{at}`` in the pointer is the number's place.
    """
    found = await queries.households_numbered(session, sorted(set(numbers)))
    zh, en = "没有登记该农户编号，请与帮扶办公室核对", "no such household is registered; ask the assistance office"
    faults = [
        Fault(pointer.format(at=at), "unknown_household", zh, en)
        for at, number in enumerate(numbers)
        if number not in found
    ]
    if faults:
        raise InvalidInput(faults=faults[:100])
    return found
