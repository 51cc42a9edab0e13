"""Tables of the catalogue."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.catalogue.lifecycle import (
    CertificationStatus,
    CertificationStep,
    ChangeStatus,
    ChangeStep,
    Status,
    Step,
    after,
    certification_after,
    change_after,
)
from app.catalogue.rules import SkuTaken, SlugTaken
from app.catalogue.rules.comparing import COMPARED_BY
from app.catalogue.rules.eligibility import CertificationKind
from app.core.db import Base, append_only, fen, instant, uid

_STATUSES = ", ".join(f"'{status.value}'" for status in Status)
_DAY_OF_YEAR = "~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'"


class CategoryRow(Base):
    """A node of the tree; a root's ``root_slug`` is itself."""

    __tablename__ = "catalogue_category"
    __table_args__ = (CheckConstraint("(parent_slug IS NULL) = (root_slug = slug)", name="root_of_itself"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    parent_slug: Mapped[str | None] = mapped_column(ForeignKey("catalogue_category.slug"), index=True)
    root_slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    position: Mapped[int]


class ImageRow(Base):
    """A picture, kept once under the SHA-256 of its bytes, so that its address never changes its content."""

    __tablename__ = "catalogue_image"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[uid]
    digest: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ProductRow(Base):
    """What is sold, by whom, and where it comes from. ``version`` grows with every change."""

    __tablename__ = "catalogue_product"
    __table_args__ = (
        UniqueConstraint("slug", info={"means": SlugTaken}),
        CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        CheckConstraint("(season_opens IS NULL) = (season_closes IS NULL)", name="whole_season"),
        CheckConstraint(f"season_opens {_DAY_OF_YEAR} AND season_closes {_DAY_OF_YEAR}", name="season_days"),
        CheckConstraint("status <> 'published' OR published_at IS NOT NULL", name="published_at"),
        Index("ix_catalogue_product_supplier_id_id", "supplier_id", "id"),
    )

    id: Mapped[uid]
    slug: Mapped[str]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    category_slug: Mapped[str] = mapped_column(ForeignKey("catalogue_category.slug"), index=True)
    name: Mapped[str]
    description: Mapped[str]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    label: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    township_code: Mapped[str] = mapped_column(ForeignKey("suppliers_township.code"), index=True)
    village: Mapped[str]
    season_opens: Mapped[str | None]
    season_closes: Mapped[str | None]
    status: Mapped[str]
    image_id: Mapped[UUID | None] = mapped_column(ForeignKey("catalogue_image.id"), index=True)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))

    def take(self, step: Step) -> None:
        """Take a step of the lifecycle, the only place where a status is assigned. Raises ``WrongProductStatus``."""
        self.status = after(Status(self.status), step)
        self.version += 1


class ChangeRow(Base):
    """What shall become of a product that was on sale: the whole document, of which nothing counts before approval."""

    __tablename__ = "catalogue_change"
    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(repr(status.value) for status in ChangeStatus)})", name="status"),
        Index("ix_catalogue_change_submitted", "product_id", postgresql_where=text("status = 'submitted'")),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str]
    changed_by: Mapped[UUID]
    changed_at: Mapped[instant]

    def take(self, step: ChangeStep) -> None:
        """Take a step of a change's lifecycle. Raises ``WrongProductStatus``."""
        self.status = change_after(ChangeStatus(self.status), step)


class ReviewRow(Base):
    """What an operator decided about a version of a product, with everything that it would have changed."""

    __tablename__ = "catalogue_review"
    __table_args__ = (
        CheckConstraint("decision IN ('published', 'rejected')", name="decision"),
        CheckConstraint("(decision = 'rejected') = (reason IS NOT NULL)", name="reason"),
        Index("ix_catalogue_review_product_id_version", "product_id", "version"),
    )

    id: Mapped[uid]
    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"))
    version: Mapped[int]
    decision: Mapped[str]
    reason: Mapped[str | None]
    differences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    decided_by: Mapped[UUID]
    decided_at: Mapped[instant]


append_only(Base.metadata.tables["catalogue_review"])


