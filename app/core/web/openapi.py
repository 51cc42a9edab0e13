"""The document at ``/openapi.json``, made complete: what the framework cannot know is added here, once."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.web.once import IF_GIVEN
from app.core.web.problems import Problem, ProblemError

_REQUIRED_HEADERS = ("Idempotency-Key", "If-Match")
_REF = "#/components/schemas/{model}"


def install_openapi(app: FastAPI) -> None:
    """Let ``app.openapi()`` include the problem schemas and say which guarded headers are required."""

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
    return _named_well(document)


def _named_well(document: dict[str, Any]) -> dict[str, Any]:
    """Models of one name in several modules are told apart by their module's: ``ClaimsKind``, not where they are kept.

    The framework calls them ``app__claims__rules__Kind``, and ``Outcome-Output`` what is only ever given. Raises
    ``ValueError`` where a name is another's.
    """
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    clean: dict[str, str] = {}
    for kept in schemas:
        _, *module, model = kept.removesuffix("-Output").split("__") if "__" in kept else ("", kept)
        clean[kept] = f"{module[0].capitalize() if module else ''}{model.removesuffix('-Output')}"
    if len(set(clean.values())) < len(clean):
        raise ValueError(f"two schemas would have one name: {sorted(clean.values())}")
    for kept, name in clean.items():
        for form in ("{model}", _REF) if kept != name else ():
            text = text.replace(f'"{form.format(model=kept)}"', f'"{form.format(model=name)}"')
    named: dict[str, Any] = json.loads(text)
    for kept, name in clean.items():
        if kept != name:
            named["components"]["schemas"][name]["title"] = name
    return named


def _require(parameter: dict[str, Any]) -> None:
    parameter["required"] = not parameter.get("description", "").startswith(IF_GIVEN)
    is_key = parameter["name"] == "Idempotency-Key"
    parameter["schema"] = (
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$", "title": "Idempotency-Key"}
        if is_key
        else {"type": "string", "minLength": 1, "maxLength": 64, "pattern": '^"?[0-9]{1,9}"?$', "title": "If-Match"}
    )
    parameter["example"] = "order-2026-11-20-001" if is_key else '"1"'
