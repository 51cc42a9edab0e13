"""Reviews, answers, what was hidden, and who found a review useful."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviews_review",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("line_id", sa.UUID(), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("supplier_id", sa.UUID(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("line_name", sa.Text(), nullable=False),
        sa.Column("author_id", sa.UUID(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("stars", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 1000", name=op.f("ck_reviews_review_body")),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_reviews_review_stars")),
        sa.ForeignKeyConstraint(["author_id"], ["identity_account.id"], name=op.f("fk_reviews_review_author_id")),
        sa.ForeignKeyConstraint(["line_id"], ["orders_line.id"], name=op.f("fk_reviews_review_line_id")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_reviews_review_product_id")),
        sa.ForeignKeyConstraint(["sku"], ["catalogue_sku.sku"], name=op.f("fk_reviews_review_sku")),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers_supplier.id"], name=op.f("fk_reviews_review_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews_review")),
        sa.UniqueConstraint("line_id", name=op.f("uq_reviews_review_line_id")),
    )
    op.create_index(op.f("ix_reviews_review_author_id"), "reviews_review", ["author_id"], unique=False)
    op.create_index("ix_reviews_review_product_id", "reviews_review", ["product_id", "id"], unique=False)
    op.create_index(op.f("ix_reviews_review_sku"), "reviews_review", ["sku"], unique=False)
    op.create_index("ix_reviews_review_supplier_id", "reviews_review", ["supplier_id", "id"], unique=False)
    op.create_table(
        "reviews_answer",
        sa.Column("review_id", sa.UUID(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.UUID(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 1000", name=op.f("ck_reviews_answer_body")),
        sa.ForeignKeyConstraint(["answered_by"], ["identity_account.id"], name=op.f("fk_reviews_answer_answered_by")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews_review.id"], name=op.f("fk_reviews_answer_review_id")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews_answer")),
    )
    op.create_index(op.f("ix_reviews_answer_answered_by"), "reviews_answer", ["answered_by"], unique=False)
    op.create_table(
        "reviews_hiding",
        sa.Column("review_id", sa.UUID(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hidden_by", sa.UUID(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hidden_by"], ["identity_account.id"], name=op.f("fk_reviews_hiding_hidden_by")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews_review.id"], name=op.f("fk_reviews_hiding_review_id")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews_hiding")),
    )
    op.create_index(op.f("ix_reviews_hiding_hidden_by"), "reviews_hiding", ["hidden_by"], unique=False)
    op.create_table(
        "reviews_tally",
        sa.Column("review_id", sa.UUID(), nullable=False),
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("useful", sa.Integer(), nullable=False),
        sa.CheckConstraint("useful >= 0", name=op.f("ck_reviews_tally_useful")),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_reviews_tally_product_id")),
        sa.ForeignKeyConstraint(["review_id"], ["reviews_review.id"], name=op.f("fk_reviews_tally_review_id")),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews_tally")),
    )
    op.create_index("ix_reviews_tally_product_id", "reviews_tally", ["product_id", "useful", "review_id"], unique=False)
    op.create_table(
        "reviews_vote",
        sa.Column("review_id", sa.UUID(), nullable=False),
        sa.Column("voter_id", sa.UUID(), nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews_review.id"], name=op.f("fk_reviews_vote_review_id")),
        sa.ForeignKeyConstraint(["voter_id"], ["identity_account.id"], name=op.f("fk_reviews_vote_voter_id")),
        sa.PrimaryKeyConstraint("review_id", "voter_id", name=op.f("pk_reviews_vote")),
    )
    op.create_index(op.f("ix_reviews_vote_voter_id"), "reviews_vote", ["voter_id"], unique=False)
    op.create_table(
        "storefront_rating",
        sa.Column("product_id", sa.UUID(), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "reviews > 0 AND stars BETWEEN reviews AND 5 * reviews", name=op.f("ck_storefront_rating_figures")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["catalogue_product.id"], name=op.f("fk_storefront_rating_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_storefront_rating")),
    )
    op.execute("UPDATE storefront_shelf SET face = face || ',\"rating\"\\:null'")
    for table in ("reviews_review", "reviews_answer", "reviews_hiding"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_change()"
        )


def downgrade() -> None:
    op.execute("UPDATE storefront_shelf SET face = replace(face, ',\"rating\"\\:null', '')")
    op.drop_table("storefront_rating")
    op.drop_table("reviews_vote")
    op.drop_table("reviews_tally")
    op.drop_table("reviews_hiding")
    op.drop_table("reviews_answer")
    op.drop_table("reviews_review")
