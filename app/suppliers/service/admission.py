"""Asking to sell here: by oneself, step by step, or entered by an operator from papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import identity
from app.core.clock import local_day
from app.core.errors import Fault
from app.core.ids import digits, new_id
from app.identity import Actor
from app.suppliers import queries
from app.suppliers.events import SupplierApplied
from app.suppliers.lifecycle import Status, Step, SupplierStepNotAllowed, allowed
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
from app.suppliers.rules.admission import (
    AccountNameDiffers,
    AlreadyApplied,
    BankAccount,
    InvalidCertificate,
    Papers,
    certificate_faults,
    check_admission,
    requirements,
)
from app.suppliers.service.certificates import certificate_row
from app.suppliers.service.standing import decision, take

_PLANT = text("""
INSERT INTO suppliers_township (code, name)
SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]))
ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE suppliers_township.name <> excluded.name
""")
_CODE_DIGITS = 5
_OPEN = (Status.DRAFT, Status.REJECTED)


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
    lines: Sequence[str] = (),
    papers: Papers | None = None,
    by: Actor,
    now: datetime,
) -> SupplierCard:
    """Enter an applicant from its papers, all of which were seen in the original and count as verified.

    It cannot sell before somebody approves, which the county's recommendation comes before. Raises ``InvalidUscc``,
    ``InvalidLicence``, ``UnknownTownship``, ``SupplierExists``, ``InvalidCertificate``, ``AccountNameDiffers``.
    """
    _check(uscc=uscc, licence_no=licence_no, township_code=township_code)
    papers = papers or Papers()
    faults = [
        fault
        for index, new in enumerate(papers.certificates)
        for fault in certificate_faults(new, uscc=uscc, today=local_day(now), at=f"/certificates/{index}")
    ]
    if faults:
        raise InvalidCertificate(faults=faults)
    if papers.bank is not None:
        _check_name(papers.bank, name)
    await plant_townships(session)
    recommended = papers.recommendation is not None
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
        status=(Status.RECOMMENDED if recommended else Status.APPLIED).value,
        linked_since=linked_since,
        lines=list(lines),
        bank_sealed=papers.bank.sealed() if papers.bank is not None else None,
        recommended_at=now if recommended else None,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    session.add_all(certificate_row(row.id, new, by=by, now=now, verified=True) for new in papers.certificates)
    if papers.recommendation is not None:
        session.add(decision(row, Step.RECOMMEND, papers.recommendation, by=by, now=now))
    await session.flush()
    return await queries.get(session, row.id)


async def apply(
    session: AsyncSession,
    *,
    name: str,
    kind: Kind,
    uscc: str,
    township_code: str,
    village: str | None,
    lines: Sequence[str],
    taxpayer: Taxpayer,
    by: Actor,
    now: datetime,
) -> SupplierCard:
    """Open an application: the caller's account becomes its supplier's staff, and can sell nothing before approval.

    Raises ``AlreadyApplied``, ``InvalidUscc``, ``UnknownTownship``.
    """
    _check(uscc=uscc, licence_no=None, township_code=township_code)
    await plant_townships(session)
    row = SupplierRow(
        id=new_id(now),
        code=await _free_code(session),
        name=name,
        kind=kind.value,
        uscc=uscc,
        township_code=township_code,
        village=village or None,
        licence_no=None,
        taxpayer=taxpayer.value,
        status=Status.DRAFT.value,
        linked_since=None,
        lines=list(lines),
        created_at=now,
    )
    session.add(row)
    await session.flush()
    if not await identity.grant(session, by.account_id, identity.Role.SUPPLIER, scope_id=row.id):
        raise AlreadyApplied
    return await queries.get(session, row.id)


async def _free_code(session: AsyncSession) -> str:
    """A code that nobody has, for people to know the supplier by."""
    while await queries.by_code(session, code := f"S{digits(_CODE_DIGITS)}") is not None:
        pass
    return code


async def edit_application(session: AsyncSession, supplier_id: UUID, changes: Mapping[str, Any]) -> None:
    """Correct what an application says, before it is handed in or after it was given back.

    Raises ``SupplierStepNotAllowed``, ``InvalidUscc``, ``UnknownTownship``, ``NotFound``.
    """
    row = await queries.lock(session, supplier_id)
    _check_open(row)
    for field, value in changes.items():
        setattr(row, field, value)
    _check(uscc=row.uscc, licence_no=row.licence_no, township_code=row.township_code)
    if row.bank_sealed is not None and BankAccount.opened(row.bank_sealed).account_name != row.name:
        row.bank_sealed = None
    await session.flush()


async def submit(session: AsyncSession, supplier_id: UUID, *, by: Actor, now: datetime) -> SupplierCard:
    """Hand an application in, to the county first.

    Raises ``SupplierStepNotAllowed``, ``AdmissionIncomplete``, ``NotFound``, and ``SupplierExists`` where the same
    registration asks already.
    """
    row = await queries.lock(session, supplier_id)
    take(session, row, Step.SUBMIT, SupplierApplied(at=now, supplier_id=supplier_id), by=by, now=now)
    card = await queries.get(session, supplier_id)
    check_admission(
        requirements(
            card,
            await queries.certificates(session, supplier_id),
            bank_name=BankAccount.opened(row.bank_sealed).account_name if row.bank_sealed is not None else None,
            recommended=False,
            today=local_day(now),
            unverified=True,
        )
    )
    await session.flush()
    return await queries.get(session, supplier_id)


async def set_bank_account(session: AsyncSession, supplier_id: UUID, account: BankAccount) -> None:
    """Write down where an applicant wants to be paid; whoever sells already tells those who pay.

    Raises ``SupplierStepNotAllowed``, ``AccountNameDiffers``, ``NotFound``.
    """
    row = await queries.lock(session, supplier_id)
    _check_open(row)
    _check_name(account, row.name)
    row.bank_sealed = account.sealed()
    await session.flush()


def _check(*, uscc: str, licence_no: str | None, township_code: str) -> None:
    if not is_uscc(uscc):
        raise InvalidUscc(faults=[Fault("/uscc", "invalid_uscc", "校验不通过", "fails its check")])
    if licence_no is not None and not is_licence(licence_no):
        raise InvalidLicence(faults=[Fault("/licence_no", "invalid_licence", "校验不通过", "fails its check")])
    if township_code not in TOWNSHIPS:
        raise UnknownTownship(faults=[Fault("/township_code", "unknown_township", "没有这个乡镇", "no such township")])


def _check_name(account: BankAccount, name: str) -> None:
    if account.account_name != name:
        fault = Fault("/account_name", AccountNameDiffers.code, AccountNameDiffers.zh, AccountNameDiffers.en)
        raise AccountNameDiffers(faults=[fault])


def _check_open(row: SupplierRow) -> None:
    if row.status not in _OPEN:
        raise SupplierStepNotAllowed(row.status, allowed(Status(row.status)))
