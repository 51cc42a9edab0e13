"""The wire format of who works for a supplier."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out
from app.suppliers.rules.team import StaffMember, StaffRole


class SupplierMemberOut(Out):
    """Somebody who works for the supplier."""

    account_id: UUID
    name: str = Field(examples=["向梅"])
    role: StaffRole

    @classmethod
    def of(cls, member: StaffMember) -> SupplierMemberOut:
        """From the value."""
        return cls.model_validate(member)


class SupplierMemberIn(Body):
    """What a colleague may do."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "owner"}]})
    role: Literal[StaffRole.OWNER, StaffRole.STAFF]


class SupplierInvitationIn(Body):
    """Whom to invite."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "13907430002", "role": "staff"}]})
    phone: Annotated[str, StringConstraints(pattern=r"^1[3-9][0-9]{9}$", max_length=11)]
    role: StaffRole = StaffRole.STAFF


class SupplierInvitationOut(Out):
    """An invitation that waits; its phone is masked."""

    id: UUID
    supplier_id: UUID
    supplier: str
    phone: str = Field(examples=["139******02"])
    role: StaffRole
    expires_at: datetime


class NewSupplierInvitationOut(SupplierInvitationOut):
    """A new invitation. `code` is shown this once: hand it to the person."""

    code: str = Field(examples=["5f2c…"])


class AgentOut(Out):
    """Somebody who enters stock for the supplier without being of it."""

    account_id: UUID
    name: str = Field(examples=["田野"])
    since: datetime


class AgencyOut(Out):
    """A supplier for which the caller enters stock."""

    supplier_id: UUID
    supplier: str
    since: datetime


class SupplierAcceptanceIn(Body):
    """The code that came with the invitation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "5f2c1d9e8b7a60412233"}]})
    code: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{20}$")]
