"""Errors on the wire: RFC 9457 ``application/problem+json``, in Chinese or English, made in this one place."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from structlog import get_logger

from app.core.db import translated
from app.core.errors import (
    DomainError,
    Fault,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    RateLimited,
    Unavailable,
)
from app.core.web.wording import part_of, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Nowhere = Callable[[Request, DomainError], Response | None]

MEDIA_TYPE = "application/problem+json"

log = get_logger("web")


class ProblemError(BaseModel):
    """One thing wrong with the request."""

    pointer: str = Field(description="JSON pointer to the field that is wrong", examples=["/items/0/quantity"])
    code: str
    detail: str
    location: str = Field("body", description="body, query, path or header")


class Problem(BaseModel):
    """RFC 9457 problem details. ``code`` is stable; ``detail`` is for people, in their language."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ProblemError] = Field(default_factory=list)


class MalformedBody(DomainError):
    """The body is not JSON, not UTF-8, or not the form that the operation takes."""

    status = 400
    code = "malformed_body"
    zh = "无法解析请求体：请发送 UTF-8 编码的有效内容。"
    en = "The body cannot be parsed; send valid content in UTF-8."


class BodyTooLarge(DomainError):
    """More bytes than the operation takes."""

    status = 413
    code = "body_too_large"
    zh = "请求体过大，上限为 {most} MiB，请压缩或分批提交。"
    en = "The body is larger than {most} MiB; make it smaller, or send it in parts."

    def __init__(self, *, most: str = "1") -> None:
        super().__init__(most=most)


class BodyTooSlow(DomainError):
    """The body did not arrive in time."""

    status = 408
    code = "body_timeout"
    zh = "请求体未在规定时间内传完，请重试。"
    en = "The body did not arrive in time; try again."


class MethodNotAllowed(DomainError):
    """The path exists, the method does not."""

    status = 405
    code = "method_not_allowed"
    zh = "该地址不支持这个请求方法。"
    en = "This address does not take that method."


class InternalError(DomainError):
    """A defect of ours. The request id finds it in the log."""

    status = 500
    code = "internal_error"
    zh = "服务器内部错误，未作任何更改。请带上 request_id 联系我们。"
    en = "An internal error; nothing was changed. Quote the request_id when you report it."


class _Generic(DomainError):
    """A status that the framework chose and no class of ours names."""

    code: ClassVar[str] = "http_error"
    zh = "无法处理该请求。"
    en = "The request cannot be handled."


_FRAMEWORK: dict[int, type[DomainError]] = {
    400: MalformedBody,
    401: NotAuthenticated,
    403: NotPermitted,
    404: NotFound,
    405: MethodNotAllowed,
    408: BodyTooSlow,
    413: BodyTooLarge,
    422: InvalidInput,
    503: Unavailable,
}

