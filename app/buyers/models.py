"""Address books, and organisations with their members. Everything that names or finds a person is sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, PrimaryKeyConstraint, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.buyers.lifecycle import Status, Step, after
from app.buyers.rules import (
    MOST_ADDRESSES,
    AlreadyInvited,
    AlreadyMember,
    Kind,
    MemberRole,
    OrganisationExists,
)
from app.core.db import Base, uid
from app.core.errors import Unavailable


def _one_of(column: str, values: type[Kind | Status | MemberRole]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class AddressRow(Base):
    """One address of an account. ``slot`` keeps the book within its size, whatever happens at the same time."""

    __tablename__ = "buyers_address"
    __table_args__ = (
        UniqueConstraint("account_id", "slot", name="uq_buyers_address_account_id_slot", info={"means": Unavailable}),
        CheckConstraint(f"slot BETWEEN 1 AND {MOST_ADDRESSES}", name="slot"),
        Index(
            "uq_buyers_address_default",
            "account_id",
            unique=True,
            postgresql_where="is_default",
            info={"means": Unavailable},
        ),
    )

    id: Mapped[uid]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"))
    slot: Mapped[int] = mapped_column(SmallInteger)
    label: Mapped[str | None] = mapped_column(Text)
    address_sealed: Mapped[bytes]
    is_default: Mapped[bool]
    created_at: Mapped[datetime]


class OrganisationRow(Base):
    """A union, an enterprise or a budget unit."""

    __tablename__ = "buyers_organisation"
    __table_args__ = (
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        Index(
            "uq_buyers_organisation_uscc",
            "uscc",
            unique=True,
            postgresql_where="status = 'verified'",
            info={"means": OrganisationExists},
        ),
        Index("ix_buyers_organisation_status_id", "status", "id"),
    )

    id: Mapped[uid]
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str] = mapped_column(Text)
    division_code: Mapped[str] = mapped_column(Text)
    invoice_title: Mapped[str] = mapped_column(Text)
    invoice_sealed: Mapped[bytes]
    orders_on_832: Mapped[bool]
    status: Mapped[str] = mapped_column(Text)
    status_reason: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    created_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("identity_account.id"), index=True)

    def take(self, step: Step, *, reason: str | None, by: UUID, now: datetime) -> None:
        """Take a step of the lifecycle, the only place to assign a status. Raises ``OrganisationStepNotAllowed``."""
        reached = after(Status(self.status), step)
        self.status, self.status_reason, self.decided_by = reached.value, reason, by
        if reached is Status.VERIFIED:
            self.verified_at = now


class MemberRow(Base):
    """Somebody who acts for an organisation."""

    __tablename__ = "buyers_member"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "account_id", name="pk_buyers_member", info={"means": AlreadyMember}),
        CheckConstraint(_one_of("role", MemberRole), name="role"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("buyers_organisation.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    role: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime]


class InvitationRow(Base):
    """An invitation by phone that waits; it is removed when it is accepted, withdrawn or too old."""

    __tablename__ = "buyers_invitation"
    __table_args__ = (
        UniqueConstraint(
            "organisation_id", "phone_index", name="uq_buyers_invitation_phone", info={"means": AlreadyInvited}
        ),
        CheckConstraint(_one_of("role", MemberRole), name="role"),
    )

    id: Mapped[uid]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("buyers_organisation.id"))
    phone_index: Mapped[bytes] = mapped_column(index=True)
    phone_sealed: Mapped[bytes]
    role: Mapped[str] = mapped_column(Text)
    code_digest: Mapped[bytes]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
