"""Address books, and divisions to choose from."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.buyers import queries, service
from app.buyers.rules import (
    AmbiguousDivision,
    DivisionNotACounty,
    TooManyAddresses,
    UnknownDivision,
    UnknownDivisionName,
    places_named,
    places_under,
)
from app.buyers.schemas import PlaceOut, PlacesOut, SavedAddressIn, SavedAddressOut
from app.core.errors import NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.identity import Buyer, Public

router = APIRouter(tags=["buyers"])

_PLACE_ERRORS = (AmbiguousDivision, UnknownDivisionName, UnknownDivision, DivisionNotACounty)


@router.get(
    "/v1/store/divisions",
    operation_id="list_divisions",
    summary="Divisions to choose an address from",
    response_model=PlacesOut,
    responses=problems(public=True),
)
async def list_divisions(
    _: Public,
    parent: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{2,6}$", description="What to list: the divisions of this one", examples=["3701"]),
    ] = None,
    name: Annotated[str | None, Query(min_length=1, max_length=100, examples=["市中区"])] = None,
) -> PlacesOut:
    """Level by level with `parent` (the provinces without it), or every county and township that `name` may mean.

    A name is not decided here when several places bear it: show them all and let the person choose.
    """
    found = places_named(name) if name is not None else places_under(parent)
    return PlacesOut(items=[PlaceOut.model_validate(place) for place in found])


@router.get(
    "/v1/store/addresses",
    operation_id="list_addresses",
    summary="The caller's address book",
    response_model=Page[SavedAddressOut],
    responses=problems(InvalidCursor),
)
async def list_addresses(
    by: Buyer, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SavedAddressOut]:
    """The newest first; one of them is the default."""
    before = last_seen("addresses", cursor)
    found = await queries.addresses(session, by=by, before=before, limit=limit + 1)
    return page_of("addresses", found, limit, SavedAddressOut.of)


@router.post(
    "/v1/store/addresses",
    operation_id="save_address",
    summary="Write an address into the book",
    status_code=201,
    response_model=SavedAddressOut,
    responses=problems(TooManyAddresses, *_PLACE_ERRORS),
)
async def save_address(by: Buyer, body: SavedAddressIn, session: WriteSession, now: Now) -> SavedAddressOut:
    """At most 50. The county by code, or by name if only one is called that; else the answer lists the candidates."""
    saved = await service.save_address(
        session, body.checked(), label=body.label, is_default=body.is_default, by=by, now=now
    )
    return SavedAddressOut.of(saved)


@router.get(
    "/v1/store/addresses/{address_id}",
    operation_id="get_address",
    summary="One address of the book",
    response_model=SavedAddressOut,
    responses=problems(NotFound),
)
async def get_address(address_id: UUID, by: Buyer, session: ReadSession) -> SavedAddressOut:
    """Somebody else's address does not exist."""
    return SavedAddressOut.of(await queries.saved_address(session, address_id, by=by))


@router.put(
    "/v1/store/addresses/{address_id}",
    operation_id="change_address",
    summary="Replace an address of the book",
    response_model=SavedAddressOut,
    responses=problems(NotFound, *_PLACE_ERRORS),
)
async def change_address(address_id: UUID, by: Buyer, body: SavedAddressIn, session: WriteSession) -> SavedAddressOut:
    """Orders that were placed with it keep the address as it was."""
    saved = await service.change_address(
        session, address_id, body.checked(), label=body.label, is_default=body.is_default, by=by
    )
    return SavedAddressOut.of(saved)


@router.delete(
    "/v1/store/addresses/{address_id}",
    operation_id="remove_address",
    summary="Take an address out of the book",
    status_code=204,
    responses=problems(NotFound),
)
async def remove_address(address_id: UUID, by: Buyer, session: WriteSession) -> None:
    """Orders that were placed with it keep it."""
    await service.remove_address(session, address_id, by=by)
