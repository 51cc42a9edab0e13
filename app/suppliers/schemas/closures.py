"""The wire format of days on which a supplier ships nothing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.web import Body, Out
from app.core.web.schemas import NO_CONTROL
from app.suppliers.rules.closures import Closure, ClosureReason

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=NO_CONTROL)]


class ClosureIn(Body):
    """Days on which nothing is shipped."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from_on": "2027-02-03",
                    "to_on": "2027-02-12",
                    "reason": "spring_festival",
                    "note": "祝大家新年好，初七恢复发货",
                }
            ]
        }
    )
    from_on: date = Field(description="The first day, today at the earliest")
    to_on: date = Field(description="The last day; at most 60 days in all")
    reason: ClosureReason
    note: Note | None = Field(None, description="Shown to buyers")


class ClosureChangeIn(Body):
    """Fewer days than announced; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to_on": "2027-02-10"}]})
    from_on: date | None = None
    to_on: date | None = None


class ClosureOut(Out):
    """Days on which the supplier ships nothing, the first and the last included."""

    id: UUID
    from_on: date
    to_on: date
    reason: ClosureReason
    note: str | None
    withdrawn: bool = Field(description="Taken back before its first day")

    @classmethod
    def of(cls, closure: Closure) -> Self:
        """From the value."""
        return cls.model_validate(closure)
