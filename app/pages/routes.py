"""Pages, rendered on the server from the same use cases as the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from app.core.clock import local_day
from app.core.money import yuan
from app.core.web import Now, ReadSession, TheEdge
from app.core.web.problems import language_of
from app.identity import Public
from app.storefront import Sort, Wish, find

router = APIRouter(include_in_schema=False)

_HERE = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
)
_templates.filters["yuan"] = yuan
_STYLE = (_HERE / "static" / "style.css").read_text(encoding="utf-8")
_SHOWN = 12
_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"


@router.get("/")
async def home(
    request: Request,
    _: Public,
    session: ReadSession,
    edge: TheEdge,
    now: Now,
    lang: Annotated[Literal["zh", "en"] | None, Query()] = None,
) -> HTMLResponse:
    """The front page: what is on sale, and where the documentation is."""
    found = await find(session, Wish(), sort=Sort.SALES, limit=_SHOWN, after=None, today=local_day(now))
    page = _templates.get_template("home.html").render(
        products=json.loads(found.items),
        language=lang or language_of(request),
        sandbox=edge.settings.payments.sandbox,
        style=_STYLE,
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Vary": "Accept-Language"})
