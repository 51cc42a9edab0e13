"""What is sent, to whom it may be sent, and the module's refusals."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from app.core.errors import DomainError, Fault
from app.webhooks.lifecycle import MessageStatus

MOST_ENDPOINTS = 10
"""Of one supplier, one partner, or the marketplace itself."""

SECRETS_OVERLAP = timedelta(hours=24)
"""For so long after a rotation messages are signed with both secrets."""

_NAMESPACE = UUID("5a0f1a52-7a0c-5f0e-9a6d-2f4f3a0c9d10")
_LOWEST_FREE_PORT = 1024
_HTTPS = 443
# The last label of a name begins with a letter (RFC 3696 §2): whatever ends in a number is read as an address by many
# resolvers, in forms like 127.1 or 0x7f.1 (URL Standard, "ends in a number").
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z](?:[a-z0-9_-]*[a-z0-9])?\.?")
# What Python calls global although a gateway behind it may lead to a private network: NAT64 and 6to4.
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


class Audience(StrEnum):
    """Whose endpoint it is; suppliers and partners hear only what is their own."""

    SUPPLIER = "supplier"
    PARTNER = "partner"
    OPERATOR = "operator"


class Event(StrEnum):
    """What the contract sends out."""

    ORDER_PAID = "order.paid"
    ORDER_CANCELLED = "order.cancelled"
    SUPPLIER_ORDER_TO_SHIP = "supplier_order.to_ship"
    SHIPMENT_CREATED = "shipment.created"
    INVENTORY_LOW = "inventory.low"
    PURCHASE_ORDER_RECEIVED = "purchase_order.received"
    REFUND_SUCCEEDED = "refund.succeeded"
    GOAL_REACHED = "goal.reached"
    PING = "ping"
    """Sent when the owner asks for it, whatever the endpoint subscribed to."""


SUBSCRIBABLE = tuple(event for event in Event if event is not Event.PING)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an owner wants to be told, and of what. An empty ``events`` means all of them."""

    id: UUID
    url: str
    events: tuple[Event, ...]
    created_at: datetime
    disabled_at: datetime | None
    disabled_reason: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one endpoint. ``sequence`` counts the messages about ``object_id`` to it, from 1, with no gap."""

    id: UUID
    event: Event
    object_id: UUID
    sequence: int
    status: MessageStatus
    attempts: int
    created_at: datetime
    delivered_at: datetime | None
    last_status: int | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened, before it is known who wants to hear of it.

    ``owners`` are the suppliers and partners that it concerns; the marketplace hears everything, unless it was told of
    the whole and this is a ``part`` of it.
    """

    event: Event
    object_id: UUID
    data: dict[str, Any]
    at: datetime
    owners: frozenset[UUID] = frozenset()
    part: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that a courier needs to send a message: what is signed is exactly what is sent."""

    message_id: UUID
    url: str
    body: str
    secrets: tuple[str, ...]


class UnsafeUrl(DomainError):
    """Not a public https address: a webhook must not reach into anybody's private network."""

    status = 422
    code = "unsafe_url"
    zh = "回调地址必须是公网 https 地址，不能含账号、片段，也不能指向内网或本机。"
    en = "The URL must be a public https address without user, fragment, or a host inside a private network."

    def __init__(self) -> None:
        super().__init__(faults=(Fault("/url", self.code, "须为公网 https 地址", "a public https address"),))


class TooManyEndpoints(DomainError):
    """More than anybody needs."""

    code = "too_many_endpoints"
    zh = "回调地址最多 10 个，请先删除不用的。"
    en = "There are ten endpoints already; delete one that is not used."


class NotYetSent(DomainError):
    """The message is on its way by itself."""

    code = "not_yet_sent"
    zh = "该消息仍在自动投递中，无需重发。"
    en = "The message is still being delivered by itself."


def channel_of(endpoint_id: UUID, object_id: UUID) -> UUID:
    """In which order messages go out: those of one object to one endpoint wait for one another, others do not."""
    return uuid5(_NAMESPACE, f"{endpoint_id}/{object_id}")


def check_url(url: str, *, private: bool) -> None:
    """Raise ``UnsafeUrl`` for what can be seen to be unsafe before the host's name is looked up.

    ``private`` allows plain http and hosts inside: for installations that call a system of their own beside them.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UnsafeUrl from None
    if parts.scheme not in (("https", "http") if private else ("https",)) or not host:
        raise UnsafeUrl
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise UnsafeUrl
    if not url.isascii() or not url.isprintable() or " " in url:
        raise UnsafeUrl
    literal = _is_literal(host)
    if not literal and _NAME.fullmatch(host) is None:
        raise UnsafeUrl
    if private:
        return
    if port is not None and port != _HTTPS and port < _LOWEST_FREE_PORT:
        raise UnsafeUrl
    if not is_public(host) if literal else "." not in host.rstrip("."):
        raise UnsafeUrl


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP address lies in the open internet (IANA special-purpose registries; RFC 6890)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast
