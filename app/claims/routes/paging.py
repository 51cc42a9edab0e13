"""Pages of claims, newest first."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.claims.lifecycle import Status
from app.claims.rules import Claim
from app.claims.schemas import ClaimOut
from app.core.web import Page, decode_cursor, encode_cursor

StatusFilter = Annotated[Status | None, Query(description="Only claims that stand there")]


def before(cursor: str | None) -> UUID | None:
    """The claim that the page before ended with."""
    return UUID(str(decode_cursor("claims", cursor)[0])) if cursor else None


def page_of(found: list[Claim], limit: int) -> Page[ClaimOut]:
    """One page out of one more than it holds."""
    more = encode_cursor("claims", str(found[limit - 1].id)) if len(found) > limit else None
    return Page(items=[ClaimOut.of(claim) for claim in found[:limit]], next_cursor=more)
