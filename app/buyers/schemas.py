"""Addresses and organisations on the wire, for every module that takes or shows one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from app.buyers.lifecycle import Status
from app.buyers.rules import (
    PHONE_PATTERN,
    Address,
    InvoiceDetails,
    Kind,
    MemberRole,
    NewOrganisation,
    Organisation,
    SavedAddress,
    division_named,
    make_address,
)
from app.core.web import Body, LongText, Out, ShortText, unfit
from app.core.web.schemas import NO_CONTROL

DivisionCode = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{6}([0-9]{3})?$", max_length=9),
    Field(description="County (GB/T 2260, six digits) or township (nine digits)", examples=["370112"]),
]

_EXAMPLE: JsonDict = {
    "recipient": "李霞",
    "phone": "13905310001",
    "division_code": "370112",
    "detail": "洪家楼街道花园路 100 号 3 号楼 501 室",
}


class AddressIn(Body):
    """Where to send it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    recipient: Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=NO_CONTROL)]
    phone: Annotated[str, StringConstraints(pattern=PHONE_PATTERN, max_length=32)]
    division_code: DivisionCode
    detail: Annotated[str, StringConstraints(min_length=2, max_length=100, pattern=NO_CONTROL)]

    def checked(self, pointer: str = "/address") -> Address:
        """As a value. Raises what ``make_address`` raises, with the faults at ``pointer``."""
        return make_address(
            recipient=self.recipient,
            phone=self.phone,
            division_code=self.division_code,
            detail=self.detail,
            pointer=pointer,
        )


class AddressOut(Out):
    """An address, shown to its owner or to who must send the parcel."""

    recipient: str
    phone: str
    division_code: str
    division: str = Field(description="Province, city, county", examples=["山东省济南市历城区"])
    detail: str

    @classmethod
    def of(cls, address: Address) -> AddressOut:
        """The address on the wire."""
        return cls(
            recipient=address.recipient,
            phone=address.phone,
            division_code=address.division_code,
            division=address.division.full_name,
            detail=address.detail,
        )


class SavedAddressIn(Body):
    """An address for the book: its county by `division_code`, or by name in `division` if only one bears it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_EXAMPLE, "label": "家", "is_default": True}]})

    recipient: Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=NO_CONTROL)]
    phone: Annotated[str, StringConstraints(pattern=PHONE_PATTERN, max_length=32)]
    division_code: DivisionCode | None = None
    division: ShortText | None = Field(None, description="Instead of the code", examples=["山东省济南市历城区"])
    detail: Annotated[str, StringConstraints(min_length=2, max_length=100, pattern=NO_CONTROL)]
    label: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=NO_CONTROL)] | None = None
    is_default: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.division_code is None) == (self.division is None):
            raise unfit(
                "请填写 division_code 或 division 之一", "Give either division_code or division", at="/division_code"
            )
        return self

    def checked(self) -> Address:
        """As a value. Raises what ``make_address`` and ``division_named`` raise."""
        code = self.division_code or division_named(self.division or "", pointer="/division").code
        return make_address(
            recipient=self.recipient, phone=self.phone, division_code=code, detail=self.detail, pointer=""
        )


class SavedAddressOut(Out):
    """An address in the caller's book."""

    id: UUID
    label: str | None
    is_default: bool
    recipient: str
    phone: str
    division_code: str
    division: str = Field(description="Province, city, county", examples=["山东省济南市历城区"])
    detail: str

    @classmethod
    def of(cls, saved: SavedAddress) -> SavedAddressOut:
        """From the value."""
        shown = AddressOut.of(saved.address)
        return cls(id=saved.id, label=saved.label, is_default=saved.is_default, **shown.model_dump())


class PlaceOut(Out):
    """A division: province, city, county, or a township where we know them."""

    code: str = Field(examples=["370112"])
    name: str = Field(examples=["历城区"])
    level: str = Field(examples=["county"])
    full_name: str = Field(examples=["山东省济南市历城区"])


