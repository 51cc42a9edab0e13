"""Who may call: every route names one of these guards.

A guard costs no statement for an access token: tokens that were verified are remembered until they expire, because
verifying one takes as long as a simple query. An API key is looked up at most once in two seconds per process.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, OAuth2PasswordBearer
from fastapi.security.base import SecurityBase

from app.core.errors import NotAuthenticated, NotPermitted
from app.core.trail import Act, begin
from app.core.web import edge_of
from app.identity import queries, service
from app.identity.rules import STAFF_OF_THE_OFFICE, Actor, InsufficientScope, Role, scope_for

_KEY_SECONDS = 2.0
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))

_password_flow = OAuth2PasswordBearer(
    tokenUrl="/v1/auth/token",
    scheme_name="sign_in",
    description="Sign in with user name or phone, and password.",
    refreshUrl="/v1/auth/token",
    auto_error=False,
)
_api_key = HTTPBearer(
    scheme_name="api_key", description="An API key of a supplier or partner, or an access token.", auto_error=False
)

K = TypeVar("K")


class _Remembered(Generic[K]):
    """Actors by credential, the least recently used forgotten first; times are seconds since the epoch."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, tuple[Actor, float, float]] = OrderedDict()

    def find(self, credential: K, second: float) -> Actor | None:
        """The actor, unless what we know is too old (or from the future, when the clock was set back)."""
        kept = self._kept.get(credential)
        if kept is None:
            return None
        actor, since, until = kept
        if not since <= second < until:
            del self._kept[credential]
            return None
        self._kept.move_to_end(credential)
        return actor

    def keep(self, credential: K, actor: Actor, since: float, until: float) -> None:
        """Remember ``actor`` for that time."""
        self._kept[credential] = (actor, since, until)
        self._kept.move_to_end(credential)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, credential: K) -> None:
        """As if never met."""
        self._kept.pop(credential, None)


_tokens: _Remembered[str] = _Remembered(10_000)
_keys: _Remembered[bytes] = _Remembered(1_000)


def forget_key(digest: bytes) -> None:
    """Let a revoked key stop at once in this process; others forget it within two seconds."""
    _keys.forget(digest)


async def _identify(request: Request) -> Actor | None:
    """Who sends this request; None without a good credential. Counts the call against that caller."""
    kind, _, credential = request.headers.get("authorization", "").partition(" ")
    credential = credential.strip()
    if kind.lower() != "bearer" or not credential:
        return None
    if credential.startswith(service.KEY_PREFIX):
        return await _counted(request, await _holder_of_key(request, credential, edge_of(request).clock()))
    return await recognise(request, credential)


async def recognise(request: Request, access_token: str) -> Actor | None:
    """Who signed in with this access token, wherever the request carries it; None unless it is ours and good.

    Counts the call against that caller. Raises ``RateLimited``.
    """
    return await _counted(request, _holder_of_token(request, access_token, edge_of(request).clock()))


async def _counted(request: Request, actor: Actor | None) -> Actor | None:
    if actor is not None:
        request.state.caller, request.state.roles = actor.caller, actor.roles
        await edge_of(request).limits.caller(actor.caller)
        if request.method not in _SAFE and not STAFF_OF_THE_OFFICE.isdisjoint(actor.roles):
            begin(_act(request, actor))
    return actor


def _act(request: Request, actor: Actor) -> Act:
    route: Any = request.scope.get("route")
    return Act(
        at=edge_of(request).clock(),
        account_id=actor.account_id,
        role=Role.OPERATOR if Role.OPERATOR in actor.roles else Role.OFFICER,
        operation=str(getattr(route, "operation_id", None) or getattr(route, "name", "unknown")),
        method=request.method,
        path=request.url.path,
        about=tuple(str(value) for value in request.path_params.values()),
        request_id=request.scope.get("request_id"),
    )


