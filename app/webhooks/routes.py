"""Webhooks over HTTP: the same operations for suppliers, partners and the marketplace, each on what is their own."""

from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter

from app.core.errors import NotFound
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
from app.identity import Actor, Operator, PartnerStaff, SupplierStaff
from app.webhooks import queries, service
from app.webhooks.rules import Audience, Event, NotYetSent, TooManyEndpoints, UnsafeUrl
from app.webhooks.schemas import (
    EndpointIn,
    EndpointOut,
    EndpointPatch,
    EndpointsOut,
    MessageOut,
    NewEndpointOut,
    SecretOut,
)

router = APIRouter(tags=["webhooks"])


@dataclass(frozen=True)
class _Desk:
    """One audience: its guard, and what it owns."""

    audience: Audience
    guard: Any

    def owner(self, by: Actor) -> UUID | None:
        return {Audience.SUPPLIER: by.supplier_id, Audience.PARTNER: by.partner_id}.get(self.audience)


def _open(desk: _Desk) -> None:
    """The operations of one audience. The guard is a default value: a name in an annotation would be one guard only."""
    who, base = desk.audience.value, f"/v1/{desk.audience}/webhooks"
    guard = get_args(desk.guard)[1]

    @router.get(
        base,
        operation_id=f"list_{who}_webhooks",
        summary="Webhook endpoints",
        responses=problems(),
    )
    async def list_endpoints(session: ReadSession, by: Actor = guard) -> EndpointsOut:
        """Every endpoint, without secrets. One that stopped answering is disabled and says so."""
        found = await queries.endpoints(session, desk.audience, desk.owner(by))
        return EndpointsOut(items=[EndpointOut.model_validate(endpoint) for endpoint in found])

    @router.post(
        base,
        operation_id=f"create_{who}_webhook",
        summary="Be told by webhook",
        status_code=201,
        responses=problems(UnsafeUrl, TooManyEndpoints),
    )
    async def create_endpoint(
        body: EndpointIn, session: WriteSession, edge: TheEdge, now: Now, by: Actor = guard
    ) -> NewEndpointOut:
        """Messages are signed as [Standard Webhooks](https://www.standardwebhooks.com) say; the secret is shown once.

        They come at least once, those about one object in the order of `sequence`, and are tried for about five
        hours; after that they wait to be sent again by hand.
        """
        made = await service.subscribe(
            session,
            desk.audience,
            desk.owner(by),
            url=body.url,
            events=[Event(event) for event in body.events],
            private=edge.settings.webhooks.private,
            by=by,
            now=now,
        )
        return NewEndpointOut.made(*made)

    @router.patch(
        base + "/{endpoint_id}",
        operation_id=f"change_{who}_webhook",
        summary="Change a webhook endpoint",
        responses=problems(NotFound, UnsafeUrl),
    )
    async def change_endpoint(
        endpoint_id: UUID, body: EndpointPatch, session: WriteSession, edge: TheEdge, now: Now, by: Actor = guard
    ) -> EndpointOut:
        """Another address, other events, or switched off and on."""
        row = await queries.lock_endpoint(session, endpoint_id, desk.audience, desk.owner(by))
        changed = await service.change(
            session,
            row,
            url=body.url,
            events=None if body.events is None else [Event(event) for event in body.events],
            enabled=body.enabled,
            private=edge.settings.webhooks.private,
            now=now,
        )
        return EndpointOut.model_validate(changed)

    @router.delete(
        base + "/{endpoint_id}",
        operation_id=f"delete_{who}_webhook",
        summary="Delete a webhook endpoint",
        status_code=204,
        responses=problems(NotFound),
    )
    async def delete_endpoint(endpoint_id: UUID, session: WriteSession, now: Now, by: Actor = guard) -> None:
        """It is told nothing any more."""
        row = await queries.lock_endpoint(session, endpoint_id, desk.audience, desk.owner(by))
        await service.unsubscribe(session, row, now=now)

    @router.post(
        base + "/{endpoint_id}/rotate-secret",
        operation_id=f"rotate_{who}_webhook_secret",
        summary="A new secret for a webhook endpoint",
        responses=problems(NotFound),
    )
    async def rotate_secret(endpoint_id: UUID, session: WriteSession, now: Now, by: Actor = guard) -> SecretOut:
        """Shown this once; for 24 hours every message carries two signatures, one by each secret."""
        row = await queries.lock_endpoint(session, endpoint_id, desk.audience, desk.owner(by))
        return SecretOut(secret=await service.rotate(session, row, now=now))

    @router.post(
        base + "/{endpoint_id}/ping",
        operation_id=f"ping_{who}_webhook",
        summary="Send a test message",
        status_code=204,
        responses=problems(NotFound),
    )
    async def ping_endpoint(endpoint_id: UUID, session: WriteSession, now: Now, by: Actor = guard) -> None:
        """A message of type `ping` goes out; its fate stands in the endpoint's messages."""
        row = await queries.lock_endpoint(session, endpoint_id, desk.audience, desk.owner(by))
        await service.ping(session, row, now=now)

    @router.get(
        base + "/{endpoint_id}/messages",
        operation_id=f"list_{who}_webhook_messages",
        summary="Messages of a webhook endpoint",
        responses=problems(NotFound, InvalidCursor),
    )
    async def list_messages(
        endpoint_id: UUID,
        session: ReadSession,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        by: Actor = guard,
    ) -> Page[MessageOut]:
        """The newest first, for 30 days, with the last answer."""
        kind = f"webhooks/{endpoint_id}"
        before = last_seen(kind, cursor)
        found = await queries.messages(
            session, endpoint_id, desk.audience, desk.owner(by), before=before, limit=limit + 1
        )
        return page_of(kind, found, limit, MessageOut.model_validate)

    @router.post(
        base + "/{endpoint_id}/messages/{message_id}/redeliver",
        operation_id=f"redeliver_{who}_webhook_message",
        summary="Send a message again",
        status_code=204,
        responses=problems(NotFound, NotYetSent),
    )
    async def redeliver_message(
        endpoint_id: UUID, message_id: UUID, session: WriteSession, now: Now, by: Actor = guard
    ) -> None:
        """With the same id, body and sequence: a receiver that has seen it knows it."""
        row = await queries.lock_endpoint(session, endpoint_id, desk.audience, desk.owner(by))
        await service.redeliver(session, row, message_id, now=now)


for _desk in (
    _Desk(Audience.SUPPLIER, SupplierStaff),
    _Desk(Audience.PARTNER, PartnerStaff),
    _Desk(Audience.OPERATOR, Operator),
):
    _open(_desk)
