"""Who is asking.

*Owns* accounts, their roles, passwords, one-time codes, refresh tokens and API keys; turns a request into an ``Actor``.
*Promises* that a guard costs no statement for an access token; that a revoked API key stops within two seconds; that
names and phones are sealed in the database; that ten failed sign-ins in a quarter of an hour close the door; that
nothing tells whether a phone has an account to somebody who cannot read what is sent to it; that a closed account
holds nothing that names a person. *Calls* nothing but core. *Tells*: CodeRequested, AccountClosed.
"""

from app.identity.couriers import connect
from app.identity.events import AccountClosed
from app.identity.guards import (
    Buyer,
    Officer,
    Operator,
    PartnerStaff,
    Public,
    SignedIn,
    SupplierStaff,
    Visitor,
    address_of,
    recognise,
)
from app.identity.queries import account, held_open, hold_open, names_of, phone_of
from app.identity.routes import router
from app.identity.rules import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    PHONE,
    SYSTEM,
    Account,
    Actor,
    InvalidCredentials,
    InvalidGrant,
    PhoneTaken,
    Role,
    Tokens,
    UsernameTaken,
)
from app.identity.service import (
    close_account,
    continue_sign_in,
    create_account,
    forget_codes,
    forget_failures,
    hash_password,
    register_buyer,
    sign_in,
    sign_out,
)

__all__ = [
    "PASSWORD_MAX",
    "PASSWORD_MIN",
    "PHONE",
    "SYSTEM",
    "Account",
    "AccountClosed",
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
    "Tokens",
    "UsernameTaken",
    "Visitor",
    "account",
    "address_of",
    "close_account",
    "connect",
    "continue_sign_in",
    "create_account",
    "forget_codes",
    "forget_failures",
    "hash_password",
    "held_open",
    "hold_open",
    "names_of",
    "phone_of",
    "recognise",
    "register_buyer",
    "router",
    "sign_in",
    "sign_out",
]
