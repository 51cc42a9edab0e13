"""Routes are found by the words of a path, not by trying hundreds of patterns one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.routing import BaseRoute

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Words = tuple[str | None, ...]
"""A path, segment by segment; None stands for what no route says literally: ids, slugs, codes."""

_MOST_SHAPES = 4_096
"""Shapes of paths that are remembered, if any route fits them; any more were made up by somebody."""


class Shortlist:
    """In front of a router: lets a request be tried only by those of its routes whose words are those of its path.

    Which of them takes it, or that none does (404) or none by that method (405), is still decided by the router's own
    code, over the routes in their own order.
    """

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._routes = [(route, _segments(route)) for route in router.routes]
        self._known = {segment for _, segments in self._routes for segment in segments or () if segment is not None}
        self._found: dict[Words, APIRouter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope.get("root_path"):
            await self._router.app(scope, receive, send)
            return
        scope["router"] = self._router
        words = tuple([word if word in self._known else None for word in scope["path"].split("/")])
        router = self._found.get(words)
        if router is None:
            router = self._among(words)
            if router.routes and len(self._found) < _MOST_SHAPES:
                self._found[words] = router
        await router.app(scope, receive, send)

    def _among(self, words: Words) -> APIRouter:
        fitting = [route for route, segments in self._routes if segments is None or _fits(segments, words)]
        return APIRouter(routes=fitting, redirect_slashes=False, default=self._router.default)


def _segments(route: BaseRoute) -> Words | None:
    """The segments of a route's path, with None for each that holds a parameter; None if any path may be its own."""
    path: str | None = getattr(route, "path", None)
    if path is None or not hasattr(route, "path_regex") or not hasattr(route, "methods") or ":path}" in path:
        return None
    return tuple(None if "{" in segment else segment for segment in path.split("/"))


def _fits(segments: Sequence[str | None], words: Words) -> bool:
    return len(segments) == len(words) and all(
        segment is None or segment == word for segment, word in zip(segments, words, strict=True)
    )
