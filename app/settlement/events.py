"""What settlement announces. Names are stored: they never change."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class _OfPayout(Fact):
    """Something that happened to one payout."""

    payout_id: UUID
    statement_id: UUID
    supplier_id: UUID
    amount_fen: int

    @property
    def subject(self) -> UUID:
        """The payout."""
        return self.payout_id


class PayoutInstructed(_OfPayout):
    """A confirmed statement is to be paid; a courier tells the provider."""

    name: ClassVar[str] = "settlement.payout_instructed"


class PayoutMade(_OfPayout):
    """The provider has paid the supplier."""

    name: ClassVar[str] = "settlement.payout_made"


class PayoutFailed(_OfPayout):
    """The provider could not pay: somebody must look at the account and run it again."""

    name: ClassVar[str] = "settlement.payout_failed"


class _OfDraft(Fact):
    """Something that happened to one draft."""

    draft_id: UUID
    kind: str
    amount_fen: int
    by_account: UUID

    @property
    def subject(self) -> UUID:
        """The draft."""
        return self.draft_id


class DraftMade(_OfDraft):
    """An operator drafted a payout run or a correction: another one must look at it."""

    name: ClassVar[str] = "settlement.draft_made"


class DraftApproved(_OfDraft):
    """A second operator let it happen."""

    name: ClassVar[str] = "settlement.draft_approved"


class DraftDeclined(_OfDraft):
    """A second operator said no."""

    name: ClassVar[str] = "settlement.draft_declined"


class MoneyNearFreezeLimit(Fact):
    """A provider keeps a supplier's money only a little longer: it should be settled and split now."""

    name: ClassVar[str] = "settlement.money_near_freeze_limit"
    supplier_order_id: UUID
    payment_id: UUID
    supplier_id: UUID
    held_fen: int
    frozen_until: date

    @property
    def subject(self) -> UUID:
        """The supplier's order."""
        return self.supplier_order_id
