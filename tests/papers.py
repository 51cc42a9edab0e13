"""What suppliers of the tests can show when they are taken on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import catalogue, suppliers
from app.identity import Actor
from app.suppliers import CertificateKind


def papers(name: str, uscc: str, licence: str | None, today: date) -> suppliers.Papers:
    """Everything that admission asks for, in force for a year from the day before ``today`` on."""
    since, until = today - timedelta(days=1), today + timedelta(days=364)
    certificates = [
        suppliers.NewCertificate(kind=CertificateKind.BUSINESS_LICENCE, number=uscc, valid_from=since),
        suppliers.NewCertificate(kind=CertificateKind.BENEFIT_LINK, valid_from=since, valid_to=until),
    ]
    if licence is not None:
        certificates.append(
            suppliers.NewCertificate(
                kind=CertificateKind.FOOD_PRODUCTION,
                number=licence,
                scope=(licence[2:5],),
                valid_from=since,
                valid_to=until,
            )
        )
    bank = suppliers.BankAccount(name, "6200000000000000001", "保靖农商银行（示例）", "402569000018")
    return suppliers.Papers(certificates, bank, "保农函〔示例〕1号")


async def list_on_832(session: AsyncSession, supplier_id: UUID, *, by: Actor, now: datetime) -> None:
    """Its sales count from the day before ``now`` on, for a year."""
    listing = catalogue.NewCertification(
        kind=catalogue.CertificationKind.SUPPLIER_832,
        supplier_id=supplier_id,
        batch="832 平台入驻",
        people_linked=120,
        value_fen=300_000_000,
        valid_from=now.date() - timedelta(days=1),
        valid_to=now.date() + timedelta(days=364),
    )
    await catalogue.register_certification(session, listing, note="832 平台供应商名录", by=by, now=now)
