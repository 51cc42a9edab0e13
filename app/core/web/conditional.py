"""Edits name the version they were made from: ETag out, If-Match in (RFC 9110 §13)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from app.core.errors import DomainError, StaleVersion


class VersionRequired(DomainError):
    """The edit does not say which version it changes."""

    status = 428
    code = "version_required"
    zh = "请在 If-Match 请求头中带上读取时得到的 ETag。"
    en = "Send the ETag that you read in an If-Match header."


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


async def _if_match(if_match: Annotated[str | None, Header(alias="If-Match", max_length=64)] = None) -> int:
    if if_match is None:
        raise VersionRequired
    text = if_match.strip().strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 9):  # noqa: PLR2004
        raise StaleVersion
    return int(text)


IfMatch = Annotated[int, Depends(_if_match)]
