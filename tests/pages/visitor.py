"""A browser without its looks: keeps cookies, follows links and sends the forms that it finds on pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import httpx

_VOID = frozenset(("area", "br", "hr", "img", "input", "link", "meta", "source", "use", "wbr"))


class _Reader(HTMLParser):
    """Forms with their fields, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.text: list[str] = []
        self.foreign: list[str] = []
        self._langs: list[str] = []
        self._form: dict[str, Any] | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag not in _VOID:
            inherited = self._langs[-1] if self._langs and tag != "title" else ""  # a title may be a product's name
            self._langs.append(found.get("lang") or inherited)
        if tag == "form":
            self._form = {"action": found.get("action"), "method": found.get("method", "get"), "fields": {}}
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "select":
            self._select = found.get("name")
        elif tag == "option" and self._select and ("selected" in found or self._select not in self._form["fields"]):
            self._form["fields"][self._select] = found.get("value") or ""
        elif tag in ("input", "textarea", "button") and found.get("name"):
            if tag == "button" or (found.get("type") in ("checkbox", "radio") and "checked" not in found):
                return
            self._form["fields"][found["name"]] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._langs.pop()
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._langs and self._langs[-1] == "en" and re.search("[一-鿿]", data):
            self.foreign.append(data)


class Visitor:
    """Somebody with a browser, on ``app``."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url="http://market.test",
            headers=headers,
        )
        self.answer = httpx.Response(200)
        self.page = _Reader()

    async def see(self, path: str, expected: int = 200) -> str:
        """Go to a page and give its text."""
        self._read(await self.http.get(path, follow_redirects=True))
        assert self.answer.status_code == expected, self.text
        return self.text

    async def send(self, action: str, expected: int = 200, **fields: str) -> str:
        """Fill in the form on the page that goes to ``action``, send it, and give the text of what comes back."""
        (form, *_) = [form for form in self.page.forms if form["action"] == action]
        return await self.post(action, {**form["fields"], **fields}, expected)

    async def post(self, action: str, fields: dict[str, Any], expected: int = 200, **headers: str) -> str:
        headers = {"Origin": "http://market.test", "Referer": str(self.answer.url), **headers}
        self._read(await self.http.post(action, data=fields, headers=headers, follow_redirects=True))
        assert self.answer.status_code == expected, self.text
        return self.text

    def fields(self, action: str) -> dict[str, str]:
        """What the form on the page that goes to ``action`` holds."""
        return next(form["fields"] for form in self.page.forms if form["action"] == action)

    @property
    def path(self) -> str:
        """Where we are."""
        return self.answer.url.raw_path.decode()

    @property
    def text(self) -> str:
        """The words on the page."""
        return re.sub(r"\s+", " ", " ".join(self.page.text))

    @property
    def foreign(self) -> list[str]:
        """What an English page says in Chinese without telling that it is Chinese."""
        return self.page.foreign

    def _read(self, answer: httpx.Response) -> None:
        self.answer, self.page = answer, _Reader()
        self.page.feed(answer.text)
