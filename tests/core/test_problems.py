"""Errors on the wire: in the caller's language, with the id that finds them in the log."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from app.core.errors import DomainError, Fault, RateLimited
from app.core.settings import LimitSettings
from app.core.web.middleware import Surroundings
from app.core.web.problems import install_handlers, invalid, problems
from app.core.web.wording import unfit


class Gone(DomainError):
    status = 410
    code = "gone"
    zh = "{what}已经没有了。"
    en = "{what} is gone."


@pytest.fixture
async def wire():
    app = FastAPI()

    @app.get("/gone")
    async def gone() -> None:
        raise Gone(what="tea", faults=[Fault("/items/0", "gone", "没有了", "gone")])

    @app.get("/busy")
    async def busy() -> None:
        raise RateLimited(retry_after=7)

    @app.get("/defect")
    async def defect() -> None:
        raise RuntimeError("secret detail")

    @app.post("/receive")
    async def receive(request: Request) -> None:
        await request.body()

    @app.get("/typed")
    async def typed(number: int) -> int:
        return number

    install_handlers(app)
    app.add_middleware(Surroundings, limits=LimitSettings())
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://wire.test") as client:
        yield client


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("EN-us", "en"),
        ("fr,en;q=0.5,zh;q=0.4", "en"),
        ("fr", "zh-CN"),
        ("zh;q=0.1,en;q=0.2", "en"),
        ("en;q=nonsense", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("*", "zh-CN"),
        ("," * 5000, "zh-CN"),
    ],
)
async def test_the_language_is_the_callers(wire, accepted: str | None, language: str):
    answer = await wire.get("/gone", headers={"Accept-Language": accepted} if accepted is not None else {})
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == language
    problem = answer.json()
    assert problem["detail"] == ("tea is gone." if language == "en" else "tea已经没有了。")
    assert problem["errors"] == [
        {
            "pointer": "/items/0",
            "code": "gone",
            "detail": "gone" if language == "en" else "没有了",
            "location": "body",
        }
    ]


async def test_a_problem_says_what_rfc_9457_wants(wire):
    problem = (await wire.get("/gone")).json()
    assert (problem["type"], problem["title"], problem["status"]) == ("/problems/gone", "当前不能这样做", 410)
    assert (problem["instance"], problem["code"]) == ("/gone", "gone")


@pytest.mark.parametrize("given", ["abc-123", "A" * 64, "01JD8Z6W3R.x:y_z"])
async def test_a_request_id_comes_back(wire, given: str):
    answer = await wire.get("/gone", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given


@pytest.mark.parametrize("given", ["", "A" * 65, "with space", 'quote"', "<script>", "日"])
async def test_an_id_that_could_hurt_a_log_is_replaced(wire, given: str):
    answer = await wire.get("/gone", headers={"X-Request-ID": given.encode()})
    made = answer.headers["x-request-id"]
    assert made != given
    assert re.fullmatch(r"[0-9a-f-]{36}", made)
    assert answer.json()["request_id"] == made


async def test_how_long_to_wait(wire):
    answer = await wire.get("/busy")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_a_defect_tells_nothing_but_its_id(wire):
    answer = await wire.get("/defect")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_values_are_never_repeated(wire):
    answer = await wire.get("/typed", params={"number": "13800001234x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["errors"][0]["location"] == "query"
    assert answer.json()["errors"][0]["pointer"] == "/number"
    assert "13800001234" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/none", 404), ("POST", "/gone", 405)])
async def test_what_the_framework_refuses_reads_like_the_rest(wire, method: str, path: str, status: int):
    answer = await wire.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_the_document_names_each_refusal_once():
    declared = problems(Gone, Gone, RateLimited)
    assert list(declared) == sorted(declared)
    assert {410, 429, 401, 403, 422, 503} <= declared.keys()
    assert list(declared[410]["content"]["application/problem+json"]["examples"]) == ["gone"]
    assert not {401, 403} & problems(Gone, public=True).keys()


async def test_head_answers_as_get_does_without_its_content(wire):
    got, asked = await wire.get("/typed?number=12"), await wire.head("/typed?number=12")
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-length"] == got.headers["content-length"]
    assert (await wire.head("/gone")).status_code == 410


@pytest.mark.parametrize(
    ("kind", "value", "zh", "en"),
    [
        (Annotated[SecretStr, Field(min_length=8)], "short", "至少 8 个字符", "At least 8 characters"),
        (Annotated[str, Field(max_length=2)], "long", "最多 2 个字符", "At most 2 characters"),
        (Annotated[list[int], Field(min_length=1)], [], "至少 1 项", "At least 1 items"),
        (Annotated[int, Field(ge=1)], 0, "不能小于 1", "Must be 1 or more"),
        (Annotated[int, Field(lt=5)], 5, "须小于 5", "Must be less than 5"),
        (Literal["day", "month"], "foo", "只能是 day、month", "One of day, month"),
    ],
)
def test_a_fault_names_the_limit(kind, value, zh, en):
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    (fault,) = invalid([{**error, "loc": ("body", "x")} for error in refused.value.errors()]).faults
    assert (fault.zh, fault.en) == (zh, en)


async def test_a_body_that_is_too_large_is_told_how_large_it_may_be(wire):
    files = {"file": ("a.jpg", bytes((10 << 20) + 1), "image/jpeg")}
    upload = await wire.post("/receive", files=files)
    assert (upload.status_code, "10 MiB" in upload.json()["detail"]) == (413, True)
    body = await wire.post("/receive", content=bytes((1 << 20) + 1))
    assert (body.status_code, "1 MiB" in body.json()["detail"]) == (413, True)


async def test_titles_are_in_the_callers_language(wire):
    """RFC 9457 §3.1.3: the same for every refusal of the kind, except for the language."""
    for accepted, title in (("zh", "当前不能这样做"), ("en", "Gone")):
        answer = await wire.get("/gone", headers={"Accept-Language": accepted})
        assert answer.json()["title"] == title
    busy = await wire.get("/busy")
    assert busy.json()["title"] == "请求过于频繁"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_pair_is_told_in_the_callers_language(language):
    told = Gone(what=("茶", "tea")).sentence(language)
    assert told == {"zh": "茶已经没有了。", "en": "tea is gone."}[language]


def test_what_a_validator_of_ours_says_has_both_languages_and_points_at_the_part():
    class Shipment(BaseModel):
        units: int
        cases: int

        @model_validator(mode="after")
        def _fits(self) -> Shipment:
            raise unfit("箱数不能超过件数", "No more cases than units", at="/cases")

    with pytest.raises(ValidationError) as raised:
        TypeAdapter(Shipment).validate_python({"units": 1, "cases": 2})
    (fault,) = invalid([{**found, "loc": ("body", "lines", 0)} for found in raised.value.errors()]).faults
    assert fault == Fault("/lines/0/cases", "value_error", "箱数不能超过件数", "No more cases than units")
    (fault,) = invalid([{**found, "loc": ("body",)} for found in raised.value.errors()]).faults
    assert fault.pointer == "/cases"
