"""Signed addresses in a store outside that speaks S3: arithmetic, nobody is asked (AWS Signature Version 4)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from app.core.settings import FileSettings

SIGNED_SECONDS = 300
"""For how long an address that we signed works."""

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed_address(settings: FileSettings, address: str, now: datetime) -> str:
    """Where a browser gets the object, for some minutes; the bucket stands in the path."""
    if settings.bucket is None or settings.access_key_id is None or settings.secret_access_key is None:
        raise ValueError("nothing is in a store outside")
    endpoint = settings.public_endpoint or settings.endpoint or f"https://s3.{settings.region}.amazonaws.com"
    parts = urlsplit(endpoint)
    path = f"{parts.path.rstrip('/')}/{quote(settings.bucket)}/{quote(address)}"
    at = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = (at[:8], settings.region, "s3", "aws4_request")
    query = urlencode(
        {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": "/".join((settings.access_key_id.get_secret_value(), *scope)),
            "X-Amz-Date": at,
            "X-Amz-Expires": SIGNED_SECONDS,
            "X-Amz-SignedHeaders": "host",
        },
        quote_via=quote,
        safe="",
    )
    asked = "\n".join(("GET", path, query, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
    to_sign = "\n".join((_ALGORITHM, at, "/".join(scope), hashlib.sha256(asked.encode()).hexdigest()))
    key = f"AWS4{settings.secret_access_key.get_secret_value()}".encode()
    for part in (*scope, to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"{parts.scheme}://{parts.netloc}{path}?{query}&X-Amz-Signature={key.hex()}"
