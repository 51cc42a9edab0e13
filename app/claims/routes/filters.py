"""What the lists of claims are asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from app.claims.lifecycle import Status

StatusFilter = Annotated[Status | None, Query(description="Only claims that stand there")]
