"""HTTP of admission for those who ask for it: any signed-in buyer may apply, and is then its supplier's staff."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import local_day
from app.core.errors import NotFound, NotPermitted
from app.core.web import Now, ReadSession, WriteSession, problems
from app.files import FileOut, UnknownFile
from app.identity import Actor, Buyer, SupplierStaff
from app.suppliers import service
from app.suppliers.lifecycle import SupplierStepNotAllowed
from app.suppliers.rules import InvalidUscc, SupplierExists, UnknownTownship
from app.suppliers.rules.admission import AccountNameDiffers, AdmissionIncomplete, AlreadyApplied, InvalidCertificate
from app.suppliers.schemas import SupplierOut
from app.suppliers.schemas.admission import (
    AdmissionOut,
    ApplicationIn,
    ApplicationPatch,
    BankAccountIn,
    BankAccountOut,
    CertificateIn,
    CertificateOut,
    DecisionOut,
    RequirementOut,
)

router = APIRouter(tags=["suppliers"])


def _own(by: Actor) -> UUID:
    if by.supplier_id is None:
        raise NotPermitted
    return by.supplier_id


async def shown(session: AsyncSession, supplier_id: UUID, now: datetime) -> AdmissionOut:
    """A supplier's admission on the wire. Raises ``NotFound``."""
    found = await service.look_at(session, supplier_id, now=now)
    bank = None
    if found.bank is not None:
        bank = BankAccountOut(
            account_name=found.bank.account_name,
            account_no=found.bank.masked,
            bank_name=found.bank.bank_name,
        )
    particulars = SupplierOut.model_validate(found.card).model_dump(exclude={"linked_since"})
    return AdmissionOut(
        **particulars,
        created_at=found.created_at,
        suspended_for=found.suspended_for,
        requirements=[RequirementOut.model_validate(one) for one in found.requirements],
        certificates=[
            CertificateOut.of(one, [FileOut.of(file) for file in found.attached.get(one.id, [])], local_day(now))
            for one in found.certificates
        ],
        bank_account=bank,
        decisions=[DecisionOut.model_validate(one) for one in found.decisions],
    )


@router.post(
    "/v1/store/supplier-applications",
    status_code=201,
    summary="Ask to sell here",
    operation_id="open_supplier_application",
    responses=problems(InvalidUscc, UnknownTownship, AlreadyApplied),
)
async def open_supplier_application(by: Buyer, body: ApplicationIn, session: WriteSession, now: Now) -> SupplierOut:
    """A draft application. Refresh the token: from then on the account is this supplier's staff and completes it."""
    card = await service.apply(
        session,
        name=body.name,
        kind=body.kind,
        uscc=body.uscc,
        township_code=body.township_code,
        village=body.village,
        lines=body.lines,
        taxpayer=body.taxpayer,
        by=by,
        now=now,
    )
    return SupplierOut.model_validate(card)


@router.get(
    "/v1/supplier/admission",
    summary="Where one's own supplier stands",
    operation_id="get_own_admission",
    responses=problems(NotFound),
)
async def get_own_admission(by: SupplierStaff, session: ReadSession, now: Now) -> AdmissionOut:
    """What is asked and met, the certificates with the days that they have left, and what was decided and why."""
    return await shown(session, _own(by), now)


@router.patch(
    "/v1/supplier/admission",
    summary="Correct one's application",
    operation_id="edit_own_application",
    responses=problems(NotFound, SupplierStepNotAllowed, InvalidUscc, UnknownTownship),
)
async def edit_own_application(
    by: SupplierStaff, body: ApplicationPatch, session: WriteSession, now: Now
) -> AdmissionOut:
    """Before it is handed in, or after it was given back; what is not named stays."""
    await service.edit_application(session, _own(by), body.model_dump(exclude_none=True))
    return await shown(session, _own(by), now)


@router.post(
    "/v1/supplier/admission/submit",
    summary="Hand one's application in",
    operation_id="submit_own_application",
    responses=problems(NotFound, SupplierStepNotAllowed, AdmissionIncomplete, SupplierExists),
)
async def submit_own_application(by: SupplierStaff, session: WriteSession, now: Now) -> AdmissionOut:
    """The county looks at it first and recommends it; then the marketplace reviews it."""
    await service.submit(session, _own(by), by=by, now=now)
    return await shown(session, _own(by), now)


@router.put(
    "/v1/supplier/admission/bank-account",
    summary="Say where one wants to be paid",
    operation_id="set_own_bank_account",
    responses=problems(NotFound, AccountNameDiffers, SupplierStepNotAllowed),
)
async def set_own_bank_account(by: SupplierStaff, body: BankAccountIn, session: WriteSession, now: Now) -> AdmissionOut:
    """An account in the supplier's own name, sealed; once it sells, it changes it under payout accounts."""
    await service.set_bank_account(session, _own(by), body.account())
    return await shown(session, _own(by), now)


@router.post(
    "/v1/supplier/certificates",
    status_code=201,
    summary="Hand a certificate in",
    operation_id="add_own_certificate",
    responses=problems(NotFound, InvalidCertificate, UnknownFile),
)
async def add_own_certificate(by: SupplierStaff, body: CertificateIn, session: WriteSession, now: Now) -> AdmissionOut:
    """It counts once an operator has verified it; hand the next one in before the last one ends."""
    await service.add_certificate(session, _own(by), body.certificate(body.file_ids), by=by, now=now)
    return await shown(session, _own(by), now)
