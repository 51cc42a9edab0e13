"""The chain of hashes over the ledger: which entries it has reached, and which still wait."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import DDL, BigInteger, CheckConstraint, ForeignKey, SmallInteger, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, append_only, fen, instant, uid

NOTE_FUNCTION = """
CREATE OR REPLACE FUNCTION assistance_note_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO assistance_unsealed (entry_id) SELECT id FROM fresh;
    RETURN NULL;
END $$
"""
NOTE_TRIGGER = (
    "CREATE TRIGGER assistance_entry_noted AFTER INSERT ON assistance_entry REFERENCING NEW TABLE AS fresh "
    "FOR EACH STATEMENT EXECUTE FUNCTION assistance_note_unsealed()"
)
"""Whoever posts, and however: what was posted waits for a seal. A version that knows of no seals posts rightly too."""


class UnsealedRow(Base):
    """An entry that the chain has not reached: the tail of the ledger, a few rows on an ordinary day."""

    __tablename__ = "assistance_unsealed"

    entry_id: Mapped[uid]


class SealedEntryRow(Base):
    """An entry's place in the chain, counted from 1 without a hole, and the SHA-256 of what it said when sealed.

    ``seq`` is given when the entry is sealed, not when it is posted: what commits late stands later, and nothing can
    appear before a place that was given.
    """

    __tablename__ = "assistance_sealed_entry"
    __table_args__ = (UniqueConstraint("entry_id"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_entry.id"))
    digest: Mapped[bytes]


class SealRow(Base):
    """A link of the chain: the entries from ``seq_from`` to ``seq_to``, their sum, and the link before.

    ``form`` names how entries and links are written down to be hashed, so that it may change for those to come.
    """

    __tablename__ = "assistance_seal"
    __table_args__ = (
        UniqueConstraint("seq_to"),
        CheckConstraint("seq_to = seq_from + entries - 1 AND entries > 0", name="span"),
    )

    seq_from: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq_to: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]
    sum_fen: Mapped[fen]
    form: Mapped[int] = mapped_column(SmallInteger)
    previous: Mapped[bytes]
    digest: Mapped[bytes]
    sealed_at: Mapped[instant]


_tables = Base.metadata.tables
append_only(_tables["assistance_sealed_entry"])
append_only(_tables["assistance_seal"])
_tables["assistance_entry"].info["noted"] = True
for _statement in (NOTE_FUNCTION, NOTE_TRIGGER):
    event.listen(_tables["assistance_entry"], "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
