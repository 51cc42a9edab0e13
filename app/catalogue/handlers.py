"""What the catalogue does when it hears of something."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import service
from app.suppliers import CertificatesChanged


async def on_certificates_changed(session: AsyncSession, fact: CertificatesChanged, now: datetime) -> None:
    """Hold what needs a certificate that is no longer in force; release what has it again."""
    await service.look_again(session, fact.supplier_id, now=now)
