"""Who is looking at a page, and whether a form is ours.

A browser carries its sign-in in two cookies that no script can read: the access token, and the refresh token that
continues it. A third names the browser's visit; every form holds a token that only we can make from it. Pages name
one of ``Visitor``, ``SignedIn``, ``Customer``, ``Seller``, ``Purchaser``, ``Official`` and ``Registrar``; what takes a
form names ``Posted`` besides.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData, UploadFile

from app import identity
from app.core.errors import NotAuthenticated, NotPermitted
from app.core.sealing import keys
from app.core.web import edge_of
from app.core.web.problems import language_of
from app.fulfilment import CARRIERS
from app.identity import Actor, Role
from app.pages.rules import LANGUAGES, FormExpired, Language, audience

_ACCESS, _REFRESH, _VISIT, _LANGUAGE, _CART = "bj_access", "bj_refresh", "bj_visit", "bj_lang", "bj_cart"
_CARRIER = "bj_carrier"
_YEAR = 365 * 86_400
_VISIT_BYTES = 18
_LONGEST_COOKIE, _LONGEST_CART = 2048, 42
_SAFE = frozenset(("GET", "HEAD"))
_LEEWAY = timedelta(seconds=30)
"""A browser sends a page and its polls at once, and a phone loses answers: within this time a sign-in goes on."""


@dataclass(slots=True)
class Visit:
    """One request of one browser: its language, who is signed in, and the cookies that its answer will set."""

    request: Request
    language: Language
    visit_id: str
    actor: Actor | None = None
    cookies: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Value and seconds to live by name; no seconds means: forget it."""

    @property
    def is_buyer(self) -> bool:
        """Whether a buyer is signed in."""
        return self.actor is not None and Role.BUYER in self.actor.roles

    @property
    def is_seller(self) -> bool:
        """Whether somebody of a supplier is signed in."""
        return self.actor is not None and Role.SUPPLIER in self.actor.roles and self.actor.supplier_id is not None

    @property
    def is_purchaser(self) -> bool:
        """Whether somebody of a supermarket is signed in."""
        return self.actor is not None and Role.PARTNER in self.actor.roles and self.actor.partner_id is not None

    @property
    def is_official(self) -> bool:
        """Whether somebody who may see the office's figures is signed in: its officers, and the operators."""
        return self.actor is not None and bool({Role.OFFICER, Role.OPERATOR} & self.actor.roles)

    @property
    def is_registrar(self) -> bool:
        """Whether an officer is signed in: who alone may look into the register of households."""
        return self.actor is not None and Role.OFFICER in self.actor.roles

    @property
    def role(self) -> Role | None:
        """As whom the pages serve somebody who is signed in: whoever buys is a buyer first."""
        if self.actor is None:
            return None
        if self.is_buyer:
            return Role.BUYER
        return next((role for role in Role if role in self.actor.roles), None)

    @property
    def home(self) -> str:
        """Where whoever is signed in begins. Operators work through the API; here is their account."""
        if self.is_buyer or self.actor is None:
            return "/"
        if self.is_seller:
            return "/supplier"
        if self.is_purchaser:
            return "/partner"
        return "/office" if Role.OFFICER in self.actor.roles else "/account"

    def may_see(self, path: str) -> bool:
        """Whether the page at ``path`` is not one of somebody else's."""
        may = {
            "buyer": self.is_buyer,
            "supplier": self.is_seller,
            "partner": self.is_purchaser,
            "office": self.is_official,
            None: True,
        }
        return may[audience(path)]

    @property
    def person(self) -> Actor:
        """Who is signed in: the route's guard has seen to it."""
        if self.actor is None:
            raise NotAuthenticated
        return self.actor

    @property
    def buyer(self) -> Actor:
        """The buyer who is signed in: ``Customer`` has seen to it."""
        return self.person

    @property
    def supplier_id(self) -> UUID:
        """The supplier for whom somebody is signed in: ``Seller`` has seen to it."""
        supplier_id = self.person.supplier_id
        if supplier_id is None:
            raise NotPermitted
        return supplier_id

    @property
    def partner_id(self) -> UUID:
        """The supermarket for which somebody is signed in: ``Purchaser`` has seen to it."""
        partner_id = self.person.partner_id
        if partner_id is None:
            raise NotPermitted
        return partner_id

    @property
    def form_token(self) -> str:
        """What every form of this visit carries."""
        mark = keys().blind(self.visit_id, "page_form")
        return base64.urlsafe_b64encode(mark[:_VISIT_BYTES]).decode()

    @property
    def cart_id(self) -> UUID | None:
        """The cart that this browser holds."""
        try:
            return UUID(self._cart[0])
        except ValueError:
            return None

    @property
    def cart_count(self) -> int:
        """How many pieces lay in the cart when this browser last looked: for the badge, so that no page must ask."""
        return int(self._cart[1]) if self._cart[1].isdecimal() else 0

    @property
    def _cart(self) -> tuple[str, str]:
        kept = self.cookies[_CART][0] if _CART in self.cookies else _cookie(self.request, _CART)
        cart_id, _, count = kept[:_LONGEST_CART].partition(".")
        return cart_id, count

    def keep_cart(self, cart_id: UUID, count: int) -> None:
        """Remember the cart, longer than the sign-in lasts."""
        self.cookies[_CART] = (f"{cart_id}.{count}", _YEAR)

    @property
    def carrier(self) -> str:
        """The carrier that this browser used last: most suppliers have one."""
        code = _cookie(self.request, _CARRIER)
        return code if code in CARRIERS else ""

    def keep_carrier(self, code: str) -> None:
        """Remember the carrier for the next parcel."""
        self.cookies[_CARRIER] = (code, _YEAR)

    def welcome(self, tokens: identity.Tokens) -> None:
        """Somebody has signed in: the browser gets the tokens, and forms made before are void."""
        self.visit_id = secrets.token_urlsafe(_VISIT_BYTES)
        self.cookies[_VISIT] = (self.visit_id, _YEAR)
        self.keep_tokens(tokens)

    def keep_tokens(self, tokens: identity.Tokens) -> None:
        """The sign-in goes on with these."""
        lifetime = edge_of(self.request).settings.identity.refresh_days * 86_400
        self.cookies[_ACCESS] = (tokens.access_token, tokens.expires_in)
        self.cookies[_REFRESH] = (tokens.refresh_token, lifetime)

    @property
    def refresh_token(self) -> str:
        """What continues the sign-in; empty when nobody is signed in."""
        return _cookie(self.request, _REFRESH)

    def end(self) -> None:
        """The sign-in is over. The cart stays where it is."""
        self.actor = None
        self.cookies |= {_ACCESS: ("", 0), _REFRESH: ("", 0)}

    def leave(self) -> None:
        """Somebody has signed out, and whoever comes next to this browser sees nothing of theirs."""
        self.end()
        self.cookies[_CART] = ("", 0)

    def dress(self, response: Response) -> None:
        """Set the cookies on the answer."""
        secure = self.request.url.scheme == "https"
        for name, (value, seconds) in self.cookies.items():
            response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def choose_language(request: Request) -> Language:
    """``?lang=`` if it names one of ours, else the cookie, else what the browser prefers."""
    for wanted in (request.query_params.get("lang", ""), _cookie(request, _LANGUAGE)):
        for language in LANGUAGES:
            if wanted == language:
                return language
    return "en" if language_of(request) == "en" else "zh"