class SkuRow(Base):
    """A sales unit of a product, under the code that everybody calls it by.

    Prices are compared by ``compared_by``, of which a unit holds ``compared_milli`` thousandths.
    """

    __tablename__ = "catalogue_sku"
    __table_args__ = (
        UniqueConstraint("gtin13", info={"means": SkuTaken}),
        UniqueConstraint("itf14", info={"means": SkuTaken}),
        UniqueConstraint("product_id", "position"),
        CheckConstraint("net_weight_g > 0 AND gross_weight_g >= net_weight_g", name="weights"),
        CheckConstraint("case_pack >= 1 AND shelf_life_days >= 1", name="positive"),
        CheckConstraint("tax_rate_bp BETWEEN 0 AND 10000", name="tax_rate_bp"),
        CheckConstraint("floor_fen > 0", name="floor_fen"),
        CheckConstraint("num_nulls(length_mm, width_mm, height_mm) IN (0, 3)", name="all_dimensions"),
        CheckConstraint("length_mm > 0 AND width_mm > 0 AND height_mm > 0", name="dimensions"),
        CheckConstraint(f"compared_by IN ({', '.join(map(repr, COMPARED_BY))})", name="compared_by"),
        CheckConstraint("(compared_by IS NULL) = (compared_milli IS NULL) AND compared_milli > 0", name="compared"),
    )

    sku: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"))
    position: Mapped[int]
    name: Mapped[str]
    net_content: Mapped[str]
    net_weight_g: Mapped[int]
    gross_weight_g: Mapped[int]
    case_pack: Mapped[int]
    gtin13: Mapped[str | None]
    itf14: Mapped[str | None]
    retail: Mapped[bool]
    wholesale: Mapped[bool]
    shelf_life_days: Mapped[int]
    tax_rate_bp: Mapped[int]
    fresh: Mapped[bool]
    length_mm: Mapped[int | None]
    width_mm: Mapped[int | None]
    height_mm: Mapped[int | None]
    compared_by: Mapped[str | None]
    compared_milli: Mapped[int | None]
    floor_fen: Mapped[fen | None]


# The primary key's own violation means the same as a bar code's.
Base.metadata.tables["catalogue_sku"].primary_key.info["means"] = SkuTaken


class CertificationRow(Base):
    """A product's certification, or a supplier's 832 listing, on its way from the county to the list.

    It counts from ``valid_from`` until the day before ``valid_to``, while it is listed. ``listed_at`` keeps when it
    came to be so, whatever days it says it is valid: one listed after an order cannot have made that count.
    """

    __tablename__ = "catalogue_certification"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in CertificationKind)})", name="kind"),
        CheckConstraint(f"status IN ({', '.join(repr(one.value) for one in CertificationStatus)})", name="status"),
        CheckConstraint("(kind = 'supplier_832') = (product_id IS NULL)", name="product"),
        CheckConstraint("valid_to > valid_from", name="ends_after_it_begins"),
        CheckConstraint("status NOT IN ('listed', 'suspended') OR listed_at IS NOT NULL", name="listed"),
        Index("ix_catalogue_certification_supplier_id_status", "supplier_id", "status"),
        Index("ix_catalogue_certification_product_id", "product_id", postgresql_where=text("product_id IS NOT NULL")),
    )

    id: Mapped[uid]
    kind: Mapped[str]
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("catalogue_product.id"))
    batch: Mapped[str]
    people_linked: Mapped[int]
    value_fen: Mapped[fen]
    notice_from: Mapped[date | None]
    notice_to: Mapped[date | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    status: Mapped[str]
    entered_by: Mapped[UUID]
    entered_at: Mapped[instant]
    listed_at: Mapped[datetime | None]

    def take(self, step: CertificationStep, *, now: datetime) -> None:
        """Take a step of its lifecycle. Raises ``CertificationStepNotAllowed``."""
        self.status = certification_after(CertificationStatus(self.status), step)
        if step in (CertificationStep.ENTER_LIST, CertificationStep.REGISTER):
            self.listed_at = now


class CertificationStepRow(Base):
    """Who took which step of a certification, and what they noted."""

    __tablename__ = "catalogue_certification_step"
    __table_args__ = (
        CheckConstraint(f"step IN ({', '.join(repr(step.value) for step in CertificationStep)})", name="step"),
        Index("ix_catalogue_certification_step_certification_id_id", "certification_id", "id"),
    )

    id: Mapped[uid]
    certification_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_certification.id"))
    step: Mapped[str]
    note: Mapped[str]
    by_account: Mapped[UUID]
    at: Mapped[instant]


append_only(Base.metadata.tables["catalogue_certification_step"])
