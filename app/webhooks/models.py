"""Tables of webhooks: where to send, what to send, and how each attempt went."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, uid
from app.webhooks.lifecycle import MessageStatus, Step, after
from app.webhooks.rules import Audience

_AUDIENCES = ", ".join(f"'{audience}'" for audience in Audience)
_STATUSES = ", ".join(f"'{status}'" for status in MessageStatus)


class EndpointRow(Base):
    """Where somebody wants to be told. A deleted one is kept, disabled, because its messages are history."""

    __tablename__ = "webhooks_endpoint"
    __table_args__ = (
        CheckConstraint(f"audience IN ({_AUDIENCES})", name="audience"),
        CheckConstraint("(audience = 'operator') = (owner_id IS NULL)", name="owner"),
        CheckConstraint("(previous_sealed IS NULL) = (previous_until IS NULL)", name="previous"),
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled"),
        Index("ix_webhooks_endpoint_owner_id_id", "owner_id", "id", postgresql_where="deleted_at IS NULL"),
    )

    id: Mapped[uid]
    audience: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[UUID | None]
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_sealed: Mapped[bytes] = mapped_column(BYTEA)
    previous_sealed: Mapped[bytes | None] = mapped_column(BYTEA)
    previous_until: Mapped[datetime | None]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    deleted_at: Mapped[datetime | None]


class MessageRow(Base):
    """What an endpoint is told, exactly as it is signed and sent."""

    __tablename__ = "webhooks_message"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "object_id", "sequence"),
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("sequence >= 1 AND attempts >= 0", name="counts"),
        CheckConstraint("(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered"),
        Index("ix_webhooks_message_endpoint_id_id", "endpoint_id", "id"),
        Index("ix_webhooks_message_created_at", "created_at"),
    )

    id: Mapped[uid]
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks_endpoint.id"))
    event: Mapped[str] = mapped_column(Text)
    object_id: Mapped[UUID]
    sequence: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    def take(self, step: Step, *, now: datetime) -> bool:
        """Take a step of the lifecycle, the only place where a status is assigned; False if it cannot be taken."""
        reached = after(MessageStatus(self.status), step)
        if reached is None:
            return False
        self.status = reached.value
        self.delivered_at = now if reached is MessageStatus.DELIVERED else None
        return True


class AttemptRow(Base):
    """One try to deliver: the status that came back, or what went wrong before one could."""

    __tablename__ = "webhooks_attempt"
    __table_args__ = (CheckConstraint("(status IS NULL) <> (error IS NULL)", name="outcome"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks_message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    duration_ms: Mapped[int]
