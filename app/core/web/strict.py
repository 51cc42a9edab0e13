"""Query parameters that an operation does not know are refused where they would mislead.

A misspelt filter of a report would be answered with figures of everything. Public pages take whatever links carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.core.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

STRICT: Final = ("/v1/office/", "/v1/operator/", "/v1/supplier/", "/v1/partner/")
"""Whoever calls these is answered for their own or the public's money."""


def refuse_unknown_parameters(route: BaseRoute) -> None:
    """Let a route of a strict audience raise ``InvalidInput`` for names that it does not know, before all else."""
    if not isinstance(route, APIRoute) or not route.path.startswith(STRICT):
        return
    known = frozenset(
        field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, params.Query)
    )
    route.app = _strict(route.app, known)


def _strict(app: ASGIApp, known: frozenset[str]) -> ASGIApp:
    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if query := scope.get("query_string"):
            given = dict.fromkeys(name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
            zh, en = "没有这个查询参数，请检查拼写", "The operation has no such parameter; check its spelling"
            if faults := [Fault(f"query:/{name}", "extra_forbidden", zh, en) for name in given if name not in known]:
                raise InvalidInput(faults=faults[:50])
        await app(scope, receive, send)

    return guarded
