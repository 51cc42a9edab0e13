"""What the suppliers module announces. Names are stored and sent out: they never change."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class SupplierApproved(Fact):
    """The supplier may sell, for the first time or again."""

    name: ClassVar[str] = "suppliers.approved"
    supplier_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id


class SupplierSuspended(Fact):
    """The supplier may not sell for now; what was sold is still to be sent."""

    name: ClassVar[str] = "suppliers.suspended"
    supplier_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id
