"""Who listens to what: the whole choreography on one screen."""

from __future__ import annotations

from app.core.events import Wiring
from app.core.settings import Settings


def build(settings: Settings) -> Wiring:
    """Connect every fact to those who react to it."""
    return Wiring()
