"""HTTP of the shop window. What PostgreSQL made is passed on as bytes; nothing is built twice."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints

from app.core.db import dump
from app.core.web import (
    DEFAULT_LIMIT,
    Cursor,
    InvalidCursor,
    Limit,
    Now,
    Page,
    ReadSession,
    TheEdge,
    decode_cursor,
    encode_cursor,
    problems,
)
from app.core.web.schemas import NO_CONTROL
from app.identity import Public
from app.storefront import queries
from app.storefront.queries import Position, Wish
from app.storefront.rules import NoSuchTrace, NotOnShelf, Sort
from app.storefront.rules.words import parse
from app.storefront.schemas import PastPriceOut, ProductPageOut, ProductsOut, TraceOut

router = APIRouter(tags=["storefront"])

_MOST_FEN = 10**12
_SVG = "image/svg+xml"
_YOUNG = {"Cache-Control": "no-cache"}

Words = Annotated[str, StringConstraints(max_length=100, pattern=NO_CONTROL)]
Name = Annotated[str, StringConstraints(max_length=64, pattern=NO_CONTROL)]
Fen = Annotated[int, Field(ge=0, le=_MOST_FEN)]


@router.get(
    "/v1/store/products",
    summary="Find products",
    operation_id="list_products",
    response_model=ProductsOut,
    responses=problems(InvalidCursor, public=True),
)
async def list_products(
    _: Public,
    session: ReadSession,
    now: Now,
    q: Annotated[Words | None, Query(description="Chinese words, pinyin, initials, SKU or bar code")] = None,
    category: Annotated[Name | None, Query(description="Slug of a category, with all below it")] = None,
    supplier: Annotated[Name | None, Query(description="Id or code of a supplier")] = None,
    township: Annotated[Name | None, Query(description="Code or name of a township")] = None,
    in_stock: Annotated[bool | None, Query(description="Only what is there (true) or is not (false)")] = None,
    presale: Annotated[bool | None, Query(description="Only what is sold ahead of its harvest (true) or not")] = None,
    min_price_fen: Annotated[Fen | None, Query(description="Lowest price, in fen")] = None,
    max_price_fen: Annotated[Fen | None, Query(description="Highest price, in fen")] = None,
    sort: Annotated[Sort | None, Query(description="`relevance` when `q` is given, else `newest`")] = None,
    facets: Annotated[bool, Query(description="Also count what each further filter would leave")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Published products with their prices and stock as they are now.

    By relevance, products named as was typed come first, what sells best before the rest. If nothing is called what was
    typed but something almost so, that is shown, and `corrected` says what was looked for.
    """
    query = parse(q) if q and q.strip() else None
    if q and q.strip() and query is None:
        return _answer('{"items":[],"next_cursor":null}')
    wish = Wish(query, category, supplier, township, in_stock, presale, min_price_fen, max_price_fen)
    order = wish.order(sort)
    after = _position(order, cursor) if cursor else None
    found = await queries.find(session, wish, sort=order, limit=limit, after=after, now=now)
    last = found.last
    following = f'"{_cursor(order, last)}"' if last else "null"
    more = ""
    if found.corrected is not None:
        more = f',"corrected":{dump(found.corrected)}'
        wish = replace(wish, query=parse(found.corrected))
    if facets:
        more += f',"facets":{dump(await queries.facets(session, wish, now=now))}'
    return _answer(f'{{"items":{found.items},"next_cursor":{following}{more}}}')


@router.get(
    "/v1/store/products/{slug}",
    summary="A product's page",
    operation_id="get_product",
    response_model=ProductPageOut,
    responses=problems(NotOnShelf, public=True),
)
async def get_product(
    _: Public,
    session: ReadSession,
    now: Now,
    slug: Annotated[str, Path(max_length=100, pattern=NO_CONTROL, examples=["golden-tea-1-yuqian"])],
) -> Response:
    """Everything that a buyer should know before ordering: origin, lots, licence, and what may be sent back."""
    return _answer(await queries.product(session, slug, now=now))


@router.get(
    "/v1/store/products/{slug}/prices",
    summary="What a product has cost",
    operation_id="list_prices_of_product",
    responses=problems(NotOnShelf, InvalidCursor, public=True),
)
async def list_prices(
    _: Public,
    session: ReadSession,
    slug: Annotated[str, Path(max_length=100, pattern=NO_CONTROL, examples=["golden-tea-1-yuqian"])],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[PastPriceOut]:
    """Every price of every size since it came on sale, newest first. Nobody can change it afterwards."""
    before = None
    if cursor:
        at, row_id = decode_cursor("prices", cursor)
        before = (str(at), str(row_id))
    found = await queries.prices(session, slug, before=before, limit=limit + 1)
    items = [PastPriceOut.model_validate(row) for row in found[:limit]]
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        following = encode_cursor("prices", f"{last['valid_from']}", f"{last['id']}")
    return Page(items=items, next_cursor=following)


@router.get(
    "/v1/store/trace/{trace_code}",
    summary="The story of a lot",
    operation_id="trace_lot",
    response_model=TraceOut,
    responses=problems(NoSuchTrace, public=True),
)
async def trace_lot(
    _: Public,
    session: ReadSession,
    trace_code: Annotated[str, Path(max_length=32, pattern=NO_CONTROL, examples=["7QK3M9XW2A"])],
) -> Response:
    """Where the goods in the pack come from and what happened to them on which day. Names no person."""
    return _answer(await queries.trace(session, trace_code.strip().upper()))


@router.get(
    "/v1/store/trace/{trace_code}/qr.svg",
    summary="The code to print on the packs of a lot",
    operation_id="draw_trace_code",
    response_class=Response,
    responses={**problems(NoSuchTrace, public=True), 200: {"description": "The image", "content": {_SVG: {}}}},
)
async def draw_trace_code(
    _: Public,
    edge: TheEdge,
    session: ReadSession,
    trace_code: Annotated[str, Path(max_length=32, pattern=NO_CONTROL, examples=["7QK3M9XW2A"])],
) -> Response:
    """A QR code that leads a phone to the lot's story on this site."""
    code = trace_code.strip().upper()
    await queries.trace(session, code)
    drawn = io.BytesIO()
    segno.make(f"{edge.settings.public_base}/trace/{code}", error="m", micro=False).save(drawn, kind="svg", scale=4)
    return Response(drawn.getvalue(), media_type=_SVG, headers={"Cache-Control": "public, max-age=86400"})


def _list(order: Sort) -> str:
    return f"products:{order.value}"


def _position(order: Sort, cursor: str) -> Position:
    tier, key, product_id, *corrected = decode_cursor(_list(order), cursor)
    return Position(int(tier), str(key), str(UUID(str(product_id))), str(corrected[0]) if corrected else None)


def _cursor(order: Sort, last: Position) -> str:
    corrected = () if last.corrected is None else (last.corrected,)
    return encode_cursor(_list(order), last.tier, last.key, last.product_id, *corrected)


def _answer(body: str) -> Response:
    return Response(body.encode(), media_type="application/json", headers=_YOUNG)
