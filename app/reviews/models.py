"""Tables of reviews. Three are ledgers: what was said, answered and hidden is added and never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, instant, uid
from app.reviews.rules import LONGEST_TEXT, AlreadyAnswered, AlreadyHidden, AlreadyReviewed


class ReviewRow(Base):
    """What a buyer says of a line that arrived; ``author`` is the masked name, frozen."""

    __tablename__ = "reviews_review"
    __table_args__ = (
        UniqueConstraint("line_id", info={"means": AlreadyReviewed}),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint(f"length(body) BETWEEN 1 AND {LONGEST_TEXT}", name="body"),
        Index("ix_reviews_review_product_id", "product_id", "id"),
        Index("ix_reviews_review_supplier_id", "supplier_id", "id"),
    )

    id: Mapped[uid]
    line_id: Mapped[UUID] = mapped_column(ForeignKey("orders_line.id"))
    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"))
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers_supplier.id"))
    sku: Mapped[str] = mapped_column(ForeignKey("catalogue_sku.sku"), index=True)
    line_name: Mapped[str] = mapped_column(Text)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    author: Mapped[str] = mapped_column(Text)
    stars: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(Text)
    posted_at: Mapped[instant]


class AnswerRow(Base):
    """The supplier's one answer."""

    __tablename__ = "reviews_answer"
    __table_args__ = (CheckConstraint(f"length(body) BETWEEN 1 AND {LONGEST_TEXT}", name="body"),)

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews_review.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    answered_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    answered_at: Mapped[datetime]


class HidingRow(Base):
    """Why the marketplace does not show a review's words and photos."""

    __tablename__ = "reviews_hiding"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews_review.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    hidden_by: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), index=True)
    hidden_at: Mapped[datetime]


class TallyRow(Base):
    """How many found a review useful, where the order by usefulness is read from."""

    __tablename__ = "reviews_tally"
    __table_args__ = (
        CheckConstraint("useful >= 0", name="useful"),
        Index("ix_reviews_tally_product_id", "product_id", "useful", "review_id"),
    )

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews_review.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("catalogue_product.id"))
    useful: Mapped[int]


class VoteRow(Base):
    """Who found a review useful."""

    __tablename__ = "reviews_vote"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("reviews_review.id"), primary_key=True)
    voter_id: Mapped[UUID] = mapped_column(ForeignKey("identity_account.id"), primary_key=True, index=True)
    voted_at: Mapped[instant]


for _table, _means in (
    ("reviews_review", None),
    ("reviews_answer", AlreadyAnswered),
    ("reviews_hiding", AlreadyHidden),
):
    append_only(Base.metadata.tables[_table])
    if _means is not None:
        Base.metadata.tables[_table].primary_key.info["means"] = _means
