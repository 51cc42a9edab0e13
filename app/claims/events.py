"""What the claims module announces. Names are stored and sent out: they never change."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.claims.lifecycle import Status
from app.claims.rules import Kind, Liable
from app.core.events import Fact


class _OfClaim(Fact):
    """Something that happened to a claim; heard in order with what happens to its supplier order."""

    claim_id: UUID
    order_id: UUID
    supplier_order_id: UUID
    supplier_id: UUID
    kind: Kind

    @property
    def subject(self) -> UUID:
        """The supplier order."""
        return self.supplier_order_id


class ClaimOpened(_OfClaim):
    """A buyer complains; ``refund_fen`` is what it would come to."""

    name: ClassVar[str] = "claims.opened"
    refund_fen: int


class ClaimContested(_OfClaim):
    """The supplier sees it differently; the marketplace decides."""

    name: ClassVar[str] = "claims.contested"


class ClaimSettled(_OfClaim):
    """The claim came to its end. ``liable`` bears ``refund_fen`` (freight included); None where nobody does."""

    name: ClassVar[str] = "claims.settled"
    outcome: Status
    liable: Liable | None
    refund_id: UUID | None
    refund_fen: int
    freight_fen: int
