"""The wire format of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web.schemas import NO_CONTROL, Body, Out
from app.webhooks.lifecycle import MessageStatus
from app.webhooks.rules import SUBSCRIBABLE, Endpoint

Subscribable = Literal[
    "order.paid",
    "order.cancelled",
    "supplier_order.to_ship",
    "shipment.created",
    "inventory.low",
    "purchase_order.received",
    "refund.succeeded",
    "goal.reached",
]
assert set(Subscribable.__args__) == {event.value for event in SUBSCRIBABLE}  # type: ignore[attr-defined]  # noqa: S101

Url = Annotated[
    str,
    StringConstraints(min_length=10, max_length=500, pattern=NO_CONTROL),
    Field(description="A public https address", examples=["https://erp.example.com/hooks/baojing"]),
]
Events = Annotated[list[Subscribable], Field(max_length=20, description="Empty: all of them")]


class EndpointIn(Body):
    """Where to send, and what."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://erp.example.com/hooks/baojing",
                    "events": ["supplier_order.to_ship", "inventory.low"],
                }
            ]
        }
    )

    url: Url
    events: Events = Field(default_factory=list)


class EndpointPatch(Body):
    """What to change; what is absent stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"enabled": True}]})

    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = Field(None, description="True also switches on what was disabled for not answering")


class EndpointOut(Out):
    """An endpoint without its secret."""

    id: UUID
    url: str = Field(examples=["https://erp.example.com/hooks/baojing"])
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: Literal["by_owner", "unreachable", "gone"] | None


class NewEndpointOut(EndpointOut):
    """A new endpoint. ``secret`` is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])

    @classmethod
    def made(cls, endpoint: Endpoint, secret: str) -> NewEndpointOut:
        """The endpoint on the wire."""
        return cls(**EndpointOut.model_validate(endpoint).model_dump(), secret=secret)


class EndpointsOut(Out):
    """All endpoints: there are ten at most."""

    items: list[EndpointOut]


class SecretOut(Out):
    """A new secret, shown this once; for a day messages carry a signature by the old one too."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class MessageOut(Out):
    """A message and how its delivery went."""

    id: UUID = Field(description="The `webhook-id` header")
    event: str = Field(examples=["supplier_order.to_ship"])
    object_id: UUID
    sequence: int = Field(description="Counts the messages about this object to this endpoint, from 1, without a gap")
    status: MessageStatus
    attempts: int
    created_at: datetime
    delivered_at: datetime | None
    last_status: int | None = Field(description="The HTTP status of the last answer")
    last_error: str | None = Field(description="Why there was none", examples=["timeout"])