_FAULTS_ZH: dict[str, str] = {
    "missing": "缺少必填字段",
    "extra_forbidden": "不认识的字段，请检查拼写",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数，不能带小数",
    "string_type": "应为文本",
    "string_too_short": "内容过短",
    "string_too_long": "内容过长",
    "string_pattern_mismatch": "格式不正确",
    "greater_than": "数值过小",
    "greater_than_equal": "数值过小",
    "less_than": "数值过大",
    "less_than_equal": "数值过大",
    "too_short": "条目过少",
    "too_long": "条目过多",
    "list_type": "应为数组",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "enum": "不在允许的取值之内",
    "literal_error": "不在允许的取值之内",
    "uuid_parsing": "应为 UUID",
    "uuid_type": "应为 UUID",
    "date_parsing": "应为 YYYY-MM-DD 日期",
    "date_from_datetime_parsing": "应为 YYYY-MM-DD 日期",
    "datetime_parsing": "应为带时区的 RFC 3339 时间",
    "datetime_from_date_parsing": "应为带时区的 RFC 3339 时间",
    "timezone_aware": "时间必须带时区",
    "model_attributes_type": "应为 JSON 对象",
    "json_invalid": "不是有效的 JSON",
    "one_period": "请给出 year，或同时给出 from 与 to，二者取一",
    "period_order": "请同时给出 from 与 to，且 from 不晚于 to",
    "invisible": "至少要有一个看得见的字符",
    "common_password": "这个密码太常见，请换一个",
    "season_sum": "十二个月的占比之和须为 100",
    "int_parsing_size": "数值过大",
    "float_type": "应为数值",
    "float_parsing": "应为数值",
    "finite_number": "应为有限的数值",
    "string_unicode": "应为有效的 UTF-8 文本",
    "uuid_version": "应为 UUID",
    "date_type": "应为 YYYY-MM-DD 日期",
    "date_from_datetime_inexact": "应为 YYYY-MM-DD 日期，不带时间",
    "datetime_type": "应为带时区的 RFC 3339 时间",
    "datetime_object_invalid": "应为带时区的 RFC 3339 时间",
    "time_type": "应为 HH:MM 时间",
    "time_parsing": "应为 HH:MM 时间",
    "dict_type": "应为 JSON 对象",
    "model_type": "应为 JSON 对象",
    "union_tag_invalid": "不在允许的取值之内",
    "union_tag_not_found": "缺少区分类型的字段",
    "url_parsing": "应为完整的网址",
    "url_type": "应为完整的网址",
    "url_scheme": "应为 https 网址",
}
_ELSE_ZH = "内容不符合该字段的格式，请对照接口文档填写"
_STATUS_ZH = {
    401: "未登录",
    403: "没有权限",
    404: "没有找到",
    412: "内容已变化",
    422: "请求内容有误",
    429: "请求过于频繁",
}


def language_of(request: Request) -> str:
    """``en`` if the caller prefers English to Chinese, else ``zh`` (the contract's default).

    A page on which somebody chose a language says so in ``request.state.language``.
    """
    chosen: str | None = getattr(request.state, "language", None)
    if chosen is not None:
        return chosen
    best, best_quality = "zh", 0.0
    for part in request.headers.get("accept-language", "").split(",")[:10]:
        tag, _, weight = part.strip().partition(";")
        name = tag.strip().lower()[:2]
        if name not in ("zh", "en"):
            continue
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if quality > best_quality:
            best, best_quality = name, quality
    return best


def title_of(kind: type[DomainError], language: str) -> str:
    """What kind of refusal it is, in few words: the same for every one of the kind (RFC 9457 §3.1.3)."""
    if language == "en":
        return kind.code.replace("_", " ").capitalize()
    said = re.split(r"[，。；：（]", kind.zh, maxsplit=1)[0]
    return _STATUS_ZH.get(kind.status, "当前不能这样做") if "{" in said else said


def problem_body(request: Request, error: DomainError, *, location: str = "body") -> dict[str, Any]:
    """A refusal in the shape of ``Problem``."""
    language = language_of(request)
    return {
        "type": f"/problems/{error.code}",
        "title": title_of(type(error), language),
        "status": error.status,
        "detail": error.sentence(language, getattr(request.state, "roles", None)),
        "instance": request.url.path,
        "code": error.code,
        "request_id": request.scope.get("request_id", ""),
        "errors": [_wire(fault, language, location) for fault in error.faults],
    }