def _holder_of_token(request: Request, token: str, now: datetime) -> Actor | None:
    second = now.timestamp()
    if (known := _tokens.find(token, second)) is not None:
        return known
    read = service.read_access_token(token, edge_of(request).settings.identity, now)
    if read is None:
        return None
    actor, expires = read
    _tokens.keep(token, actor, second, expires)
    return actor


async def _holder_of_key(request: Request, key: str, now: datetime) -> Actor | None:
    if not service.is_well_formed(key):
        return None
    digest, second = service.digest_of(key), now.timestamp()
    if (known := _keys.find(digest, second)) is not None:
        return known
    async with edge_of(request).db.read() as session:
        actor = await queries.actor_of_key(session, digest)
    if actor is not None:
        _keys.keep(digest, actor, second, second + _KEY_SECONDS)
    return actor


class _Guard(SecurityBase):
    """Lets in who has one of ``roles``, or everybody who is signed in when there are none.

    It is the security scheme itself and not a function that depends on one: every dependency costs each request some
    tens of microseconds.
    """

    model = _password_flow.model
    scheme_name = _password_flow.scheme_name

    def __init__(self, *roles: Role) -> None:
        self._roles = frozenset(roles)

    async def __call__(self, request: Request) -> Actor:
        return await self.admit(request)

    async def admit(self, request: Request) -> Actor:
        """Who calls. Raises ``NotAuthenticated``, ``NotPermitted``, ``InsufficientScope`` and ``RateLimited``."""
        actor = await _identify(request)
        if actor is None:
            raise NotAuthenticated
        if self._roles and not self._roles & actor.roles:
            raise NotPermitted
        if Role.SUPPLIER in self._roles and actor.supplier_id is None:
            raise NotPermitted
        if Role.PARTNER in self._roles and actor.partner_id is None:
            raise NotPermitted
        if actor.scopes is not None:
            _refuse_beyond(actor.scopes, request.method, request.url.path)
        if self._roles:
            request.state.roles = self._roles & actor.roles
        return actor


def _refuse_beyond(scopes: frozenset[str], method: str, path: str) -> None:
    """A limited key does what its scopes say and can ask whose it is; where no scope leads it never gets."""
    if (method, path) == ("GET", "/v1/auth/me"):
        return
    needed = scope_for(method, path)
    if needed is None or needed not in scopes:
        raise InsufficientScope(needed=needed or "—")


class _GuardWithKeys(_Guard):
    """The same where an API key may stand in for a sign-in; the document shows both."""

    async def __call__(
        self, request: Request, _key: Annotated[HTTPAuthorizationCredentials | None, Depends(_api_key)] = None
    ) -> Actor:
        return await self.admit(request)


async def _public(request: Request) -> None:
    """Anybody. Writes count against the caller who is signed in, else against the address they come from."""
    if request.method in _SAFE or await _identify(request) is not None:
        return
    await edge_of(request).limits.anonymous_write(address_of(request))


async def _visitor(request: Request) -> Actor | None:
    """Anybody, and who it is if they are signed in. Writes of others count against the address they come from."""
    actor = await _identify(request)
    if actor is None and request.method not in _SAFE:
        await edge_of(request).limits.anonymous_write(address_of(request))
    return actor


def address_of(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client else "unknown"


SignedIn = Annotated[Actor, Depends(_GuardWithKeys())]
Buyer = Annotated[Actor, Depends(_Guard(Role.BUYER))]
SupplierStaff = Annotated[Actor, Depends(_GuardWithKeys(Role.SUPPLIER))]
PartnerStaff = Annotated[Actor, Depends(_GuardWithKeys(Role.PARTNER))]
Officer = Annotated[Actor, Depends(_Guard(Role.OFFICER, Role.OPERATOR))]
OfficerAlone = Annotated[Actor, Depends(_Guard(Role.OFFICER))]
"""Where operators may not stand in: the register of households is no business of the marketplace's."""
Operator = Annotated[Actor, Depends(_Guard(Role.OPERATOR))]
Public = Annotated[None, Depends(_public)]
Visitor = Annotated[Actor | None, Depends(_visitor)]
