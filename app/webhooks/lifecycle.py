"""The state table of a message; the guard and the exhaustive test derive from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class MessageStatus(StrEnum):
    """Where a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Step(StrEnum):
    """What can happen to a message."""

    DELIVER = "deliver"
    GIVE_UP = "give_up"
    SEND_AGAIN = "send_again"


TRANSITIONS: Mapping[tuple[MessageStatus, Step], MessageStatus] = {
    (MessageStatus.PENDING, Step.DELIVER): MessageStatus.DELIVERED,
    (MessageStatus.PENDING, Step.GIVE_UP): MessageStatus.FAILED,
    # Its owner asks for it once more.
    (MessageStatus.DELIVERED, Step.SEND_AGAIN): MessageStatus.PENDING,
    (MessageStatus.FAILED, Step.SEND_AGAIN): MessageStatus.PENDING,
}


def after(status: MessageStatus, step: Step) -> MessageStatus | None:
    """Where ``step`` leads from ``status``; None when it cannot be taken there."""
    return TRANSITIONS.get((status, step))
