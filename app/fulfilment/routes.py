"""Parcels: the carriers' notifications, and what suppliers and the marketplace's staff look after."""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import InvalidInput, NotFound
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    WriteSession,
    last_seen,
    page_of,
    problems,
)
from app.fulfilment import queries, service
from app.fulfilment.rules import (
    BlackoutBegun,
    BlackoutKnown,
    NotSignedByCarrier,
    UnknownCarrier,
    push_signature,
    read_push,
)
from app.fulfilment.schemas import BlackoutIn, BlackoutOut, CarrierAnswer, ParcelOut, TrackingOut
from app.identity import Operator, SupplierStaff

router = APIRouter(tags=["fulfilment"])

_EXAMPLE = {
    "param": '{"status":"polling","lastResult":{"state":"3","com":"zhongtong","nu":"78001234567890",'
    '"data":[{"ftime":"2026-11-22 10:31:07","context":"[济南市] 快件已签收，签收人：本人","statusCode":"301"}]}}',
    "sign": "32 upper-case hexadecimal digits",
}
_FORM = {
    "type": "object",
    "required": ["param", "sign"],
    "properties": {
        "param": {"type": "string", "description": "JSON, as the service documents it"},
        "sign": {"type": "string", "description": "MD5 over `param` and the agreed salt"},
    },
}
InTrouble = Annotated[bool, Query(description="Only parcels that somebody should look after")]


async def _signed(
    request: Request, edge: TheEdge, name: Annotated[str, Path(max_length=32, examples=["kuaidi100"])]
) -> str:
    """The guard of carriers' notifications: their text, if the service we subscribed with signed it."""
    tracking = edge.settings.tracking
    if name != "kuaidi100" or not tracking.on or tracking.kuaidi100_salt is None:
        raise NotFound
    try:
        form = parse_qs((await request.body()).decode(), max_num_fields=10)
    except ValueError:
        raise InvalidInput from None
    param, signature = form.get("param", [""])[0], form.get("sign", [""])[0]
    right = push_signature(param, tracking.kuaidi100_salt.get_secret_value())
    if not param or not hmac.compare_digest(signature.upper().encode(), right.encode()):
        # Whoever signs may call as often as they like; whoever guesses is counted.
        await edge.limits.anonymous_write(request.client.host if request.client else "unknown")
        raise NotSignedByCarrier
    return param


SignedByCarrier = Annotated[str, Depends(_signed)]


@router.post(
    "/v1/notifications/carriers/{name}",  # noqa: FAST003 - the guard reads it
    operation_id="receive_tracking",
    summary="Take a carrier's notification",
    response_model=CarrierAnswer,
    responses=problems(NotFound, NotSignedByCarrier, public=True),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-www-form-urlencoded": {"schema": _FORM, "example": _EXAMPLE}},
        }
    },
)
async def receive_tracking(param: SignedByCarrier, session: WriteSession, now: Now) -> CarrierAnswer:
    """The service says how a parcel is getting on: signed, repeated, and in any order; the same news changes nothing.

    A number that is none of ours is taken note of and forgotten, or the service would send it again and again.
    """
    report = read_push(param)
    if report is not None:
        await service.record(session, report, now=now)
    return CarrierAnswer()


@router.get(
    "/v1/supplier/shipments",
    operation_id="list_supplier_shipments",
    summary="The supplier's parcels, newest first",
    response_model=Page[ParcelOut],
    responses=problems(InvalidCursor),
)
async def list_supplier_shipments(
    by: SupplierStaff,
    session: ReadSession,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    *,
    in_trouble: InTrouble = False,
) -> Page[ParcelOut]:
    """With `in_trouble` those that the carrier cannot deliver, that come back, or that nobody has heard of for days."""
    after = last_seen("supplier-shipments", cursor)
    found = await queries.page(session, supplier_id=by.supplier_id, in_trouble=in_trouble, after=after, limit=limit + 1)
    return page_of("supplier-shipments", found, limit, ParcelOut.of)


@router.get(
    "/v1/supplier/shipments/{shipment_id}/tracking",
    operation_id="track_supplier_shipment",
    summary="What the carrier said of a parcel",
    response_model=TrackingOut,
    responses=problems(NotFound),
)
async def track_supplier_shipment(shipment_id: UUID, by: SupplierStaff, session: ReadSession) -> TrackingOut:
    """Newest first. Another supplier's parcel does not exist."""
    return TrackingOut.told(await queries.track(session, shipment_id, supplier_id=by.supplier_id))


@router.get(
    "/v1/operator/shipments",
    operation_id="list_shipments",
    summary="All parcels, newest first",
    response_model=Page[ParcelOut],
    responses=problems(InvalidCursor),
)
async def list_shipments(
    _: Operator,
    session: ReadSession,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    *,
    in_trouble: InTrouble = False,
) -> Page[ParcelOut]:
    """With `in_trouble` those that the carrier cannot deliver, that come back, or that nobody has heard of for days."""
    after = last_seen("shipments", cursor)
    found = await queries.page(session, supplier_id=None, in_trouble=in_trouble, after=after, limit=limit + 1)
    return page_of("shipments", found, limit, ParcelOut.of)


@router.get(
    "/v1/operator/shipments/{shipment_id}/tracking",
    operation_id="track_any_shipment",
    summary="What the carrier said of any parcel",
    response_model=TrackingOut,
    responses=problems(NotFound),
)
async def track_any_shipment(shipment_id: UUID, _: Operator, session: ReadSession) -> TrackingOut:
    """Newest first."""
    return TrackingOut.told(await queries.track(session, shipment_id))


@router.get(
    "/v1/operator/blackouts",
    operation_id="list_blackouts",
    summary="Days on which carriers collect nothing",
    response_model=Page[BlackoutOut],
    responses=problems(InvalidCursor),
)
async def list_blackouts(
    _: Operator, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[BlackoutOut]:
    """The whole calendar, what was entered last first."""
    return await _calendar(session, limit, cursor)


@router.get(
    "/v1/supplier/blackouts",
    operation_id="list_carrier_blackouts",
    summary="Days on which carriers collect nothing",
    response_model=Page[BlackoutOut],
    responses=problems(InvalidCursor),
)
async def list_carrier_blackouts(
    _: SupplierStaff, session: ReadSession, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[BlackoutOut]:
    """The marketplace's calendar, what was entered last first. Where one carrier stops, hand parcels to another."""
    return await _calendar(session, limit, cursor)


@router.post(
    "/v1/operator/blackouts",
    operation_id="announce_blackout",
    summary="Enter days on which parcels are not collected",
    status_code=201,
    response_model=BlackoutOut,
    responses=problems(UnknownCarrier, BlackoutKnown),
)
async def announce_blackout(by: Operator, body: BlackoutIn, session: WriteSession, now: Now) -> BlackoutOut:
    """Without a carrier it means all of them: the day to ship by is then counted without these days.

    What was promised to buyers who have paid already stays.
    """
    entered = await service.announce_blackout(session, body.carrier, body.from_on, body.to_on, by=by, now=now)
    return BlackoutOut.of(entered)


@router.delete(
    "/v1/operator/blackouts/{blackout_id}",
    operation_id="remove_blackout",
    summary="Take days out of the calendar before they come",
    status_code=204,
    responses=problems(NotFound, BlackoutBegun),
)
async def remove_blackout(blackout_id: UUID, _: Operator, session: WriteSession, now: Now) -> None:
    """Days that have begun stay: promises were made by them."""
    await service.remove_blackout(session, blackout_id, now=now)


async def _calendar(session: AsyncSession, limit: int, cursor: str | None) -> Page[BlackoutOut]:
    found = await queries.page_of_blackouts(session, before=last_seen("blackouts", cursor), limit=limit + 1)
    return page_of("blackouts", found, limit, BlackoutOut.of)
