"""Tables of the stock-room. ``inventory_movement`` is the ledger; the other numbers are its sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, instant, uid
from app.inventory.lifecycle import AT_WORK, Status, Step, after
from app.inventory.rules import Kind, LotExists
from app.inventory.rules.imports import Absent, Outcome
from app.inventory.rules.presale import CapBelowPromised, PresaleOpen


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class StockRow(Base):
    """How many pieces of a SKU there are, and how many of them are promised, in sales units.

    ``waiting`` are pieces of a harvest to come that were sold ahead: while somebody waits, nothing is free.
    """

    __tablename__ = "inventory_stock"
    __table_args__ = (
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="promised_goods_exist"),
        CheckConstraint("waiting >= 0", name="waiting"),
        Index("ix_inventory_stock_supplier_id_sku", "supplier_id", "sku"),
    )

    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    on_hand: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    reserved: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    waiting: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    counted_at: Mapped[datetime | None]


class LotRow(Base):
    """Goods of a SKU that were harvested or made together; ``on_hand`` is part of the SKU's.

    What is left of a recalled lot is held by orders that are yet to be paid back; nobody can have it.
    """

    __tablename__ = "inventory_lot"
    __table_args__ = (
        UniqueConstraint("sku", "code", info={"means": LotExists}),
        CheckConstraint("on_hand >= 0", name="not_negative"),
        CheckConstraint(
            "(recalled_at IS NULL) = (recalled_by IS NULL) AND (recalled_at IS NULL) = (recall_reason IS NULL)",
            name="recalled",
        ),
        Index(
            "ix_inventory_lot_certificate_file_id",
            "certificate_file_id",
            postgresql_where=text("certificate_file_id IS NOT NULL"),
        ),
        Index("ix_inventory_lot_recalled_at", "recalled_at", postgresql_where=text("recalled_at IS NOT NULL")),
    )

    id: Mapped[uid]
    sku: Mapped[str] = mapped_column(ForeignKey("inventory_stock.sku"))
    code: Mapped[str] = mapped_column(String(64))
    harvested_on: Mapped[date | None] = mapped_column(Date)
    produced_on: Mapped[date | None] = mapped_column(Date)
    best_before: Mapped[date] = mapped_column(Date)
    village: Mapped[str | None] = mapped_column(String(100))
    on_hand: Mapped[int] = mapped_column(BigInteger)
    trace_code: Mapped[str] = mapped_column(String(16), unique=True)
    received_at: Mapped[instant]
    counted_at: Mapped[datetime | None]
    certificate_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("files_file.id"))
    recalled_at: Mapped[datetime | None]
    recalled_by: Mapped[UUID | None]
    recall_reason: Mapped[str | None] = mapped_column(String(200))


class MovementRow(Base):
    """One change of a SKU's numbers and its cause. ``id`` rises with every movement.

    ``on_behalf``: whoever entered it was not of the supplier, but its agent.
    """

    __tablename__ = "inventory_movement"
    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), name="kind"),
        CheckConstraint("on_hand_delta <> 0 OR reserved_delta <> 0", name="moves_something"),
        Index("ix_inventory_movement_sku_id", "sku", "id"),
        Index("ix_inventory_movement_sku_effective_at", "sku", "effective_at"),
        Index("ix_inventory_movement_lot_id", "lot_id", postgresql_where=text("lot_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("inventory_stock.sku"))
    lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_lot.id"))
    kind: Mapped[str] = mapped_column(String(16))
    on_hand_delta: Mapped[int] = mapped_column(BigInteger)
    reserved_delta: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(String(200))
    by_account: Mapped[UUID | None]
    on_behalf: Mapped[bool] = mapped_column(server_default=text("false"))
    effective_at: Mapped[instant]
    recorded_at: Mapped[instant]


class ReservationRow(Base):
    """What is still promised under a reference; the row is gone when all of it was shipped or given back."""

    __tablename__ = "inventory_reservation"
    __table_args__ = (CheckConstraint("quantity > 0", name="holds_something"),)

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("inventory_stock.sku"), primary_key=True, index=True)
    quantity: Mapped[int] = mapped_column(BigInteger)


class PresaleRow(Base):
    """A harvest that is sold before it is there. Changed only under the lock of its stock row."""

    __tablename__ = "inventory_presale"
    __table_args__ = (
        Index(
            "uq_inventory_presale_open",
            "sku",
            unique=True,
            postgresql_where=text("settled_at IS NULL"),
            info={"means": PresaleOpen},
        ),
        Index("ix_inventory_presale_sku", "sku", "id"),
        CheckConstraint("opens_at < closes_at AND harvest_from <= harvest_to", name="times"),
        CheckConstraint("cap >= 1 AND cap <= expected_yield", name="cap"),
        CheckConstraint("promised BETWEEN 0 AND cap", name="promised", info={"means": CapBelowPromised}),
        CheckConstraint("arrived >= 0", name="arrived"),
    )

    id: Mapped[uid]
    sku: Mapped[str] = mapped_column(ForeignKey("inventory_stock.sku"))
    opens_at: Mapped[instant]
    closes_at: Mapped[instant]
    harvest_from: Mapped[date] = mapped_column(Date)
    harvest_to: Mapped[date] = mapped_column(Date)
    ship_by: Mapped[date] = mapped_column(Date)
    expected_yield: Mapped[int] = mapped_column(BigInteger)
    factor_pct: Mapped[int]
    cap: Mapped[int] = mapped_column(BigInteger)
    promised: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    arrived: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    by_account: Mapped[UUID | None]
    opened_at: Mapped[instant]
    settled_at: Mapped[datetime | None]


class PromiseRow(Base):
    """Pieces that a reference bought ahead and still waits for; ``position`` is its place in the queue of the SKU."""

    __tablename__ = "inventory_promise"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="waits_for_something"),
        Index("ix_inventory_promise_sku_position", "sku", "position"),
    )

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("inventory_stock.sku"), primary_key=True)
    presale_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_presale.id"), index=True)
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    quantity: Mapped[int] = mapped_column(BigInteger)
    promised_at: Mapped[instant]


class ImportRow(Base):
    """A sheet that a supplier sent: what is to become of it and how far that is.

    ``content`` is the file until it has been read; ``due_at`` is when the worker may go on with it; ``after_sku`` is
    where it stands, SKU by SKU; ``repeats`` names an import of the same bytes that was applied, so this one changes
    nothing. ``ok_rows`` counts the changed ones too.
    """

    __tablename__ = "inventory_import"
    __table_args__ = (
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("absent", Absent), name="absent"),
        CheckConstraint(f"({_one_of('status', sorted(AT_WORK))}) = (due_at IS NOT NULL)", name="due"),
        CheckConstraint("(read_at IS NULL) = (content IS NOT NULL)", name="read"),
        CheckConstraint("(status = 'failed') = (problem_code IS NOT NULL)", name="problem"),
        Index("ix_inventory_import_supplier_id", "supplier_id", "id"),
        Index("ix_inventory_import_digest", "supplier_id", "digest"),
        Index("ix_inventory_import_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_inventory_import_repeats", "repeats", postgresql_where=text("repeats IS NOT NULL")),
    )

    id: Mapped[uid]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    by_account: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    absent: Mapped[str] = mapped_column(Text)
    at_once: Mapped[bool]
    again: Mapped[bool]
    status: Mapped[str] = mapped_column(Text)
    repeats: Mapped[UUID | None] = mapped_column(ForeignKey("inventory_import.id"))
    uploaded_at: Mapped[instant]
    read_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    total: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    done: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    after_sku: Mapped[str] = mapped_column(Text, server_default=text("''"))
    ok_rows: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    changed_rows: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    rejected_rows: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    problem_code: Mapped[str | None] = mapped_column(Text)
    problem_zh: Mapped[str | None] = mapped_column(Text)
    problem_en: Mapped[str | None] = mapped_column(Text)

    def take(self, step: Step, *, due_at: datetime | None = None) -> None:
        """Take a step, the only place where a status is assigned. Raises ``ImportStepNotAllowed``."""
        self.status, self.due_at = after(Status(self.status), step).value, due_at


class ImportLineRow(Base):
    """A row of the sheet, and what would become of it or has; a SKU that the sheet does not name has no ``number``."""

    __tablename__ = "inventory_import_row"
    __table_args__ = (
        CheckConstraint(_one_of("outcome", Outcome), name="outcome"),
        Index(
            "ix_inventory_import_row_to_do",
            "import_id",
            "sku",
            "position",
            postgresql_where=text("outcome <> 'rejected'"),
        ),
    )

    import_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_import.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int | None] = mapped_column(Integer)
    sku: Mapped[str | None] = mapped_column(Text)
    lot_code: Mapped[str | None] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int | None] = mapped_column(BigInteger)
    as_of: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    faults: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB)
    before: Mapped[int | None] = mapped_column(BigInteger)
    after: Mapped[int | None] = mapped_column(BigInteger)


append_only(MovementRow.metadata.tables["inventory_movement"])
