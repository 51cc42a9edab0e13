"""A certificate of contribution on paper."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path

import segno

from app.assistance.rules.contribution import WORDINGS, Certificate, programme_of
from app.core import pdf
from app.core.clock import local_day
from app.core.money import in_capitals

_TEMPLATE = Path(__file__).parents[1] / "certificate.typ"


async def print_certificate(certificate: Certificate, url: str) -> bytes:
    """The certificate as PDF; ``url`` is where anybody can verify it. The same certificate gives the same bytes."""
    return await pdf.render(_TEMPLATE, _printed(certificate, url), at=certificate.issued_at)


def _printed(certificate: Certificate, url: str) -> dict[str, object]:
    content, day = certificate.content, local_day(certificate.issued_at)
    programme = programme_of(content.year)
    wording = WORDINGS[programme.code if programme is not None else "P1"]
    return {
        **asdict(wording),
        **content.to_json(),
        "holder": certificate.holder,
        "uscc": certificate.uscc,
        "capitals": in_capitals(content.net_fen),
        "code": certificate.code,
        "digest": certificate.digest,
        "issued_on": f"{day.year}年{day.month}月{day.day}日",
        "url": url,
        "qr": _qr(url),
    }


def _qr(url: str) -> str:
    to = io.BytesIO()
    segno.make(url, error="m", micro=False).save(to, kind="svg", border=0, xmldecl=False)
    return to.getvalue().decode()