async def _visit(request: Request) -> Visit:
    """Anybody. Writes count against the caller who is signed in, else against the address they come from."""
    visit = Visit(request, choose_language(request), _cookie(request, _VISIT))
    request.state.language, request.state.visit = visit.language, visit
    if request.query_params.get("lang") == visit.language:
        visit.cookies[_LANGUAGE] = (visit.language, _YEAR)
    if not visit.visit_id:
        visit.visit_id = secrets.token_urlsafe(_VISIT_BYTES)
        visit.cookies[_VISIT] = (visit.visit_id, _YEAR)
    if access_token := _cookie(request, _ACCESS):
        visit.actor = await identity.recognise(request, access_token)
    if visit.actor is None and visit.refresh_token:
        await _go_on(request, visit)
    if visit.actor is None and request.method not in _SAFE:
        await edge_of(request).limits.anonymous_write(identity.address_of(request))
    return visit


async def _go_on(request: Request, visit: Visit) -> None:
    """The access token is over: the refresh token gets the browser another."""
    edge = edge_of(request)
    async with edge.db.write() as session:
        tokens = await identity.continue_sign_in(
            session, visit.refresh_token, edge.settings.identity, edge.clock(), leeway=_LEEWAY
        )
    if tokens is None:
        visit.end()
    else:
        visit.keep_tokens(tokens)
        visit.actor = await identity.recognise(request, tokens.access_token)


