"""Refusals. A use case raises the sentence a caller would say; the web edge turns it into RFC 9457 in one place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: a JSON pointer into its body, a stable code and a sentence per language."""

    pointer: str
    code: str
    zh: str
    en: str


class DomainError(Exception):
    """A foreseeable refusal.

    Subclasses fix ``status`` (HTTP), ``code`` (stable, snake_case) and a sentence in Chinese and English that says
    what to do; ``{names}`` in the sentences are filled from the keyword arguments: a pair is Chinese and English.
    """

    status: ClassVar[int] = 409
    code: ClassVar[str] = "conflict"
    zh: ClassVar[str] = "当前状态不允许这个操作。"
    en: ClassVar[str] = "The current state does not allow this."

    def __init__(self, *, faults: Sequence[Fault] = (), retry_after: int | None = None, **params: object) -> None:
        super().__init__(self.en.format_map(params) if params else self.en)
        self.faults = tuple(faults)
        self.retry_after = retry_after
        self.params = params

    def sentence(self, language: str, roles: Collection[str] | None = None) -> str:  # noqa: ARG002 - see StepRefused
        """What to tell the person, in ``zh`` or ``en``; ``roles`` are those in which they ask, where that is known."""
        text = self.en if language == "en" else self.zh
        told = {
            name: value[language == "en"] if isinstance(value, tuple) else value for name, value in self.params.items()
        }
        return text.format_map(told) if told else text


class InvalidInput(DomainError):
    """The request cannot be understood; ``faults`` say where."""

    status = 422
    code = "invalid_input"
    zh = "请求内容有误，请按 errors 中的提示修改后重试。"
    en = "The request is not valid; correct what `errors` points at and try again."


class StaleVersion(DomainError):
    """Somebody changed the object in between."""

    status = 412
    code = "stale_version"
    zh = "内容已被他人修改，请重新读取后再改。"
    en = "The object was changed in between; read it again and repeat the edit."


class NotAuthenticated(DomainError):
    """Nobody is signed in, or the token is stale or forged."""

    status = 401
    code = "not_authenticated"
    zh = "请先登录；令牌缺失、过期或无效。"
    en = "Sign in first: the token is missing, expired or not valid."


class NotPermitted(DomainError):
    """Signed in, but with another role."""

    status = 403
    code = "not_permitted"
    zh = "当前账号没有这个操作的权限。"
    en = "Your account may not do this."


class NotFound(DomainError):
    """No such object, or it belongs to somebody else, which is the same answer."""

    status = 404
    code = "not_found"
    zh = "没有找到该资源。"
    en = "There is no such resource."


class RateLimited(DomainError):
    """Too many calls; ``retry_after`` says how many seconds to wait."""

    status = 429
    code = "rate_limited"
    zh = "请求过于频繁，请稍后再试。"
    en = "Too many requests; wait as long as Retry-After says."


class Unavailable(DomainError):
    """The database is away for a moment; nothing was changed."""

    status = 503
    code = "temporarily_unavailable"
    zh = "服务暂时不可用，未作任何更改，请稍后重试。"
    en = "The service is unavailable for a moment; nothing was changed. Try again shortly."
