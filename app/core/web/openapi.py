"""The document at ``/openapi.json``, made complete: what the framework cannot know is added here, once."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.web.problems import Problem, ProblemError

_REQUIRED_HEADERS = ("Idempotency-Key", "If-Match")
_REF = "#/components/schemas/{model}"


def install_openapi(app: FastAPI) -> None:
    """Let ``app.openapi()`` include the problem schemas and say that guarded headers are required."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    summary=app.summary,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                    license_info=app.license_info,
                )
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=_REF)
    problem.pop("$defs", None)
    schemas["Problem"] = problem
    schemas["ProblemError"] = ProblemError.model_json_schema(ref_template=_REF)
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "header" and parameter["name"] in _REQUIRED_HEADERS:
                    _require(parameter)
    return document


def _require(parameter: dict[str, Any]) -> None:
    parameter["required"] = True
    is_key = parameter["name"] == "Idempotency-Key"
    parameter["schema"] = (
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$", "title": "Idempotency-Key"}
        if is_key
        else {"type": "string", "minLength": 1, "maxLength": 64, "pattern": '^"?[0-9]{1,9}"?$', "title": "If-Match"}
    )
    parameter["example"] = "order-2026-11-20-001" if is_key else '"1"'
