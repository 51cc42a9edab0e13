"""Addresses on the wire, for every module that takes or shows one."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.buyers.rules import PHONE_PATTERN, Address, make_address
from app.core.web import Body, Out
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
