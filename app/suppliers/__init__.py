"""Those whose goods are sold here.

*Owns* suppliers, where they stand (applied, approved, suspended) and the townships of Baojing.
*Promises* that a registration which fails its check is never stored, and that nobody is approved unasked.
*Calls* identity, for who may decide. *Tells* ``SupplierApproved`` and ``SupplierSuspended``.
"""

from app.suppliers.events import SupplierApproved, SupplierSuspended
from app.suppliers.lifecycle import Status, SupplierStepNotAllowed
from app.suppliers.queries import cards, get, suppliers
from app.suppliers.routes import router
from app.suppliers.rules import (
    BAOJING,
    TOWNSHIPS,
    InvalidLicence,
    InvalidUscc,
    Kind,
    SupplierCard,
    SupplierExists,
    Taxpayer,
    UnknownTownship,
    is_licence,
    is_uscc,
    made_in,
)
from app.suppliers.service import admit, approve, plant_townships, suspend

__all__ = [
    "BAOJING",
    "TOWNSHIPS",
    "InvalidLicence",
    "InvalidUscc",
    "Kind",
    "Status",
    "SupplierApproved",
    "SupplierCard",
    "SupplierExists",
    "SupplierStepNotAllowed",
    "SupplierSuspended",
    "Taxpayer",
    "UnknownTownship",
    "admit",
    "approve",
    "cards",
    "get",
    "is_licence",
    "is_uscc",
    "made_in",
    "plant_townships",
    "router",
    "suppliers",
    "suspend",
]