class PlacesOut(Out):
    """Divisions under another, or of one name."""

    items: list[PlaceOut]


_Line = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_CONTROL)]


class InvoiceDetailsIn(Body):
    """What invoices to the organisation say. `title` is its full registered name; special invoices need the rest."""

    title: _Line = Field(examples=["济南市历城区某机关工会委员会（示例）"])
    address: _Line | None = None
    phone: Annotated[str, StringConstraints(pattern=PHONE_PATTERN, max_length=32)] | None = None
    bank: _Line | None = None
    account: Annotated[str, StringConstraints(pattern=r"^[0-9-]{6,40}$")] | None = Field(
        None, description="The number of its bank account"
    )

    def as_value(self) -> InvoiceDetails:
        """As a value."""
        return InvoiceDetails(**self.model_dump())


class OrganisationIn(Body):
    """An organisation that wants to buy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "union",
                    "name": "济南市历城区某机关工会委员会（示例）",
                    "uscc": "81370112MC0FAKE172",
                    "division_code": "370112",
                    "invoice": {"title": "济南市历城区某机关工会委员会（示例）"},
                }
            ]
        }
    )
    kind: Kind
    name: _Line
    uscc: Annotated[str, StringConstraints(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")] = Field(
        description="Unified social credit code (GB 32100)"
    )
    division_code: DivisionCode = Field(description="The county in which it is registered")
    invoice: InvoiceDetailsIn
    orders_on_832: bool = Field(default=False, description="Its reserved share is bought on the 832 platform")

    def as_value(self) -> NewOrganisation:
        """As a value."""
        return NewOrganisation(
            self.kind, self.name, self.uscc, self.division_code, self.invoice.as_value(), self.orders_on_832
        )


class OrganisationInvoiceIn(Body):
    """New invoice details."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"invoice": {"title": "济南市历城区某机关工会委员会（示例）"}}]}
    )
    invoice: InvoiceDetailsIn
    orders_on_832: bool = False


class InvoiceDetailsOut(Out):
    """What invoices to the organisation say."""

    title: str
    address: str | None
    phone: str | None
    bank: str | None
    account: str | None


class OrganisationOut(Out):
    """An organisation; `role` is the caller's in it."""

    id: UUID
    kind: Kind
    name: str
    uscc: str
    division_code: str
    invoice: InvoiceDetailsOut
    orders_on_832: bool
    status: Status
    status_reason: str | None
    created_at: datetime
    verified_at: datetime | None
    role: MemberRole | None

    @classmethod
    def of(cls, organisation: Organisation) -> OrganisationOut:
        """From the value."""
        return cls.model_validate(organisation)


class MemberOut(Out):
    """Somebody who acts for the organisation."""

    account_id: UUID
    name: str
    role: MemberRole
    joined_at: datetime


class MemberIn(Body):
    """What a member may do."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "owner"}]})
    role: MemberRole


class InvitationIn(Body):
    """Whom to invite."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "13905310002", "role": "purchaser"}]})
    phone: Annotated[str, StringConstraints(pattern=r"^1[3-9][0-9]{9}$", max_length=11)]
    role: MemberRole = MemberRole.PURCHASER


class InvitationOut(Out):
    """An invitation that waits; its phone is masked."""

    id: UUID
    organisation_id: UUID
    organisation: str
    phone: str = Field(examples=["139******02"])
    role: MemberRole
    expires_at: datetime


class NewInvitationOut(InvitationOut):
    """A new invitation. `code` is shown this once: hand it to the person."""

    code: str = Field(examples=["5f2c…"])


class AcceptanceIn(Body):
    """The code that came with the invitation."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "5f2c1d9e8b7a60412233"}]})
    code: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{20}$")]


class SuspensionIn(Body):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "登记证书与名称不符，请更正后重新提交"}]})
    reason: LongText
