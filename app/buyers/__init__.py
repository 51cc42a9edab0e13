"""Those who buy, and where their goods go.

*Owns* the divisions of the country, address books, organisations that buy and who acts for them.
*Promises* that an address names a real county and a door; that a name which several places bear is never guessed at;
that a label never tells a whole name or phone; that an organisation has a right code, an owner, and was verified
before it orders. *Calls* identity, and suppliers for the check of a code. *Tells* nobody anything.
"""

from app.buyers.handlers import on_account_closed
from app.buyers.queries import (
    address_to_ship,
    addresses,
    memberships,
    organisation,
    organisation_by_id,
    organisations_of,
    purchaser,
)
from app.buyers.routes import router
from app.buyers.rules import (
    PHONE_PATTERN,
    Address,
    AmbiguousDivision,
    Division,
    DivisionNotACounty,
    InvoiceDetails,
    Kind,
    LastOwner,
    NewOrganisation,
    Organisation,
    OrganisationNotVerified,
    Purchaser,
    UnknownAddress,
    UnknownDivision,
    UnknownDivisionName,
    UnknownOrganisation,
    counties,
    division_named,
    located,
    make_address,
    mask_detail,
    mask_name,
    mask_phone,
    open_address,
    places_under,
    read_division,
    resolve_division,
    seal_address,
)
from app.buyers.schemas import AddressIn, AddressOut, DivisionCode
from app.buyers.service import forget_invitations, found_organisation, leave_organisations

__all__ = [
    "PHONE_PATTERN",
    "Address",
    "AddressIn",
    "AddressOut",
    "AmbiguousDivision",
    "Division",
    "DivisionCode",
    "DivisionNotACounty",
    "InvoiceDetails",
    "Kind",
    "LastOwner",
    "NewOrganisation",
    "Organisation",
    "OrganisationNotVerified",
    "Purchaser",
    "UnknownAddress",
    "UnknownDivision",
    "UnknownDivisionName",
    "UnknownOrganisation",
    "address_to_ship",
    "addresses",
    "counties",
    "division_named",
    "forget_invitations",
    "found_organisation",
    "leave_organisations",
    "located",
    "make_address",
    "mask_detail",
    "mask_name",
    "mask_phone",
    "memberships",
    "on_account_closed",
    "open_address",
    "organisation",
    "organisation_by_id",
    "organisations_of",
    "places_under",
    "purchaser",
    "read_division",
    "resolve_division",
    "router",
    "seal_address",
]