def problem(request: Request, error: DomainError, *, location: str = "body") -> Response:
    """The answer for a refusal."""
    language = language_of(request)
    body = problem_body(request, error, location=location)
    headers = {"Content-Language": "en" if language == "en" else "zh-CN"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _wire(fault: Fault, language: str, location: str) -> dict[str, str]:
    where, pointer = location, fault.pointer
    for name in ("query", "path", "header"):
        if pointer.startswith(f"{name}:"):
            where, pointer = name, pointer.removeprefix(f"{name}:")
    text = fault.en if language == "en" else fault.zh
    return {"pointer": pointer, "code": fault.code, "detail": text, "location": where}


def invalid(errors: Sequence[Mapping[str, Any]]) -> InvalidInput:
    """Pydantic's findings as our refusal; the values themselves are never repeated (they may be personal data)."""
    faults = []
    for found in errors[:50]:
        where, *path = found["loc"]
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path) + part_of(found)
        prefix = "" if where == "body" else f"{where}:"
        kind = str(found["type"])
        zh, en = sentences(found) or (_FAULTS_ZH.get(kind, _ELSE_ZH), str(found["msg"]))
        faults.append(Fault(f"{prefix}{pointer or '/'}" if path or pointer else f"{prefix}", kind, zh, en))
    return InvalidInput(faults=faults)


def install_handlers(app: FastAPI, *, nowhere: Nowhere | None = None) -> None:
    """One translator for refusals, framework errors, validation and defects.

    ``nowhere`` may answer in another way where nothing is at an address, or nothing to look at: people get a page.
    """

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)  # noqa: S101
        return problem(request, error)

    async def not_valid(request: Request, error: Exception) -> Response:
        return problem(request, refusal(request, error))

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        kind = _FRAMEWORK.get(error.status_code)
        if kind is None:
            kind = type("Generic", (_Generic,), {"status": error.status_code})
        page = nowhere(request, kind()) if nowhere is not None and kind in (NotFound, MethodNotAllowed) else None
        response = page or problem(request, refusal(request, error) if kind is BodyTooLarge else kind())
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    app.add_exception_handler(DomainError, refused)
    app.add_exception_handler(RequestValidationError, not_valid)
    app.add_exception_handler(HTTPException, framework)


def refusal(request: Request, error: Exception) -> DomainError:
    """What was raised as the refusal that it means; a defect is one too, and what it was is for the log alone."""
    if isinstance(error, RequestValidationError):
        found = error.errors()
        return MalformedBody() if any(item["type"] == "json_invalid" for item in found) else invalid(found)
    if isinstance(error, HTTPException):
        if error.status_code == BodyTooLarge.status:
            return BodyTooLarge(most=error.detail)
        return _FRAMEWORK.get(error.status_code, _Generic)()
    try:
        with translated():
            raise error
    except DomainError as known:
        return known
    except Exception:
        log.exception("defect", exc_info=error, request_id=request.scope.get("request_id"))
        return InternalError()


def defect(request: Request, error: Exception) -> Response:
    """The answer when something was raised that nobody had foreseen."""
    return problem(request, refusal(request, error))


def problems(*errors: type[DomainError], public: bool = False) -> dict[int | str, dict[str, Any]]:
    """The refusals of an operation, for its OpenAPI document.

    What every operation may answer (400, 405, 408, 413, 422, 429, 503) is added, and 401 and 403 unless ``public``.
    """
    everywhere: tuple[type[DomainError], ...] = (
        MalformedBody,
        BodyTooSlow,
        BodyTooLarge,
        InvalidInput,
        RateLimited,
        Unavailable,
    )
    signed_in: tuple[type[DomainError], ...] = () if public else (NotAuthenticated, NotPermitted)
    grouped: dict[int, list[type[DomainError]]] = {}
    for error in (*errors, *signed_in, *everywhere):
        kinds = grouped.setdefault(error.status, [])
        if error not in kinds:
            kinds.append(error)
    return {
        status: {
            "description": " · ".join(f"`{kind.code}` {kind.en}" for kind in kinds),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {kind.code: {"value": _example(kind)} for kind in kinds},
                }
            },
        }
        for status, kinds in sorted(grouped.items())
    }


def _example(kind: type[DomainError]) -> dict[str, Any]:
    return {
        "type": f"/problems/{kind.code}",
        "title": title_of(kind, "zh"),
        "status": kind.status,
        "detail": kind.zh,
        "instance": "/v1/…",
        "code": kind.code,
        "request_id": "01JD8Z6W3R",
        "errors": [],
    }
