"""The verbs of this module."""

from app.identity.service.accounts import create_account, register_buyer
from app.identity.service.api_keys import KEY_PREFIX, create_api_key, digest_of, is_well_formed, revoke_api_key
from app.identity.service.passwords import hash_password
from app.identity.service.sign_in import continue_sign_in, forget_failures, sign_in
from app.identity.service.tokens import read_access_token

__all__ = [
    "KEY_PREFIX",
    "continue_sign_in",
    "create_account",
    "create_api_key",
    "digest_of",
    "forget_failures",
    "hash_password",
    "is_well_formed",
    "read_access_token",
    "register_buyer",
    "revoke_api_key",
    "sign_in",
]
