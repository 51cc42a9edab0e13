"""Certificates: handed in, verified by an operator, revoked, and watched until they end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import files
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor
from app.suppliers import queries
from app.suppliers.events import CertificateExpiring, CertificatesChanged, SupplierApproved, SupplierSuspended
from app.suppliers.lifecycle import CertificateStatus, CertificateStep, Status, Step
from app.suppliers.models import CertificateRow, SupplierRow
from app.suppliers.rules.admission import (
    STANDING,
    Certificate,
    CertificateKind,
    InvalidCertificate,
    NewCertificate,
    certificate_faults,
    warning_due,
)
from app.suppliers.service.standing import asked, take


async def add_certificate(
    session: AsyncSession, supplier_id: UUID, new: NewCertificate, *, by: Actor, now: datetime
) -> Certificate:
    """Hand a certificate in, with at least one file that shows it; it counts once an operator has verified it.

    Raises ``InvalidCertificate``, ``UnknownFile``, ``NotFound``.
    """
    supplier = await queries.get(session, supplier_id)
    faults = certificate_faults(new, uscc=supplier.uscc, today=local_day(now))
    if not new.file_ids:
        faults.append(Fault("/file_ids", "missing", "请上传证照照片或扫描件", "a photo or scan is missing"))
    if faults:
        raise InvalidCertificate(faults=faults)
    row = certificate_row(supplier_id, new, by=by, now=now)
    session.add(row)
    await session.flush()
    purpose = files.Purpose.EVIDENCE if new.kind is CertificateKind.BENEFIT_LINK else files.Purpose.CERTIFICATE
    await files.attach(session, new.file_ids, owner=by, purpose=purpose, to=row.id, now=now, pointer="/file_ids")
    return queries.certificate(row)


def certificate_row(
    supplier_id: UUID, new: NewCertificate, *, by: Actor, now: datetime, verified: bool = False
) -> CertificateRow:
    """The row of a certificate that was handed in, or seen in the original."""
    return CertificateRow(
        id=new_id(now),
        supplier_id=supplier_id,
        kind=new.kind.value,
        number=new.number,
        scope=list(new.scope),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        status=(CertificateStatus.VERIFIED if verified else CertificateStatus.SUBMITTED).value,
        entered_by=by.account_id,
        entered_at=now,
        decided_by=by.account_id if verified else None,
        decided_at=now if verified else None,
        reason=None,
        warned_days=None,
        begun=verified and new.valid_from <= local_day(now),
    )


async def decide_certificate(
    session: AsyncSession,
    certificate_id: UUID,
    step: CertificateStep,
    *,
    reason: str | None = None,
    by: Actor,
    now: datetime,
) -> Certificate:
    """Verify, refuse or revoke a certificate; what its supplier sells is looked at again.

    A supplier that an ended certificate had stopped sells again as soon as everything that is asked of it is there.
    Raises ``CertificateStepNotAllowed``, ``NotFound``.
    """
    supplier = await queries.lock(session, await queries.supplier_of_certificate(session, certificate_id))
    row = await queries.certificate_row(session, certificate_id)
    row.take(step, by=by.account_id, now=now, reason=reason)
    row.begun = step is CertificateStep.VERIFY and row.valid_from <= local_day(now)
    await session.flush()
    await _name_licence(session, supplier, row, now=now)
    if step is CertificateStep.VERIFY:
        await _resume(session, supplier, by=by, now=now)
    if step is not CertificateStep.REJECT:
        emit(session, CertificatesChanged(supplier_id=supplier.id, certificate_id=row.id, at=now))
    if step is CertificateStep.REVOKE:
        await _stop(session, supplier, row, by=by, now=now)
    await session.flush()
    return queries.certificate(row)


async def _name_licence(
    session: AsyncSession, supplier: SupplierRow, changed: CertificateRow, *, now: datetime
) -> None:
    """Let the supplier's licence number be that of a licence in force, as long as there is one."""
    if changed.kind != CertificateKind.FOOD_PRODUCTION:
        return
    permits = await queries.permits(session, supplier.id, local_day(now))
    numbers = [permit.number for permit in permits if permit.kind is CertificateKind.FOOD_PRODUCTION]
    if numbers and supplier.licence_no not in numbers:
        supplier.licence_no = numbers[0]
        await session.flush()


async def _resume(session: AsyncSession, supplier: SupplierRow, *, by: Actor | None, now: datetime) -> None:
    if (supplier.status, supplier.suspended_for) != (Status.SUSPENDED, "certificates"):
        return
    if all(one.met for one in await asked(session, supplier, now=now)):
        take(session, supplier, Step.APPROVE, SupplierApproved(at=now, supplier_id=supplier.id), by=by, now=now)


async def _stop(
    session: AsyncSession, supplier: SupplierRow, gone: CertificateRow, *, by: Actor | None, now: datetime
) -> None:
    """Suspend a supplier that has no other certificate of a kind without which nobody sells."""
    if supplier.status != Status.APPROVED or gone.kind not in STANDING:
        return
    if any(permit.kind == gone.kind for permit in await queries.permits(session, supplier.id, local_day(now))):
        return
    fact = SupplierSuspended(at=now, supplier_id=supplier.id)
    take(session, supplier, Step.SUSPEND, fact, by=by, now=now, reason=f"{gone.kind}", cause="certificates")


async def watch_certificates(session: AsyncSession, *, now: datetime, limit: int = 50) -> int:
    """Warn of certificates that end soon, attend to those that begin or have ended; returns how many were looked at.

    What begins today may let its supplier sell again. What has ended counts no longer: its supplier's products are
    looked at again, and without a business licence or evidence of linkage in force the supplier is suspended. Whatever
    was ordered before is still to be sent.
    """
    today = local_day(now)
    found = await queries.due(session, today, limit)
    for supplier_id, certificate_id in found:
        supplier = await queries.lock(session, supplier_id)
        row = await queries.certificate_row(session, certificate_id)
        if row.status != CertificateStatus.VERIFIED:
            continue  # somebody else was here first
        ended, begins = row.valid_to is not None and row.valid_to < today, not row.begun and row.valid_from <= today
        if ended:
            row.take(CertificateStep.EXPIRE, by=None, now=now)
        if ended or begins:
            row.begun = True
            await session.flush()
            await _name_licence(session, supplier, row, now=now)
            emit(session, CertificatesChanged(supplier_id=supplier_id, certificate_id=row.id, at=now))
        if ended:
            await _stop(session, supplier, row, by=None, now=now)
        elif begins:
            await _resume(session, supplier, by=None, now=now)
        if (
            not ended
            and row.valid_to is not None
            and (days := warning_due(row.valid_to, row.warned_days, today)) is not None
        ):
            row.warned_days = days
            emit(
                session,
                CertificateExpiring(
                    supplier_id=supplier_id,
                    certificate_id=row.id,
                    kind=row.kind,
                    days=(row.valid_to - today).days,
                    at=now,
                ),
            )
        await session.flush()
    return len(found)