async def renew(visit: Visit) -> None:
    """What the person may do has changed: the browser gets tokens that say so, or is signed out."""
    await _go_on(visit.request, visit)


Visitor = Annotated[Visit, Depends(_visit)]


async def _signed_in(visit: Visitor) -> Visit:
    """Anybody who is signed in. Raises ``NotAuthenticated``."""
    if visit.actor is None:
        raise NotAuthenticated
    return visit


SignedIn = Annotated[Visit, Depends(_signed_in)]


async def _customer(visit: Visitor) -> Visit:
    """A buyer who is signed in. Raises ``NotAuthenticated`` and ``NotPermitted``."""
    if visit.actor is None:
        raise NotAuthenticated
    if not visit.is_buyer:
        raise NotPermitted
    return visit


Customer = Annotated[Visit, Depends(_customer)]


async def _seller(visit: Visitor) -> Visit:
    """Somebody of a supplier who is signed in. Raises ``NotAuthenticated`` and ``NotPermitted``."""
    if visit.actor is None:
        raise NotAuthenticated
    if not visit.is_seller:
        raise NotPermitted
    return visit


Seller = Annotated[Visit, Depends(_seller)]


async def _purchaser(visit: Visitor) -> Visit:
    """Somebody of a supermarket who is signed in. Raises ``NotAuthenticated`` and ``NotPermitted``."""
    if visit.actor is None:
        raise NotAuthenticated
    if not visit.is_purchaser:
        raise NotPermitted
    return visit


Purchaser = Annotated[Visit, Depends(_purchaser)]


async def _official(visit: Visitor) -> Visit:
    """Somebody of the office who is signed in. Raises ``NotAuthenticated`` and ``NotPermitted``."""
    if visit.actor is None:
        raise NotAuthenticated
    if not visit.is_official:
        raise NotPermitted
    return visit


Official = Annotated[Visit, Depends(_official)]


async def _registrar(visit: Official) -> Visit:
    """An officer who is signed in, and no operator in their place. Raises ``NotPermitted``."""
    if not visit.is_registrar:
        raise NotPermitted
    return visit


Registrar = Annotated[Visit, Depends(_registrar)]


class Fields:
    """What a form says. A field that is absent is empty text; of text, the ends are trimmed."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def __getitem__(self, name: str) -> str:
        return self.untrimmed(name).strip()

    def untrimmed(self, name: str) -> str:
        """As typed: a password may begin or end with a space."""
        value = self._data.get(name, "")
        return value if isinstance(value, str) else ""

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field that may be ticked or filled in more than once."""
        return [value.strip() for value in self._data.getlist(name) if isinstance(value, str)]

    def files(self, name: str) -> Sequence[UploadFile]:
        """The files that were chosen; a field left empty has none."""
        return [value for value in self._data.getlist(name) if isinstance(value, UploadFile) and value.filename]

    def names(self, prefix: str) -> Sequence[str]:
        """The names of the fields that begin so, without the beginning."""
        return [name.removeprefix(prefix) for name in self._data if name.startswith(prefix)]

    def said(self) -> list[tuple[str, str]]:
        """Everything but the form's token, for telling one request from another."""
        return sorted(
            (name, value if isinstance(value, str) else f"{value.filename}:{value.size}")
            for name, value in self._data.multi_items()
            if name != "form_token"
        )


async def _posted(request: Request, visit: Visitor) -> Fields:
    """What a form of ours says. Raises ``FormExpired`` for one that another site sent or that is not of this visit."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise FormExpired
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise FormExpired
    data = await request.form(max_files=9, max_fields=400)
    token = data.get("form_token", "")
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), visit.form_token.encode()):
        raise FormExpired
    return Fields(data)


Posted = Annotated[Fields, Depends(_posted)]


def _cookie(request: Request, name: str) -> str:
    value = request.cookies.get(name, "")
    return value if len(value) <= _LONGEST_COOKIE else ""
