"""Those who buy, and where their goods go.

*Owns* the divisions of the country, the form of an address, its masks and its seal. No table in this version.
*Promises* that an address names a real county and a door, and that a label never tells a whole name or phone.
*Calls* nothing but core. *Tells* nobody anything.
"""

from app.buyers.rules import (
    Address,
    Division,
    DivisionNotACounty,
    UnknownDivision,
    make_address,
    mask_detail,
    mask_name,
    mask_phone,
    resolve_division,
)
from app.buyers.schemas import AddressIn, AddressOut, DivisionCode
from app.buyers.service import open_address, seal_address

__all__ = [
    "Address",
    "AddressIn",
    "AddressOut",
    "Division",
    "DivisionCode",
    "DivisionNotACounty",
    "UnknownDivision",
    "make_address",
    "mask_detail",
    "mask_name",
    "mask_phone",
    "open_address",
    "resolve_division",
    "seal_address",
]
