"""A question that rides along: one module's statement answers another's, where a round trip costs more than both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString


@dataclass(frozen=True, slots=True)
class Aside:
    """A scalar expression in SQL over its module's own tables, and the parameters that it binds.

    Whoever carries it says to which column of theirs it may refer. It is for the busiest paths alone: anywhere else a
    module asks for itself.
    """

    sql: LiteralString
    parameters: Mapping[str, Any] = field(default_factory=dict)


def together(*asides: Aside) -> Aside:
    """Several questions as one: a JSON array of what each says. They must name their parameters apart."""
    parameters: dict[str, Any] = {}
    for aside in asides:
        parameters |= aside.parameters
    return Aside(f"json_build_array({', '.join(aside.sql for aside in asides)})", parameters)
