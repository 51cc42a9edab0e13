"""To look around: the front page, the list, a product, the story of a lot."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import StringConstraints

from app import reviews, storefront
from app.assistance import VerifiedOut, certificate
from app.catalogue import CATEGORIES, Season
from app.core.clock import local_day
from app.core.errors import NotFound
from app.core.money import parse_yuan
from app.core.web import Now, ReadSession, decode_cursor, encode_cursor
from app.core.web.schemas import NO_CONTROL
from app.pages.guards import Visitor
from app.pages.routes.frame import PageRoute, go, show
from app.storefront import NoSuchTrace, Sort, Wish

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 24
_BEST, _FRESH = 8, 4
_REVIEWS = 6
_SHIPS_WITHIN = timedelta(days=2)
_NAMES = {category.slug: category for root in CATEGORIES for category in (root, *root.children)}

_CERTIFICATE = re.compile(r"BJ[0-9]{4}(-[A-Z2-7]{4}){4}")

Text = Annotated[str, StringConstraints(max_length=100, pattern=NO_CONTROL)]


@router.get("/")
async def home(visit: Visitor, session: ReadSession, now: Now) -> Response:
    """The front page: what is in season, what people buy, and why it can be trusted."""
    oranges = Wish(category="navel-orange")
    fresh = await storefront.find(session, oranges, sort=Sort.SALES, limit=_FRESH, after=None, now=now)
    best = await storefront.find(session, Wish(), sort=Sort.SALES, limit=_BEST + _FRESH, after=None, now=now)
    in_season = [item for item in json.loads(fresh.items) if item["season"] != Season.OFF_SEASON]
    shown = {item["slug"] for item in in_season}
    others = [item for item in json.loads(best.items) if item["slug"] not in shown]
    return show(visit, "home.html", best=others[:_BEST], in_season=in_season)


@router.get("/products")
async def list_products(
    visit: Visitor,
    session: ReadSession,
    now: Now,
    q: Text = "",
    category: Text = "",
    township: Text = "",
    in_stock: Text = "",
    presale: Text = "",
    price_from: Text = "",
    price_to: Text = "",
    sort: Text = "",
    cursor: Annotated[str, Query(max_length=512)] = "",
) -> Response:
    """Products by words, kind, place, season and price. What cannot be understood is as if it were not said."""
    query = storefront.parse(q) if q.strip() else None
    wish = Wish(
        query=query,
        category=category if category in _NAMES else None,
        township=township or None,
        in_stock=True if in_stock else None,
        presale=True if presale else None,
        min_price_fen=_fen(price_from),
        max_price_fen=_fen(price_to),
    )
    order = wish.order(next((known for known in Sort if known.value == sort), None))
    items: list[dict[str, Any]] = []
    facets: storefront.Facets = {}
    following = corrected = None
    if query is not None or not q.strip():
        after = _position(order, cursor) if cursor else None
        found = await storefront.find(session, wish, sort=order, limit=_ON_A_PAGE, after=after, now=now)
        items = json.loads(found.items)
        corrected = found.corrected
        if found.last is not None:
            following = _cursor(order, found.last)
        meant = wish if corrected is None else replace(wish, query=storefront.parse(corrected))
        facets = await storefront.facets(session, meant, now=now)
    return show(
        visit,
        "list.html",
        items=items,
        following=following,
        corrected=corrected,
        wish=wish,
        facets=facets,
        tally=_tally(facets),
        q=q,
        category=_NAMES.get(category),
        sort=order,
    )


@router.get("/products/{slug}")
async def show_product(
    visit: Visitor, session: ReadSession, now: Now, slug: Annotated[str, Path(max_length=100)], sku: Text = ""
) -> Response:
    """One product: its sizes and prices, where it comes from, what the law wants told, what may be sent back."""
    product = json.loads(await storefront.product(session, slug, now=now))
    variants = product["variants"]
    chosen = next((one for one in variants if one["sku"] == sku), None)
    chosen = chosen or next((one for one in variants if one["available"]), variants[0])
    sizes = {one["sku"]: one["name"] for one in variants}
    newest = reviews.Order.NEWEST
    said = (
        await reviews.of_product(session, slug, order=newest, after=None, limit=_REVIEWS, now=now)
        if product["rating"]
        else []
    )
    today, pause = local_day(now), product["pause"]
    return show(
        visit,
        "product.html",
        product=product,
        chosen=chosen,
        reviews=said,
        sizes=sizes,
        today=today,
        delayed=pause is not None and date.fromisoformat(pause["from_on"]) <= today + _SHIPS_WITHIN,
    )


@router.get("/trace")
async def find_trace(visit: Visitor, code: Text = "") -> Response:
    """Where a trace code is typed in."""
    if code.strip():
        return go(f"/trace/{code.strip().upper()}")
    return show(visit, "trace.html", lot=None, code="", missing=False)


@router.get("/trace/{code}")
async def show_trace(visit: Visitor, session: ReadSession, code: Annotated[str, Path(max_length=32)]) -> Response:
    """The story of the lot in somebody's pack."""
    typed = code.strip().upper()
    try:
        lot = json.loads(await storefront.trace(session, typed))
    except NoSuchTrace:
        return show(visit, "trace.html", status=404, lot=None, code=typed, missing=True)
    return show(visit, "trace.html", lot=lot, code=typed, missing=False)


@router.get("/verify")
async def find_certificate(visit: Visitor, code: Text = "") -> Response:
    """Where the code on a certificate is typed in."""
    typed = code.strip().upper()
    if _CERTIFICATE.fullmatch(typed):
        return go(f"/verify/{typed}")
    return show(visit, "verify.html", found=None, code=typed, missing=bool(typed))


@router.get("/verify/{code}")
async def verify(visit: Visitor, session: ReadSession, code: Annotated[str, Path(max_length=64)]) -> Response:
    """Whether a certificate of contribution is ours and what it says; its holder's name is masked."""
    typed = code.strip().upper()
    try:
        if not _CERTIFICATE.fullmatch(typed):
            raise NotFound
        found = VerifiedOut.of(await certificate(session, typed))
    except NotFound:
        return show(visit, "verify.html", status=404, found=None, code=typed, missing=True)
    return show(visit, "verify.html", found=found, code=typed, missing=False)


def _position(order: Sort, cursor: str) -> storefront.Position:
    tier, key, product_id, *corrected = decode_cursor(f"page:{order}", cursor)
    return storefront.Position(
        int(tier), str(key), str(UUID(str(product_id))), str(corrected[0]) if corrected else None
    )


def _cursor(order: Sort, last: storefront.Position) -> str:
    corrected = () if last.corrected is None else (last.corrected,)
    return encode_cursor(f"page:{order}", last.tier, last.key, last.product_id, *corrected)


def _tally(facets: storefront.Facets) -> dict[str, int]:
    """How many products each tick of the form would show, by the value of its field; what is not named has none."""
    kinds = [one for root in facets.get("category", ()) for one in (root, *root["children"])]
    return {
        **{one["slug"]: one["count"] for one in kinds},
        **{one["season"]: one["count"] for one in facets.get("season", ())},
        "in_stock": sum(one["count"] for one in facets.get("in_stock", ()) if one["in_stock"]),
    }


def _fen(typed: str) -> int | None:
    try:
        return parse_yuan(typed.strip())
    except ValueError:
        return None
