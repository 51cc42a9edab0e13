"""Who is asking.

*Owns* accounts, their roles, passwords, refresh tokens and API keys; turns a request into an ``Actor``.
*Promises* that a guard costs no statement for an access token; that a revoked API key stops within two seconds; that
names and phones are sealed in the database; that ten failed sign-ins in a quarter of an hour close the door.
*Calls* nothing but core. *Tells* nobody anything.
"""

from app.identity.guards import Buyer, Officer, Operator, PartnerStaff, Public, SignedIn, SupplierStaff, Visitor
from app.identity.queries import account
from app.identity.routes import router
from app.identity.rules import (
    PHONE,
    SYSTEM,
    Account,
    Actor,
    InvalidCredentials,
    InvalidGrant,
    PhoneTaken,
    Role,
    UsernameTaken,
)
from app.identity.service import create_account, forget_failures, hash_password, register_buyer

__all__ = [
    "PHONE",
    "SYSTEM",
    "Account",
    "Actor",
    "Buyer",
    "InvalidCredentials",
    "InvalidGrant",
    "Officer",
    "Operator",
    "PartnerStaff",
    "PhoneTaken",
    "Public",
    "Role",
    "SignedIn",
    "SupplierStaff",
    "UsernameTaken",
    "Visitor",
    "account",
    "create_account",
    "forget_failures",
    "hash_password",
    "register_buyer",
    "router",
]
