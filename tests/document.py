"""The OpenAPI document, made once in each process: that takes a second."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.main import create_app


@cache
def openapi() -> dict[str, Any]:
    """What the application says of itself; to be read, not to be changed."""
    return create_app(Settings(data_dir=Path("/nonexistent"))).openapi()
