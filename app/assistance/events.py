"""What assistance announces. Names are stored and sent out: they never change."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from app.assistance.rules.goals import Metric
from app.core.events import Fact


class GoalReached(Fact):
    """What was counted has come up to a goal's target, once for each version of the goal.

    ``target`` and ``actual`` are in the unit of ``metric``. A refund may take the goal back below its target later.
    """

    name: ClassVar[str] = "assistance.goal_reached"
    goal_id: UUID
    code: str
    goal_name: str
    version: int
    starts_on: date
    ends_on: date
    metric: Metric
    target: int
    actual: int

    @property
    def subject(self) -> UUID:
        """The goal."""
        return self.goal_id
