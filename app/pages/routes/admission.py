"""Asking to sell here: who one is, what shows it, where to be paid; and where the application stands.

The county looks at it first and recommends it, then the marketplace reviews it (domain handbook §2.5).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import suppliers
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge
from app.pages.guards import Customer, Fields, Posted, Seller, Visit, Visitor, renew
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.suppliers import TOWNSHIPS, BankAccount, Kind, Status, Taxpayer

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LONGEST = 100
_ACCOUNT, _CNAPS = re.compile(r"[0-9]{8,30}", re.ASCII), re.compile(r"[0-9]{12}", re.ASCII)
_NOTHING: dict[str, Any] = {
    "name": "",
    "kind": Kind.COOPERATIVE.value,
    "uscc": "",
    "township_code": "",
    "village": "",
    "taxpayer": Taxpayer.SMALL.value,
    "lines": [],
}
_BANK = ("bank_name", "account_no", "cnaps")
_OPEN = (Status.DRAFT, Status.REJECTED)


@router.get("/sell")
async def sell_page(visit: Visitor) -> Response:
    """What is asked of those who want to sell, and where they begin."""
    return _sell(visit, _NOTHING)


@router.post("/sell")
async def apply(visit: Customer, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Open an application: from then on the account is its supplier's owner, and can sell nothing before approval."""
    said = _said(form)
    try:
        particulars = _read(said)
        async with edge.db.write() as session:
            await suppliers.apply(session, **particulars, by=visit.person, now=now)
    except DomainError as wrong:
        return _sell(visit, said, refused_with(visit.request, wrong))
    await renew(visit)
    return go("/supplier/admission")


@router.get("/supplier/admission")
async def admission_page(
    visit: Seller, session: ReadSession, now: Now, sent: Annotated[str, Query(max_length=1)] = ""
) -> Response:
    """Where the supplier stands, what is met and what is still asked, and what was decided."""
    return await _page(visit, session, now, sent=sent == "1")


@router.post("/supplier/admission")
async def edit(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Correct what the application says."""
    said = _said(form)
    try:
        particulars = _read(said)
        async with edge.db.write() as session:
            await suppliers.edit_application(session, visit.supplier_id, particulars)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _page(visit, session, now, at="about", said=said, refused=refused_with(visit.request, wrong))
    return go("/supplier/admission")


@router.post("/supplier/admission/bank")
async def set_bank(visit: Seller, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Where the supplier wants to be paid, in its own name."""
    bank = {name: form[name] if name == "bank_name" else re.sub(r"\s", "", form[name]) for name in _BANK}
    try:
        _check_bank(bank)
        async with edge.db.write() as session:
            name = (await suppliers.get(session, visit.supplier_id)).name
            account = BankAccount(name, bank["account_no"], bank["bank_name"], bank["cnaps"])
            await suppliers.set_bank_account(session, visit.supplier_id, account)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _page(visit, session, now, at="bank", bank=bank, refused=refused_with(visit.request, wrong))
    return go("/supplier/admission")


@router.post("/supplier/admission/submit")
async def submit(visit: Seller, _form: Posted, edge: TheEdge, now: Now) -> Response:
    """Hand it in, to the county first."""
    try:
        async with edge.db.write() as session:
            await suppliers.submit(session, visit.supplier_id, by=visit.person, now=now)
    except DomainError as wrong:
        async with edge.db.read() as session:
            return await _page(visit, session, now, at="submit", refused=refused_with(visit.request, wrong))
    return go("/supplier/admission?sent=1")


def _said(form: Fields) -> dict[str, Any]:
    return {name: form[name] for name in _NOTHING if name != "lines"} | {"lines": list(form.all("lines"))}


def _read(said: dict[str, Any]) -> dict[str, Any]:
    """What the use cases take. Raises ``InvalidInput``."""
    faults = []
    if not (0 < len(said["name"]) <= _LONGEST and said["name"].isprintable()):
        zh, en = "请填写营业执照上的名称，至多 100 个字", "As on the business licence, 1 to 100 characters"
        faults.append(Fault("/name", "missing", zh, en))
    if said["township_code"] not in TOWNSHIPS:
        faults.append(Fault("/township_code", "missing", "请选择乡镇", "Choose the township"))
    if len(said["village"]) > _LONGEST or not said["village"].isprintable():
        faults.append(Fault("/village", "invalid_text", "至多 100 个字", "At most 100 characters"))
    lines = [slug for slug in said["lines"] if slug in suppliers.LICENCE_FOR]
    if not lines:
        faults.append(Fault("/lines", "missing", "请至少勾选一类商品", "Tick at least one line of goods"))
    if faults:
        raise InvalidInput(faults=faults)
    return {
        "name": said["name"],
        "kind": next((kind for kind in Kind if kind.value == said["kind"]), Kind.COOPERATIVE),
        "uscc": said["uscc"].upper(),
        "township_code": said["township_code"],
        "village": said["village"] or None,
        "taxpayer": Taxpayer.GENERAL if said["taxpayer"] == Taxpayer.GENERAL else Taxpayer.SMALL,
        "lines": lines,
    }


def _check_bank(bank: dict[str, str]) -> None:
    """Raises ``InvalidInput``."""
    faults = []
    if not (0 < len(bank["bank_name"]) <= _LONGEST and bank["bank_name"].isprintable()):
        faults.append(Fault("/bank_name", "missing", "请填写开户行", "The bank and its branch"))
    if not _ACCOUNT.fullmatch(bank["account_no"]):
        faults.append(Fault("/account_no", "invalid_account", "账号应为 8 至 30 位数字", "8 to 30 digits"))
    if not _CNAPS.fullmatch(bank["cnaps"]):
        faults.append(
            Fault("/cnaps", "invalid_cnaps", "联行号为 12 位数字，可向开户行询问", "12 digits; your bank knows")
        )
    if faults:
        raise InvalidInput(faults=faults)


def _choices() -> dict[str, Any]:
    return {
        "kinds": list(Kind),
        "taxpayers": list(Taxpayer),
        "townships": dict(TOWNSHIPS),
        "lines_known": list(suppliers.LICENCE_FOR),
    }


def _sell(visit: Visit, said: dict[str, Any], refused: dict[str, Any] | None = None) -> Response:
    return show(
        visit, "sell.html", status=refused["status"] if refused else 200, refused=refused, said=said, **_choices()
    )


async def _page(
    visit: Visit,
    session: AsyncSession,
    now: datetime,
    *,
    at: str = "",
    said: dict[str, Any] | None = None,
    bank: dict[str, str] | None = None,
    sent: bool = False,
    refused: dict[str, Any] | None = None,
) -> Response:
    """``at`` names the part that was refused."""
    found = await suppliers.look_at(session, visit.supplier_id, now=now)
    card = found.card
    is_open = card.status in _OPEN
    asked = found.to_submit if is_open else found.requirements
    return show(
        visit,
        "supplier_admission.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        at=at,
        sent=sent,
        found=found,
        card=card,
        open=is_open,
        asked=asked,
        ready=is_open and all(one.met for one in asked),
        said=said
        or {
            "name": card.name,
            "kind": card.kind.value,
            "uscc": card.uscc,
            "township_code": card.township_code,
            "village": card.village or "",
            "taxpayer": card.taxpayer.value,
            "lines": list(card.lines),
        },
        bank=bank or dict.fromkeys(_BANK, ""),
        **_choices(),
    )
