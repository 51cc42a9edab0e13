"""A store outside that speaks S3: its address, and signed addresses in it. Nothing here speaks to anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.store import S3Store

from app.core.settings import FileSettings

if TYPE_CHECKING:  # the library's types exist for checkers alone
    from obstore.store import S3Config

SIGNED_SECONDS = 300
"""For how long an address that we signed works."""


def open_store(settings: FileSettings, endpoint: str | None = None) -> S3Store:
    """The bucket of the settings, reached through ``endpoint`` where that is not the usual one."""
    if settings.bucket is None or settings.access_key_id is None or settings.secret_access_key is None:
        raise ValueError("FILES__BUCKET needs FILES__ACCESS_KEY_ID and FILES__SECRET_ACCESS_KEY")
    config: S3Config = {
        "region": settings.region,
        "access_key_id": settings.access_key_id.get_secret_value(),
        "secret_access_key": settings.secret_access_key.get_secret_value(),
        "virtual_hosted_style_request": False,
    }
    if where := endpoint or settings.endpoint:
        config["endpoint"] = where
    return S3Store(
        settings.bucket,
        config=config,
        client_options={"allow_http": True, "connect_timeout": "5s", "timeout": "20s"},
        retry_config={"max_retries": 0},  # the delivery of facts tries again by itself
    )


def signed_address(settings: FileSettings, address: str) -> str:
    """Where a browser gets the object, for some minutes. Signing is arithmetic: nobody is asked."""
    store = open_store(settings, settings.public_endpoint)
    return obstore.sign(store, "GET", address, timedelta(seconds=SIGNED_SECONDS))
