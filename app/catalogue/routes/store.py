"""HTTP of the catalogue for everybody: categories and pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from app.catalogue import queries
from app.catalogue.rules import NoSuchImage
from app.catalogue.schemas import CategoriesOut, CategoryOut
from app.core.web import ReadSession, problems
from app.identity import Public

router = APIRouter(tags=["catalogue"])

_FOREVER = "public, max-age=31536000, immutable"
_HARMLESS_SVG = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@router.get(
    "/v1/store/categories",
    summary="The category tree",
    operation_id="list_categories",
    responses=problems(public=True),
)
async def list_categories(_: Public, session: ReadSession, response: Response) -> CategoriesOut:
    """All categories, root by root, in the order in which a shop shows them."""
    response.headers["Cache-Control"] = "no-cache"
    return CategoriesOut(items=[CategoryOut.of(root) for root in await queries.categories(session)])


@router.get(
    "/v1/store/images/{digest}",
    summary="A product's picture",
    operation_id="get_image",
    response_class=Response,
    responses={
        **problems(NoSuchImage, public=True),
        200: {"description": "The picture", "content": {"image/svg+xml": {}, "image/png": {}, "image/jpeg": {}}},
        304: {"description": "The picture that you have is the one"},
    },
)
async def get_image(
    _: Public,
    session: ReadSession,
    digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture's bytes")],
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The picture with this digest. What is kept under an address never changes, so it may be cached for ever."""
    tag = f'"{digest}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag}
    if if_none_match is not None and (if_none_match.strip() == "*" or tag in if_none_match):
        await queries.image_id_or_refuse(session, digest)
        return Response(status_code=304, headers=headers)
    media_type, content = await queries.image(session, digest)
    if media_type == "image/svg+xml":
        headers["Content-Security-Policy"] = _HARMLESS_SVG
    return Response(content, media_type=media_type, headers=headers)
