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


class CertificatesChanged(Fact):
    """A certificate of the supplier counts from now on, or counts no longer: what it sells is to be looked at again."""

    name: ClassVar[str] = "suppliers.certificates_changed"
    supplier_id: UUID
    certificate_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id


class CertificateExpiring(Fact):
    """A certificate ends in so many days, or fewer; told once for each of the warnings."""

    name: ClassVar[str] = "suppliers.certificate_expiring"
    supplier_id: UUID
    certificate_id: UUID
    kind: str
    days: int

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id


class SupplierApplied(Fact):
    """Somebody asks to sell here."""

    name: ClassVar[str] = "suppliers.applied"
    supplier_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id


class SupplierRecommended(Fact):
    """The county recommends an applicant."""

    name: ClassVar[str] = "suppliers.recommended"
    supplier_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id


class SupplierRejected(Fact):
    """The county or the marketplace does not take an applicant on; why stands in the decision."""

    name: ClassVar[str] = "suppliers.rejected"
    supplier_id: UUID

    @property
    def subject(self) -> UUID:
        """The supplier."""
        return self.supplier_id
