"""The web edge: what a ``routes.py`` needs, and nothing that knows the business."""

from app.core.errors import StaleVersion
from app.core.web.conditional import IfMatch, VersionRequired, etag
from app.core.web.edge import Edge, Now, ReadSession, TheEdge, WriteSession, edge_of
from app.core.web.limits import Limits
from app.core.web.once import KEY_ERRORS, Once, OnceCall, OnceIfKeyed
from app.core.web.paging import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    decode_cursor,
    encode_cursor,
    last_seen,
    next_cursor,
    page_of,
)
from app.core.web.problems import Problem, problem, problems
from app.core.web.schemas import (
    MAX_QUANTITY,
    Body,
    Instant,
    LongText,
    Out,
    Page,
    Quantity,
    ShortText,
    Sku,
    Slug,
)
from app.core.web.wording import unfit

__all__ = [
    "DEFAULT_LIMIT",
    "KEY_ERRORS",
    "MAX_QUANTITY",
    "Body",
    "Cursor",
    "Edge",
    "IfMatch",
    "Instant",
    "InvalidCursor",
    "Limit",
    "Limits",
    "LongText",
    "Now",
    "Once",
    "OnceCall",
    "OnceIfKeyed",
    "Out",
    "Page",
    "Problem",
    "Quantity",
    "ReadSession",
    "ShortText",
    "Sku",
    "Slug",
    "StaleVersion",
    "TheEdge",
    "VersionRequired",
    "WriteSession",
    "decode_cursor",
    "edge_of",
    "encode_cursor",
    "etag",
    "last_seen",
    "next_cursor",
    "page_of",
    "problem",
    "problems",
    "unfit",
]
