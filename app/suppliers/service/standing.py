"""Where a supplier stands: recommended by the county, approved or refused by the marketplace, suspended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.core.clock import local_day
from app.core.events import Fact, emit
from app.core.ids import new_id
from app.identity import Actor
from app.suppliers import queries
from app.suppliers.events import SupplierApproved, SupplierRecommended, SupplierRejected, SupplierSuspended
from app.suppliers.lifecycle import Step
from app.suppliers.models import DecisionRow, SupplierRow
from app.suppliers.rules import SupplierCard
from app.suppliers.rules.admission import (
    BankAccount,
    Certificate,
    Decision,
    Requirement,
    check_admission,
    requirements,
)


@dataclass(frozen=True, slots=True)
class Admission:
    """A supplier with everything that its admission is judged by; ``attached`` are files by certificate.

    ``to_submit`` is what has to be there before it is handed in: there, certificates count that nobody has verified.
    """

    card: SupplierCard
    created_at: datetime
    suspended_for: str | None
    bank: BankAccount | None
    requirements: list[Requirement]
    to_submit: list[Requirement]
    certificates: list[Certificate]
    attached: dict[UUID, list[files.File]]
    decisions: list[Decision]


async def look_at(session: AsyncSession, supplier_id: UUID, *, now: datetime) -> Admission:
    """A supplier's admission, with links to its files that work for an hour or two. Raises ``NotFound``."""
    row = await queries.row_of(session, supplier_id)
    card = await queries.get(session, supplier_id)
    held = await queries.certificates(session, supplier_id)
    bank = BankAccount.opened(row.bank_sealed) if row.bank_sealed is not None else None
    return Admission(
        card=card,
        created_at=row.created_at,
        suspended_for=row.suspended_for,
        bank=bank,
        requirements=_asked(row, card, held, local_day(now)),
        to_submit=requirements(
            card,
            held,
            bank_name=bank.account_name if bank is not None else None,
            recommended=False,
            today=local_day(now),
            unverified=True,
        ),
        certificates=held,
        attached=await files.links(session, to=[one.id for one in held], now=now),
        decisions=await queries.decisions(session, supplier_id),
    )


def _asked(row: SupplierRow, card: SupplierCard, held: list[Certificate], today: date) -> list[Requirement]:
    return requirements(
        card,
        held,
        bank_name=BankAccount.opened(row.bank_sealed).account_name if row.bank_sealed is not None else None,
        recommended=row.recommended_at is not None,
        today=today,
    )


async def asked(session: AsyncSession, row: SupplierRow, *, now: datetime) -> list[Requirement]:
    """What is asked of a supplier for selling, met or not."""
    card = await queries.get(session, row.id)
    return _asked(row, card, await queries.certificates(session, row.id), local_day(now))


async def recommend(session: AsyncSession, supplier_id: UUID, *, by: Actor, now: datetime) -> SupplierCard:
    """The county vouches for an applicant. Raises ``SupplierStepNotAllowed``, ``NotFound``."""
    row = await queries.lock(session, supplier_id)
    take(session, row, Step.RECOMMEND, SupplierRecommended(at=now, supplier_id=supplier_id), by=by, now=now)
    await session.flush()
    return await queries.get(session, supplier_id)


async def reject(session: AsyncSession, supplier_id: UUID, *, reason: str, by: Actor, now: datetime) -> SupplierCard:
    """Give an application back and say why; it may be corrected and handed in again.

    Raises ``SupplierStepNotAllowed``, ``NotFound``.
    """
    row = await queries.lock(session, supplier_id)
    fact = SupplierRejected(at=now, supplier_id=supplier_id)
    take(session, row, Step.REJECT, fact, by=by, now=now, reason=reason)
    await session.flush()
    return await queries.get(session, supplier_id)


async def approve(session: AsyncSession, supplier_id: UUID, *, by: Actor, now: datetime) -> SupplierCard:
    """Let a recommended applicant, or a supplier that was suspended, sell.

    Every requirement is judged anew. Raises ``SupplierStepNotAllowed``, ``AdmissionIncomplete``, ``NotFound``.
    """
    row = await queries.lock(session, supplier_id)
    take(session, row, Step.APPROVE, SupplierApproved(at=now, supplier_id=supplier_id), by=by, now=now)
    check_admission(await asked(session, row, now=now))
    await session.flush()
    return await queries.get(session, supplier_id)


async def suspend(
    session: AsyncSession, supplier_id: UUID, *, reason: str | None = None, by: Actor, now: datetime
) -> SupplierCard:
    """Stop a supplier from selling, until it is approved again; orders already placed are still to be sent.

    Raises ``SupplierStepNotAllowed``, ``NotFound``.
    """
    row = await queries.lock(session, supplier_id)
    fact = SupplierSuspended(at=now, supplier_id=supplier_id)
    take(session, row, Step.SUSPEND, fact, by=by, now=now, reason=reason)
    await session.flush()
    return await queries.get(session, supplier_id)


def take(
    session: AsyncSession,
    row: SupplierRow,
    step: Step,
    fact: Fact,
    *,
    by: Actor | None,
    now: datetime,
    reason: str | None = None,
    cause: str = "operator",
) -> None:
    """Take a step of the lifecycle, write down who did and why, and tell. Raises ``SupplierStepNotAllowed``."""
    row.take(step, now=now, cause=cause)
    session.add(decision(row, step, reason, by=by, now=now))
    emit(session, fact)


def decision(row: SupplierRow, step: Step, reason: str | None, *, by: Actor | None, now: datetime) -> DecisionRow:
    """The record of a step."""
    account_id = None if by is None else by.account_id
    return DecisionRow(
        id=new_id(now), supplier_id=row.id, step=step.value, reason=reason, by_account=account_id, at=now
    )
