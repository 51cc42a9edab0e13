"""Counted sales summed by supplier, line and lot: what the shares of households' income are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from app.core.db import Base

_UUID = PG_UUID(as_uuid=True)

lot_unfolded = Table(
    "assistance_lot_unfolded",
    Base.metadata,
    Column("entry_id", _UUID, primary_key=True),
)
"""Entries that no sum by lot contains yet. A list of its own, so that the sums of reports can be made anew without it;
the ledger's trigger keeps both."""

lot_sum = Table(
    "assistance_lot_sum",
    Base.metadata,
    Column("of_month", Boolean, nullable=False),
    Column("at", Date, nullable=False),
    Column("supplier_id", _UUID, nullable=False),
    Column("category", Text, nullable=False),
    Column("sku", Text),
    Column("lot_code", Text),
    Column("weight_g", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint(
        *("of_month", "at", "supplier_id", "category", "sku", "lot_code"),
        name="uq_assistance_lot_sum_cell",
        postgresql_nulls_not_distinct=True,
    ),
)
"""Net weight and amount of a day, and of the month that begins ``at`` once more (``of_month``)."""
