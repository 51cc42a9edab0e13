"""Townships and suppliers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, instant, uid
from app.suppliers.lifecycle import CertificateStatus, CertificateStep, Status, Step, after, certificate_after
from app.suppliers.rules import Kind, SupplierExists, Taxpayer
from app.suppliers.rules.admission import CertificateKind
from app.suppliers.rules.closures import Closure, ClosureReason
from app.suppliers.rules.team import AlreadyInvitedToSupplier, StaffRole


def _one_of(
    column: str,
    values: type[StaffRole | Kind | Status | Step | Taxpayer | CertificateKind | CertificateStatus | ClosureReason],
) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class TownshipRow(Base):
    """A township of Baojing."""

    __tablename__ = "suppliers_township"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class SupplierRow(Base):
    """Somebody whose goods are sold here, or who asks for it.

    A registration belongs to one supplier from its application on; drafts and refusals keep nobody out.
    ``bank_sealed`` is the account that its application names. ``suspended_for`` tells whether an operator or the end of
    a certificate stopped it.
    """

    __tablename__ = "suppliers_supplier"
    __table_args__ = (
        UniqueConstraint("code", name="uq_suppliers_supplier_code", info={"means": SupplierExists}),
        Index(
            "uq_suppliers_supplier_uscc",
            "uscc",
            unique=True,
            postgresql_where=text("status NOT IN ('draft', 'rejected')"),
            info={"means": SupplierExists},
        ),
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint(_one_of("taxpayer", Taxpayer), name="taxpayer"),
        CheckConstraint("suspended_for IN ('operator', 'certificates')", name="suspended_for"),
    )

    id: Mapped[uid]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    uscc: Mapped[str] = mapped_column(Text)
    township_code: Mapped[str] = mapped_column(ForeignKey("suppliers_township.code"), index=True)
    village: Mapped[str | None] = mapped_column(Text)
    licence_no: Mapped[str | None] = mapped_column(Text)
    taxpayer: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, index=True)
    linked_since: Mapped[date | None]
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    lines: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    bank_sealed: Mapped[bytes | None]
    recommended_at: Mapped[datetime | None]
    suspended_for: Mapped[str | None] = mapped_column(Text)

    def take(self, step: Step, *, now: datetime, cause: str = "operator") -> None:
        """Take a step of the lifecycle, the only place to assign a status. Raises ``SupplierStepNotAllowed``."""
        self.status = after(Status(self.status), step).value
        self.decided_at = now
        self.suspended_for = cause if step is Step.SUSPEND else None
        if step is Step.RECOMMEND:
            self.recommended_at = now
        elif step is Step.SUBMIT:
            self.recommended_at = None


class CertificateRow(Base):
    """A certificate of a supplier.

    ``warned_days`` is the last warning that was given before its end; ``begun`` tells whether its supplier's goods were
    looked at since its first day.
    """

    __tablename__ = "suppliers_certificate"
    __table_args__ = (
        CheckConstraint(_one_of("kind", CertificateKind), name="kind"),
        CheckConstraint(_one_of("status", CertificateStatus), name="status"),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("(status IN ('rejected', 'revoked')) = (reason IS NOT NULL)", name="reason"),
        Index("ix_suppliers_certificate_supplier_id_id", "supplier_id", "id"),
        Index(
            "ix_suppliers_certificate_ends",
            "valid_to",
            postgresql_where=text("status = 'verified' AND valid_to IS NOT NULL"),
        ),
        Index(
            "ix_suppliers_certificate_begins", "valid_from", postgresql_where=text("status = 'verified' AND NOT begun")
        ),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    kind: Mapped[str] = mapped_column(Text)
    number: Mapped[str | None] = mapped_column(Text)
    scope: Mapped[list[str]] = mapped_column(ARRAY(Text))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    status: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    warned_days: Mapped[int | None] = mapped_column(SmallInteger)
    begun: Mapped[bool] = mapped_column(server_default=text("false"))

    def take(self, step: CertificateStep, *, by: UUID | None, now: datetime, reason: str | None = None) -> None:
        """Take a step of a certificate's lifecycle. Raises ``CertificateStepNotAllowed``."""
        self.status = certificate_after(CertificateStatus(self.status), step).value
        self.decided_by, self.decided_at, self.reason = by, now, reason


class DecisionRow(Base):
    """Who took which step of an admission, and why."""

    __tablename__ = "suppliers_decision"
    __table_args__ = (
        CheckConstraint(_one_of("step", Step), name="step"),
        Index("ix_suppliers_decision_supplier_id_id", "supplier_id", "id"),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    step: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    by_account: Mapped[UUID | None]
    at: Mapped[instant]


class InvitationRow(Base):
    """An invitation to work for a supplier; it is removed when it is accepted, withdrawn or too old."""

    __tablename__ = "suppliers_invitation"
    __table_args__ = (
        UniqueConstraint(
            "supplier_id",
            "phone_index",
            name="uq_suppliers_invitation_phone",
            info={"means": AlreadyInvitedToSupplier},
        ),
        CheckConstraint(_one_of("role", StaffRole), name="role"),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    phone_index: Mapped[bytes] = mapped_column(index=True)
    phone_sealed: Mapped[bytes]
    role: Mapped[str] = mapped_column(Text)
    code_digest: Mapped[bytes]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    invited_at: Mapped[instant]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AgentRow(Base):
    """Somebody who may enter stock for a supplier without being of it."""

    __tablename__ = "suppliers_agent"

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), primary_key=True, index=True)
    since: Mapped[instant]


class ClosureRow(Base):
    """Days on which a supplier ships nothing. One that was withdrawn stays, for what was promised while it stood."""

    __tablename__ = "suppliers_closure"
    __table_args__ = (
        CheckConstraint(_one_of("reason", ClosureReason), name="reason"),
        CheckConstraint("to_on >= from_on", name="ends_after_it_begins"),
        Index("ix_suppliers_closure_supplier_id_to_on", "supplier_id", "to_on"),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    announced_by: Mapped[UUID]
    announced_at: Mapped[instant]
    withdrawn_at: Mapped[datetime | None]

    def value(self) -> Closure:
        """What crosses the door."""
        return Closure(
            id=self.id,
            supplier_id=self.supplier_id,
            from_on=self.from_on,
            to_on=self.to_on,
            reason=ClosureReason(self.reason),
            note=self.note,
            withdrawn=self.withdrawn_at is not None,
            version=self.version,
        )


append_only(Base.metadata.tables["suppliers_decision"])
