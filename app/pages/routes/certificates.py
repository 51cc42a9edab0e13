"""A supplier's certificates on a phone: what is there, what is lacking, and a photo of the next one."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import files, suppliers
from app.core.clock import local_day
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Edge, Now, ReadSession, TheEdge
from app.files import Purpose
from app.pages.guards import Fields, Posted, Seller, Visit
from app.pages.routes.frame import PageRoute, go, once, refused_with, show
from app.pages.schemas import Done
from app.suppliers import CertificateKind, NewCertificate

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST_FILES = 6
_LONGEST_NUMBER = 40
_CATEGORY = re.compile(r"SC([0-9]{3})[0-9]{11}", re.ASCII)
_FIELDS = ("kind", "number", "valid_from", "valid_to")


@router.get("/supplier/certificates")
async def list_certificates(visit: Seller, session: ReadSession, now: Now) -> Response:
    """Every certificate with where it stands, and what is still asked for."""
    found = await suppliers.look_at(session, visit.supplier_id, now=now)
    return show(
        visit,
        "certificates.html",
        certificates=found.certificates,
        attached=found.attached,
        lacking=[one for one in found.requirements if not one.met],
        today=local_day(now),
        sent=visit.request.query_params.get("sent") == "1",
    )


@router.get("/supplier/certificates/new")
async def new_certificate(visit: Seller, now: Now) -> Response:
    """What it is, how long it is good for, and what it looks like."""
    return _page(visit, now, dict.fromkeys(_FIELDS, ""))


@router.post("/supplier/certificates/new")
async def add_certificate(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """The photo is looked at first; then the certificate is handed in once, however often the form is sent."""
    said = {name: form[name] for name in _FIELDS}
    try:
        kind, number, since, until = _read(said)
        purpose = Purpose.EVIDENCE if kind is CertificateKind.BENEFIT_LINK else Purpose.CERTIFICATE
        shown = await _files(form, purpose, edge)
    except DomainError as wrong:
        return _page(visit, now, said, refused_with(visit.request, wrong))

    async def work(session: AsyncSession) -> Done:
        kept = [
            await files.keep(session, one, purpose=purpose, by=visit.person, settings=edge.settings.files, now=now)
            for one in shown
        ]
        new = NewCertificate(
            kind=kind,
            number=number,
            scope=_scope(kind, number),
            valid_from=since,
            valid_to=until,
            file_ids=[one.id for one in kept],
        )
        made = await suppliers.add_certificate(session, visit.supplier_id, new, by=visit.person, now=now)
        return Done(id=made.id)

    made_id, refused = await once(visit, form, work)
    if made_id is not None:
        return go("/supplier/certificates?sent=1")
    return _page(visit, now, said, refused)


def _page(visit: Visit, now: datetime, said: dict[str, str], refused: dict[str, Any] | None = None) -> Response:
    return show(
        visit,
        "certificate_new.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        said=said,
        kinds=list(CertificateKind),
        most=_MOST_FILES,
        today=local_day(now),
    )


def _read(said: dict[str, str]) -> tuple[CertificateKind, str | None, date, date | None]:
    """Raises ``InvalidInput``."""
    faults = []
    kind = next((known for known in CertificateKind if known.value == said["kind"]), None)
    if kind is None:
        faults.append(Fault("/kind", "missing", "请选择证照种类", "Choose what it is"))
    number = said["number"].upper()
    if len(number) > _LONGEST_NUMBER or not number.isprintable():
        faults.append(Fault("/number", "invalid_number", "至多 40 个字", "At most 40 characters"))
    since, until = _day(said["valid_from"]), _day(said["valid_to"])
    if since is None:
        faults.append(Fault("/valid_from", "invalid_day", "请填写日期", "A day is missing"))
    if said["valid_to"] and until is None:
        faults.append(Fault("/valid_to", "invalid_day", "日期不对，应如 2027-12-31", "Not a day, such as 2027-12-31"))
    if kind is None or since is None or faults:
        raise InvalidInput(faults=faults)
    return kind, number or None, since, until


def _day(typed: str) -> date | None:
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None  # noqa: PLR2004 - outside lie typing errors


def _scope(kind: CertificateKind, number: str | None) -> list[str]:
    """The category that a food production licence names in its own number (domain handbook §7)."""
    found = _CATEGORY.fullmatch(number or "")
    return [found[1]] if kind is CertificateKind.FOOD_PRODUCTION and found else []


async def _files(form: Fields, purpose: Purpose, edge: Edge) -> list[files.Prepared]:
    """What was photographed or scanned, looked through. Raises ``InvalidInput`` and what ``files.prepare`` raises."""
    chosen = [*form.files("photos"), *form.files("scans")][:_MOST_FILES]
    if not chosen:
        raise InvalidInput(faults=[Fault("/photos", "missing", "请拍照或选择文件", "Take a photo or choose a file")])
    return [await files.prepare(await one.read(), purpose=purpose, settings=edge.settings.files) for one in chosen]
