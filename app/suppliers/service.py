"""Taking suppliers on, approving and suspending them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Fault
from app.core.events import Fact, emit
from app.core.ids import new_id
from app.identity import Actor
from app.suppliers import queries
from app.suppliers.events import SupplierApproved, SupplierSuspended
from app.suppliers.lifecycle import Status, Step
from app.suppliers.models import SupplierRow
from app.suppliers.rules import (
    TOWNSHIPS,
    InvalidLicence,
    InvalidUscc,
    Kind,
    SupplierCard,
    Taxpayer,
    UnknownTownship,
    is_licence,
    is_uscc,
)

_PLANT = text("""
INSERT INTO suppliers_township (code, name)
SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]))
ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE suppliers_township.name <> excluded.name
""")


async def plant_townships(session: AsyncSession) -> None:
    """Make sure that the townships of Baojing are there. Doing it again changes nothing."""
    await session.execute(_PLANT, {"codes": list(TOWNSHIPS), "names": list(TOWNSHIPS.values())})


async def admit(
    session: AsyncSession,
    *,
    code: str,
    name: str,
    kind: Kind,
    uscc: str,
    township_code: str,
    village: str | None = None,
    licence_no: str | None = None,
    taxpayer: Taxpayer = Taxpayer.SMALL,
    linked_since: date | None = None,
    by: Actor,  # noqa: ARG001 - every use case is told who acts
    now: datetime,
) -> SupplierCard:
    """Take a supplier on as an applicant, who cannot sell before somebody approves.

    Raises ``InvalidUscc``, ``InvalidLicence``, ``UnknownTownship``, ``SupplierExists``.
    """
    if not is_uscc(uscc):
        raise InvalidUscc(faults=[Fault("/uscc", "invalid_uscc", "校验不通过", "fails its check")])
    if licence_no is not None and not is_licence(licence_no):
        raise InvalidLicence(faults=[Fault("/licence_no", "invalid_licence", "校验不通过", "fails its check")])
    if township_code not in TOWNSHIPS:
        raise UnknownTownship(faults=[Fault("/township_code", "unknown_township", "没有这个乡镇", "no such township")])
    await plant_townships(session)
    row = SupplierRow(
        id=new_id(now),
        code=code,
        name=name,
        kind=kind.value,
        uscc=uscc,
        township_code=township_code,
        village=village or None,
        licence_no=licence_no,
        taxpayer=taxpayer.value,
        status=Status.APPLIED.value,
        linked_since=linked_since,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return await queries.get(session, row.id)


async def approve(session: AsyncSession, supplier_id: UUID, *, by: Actor, now: datetime) -> SupplierCard:
    """Let an applicant, or a supplier that was suspended, sell. Raises ``SupplierStepNotAllowed``, ``NotFound``."""
    fact = SupplierApproved(at=now, supplier_id=supplier_id)
    return await _take(session, supplier_id, Step.APPROVE, fact, by=by, now=now)


async def suspend(session: AsyncSession, supplier_id: UUID, *, by: Actor, now: datetime) -> SupplierCard:
    """Stop a supplier from selling, until it is approved again. Raises ``SupplierStepNotAllowed``, ``NotFound``."""
    fact = SupplierSuspended(at=now, supplier_id=supplier_id)
    return await _take(session, supplier_id, Step.SUSPEND, fact, by=by, now=now)


async def _take(
    session: AsyncSession,
    supplier_id: UUID,
    step: Step,
    fact: Fact,
    *,
    by: Actor,  # noqa: ARG001 - every use case is told who acts
    now: datetime,
) -> SupplierCard:
    row = await queries.lock(session, supplier_id)
    row.take(step, now=now)
    emit(session, fact)
    await session.flush()
    return await queries.get(session, supplier_id)
