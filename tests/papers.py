"""What suppliers of the tests can show when they are taken on."""

from __future__ import annotations

from datetime import date, timedelta

from app import suppliers
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
