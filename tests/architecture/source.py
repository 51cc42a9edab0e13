"""The source of the house as trees, read once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import app

HOUSE = Path(app.__path__[0])
CHECKOUT = HOUSE.parent
COMPOSITION_ROOTS = frozenset(
    {"main", "worker", "cli", "launcher", "staffing", "loading", "surroundings", "wiring", "demo"}
)
MODULES = tuple(
    sorted(found.parent.name for found in HOUSE.glob("*/__init__.py") if found.parent.name not in {"core", "demo"})
)


@dataclass(frozen=True)
class Source:
    path: Path
    tree: ast.Module

    @property
    def where(self) -> str:
        return str(self.path.relative_to(CHECKOUT))

    @property
    def module(self) -> str:
        """The module that this file belongs to: ``orders``, ``core``, ``main``."""
        return self.path.relative_to(HOUSE).parts[0].removesuffix(".py")

    @property
    def role(self) -> str:
        """Its word of the vocabulary: ``service`` for ``orders/service/place.py``."""
        parts = self.path.relative_to(HOUSE).parts
        return parts[1].removesuffix(".py") if len(parts) > 1 else parts[0].removesuffix(".py")


@cache
def sources() -> tuple[Source, ...]:
    return tuple(Source(path, ast.parse(path.read_text())) for path in sorted(HOUSE.rglob("*.py")))
