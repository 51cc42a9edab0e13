"""Access tokens: ES256 JSON web tokens (RFC 7519) that say who is asking, so that a guard needs no statement."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.ids import new_id
from app.core.sealing import keys
from app.core.settings import IdentitySettings
from app.identity.rules import Account, Actor, Role

AUDIENCE = "baojing-market-api"
_REQUIRED = ["exp", "iat", "sub", "aud", "iss", "jti"]
_LONGEST = 4096
_CLOCK_SKEW_SECONDS = 60


@lru_cache(maxsize=4)
def _public(signing_key: EllipticCurvePrivateKey) -> tuple[EllipticCurvePublicKey, str]:
    public = signing_key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public, base64.urlsafe_b64encode(hashlib.sha256(der).digest()[:12]).decode()


def sign_access_token(account: Account, settings: IdentitySettings, now: datetime) -> str:
    """A token for ``account``, good for ``settings.access_minutes``. It carries no personal data."""
    key = keys().signing_key
    _, kid = _public(key)
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": settings.issuer,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + settings.access_minutes * 60,
        "sub": str(account.id),
        "jti": str(new_id(now)),
        "roles": sorted(account.roles),
    }
    if account.supplier_id is not None:
        claims["supplier_id"] = str(account.supplier_id)
    if account.partner_id is not None:
        claims["partner_id"] = str(account.partner_id)
    if account.supplier_id is not None or account.partner_id is not None:
        claims["name"] = account.name
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})


def read_access_token(token: str, settings: IdentitySettings, now: datetime) -> tuple[Actor, int] | None:
    """Who signed in with ``token``, and when it expires (seconds since the epoch); None unless it is ours and good.

    The time is judged here and not by the library, which would read the clock itself.
    """
    if len(token) > _LONGEST:
        return None
    public, kid = _public(keys().signing_key)
    try:
        read = jwt.decode_complete(
            token,
            public,
            algorithms=["ES256"],
            audience=AUDIENCE,
            issuer=settings.issuer,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        claims = read["payload"]
        expires, issued = claims["exp"], claims["iat"]
        second = now.timestamp()
        if read["header"].get("kid") != kid or type(expires) is not int or type(issued) is not int:
            return None
        if expires <= second or issued > second + _CLOCK_SKEW_SECONDS:
            return None
        return _actor(claims), expires
    except (jwt.PyJWTError, ValueError, KeyError, TypeError):
        return None


def _actor(claims: dict[str, Any]) -> Actor:
    def scope(name: str) -> UUID | None:
        return UUID(str(claims[name])) if claims.get(name) else None

    return Actor(
        account_id=UUID(str(claims["sub"])),
        roles=frozenset(Role(role) for role in claims["roles"]),
        supplier_id=scope("supplier_id"),
        partner_id=scope("partner_id"),
        name=str(claims.get("name", "")),
    )
