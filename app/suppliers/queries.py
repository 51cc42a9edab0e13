"""Reads and locks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.asides import Aside
from app.core.errors import NotFound
from app.core.sealing import keys
from app.identity import Actor
from app.suppliers.lifecycle import CertificateStatus, Status
from app.suppliers.models import (
    AgentRow,
    CertificateRow,
    ClosureRow,
    DecisionRow,
    InvitationRow,
    SupplierRow,
    TownshipRow,
)
from app.suppliers.rules import Kind, SupplierCard, Taxpayer
from app.suppliers.rules.admission import BankAccount, Certificate, CertificateKind, Decision, Permit
from app.suppliers.rules.closures import Closure, ClosureReason
from app.suppliers.rules.team import Agency, StaffInvitation, StaffRole

_SUPPLIER = select(
    SupplierRow.id,
    SupplierRow.code,
    SupplierRow.name,
    SupplierRow.kind,
    SupplierRow.uscc,
    SupplierRow.township_code,
    TownshipRow.name.label("township"),
    SupplierRow.village,
    SupplierRow.licence_no,
    SupplierRow.taxpayer,
    SupplierRow.status,
    SupplierRow.linked_since,
    SupplierRow.lines,
).join(TownshipRow, TownshipRow.code == SupplierRow.township_code)


def _card(row: Any) -> SupplierCard:
    return SupplierCard(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=Kind(row.kind),
        uscc=row.uscc,
        township_code=row.township_code,
        township=row.township,
        village=row.village,
        licence_no=row.licence_no,
        taxpayer=Taxpayer(row.taxpayer),
        status=Status(row.status),
        linked_since=row.linked_since,
        lines=tuple(row.lines),
    )


async def get(session: AsyncSession, supplier_id: UUID) -> SupplierCard:
    """One supplier. Raises ``NotFound``."""
    row = (await session.execute(_SUPPLIER.where(SupplierRow.id == supplier_id))).first()
    if row is None:
        raise NotFound
    return _card(row)


async def by_code(session: AsyncSession, code: str) -> SupplierCard | None:
    """The supplier that people know by this code."""
    row = (await session.execute(_SUPPLIER.where(SupplierRow.code == code))).first()
    return _card(row) if row else None


async def cards(session: AsyncSession, supplier_ids: Sequence[UUID]) -> dict[UUID, SupplierCard]:
    """The suppliers with these ids, in one statement; unknown ids are left out."""
    rows = await session.execute(_SUPPLIER.where(SupplierRow.id.in_(supplier_ids)))
    return {row.id: _card(row) for row in rows}


async def suppliers(
    session: AsyncSession, *, status: Status | None = None, after: str | None = None, limit: int = 100
) -> list[SupplierCard]:
    """Up to ``limit`` suppliers by code, after the code ``after``; ``applied`` finds all that wait for a decision."""
    query = _SUPPLIER.order_by(SupplierRow.code).limit(limit)
    if status is not None:
        waiting = (Status.APPLIED, Status.RECOMMENDED)
        query = query.where(SupplierRow.status.in_(waiting if status is Status.APPLIED else (status,)))
    if after is not None:
        query = query.where(SupplierRow.code > after)
    return [_card(row) for row in await session.execute(query)]


async def lock(session: AsyncSession, supplier_id: UUID) -> SupplierRow:
    """The supplier, held until the transaction ends; orders of its goods need not wait. Raises ``NotFound``."""
    query = select(SupplierRow).where(SupplierRow.id == supplier_id).with_for_update(key_share=True)
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def certificate(row: CertificateRow) -> Certificate:
    """The value that crosses the door for a row."""
    return Certificate(
        id=row.id,
        supplier_id=row.supplier_id,
        kind=CertificateKind(row.kind),
        number=row.number,
        scope=tuple(row.scope),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        status=CertificateStatus(row.status),
        entered_at=row.entered_at,
        decided_at=row.decided_at,
        reason=row.reason,
    )


async def certificates(session: AsyncSession, supplier_id: UUID) -> list[Certificate]:
    """Everything that a supplier has handed in, the newest first."""
    query = select(CertificateRow).where(CertificateRow.supplier_id == supplier_id).order_by(CertificateRow.id.desc())
    rows = await session.scalars(query.execution_options(populate_existing=True))
    return [certificate(row) for row in rows]


async def permits(session: AsyncSession, supplier_id: UUID, today: date) -> list[Permit]:
    """The certificates of a supplier that are verified and in force on that day, the latest to begin first."""
    query = select(CertificateRow.kind, CertificateRow.number, CertificateRow.scope).where(
        CertificateRow.supplier_id == supplier_id,
        CertificateRow.status == CertificateStatus.VERIFIED,
        CertificateRow.valid_from <= today,
        or_(CertificateRow.valid_to.is_(None), CertificateRow.valid_to >= today),
    )
    query = query.order_by(CertificateRow.valid_from.desc(), CertificateRow.id.desc())
    return [
        Permit(CertificateKind(kind), number, frozenset(scope)) for kind, number, scope in await session.execute(query)
    ]


async def hold_still(session: AsyncSession, supplier_id: UUID) -> None:
    """Let nobody decide about a supplier or its certificates before this transaction ends."""
    await session.execute(select(SupplierRow.id).where(SupplierRow.id == supplier_id).with_for_update(read=True))


async def supplier_of_certificate(session: AsyncSession, certificate_id: UUID) -> UUID:
    """Whose certificate it is. Raises ``NotFound``."""
    query = select(CertificateRow.supplier_id).where(CertificateRow.id == certificate_id)
    found: UUID | None = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def certificate_row(session: AsyncSession, certificate_id: UUID) -> CertificateRow:
    """A certificate as it is now, to be changed under the lock of its supplier."""
    query = select(CertificateRow).where(CertificateRow.id == certificate_id)
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one()


_DUE = text("""
SELECT supplier_id, id FROM suppliers_certificate
WHERE status = 'verified' AND (valid_to < :today OR NOT begun AND valid_from <= :today
    OR valid_to <= :today + 60 AND (warned_days IS NULL
        OR warned_days > 30 AND valid_to <= :today + 30 OR warned_days > 7 AND valid_to <= :today + 7))
