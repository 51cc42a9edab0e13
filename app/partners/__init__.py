"""Supermarkets that buy on account: who they are, where their goods go, what was agreed, how much they may owe.

*Owns* partners, their stores and distribution centres, contracts with the fees they name, credit limits and the entries
that explain how much of a limit is used.
*Promises* that no term is longer than the law allows; that a signed contract never changes and that no two of a partner
hold on the same day; that credit is taken like stock, in one conditional statement, so that two orders at once never
exceed the limit; that what is used is the sum of its entries, each cause counted once.
*Calls* suppliers, for the check of a registration, and identity. *Tells* nobody anything.
"""

from app.partners.queries import by_code, get, location, location_by_id, locations, partners
from app.partners.queries.contracts import contract, contract_on, contracts, fees, hold_contract
from app.partners.queries.credit import credit, credit_entries, limits
from app.partners.routes import router
from app.partners.rules import (
    InvalidPartner,
    Location,
    LocationKind,
    NewLocation,
    PartnerCard,
    PartnerExists,
    PartnerStatus,
    PartnerSuspended,
    UnknownLocation,
)
from app.partners.rules.contracts import (
    ORANGES,
    PACKED,
    Contract,
    ContractHasPrices,
    ContractOver,
    ContractSigned,
    ContractsOverlap,
    Fee,
    FeeBasis,
    InvalidContract,
    MinimumUnit,
    NewFee,
    NoContract,
    TermBase,
    Terms,
    Tolerance,
)
from app.partners.rules.credit import Credit, CreditExceeded, CreditKind
from app.partners.service import (
    add_location,
    add_locations,
    draft,
    end,
    enrol,
    give_credit,
    move_credit,
    resume,
    set_credit_limit,
    sign,
    suspend,
    take_credit,
)

__all__ = [
    "ORANGES",
    "PACKED",
    "Contract",
    "ContractHasPrices",
    "ContractOver",
    "ContractSigned",
    "ContractsOverlap",
    "Credit",
    "CreditExceeded",
    "CreditKind",
    "Fee",
    "FeeBasis",
    "InvalidContract",
    "InvalidPartner",
    "Location",
    "LocationKind",
    "MinimumUnit",
    "NewFee",
    "NewLocation",
    "NoContract",
    "PartnerCard",
    "PartnerExists",
    "PartnerStatus",
    "PartnerSuspended",
    "TermBase",
    "Terms",
    "Tolerance",
    "UnknownLocation",
    "add_location",
    "add_locations",
    "by_code",
    "contract",
    "contract_on",
    "contracts",
    "credit",
    "credit_entries",
    "draft",
    "end",
    "enrol",
    "fees",
    "get",
    "give_credit",
    "hold_contract",
    "limits",
    "location",
    "location_by_id",
    "locations",
    "move_credit",
    "partners",
    "resume",
    "router",
    "set_credit_limit",
    "sign",
    "suspend",
    "take_credit",
]
