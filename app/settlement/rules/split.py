"""What a licensed provider is told to split (分账), in the shape of its instructions (domain handbook §6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.settlement.rules import BankDetails


@dataclass(frozen=True, slots=True)
class SplitOrder:
    """Of the money that a provider holds for a supplier so much is the supplier's, the rest the platform's.

    ``number`` names the instruction at the provider, and is repeated with it. Where ``platform_fen`` is negative the
    platform pays in: it bears more than it earned.
    """

    number: str
    statement_id: UUID
    supplier_id: UUID
    receiver: BankDetails
    amount_fen: int
    platform_fen: int

    @property
    def held_fen(self) -> int:
        """What of the money that the provider holds this splits."""
        return self.amount_fen + self.platform_fen
