"""The verbs of this module."""

from app.identity.service.accounts import (
    change_phone,
    close_account,
    create_account,
    grant,
    register_buyer,
    regrade,
    withdraw,
)
from app.identity.service.api_keys import KEY_PREFIX, create_api_key, digest_of, is_well_formed, revoke_api_key
from app.identity.service.codes import forget_codes, prove, request_code
from app.identity.service.passwords import hash_password
from app.identity.service.sessions import continue_sign_in, end_sign_in, sign_in_of, sign_out
from app.identity.service.sign_in import change_password, forget_failures, reset_password, sign_in, sign_in_by_code
from app.identity.service.tokens import read_access_token

__all__ = [
    "KEY_PREFIX",
    "change_password",
    "change_phone",
    "close_account",
    "continue_sign_in",
    "create_account",
    "create_api_key",
    "digest_of",
    "end_sign_in",
    "forget_codes",
    "forget_failures",
    "grant",
    "hash_password",
    "is_well_formed",
    "prove",
    "read_access_token",
    "register_buyer",
    "regrade",
    "request_code",
    "reset_password",
    "revoke_api_key",
    "sign_in",
    "sign_in_by_code",
    "sign_in_of",
    "sign_out",
    "withdraw",
]
