"""The ledger summed beforehand. Every entry is either folded into the sums or listed as not folded yet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.schema import DDL

from app.assistance.models.goals import GoalRow
from app.assistance.models.ledger import EntryRow
from app.core.db import Base

_UUID = PG_UUID(as_uuid=True)

unfolded = Table(
    "assistance_unfolded",
    Base.metadata,
    Column("entry_id", _UUID, primary_key=True),
)
"""Entries that no sum contains yet; a trigger of the ledger lists them, so nobody who posts can forget to. There is no
foreign key: the ledger never loses a row, and asking would cost each posting."""

_GOODS = ("category", "product_id", "sku", "supplier_id", "township_code", "product_name", "supplier_name", "township")
_BUYER = ("channel", "division_code", "partner_id", "partner_name")


def _columns(names: tuple[str, ...], *, nullable: bool = True) -> list[Column[Any]]:
    return [Column(name, _UUID if name.endswith("_id") else Text, nullable=nullable) for name in names]


goods = Table(
    "assistance_goods",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    *_columns(_GOODS),
    UniqueConstraint(*_GOODS, name="uq_assistance_goods_cell", postgresql_nulls_not_distinct=True),
)
"""The values of goods columns that a sum is of; what a view leaves out is NULL."""

article = Table(
    "assistance_article",
    Base.metadata,
    *_columns(_GOODS, nullable=False),
    Column("cells", ARRAY(Integer), nullable=False),
    UniqueConstraint(*_GOODS, name="uq_assistance_article_said"),
)
"""What lines say of their goods, all columns together, and the row of ``assistance_goods`` for each projection."""

buyer = Table(
    "assistance_buyer",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    *_columns(_BUYER),
    Column("of_channel", Integer),
    UniqueConstraint(*_BUYER, name="uq_assistance_buyer_cell", postgresql_nulls_not_distinct=True),
)
"""What orders say of their buyer. ``of_channel`` is the row of the channel alone; that row has none."""

summed = Table(
    "assistance_sum",
    Base.metadata,
    Column("view", SmallInteger, nullable=False),
    Column("at", Date, nullable=False),
    Column("goods_id", Integer, nullable=False),
    Column("buyer_id", Integer, nullable=False),
    Column("prev", Date),
    Column("entries", Integer, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("weight_g", BigInteger, nullable=False),
    Column("gross_fen", BigInteger, nullable=False),
    Column("refunded_fen", BigInteger, nullable=False),
    UniqueConstraint(
        *("view", "at", "goods_id", "buyer_id", "prev"),
        name="uq_assistance_sum_cell",
        postgresql_nulls_not_distinct=True,
    ),
)
"""Sums by view (``rules.summary``). ``at`` is a day or the first of a month. ``orders`` counts orders sold within
``at`` that were sold in the same cell within ``prev`` and never between; amounts stand where ``prev`` is NULL."""

odd_order = Table("assistance_odd_order", Base.metadata, Column("order_id", _UUID, primary_key=True))
"""Orders whose lines disagree about what an order or an article has one of: reports count them from the ledger."""

goal_month = Table(
    "assistance_goal_month",
    Base.metadata,
    Column("goal_id", ForeignKey(GoalRow.id), nullable=False),
    Column("month", Date, nullable=False),
    Column("inside", Boolean, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("weight_g", BigInteger, nullable=False),
    Column("refunded_fen", BigInteger, nullable=False, server_default=text("0")),
    Column("orders", Integer, nullable=False),
    UniqueConstraint("goal_id", "month", "inside"),
)
"""What passes a goal's filter by month, within its period (``inside``) and before or after it. ``orders`` is kept for
goals that count orders."""

goal_tally = Table(
    "assistance_goal_tally",
    Base.metadata,
    Column("goal_id", ForeignKey(GoalRow.id), primary_key=True),
    Column("version", Integer, nullable=False),
)
"""Of which version of a goal ``assistance_goal_month`` tells; others are measured from the ledger."""

LIST_UNFOLDED = (
    """
CREATE OR REPLACE FUNCTION assistance_list_unfolded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO assistance_unfolded (entry_id) SELECT id FROM fresh;
    INSERT INTO assistance_lot_unfolded (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER assistance_entry_unfolded AFTER INSERT ON assistance_entry
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION assistance_list_unfolded()
""",
)
"""The trigger and its function, for the migration too; it keeps the list of the sums by lot (``lots``) besides."""

_entries = EntryRow.metadata.tables["assistance_entry"]
_entries.info["summed"] = True
for _statement in LIST_UNFOLDED:
    event.listen(_entries, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
