from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from app.core.settings import LimitSettings, Settings, TrackingSettings

SALT = "salt-of-the-tests"


@pytest.fixture(scope="session")
def settings() -> Settings:
    """With somebody who follows parcels."""
    return Settings(
        data_dir=Path("/nonexistent"),
        demo=False,
        database_url=None,
        limits=LimitSettings(enabled=False),
        port=8000,
        tracking=TrackingSettings(
            kuaidi100_customer="C0FFEE", kuaidi100_key=SecretStr("key-of-the-tests"), kuaidi100_salt=SecretStr(SALT)
        ),
    )
