"""Keep the register of certified products, step by step as the authorities take them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, suppliers
from app.catalogue import queries
from app.catalogue.lifecycle import CertificationStatus, CertificationStep
from app.catalogue.models import CertificationRow, CertificationStepRow
from app.catalogue.rules.eligibility import (
    Certification,
    InvalidCertification,
    NewCertification,
    NoSuchCertification,
    NoticeNotOver,
    faults_of,
)
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.ids import new_id
from app.identity import Actor


async def add_certification(
    session: AsyncSession, new: NewCertification, *, file_ids: Sequence[UUID] = (), by: Actor, now: datetime
) -> Certification:
    """Enter an application in the register.

    Raises ``InvalidCertification``, ``NoSuchProduct`` for a product of somebody else's, ``NotFound``, ``UnknownFile``.
    """
    if faults := faults_of(new):
        raise InvalidCertification(faults=[Fault(at, InvalidCertification.code, zh, en) for at, zh, en in faults])
    await suppliers.get(session, new.supplier_id)
    if new.product_id is not None:
        await queries.lock(session, new.product_id, supplier_id=new.supplier_id)
    row = CertificationRow(
        id=new_id(now),
        kind=new.kind.value,
        supplier_id=new.supplier_id,
        product_id=new.product_id,
        batch=new.batch,
        people_linked=new.people_linked,
        value_fen=new.value_fen,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        status=CertificationStatus.DRAFT,
        entered_by=by.account_id,
        entered_at=now,
    )
    session.add(row)
    await session.flush()
    await files.attach(
        session, file_ids, owner=by, purpose=files.Purpose.EVIDENCE, to=row.id, now=now, pointer="/file_ids"
    )
    return await queries.certification(session, row.id)


async def take_certification_step(
    session: AsyncSession,
    certification_id: UUID,
    step: CertificationStep,
    *,
    note: str,
    notice: tuple[date, date] | None = None,
    by: Actor,
    now: datetime,
) -> Certification:
    """Write down a step that an authority took; ``notice`` are the first and the last day of the public notice.

    Raises ``NoSuchCertification``, ``CertificationStepNotAllowed``, and ``NoticeNotOver`` for a step beyond a notice
    that goes on, or was never given.
    """
    wanted = select(CertificationRow).where(CertificationRow.id == certification_id).with_for_update()
    row = await session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NoSuchCertification
    noticed = row.status == CertificationStatus.PUBLIC_NOTICE
    row.take(step, now=now)
    if step is CertificationStep.GIVE_NOTICE:
        if notice is None or notice[1] < notice[0]:
            raise NoticeNotOver
        row.notice_from, row.notice_to = notice
    elif (
        noticed and step is not CertificationStep.REFUSE and (row.notice_to is None or local_day(now) <= row.notice_to)
    ):
        raise NoticeNotOver
    session.add(
        CertificationStepRow(
            id=new_id(now),
            certification_id=row.id,
            step=step.value,
            note=note,
            by_account=by.account_id,
            at=now,
        )
    )
    await session.flush()
    return await queries.certification(session, row.id)


async def register_certification(
    session: AsyncSession, new: NewCertification, *, note: str, by: Actor, now: datetime
) -> Certification:
    """Enter what stands on a published list already: certified by the list, which ``note`` names."""
    entered = await add_certification(session, new, by=by, now=now)
    return await take_certification_step(session, entered.id, CertificationStep.REGISTER, note=note, by=by, now=now)


def _over(notice_to: date | None, today: date) -> bool:
    return notice_to is not None and notice_to < today
