"""Those whose goods are sold here.

*Owns* suppliers, where they stand (draft, applied, recommended, approved, rejected, suspended), their certificates and
bank accounts, what was decided about them, who is invited to work for them, the days on which they ship nothing, and
the townships of Baojing.
*Promises* that nobody is approved whom the county did not recommend or who lacks something that is asked for, and that
what cannot be checked counts as lacking; that a certificate counts while it is verified and in force, and not a day
longer; that bank accounts are sealed and in the supplier's own name; that a supplier keeps an owner; that a day on
which nothing is shipped is announced before it comes and is not rewritten once it has.
*Calls* identity, for who may decide and who is staff; files, for what shows a certificate.
*Tells* ``SupplierApplied``, ``SupplierRecommended``, ``SupplierApproved``, ``SupplierRejected``, ``SupplierSuspended``,
``CertificatesChanged`` and ``CertificateExpiring``.
"""

from app.suppliers.events import (
    CertificateExpiring,
    CertificatesChanged,
    SupplierApplied,
    SupplierApproved,
    SupplierRecommended,
    SupplierRejected,
    SupplierSuspended,
)
from app.suppliers.lifecycle import CertificateStep, Status, SupplierStepNotAllowed
from app.suppliers.queries import (
    bank_account,
    by_code,
    cards,
    closed_days,
    closures,
    get,
    hold_agency,
    hold_still,
    permits,
    read_closures,
    suppliers,
)
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
from app.suppliers.rules.admission import (
    LICENCE_FOR,
    AccountNameDiffers,
    BankAccount,
    Certificate,
    CertificateKind,
    NewCertificate,
    Papers,
)
from app.suppliers.rules.closures import Closure, ClosureFrozen, ClosureReason, ClosuresOverlap
from app.suppliers.service import (
    add_certificate,
    admit,
    announce_closure,
    approve,
    decide_certificate,
    forget_invitations,
    leave_supplier,
    look_at,
    plant_townships,
    shorten_closure,
    suspend,
    watch_certificates,
    withdraw_closure,
)

__all__ = [
    "BAOJING",
    "LICENCE_FOR",
    "TOWNSHIPS",
    "AccountNameDiffers",
    "BankAccount",
    "Certificate",
    "CertificateExpiring",
    "CertificateKind",
    "CertificateStep",
    "CertificatesChanged",
    "Closure",
    "ClosureFrozen",
    "ClosureReason",
    "ClosuresOverlap",
    "InvalidLicence",
    "InvalidUscc",
    "Kind",
    "NewCertificate",
    "Papers",
    "Status",
    "SupplierApplied",
    "SupplierApproved",
    "SupplierCard",
    "SupplierExists",
    "SupplierRecommended",
    "SupplierRejected",
    "SupplierStepNotAllowed",
    "SupplierSuspended",
    "Taxpayer",
    "UnknownTownship",
    "add_certificate",
    "admit",
    "announce_closure",
    "approve",
    "bank_account",
    "by_code",
    "cards",
    "closed_days",
    "closures",
    "decide_certificate",
    "forget_invitations",
    "get",
    "hold_agency",
    "hold_still",
    "is_licence",
    "is_uscc",
    "leave_supplier",
    "look_at",
    "made_in",
    "permits",
    "plant_townships",
    "read_closures",
    "router",
    "shorten_closure",
    "suppliers",
    "suspend",
    "watch_certificates",
    "withdraw_closure",
]
