"""The address book: write down, change, take out, and which one is the usual one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from app import buyers
from app.buyers import Address, SavedAddress
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.web import Now, ReadSession, TheEdge, WriteSession
from app.pages.guards import Customer, Fields, Posted, Visit
from app.pages.routes.frame import PageRoute, go, refused_with, show
from app.pages.routes.places import NEAR_HOME, around, moved

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST = 50
_LONGEST_LABEL = 20
_BOOK = "/account/addresses"
_NOTHING = {"recipient": "", "phone": "", "division_code": NEAR_HOME, "detail": "", "label": "", "usual": ""}


@router.get("/account/addresses")
async def show_book(visit: Customer, session: ReadSession) -> Response:
    """Every address, the usual one first."""
    book = await buyers.addresses(session, by=visit.buyer, limit=_MOST)
    return show(visit, "addresses.html", book=sorted(book, key=lambda one: not one.is_default))


@router.get("/account/addresses/new")
async def new_address(visit: Customer) -> Response:
    """An empty form."""
    return _form(visit, None, _NOTHING)


@router.post("/account/addresses/new")
async def add_address(visit: Customer, form: Posted, edge: TheEdge, now: Now) -> Response:
    """Write an address into the book; the first one is the usual one."""
    said = _read(form)
    if form["step"] == "look":
        return _form(visit, None, said)
    try:
        address, label = _checked(said)
        async with edge.db.write() as session:
            await buyers.save_address(
                session, address, label=label, is_default=bool(said["usual"]), by=visit.buyer, now=now
            )
    except DomainError as wrong:
        return _form(visit, None, said, refused_with(visit.request, wrong))
    return go(_BOOK)


@router.get("/account/addresses/{address_id}")
async def edit_address(visit: Customer, address_id: UUID, session: ReadSession) -> Response:
    """The form with what the book says."""
    return _form(visit, address_id, _said_of(await buyers.saved_address(session, address_id, by=visit.buyer)))


@router.post("/account/addresses/{address_id}")
async def change_address(visit: Customer, address_id: UUID, form: Posted, edge: TheEdge) -> Response:
    """Write it anew; orders keep the address as it was."""
    said = _read(form)
    if form["step"] == "look":
        return _form(visit, address_id, said)
    try:
        address, label = _checked(said)
        async with edge.db.write() as session:
            await buyers.change_address(
                session, address_id, address, label=label, is_default=bool(said["usual"]), by=visit.buyer
            )
    except DomainError as wrong:
        return _form(visit, address_id, said, refused_with(visit.request, wrong))
    return go(_BOOK)


@router.post("/account/addresses/{address_id}/usual")
async def make_usual(visit: Customer, address_id: UUID, _form: Posted, session: WriteSession) -> Response:
    """From now on the checkout begins with this one."""
    kept = await buyers.saved_address(session, address_id, by=visit.buyer)
    await buyers.change_address(session, address_id, kept.address, label=kept.label, is_default=True, by=visit.buyer)
    return go(_BOOK)


@router.post("/account/addresses/{address_id}/remove")
async def remove_address(visit: Customer, address_id: UUID, _form: Posted, session: WriteSession) -> Response:
    """Take it out of the book."""
    await buyers.remove_address(session, address_id, by=visit.buyer)
    return go(_BOOK)


def _form(
    visit: Visit, address_id: UUID | None, said: dict[str, str], refused: dict[str, Any] | None = None
) -> Response:
    return show(
        visit,
        "address.html",
        status=refused["status"] if refused else 200,
        refused=refused,
        address_id=address_id,
        said=said,
        places=around(said["division_code"]),
    )


def _read(form: Fields) -> dict[str, str]:
    said = {name: form[name] for name in _NOTHING}
    said["division_code"] = moved(said["division_code"] or NEAR_HOME, form["province"])
    return said


def _checked(said: dict[str, str]) -> tuple[Address, str | None]:
    """Raises ``InvalidInput``, ``UnknownDivision``, ``DivisionNotACounty``."""
    label = said["label"]
    if len(label) > _LONGEST_LABEL or not label.isprintable():
        raise InvalidInput(faults=[Fault("/label", "invalid_label", "至多 20 个字", "At most 20 characters")])
    address = buyers.make_address(
        recipient=said["recipient"],
        phone=said["phone"],
        division_code=said["division_code"],
        detail=said["detail"],
        pointer="",
    )
    return address, label or None


def _said_of(kept: SavedAddress) -> dict[str, str]:
    return {
        "recipient": kept.address.recipient,
        "phone": kept.address.phone,
        "division_code": kept.address.division_code,
        "detail": kept.address.detail,
        "label": kept.label or "",
        "usual": "1" if kept.is_default else "",
    }
