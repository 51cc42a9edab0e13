"""The frame around every page: templates in one language, refusals as pages, the headers of safety, styles and scripts.

Pages come from this installation alone and work without a script; the policy in their headers lets nothing else in.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from app.catalogue import CATEGORIES
from app.core.errors import DomainError, InvalidInput, NotAuthenticated, NotFound
from app.core.web import OnceCall, edge_of
from app.core.web.problems import problem_body, refusal
from app.fulfilment import CARRIERS
from app.identity import Public
from app.pages import rules
from app.pages.guards import Fields, Visit, choose_language
from app.pages.rules import audience, safe_path, words

_HERE = Path(__file__).parent.parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_STATIC = {
    file.name: file.read_bytes()
    for folder in ("static", "static/vendor")
    for file in sorted((_HERE / folder).iterdir())
    if file.suffix in _TYPES
}


@cache
def _packed(name: str) -> bytes:
    """Styles and scripts hold no secret, so packing them tells nobody anything; a phone far out loads a quarter."""
    return gzip.compress(_STATIC[name], mtime=0)


_FOREVER = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'none'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def _address(name: str) -> str:
    """Where a style or script lives; the address changes with its bytes, so it may be kept for ever."""
    return f"/static/{name}?v={hashlib.sha256(_STATIC[name]).hexdigest()[:12]}"


_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "static": _address,
    "amount": rules.Amount.of,
    "money": rules.money,
    "fresh_key": lambda: str(uuid4()),
    "roots": CATEGORIES,
    "general": {kind.code: (kind.zh, kind.en) for kind in (NotFound, InvalidInput)},
}


_DESKS = {
    "/supplier": "supplier_frame.html",
    "/partner": "partner_frame.html",
    "/office": "office_frame.html",
}
"""The frame around the pages of people at work, by where they begin."""


class Texts:
    """The words of one language, for templates: texts by key, with values put in."""

    def __init__(self, language: rules.Language) -> None:
        self._texts = words(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text with its values."""
        text = self._texts[key]
        return text.format_map({name: rules.counted(value) for name, value in values.items()}) if values else text

    def has(self, key: str) -> bool:
        """Whether there are words for what somebody else may have named."""
        return key in self._texts


@cache
def words_of(language: rules.Language) -> Texts:
    """The words of a language."""
    return Texts(language)


def show(
    visit: Visit, template: str, *, status: int = 200, refused: Mapping[str, Any] | None = None, **more: Any
) -> Response:
    """A page. ``refused`` is what a form was refused with, in the shape of ``Problem``."""

    def here(**changes: str | None) -> str:
        """The address of this page with other parameters; those that are None are left out."""
        kept = {**visit.request.query_params, **changes}
        query = urlencode({name: value for name, value in kept.items() if value not in (None, "")})
        return f"{visit.request.url.path}{'?' if query else ''}{query}"

    faults: dict[str, str] = {}
    for fault in refused["errors"] if refused else ():
        faults.setdefault(fault["pointer"].rpartition("/")[2], fault["detail"])
    settings = edge_of(visit.request).settings
    desk = _DESKS.get(visit.home)
    at_work = desk is not None and visit.request.url.path.startswith(("/account", visit.home))
    page = _templates.get_template(template).render(
        frame=desk if at_work else "frame.html",
        visit=visit,
        lang=visit.language,
        t=words_of(visit.language),
        here=here,
        path=visit.request.url.path,
        about=partial(rules.about, language=visit.language),
        day=partial(rules.day, language=visit.language),
        moment=partial(rules.moment, language=visit.language),
        month_day=partial(rules.month_day, language=visit.language),
        carrier=partial(_carrier, english=visit.language == "en"),
        refused=refused,
        faults=faults,
        sandbox=settings.payments.sandbox,
        codes_in_log=settings.sends_codes_by == "console",
        **more,
    )
    return HTMLResponse(page, status)


def _carrier(code: str, *, english: bool) -> str:
    """What a carrier is called."""
    known = CARRIERS.get(code)
    return code if known is None else known.name_en if english else known.name_zh


def go(path: str) -> Response:
    """On to another page of this shop, after a form has done its work."""
    return RedirectResponse(safe_path(path), 303)


def came_from(request: Request, default: str = "/") -> str:
    """The page of ours that held the form."""
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc != request.headers.get("host"):
        return default
    return safe_path(f"{referer.path}?{referer.query}" if referer.query else referer.path, default)


def refused_with(request: Request, error: DomainError) -> dict[str, Any]:
    """What the page shows for a refusal."""
    return problem_body(request, error)


class PageRoute(APIRoute):
    """A route whose refusals are pages, and whose answers carry the visit's cookies and the headers of safety."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap what the framework would do."""
        serve = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                response = await serve(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody is waiting for a page
                response = _refusal_page(request, _refusal(request, error))
            finally:
                await request.close()
            visit: Visit | None = getattr(request.state, "visit", None)
            if visit is not None:
                visit.dress(response)
            return _safe(response)

        return guarded


def nowhere(request: Request, error: DomainError) -> Response | None:
    """The page for a browser at an address where nothing is; None for programs, and for the addresses of the API."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return None
    if request.url.path.startswith("/v1/"):
        return None
    return _safe(_refusal_page(request, error))


def _safe(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers.setdefault("Vary", "Accept-Language, Cookie")
    return response


def _refusal(request: Request, error: Exception) -> DomainError:
    """An address that cannot be one of ours leads nowhere: it is not the visitor's form that is wrong."""
    if isinstance(error, RequestValidationError) and all(fault["loc"][0] == "path" for fault in error.errors()):
        return NotFound()
    return refusal(request, error)


def _refusal_page(request: Request, error: DomainError) -> Response:
    if isinstance(error, NotAuthenticated):
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = safe_path(asked) if request.method == "GET" else came_from(request)
        return RedirectResponse(f"/sign-in?next={quote(back, safe='/')}", 303)
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is None:
        language = choose_language(request)
        request.state.language = language
        visit = Visit(request, language, "")
    problem = refused_with(request, error)
    response = show(visit, "refusal.html", status=error.status, problem=problem, whose=audience(request.url.path))
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def once(
    visit: Visit, form: Fields, work: Callable[[AsyncSession], Awaitable[BaseModel]]
) -> tuple[UUID | None, dict[str, Any] | None]:
    """Do what a form asks, once however often it is sent: the id of what came of it, or what it was refused with.

    The form carries the key; answers are kept where those of the API are kept.
    """
    request = visit.request
    try:
        key = UUID(form["key"])
    except ValueError:
        raise rules.FormExpired from None
    said = json.dumps([request.url.path, form.said()], ensure_ascii=False).encode()
    digest, now = hashlib.sha256(said).digest(), edge_of(request).clock()
    call = OnceCall(request, visit.person.caller, f"page:{key}", digest, now)
    try:
        answer = await call.run(200, work)
    except DomainError as refused:  # the key was used for other words, or the database is away
        return None, refused_with(request, refused)
    body = json.loads(bytes(answer.body))
    return (UUID(body["id"]), None) if answer.status_code < 400 else (None, body)  # noqa: PLR2004


static = APIRouter(include_in_schema=False)


@static.get("/static/{name}")
async def get_static(_: Public, request: Request, name: Annotated[str, PathParameter(max_length=64)]) -> Response:
    """A style, a script or an icon. Its address changes with its content."""
    if name not in _STATIC:
        raise NotFound
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    content = _STATIC[name]
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = _packed(name), "gzip"
    return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)