ORDER BY supplier_id, id LIMIT :limit
""")


async def due(session: AsyncSession, today: date, limit: int) -> list[tuple[UUID, UUID]]:
    """Supplier and certificate of what has begun or ended, or is to be warned of, and was not attended to."""
    return [(row[0], row[1]) for row in await session.execute(_DUE, {"today": today, "limit": limit})]


async def decisions(session: AsyncSession, supplier_id: UUID, *, limit: int = 50) -> list[Decision]:
    """The steps of a supplier's admission, the latest first."""
    query = select(DecisionRow).where(DecisionRow.supplier_id == supplier_id).order_by(DecisionRow.id.desc())
    return [Decision(row.step, row.reason, row.at) for row in await session.scalars(query.limit(limit))]


async def row_of(session: AsyncSession, supplier_id: UUID) -> SupplierRow:
    """The supplier, not locked. Raises ``NotFound``."""
    row = await session.get(SupplierRow, supplier_id, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def bank_account(session: AsyncSession, supplier_id: UUID) -> BankAccount | None:
    """Where a supplier that was approved asked to be paid; None for everybody else."""
    query = select(SupplierRow.bank_sealed).where(
        SupplierRow.id == supplier_id, SupplierRow.status.in_((Status.APPROVED, Status.SUSPENDED))
    )
    sealed = (await session.execute(query)).scalar_one_or_none()
    return None if sealed is None else BankAccount.opened(sealed)


def invitation(row: InvitationRow, supplier: str) -> StaffInvitation:
    """The value that crosses the door for a row."""
    phone = keys().unseal(bytes(row.phone_sealed), "phone")
    return StaffInvitation(
        id=row.id,
        supplier_id=row.supplier_id,
        supplier=supplier,
        phone=f"{phone[:3]}******{phone[-2:]}",
        role=StaffRole(row.role),
        expires_at=row.expires_at,
    )


async def invitations(
    session: AsyncSession,
    *,
    supplier_id: UUID | None = None,
    phone: str | None = None,
    now: datetime,
    limit: int,
    after: UUID | None,
) -> list[StaffInvitation]:
    """Invitations that wait: of a supplier, or to a phone."""
    query = (
        select(InvitationRow, SupplierRow.name)
        .join(SupplierRow, SupplierRow.id == InvitationRow.supplier_id)
        .where(InvitationRow.expires_at > now)
        .order_by(InvitationRow.id)
        .limit(limit)
    )
    if supplier_id is not None:
        query = query.where(InvitationRow.supplier_id == supplier_id)
    if phone is not None:
        query = query.where(InvitationRow.phone_index == keys().blind(phone, "phone"))
    if after is not None:
        query = query.where(InvitationRow.id > after)
    return [invitation(row, name) for row, name in await session.execute(query)]


async def agencies(
    session: AsyncSession,
    *,
    supplier_id: UUID | None = None,
    account_id: UUID | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[Agency]:
    """The agents of a supplier in the order of their accounts, or the suppliers of an agent in the order of theirs."""
    query = select(AgentRow.supplier_id, SupplierRow.name, AgentRow.account_id, AgentRow.since).join(
        SupplierRow, SupplierRow.id == AgentRow.supplier_id
    )
    order = AgentRow.supplier_id if supplier_id is None else AgentRow.account_id
    if supplier_id is not None:
        query = query.where(AgentRow.supplier_id == supplier_id)
    if account_id is not None:
        query = query.where(AgentRow.account_id == account_id)
    if after is not None:
        query = query.where(order > after)
    return [Agency(*row) for row in await session.execute(query.order_by(order).limit(limit))]


async def agency(session: AsyncSession, supplier_id: UUID, *, by: Actor) -> Agency:
    """The caller as an agent of this supplier. Raises ``NotFound`` when they are none, and for every API key."""
    query = (
        select(AgentRow.supplier_id, SupplierRow.name, AgentRow.account_id, AgentRow.since)
        .join(SupplierRow, SupplierRow.id == AgentRow.supplier_id)
        .where(AgentRow.supplier_id == supplier_id, AgentRow.account_id == by.account_id)
    )
    row = None if by.key_id is not None else (await session.execute(query)).first()
    if row is None:
        raise NotFound
    return Agency(*row)


async def hold_agency(session: AsyncSession, supplier_id: UUID, *, by: Actor) -> None:
    """Keep the caller an agent of this supplier until the transaction ends. Raises ``NotFound`` when they are none."""
    held = select(AgentRow.supplier_id).where(AgentRow.supplier_id == supplier_id, AgentRow.account_id == by.account_id)
    if by.key_id is not None or (await session.execute(held.with_for_update(read=True))).first() is None:
        raise NotFound


def _standing(supplier_id: UUID) -> Select[ClosureRow]:
    return select(ClosureRow).where(ClosureRow.supplier_id == supplier_id, ClosureRow.withdrawn_at.is_(None))


async def closures(session: AsyncSession, supplier_id: UUID, *, since: date) -> list[Closure]:
    """What a supplier has announced that is not over before ``since``, by day. They do not overlap."""
    query = _standing(supplier_id).where(ClosureRow.to_on >= since).order_by(ClosureRow.from_on)
    return [row.value() for row in await session.scalars(query.execution_options(populate_existing=True))]


async def page_of_closures(
    session: AsyncSession, supplier_id: UUID, *, before: UUID | None, limit: int
) -> list[Closure]:
    """All that a supplier ever announced, also what it withdrew, the newest announcement first."""
    query = select(ClosureRow).where(ClosureRow.supplier_id == supplier_id)
    if before is not None:
        query = query.where(ClosureRow.id < before)
    return [row.value() for row in await session.scalars(query.order_by(ClosureRow.id.desc()).limit(limit))]


async def closure(session: AsyncSession, closure_id: UUID, *, supplier_id: UUID | None) -> ClosureRow:
    """One of a supplier's closures. Raises ``NotFound``."""
    query = select(ClosureRow).where(ClosureRow.id == closure_id, ClosureRow.supplier_id == supplier_id)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


_CLOSED = """(SELECT json_agg(json_build_array(sc.id, sc.supplier_id, sc.from_on, sc.to_on, sc.reason, sc.note))
    FROM suppliers_closure sc
    WHERE sc.supplier_id = {supplier} AND sc.to_on >= :closed_since AND sc.withdrawn_at IS NULL)"""
_CLOSED_OF = {"s.id": _CLOSED.format(supplier="s.id"), "p.supplier_id": _CLOSED.format(supplier="p.supplier_id")}


def closed_days(supplier: Literal["s.id", "p.supplier_id"], *, since: date) -> Aside:
    """The closures, as JSON, of the supplier in that column that are not over before ``since``; null for none."""
    return Aside(_CLOSED_OF[supplier], {"closed_since": since})


def read_closures(said: list[list[str | None]] | None) -> tuple[Closure, ...]:
    """What ``closed_days`` said."""
    return tuple(
        Closure(
            id=UUID(found[0]),
            supplier_id=UUID(found[1]),
            from_on=date.fromisoformat(str(found[2])),
            to_on=date.fromisoformat(str(found[3])),
            reason=ClosureReason(str(found[4])),
            note=found[5],
        )
        for found in said or ()
    )
