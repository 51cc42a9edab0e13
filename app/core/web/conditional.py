"""Edits name the version they were made from: ETag out, If-Match in (RFC 9110 §13)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from app.core.errors import DomainError


class VersionRequired(DomainError):
    """The edit does not say which version it changes."""

    status = 428
    code = "version_required"
    zh = "请在 If-Match 请求头中带上读取时得到的 ETag。"
    en = "Send the ETag that you read in an If-Match header."


class StaleVersion(DomainError):
    """Somebody changed the object in between."""

    status = 412
    code = "stale_version"
    zh = "内容已被他人修改，请重新读取后再改。"
    en = "The object was changed in between; read it again and repeat the edit."


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
