"""Townships and suppliers."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, uid
from app.suppliers.lifecycle import Status, Step, after
from app.suppliers.rules import Kind, SupplierExists, Taxpayer


def _one_of(column: str, values: type[Kind | Status | Taxpayer]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


class TownshipRow(Base):
    """A township of Baojing."""

    __tablename__ = "suppliers_township"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class SupplierRow(Base):
    """Somebody whose goods are sold here."""

    __tablename__ = "suppliers_supplier"
    __table_args__ = (
        UniqueConstraint("code", name="uq_suppliers_supplier_code", info={"means": SupplierExists}),
        UniqueConstraint("uscc", name="uq_suppliers_supplier_uscc", info={"means": SupplierExists}),
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint(_one_of("taxpayer", Taxpayer), name="taxpayer"),
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

    def take(self, step: Step, *, now: datetime) -> None:
        """Take a step of the lifecycle, the only place to assign a status. Raises ``SupplierStepNotAllowed``."""
        self.status = after(Status(self.status), step).value
        self.decided_at = now
