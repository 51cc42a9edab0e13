"""The wire's own types: bodies refuse unknown fields, and nothing a client sends can make PostgreSQL stumble."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.core.web.wording import unfit

T = TypeVar("T")

# Nor what turns the direction of text, so that a name reads otherwise than it is written (Unicode UAX #9 §2).
NO_CONTROL = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f" + "\u202a-\u202e\u2066-\u2069" + "]*$"
MAX_QUANTITY = 1_000_000


class Body(BaseModel):
    """What a client sends. Unknown fields are refused; numbers are not read out of strings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Out(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(BaseModel, Generic[T]):
    """One page of a list; ``next_cursor`` is null on the last."""

    items: list[T]
    next_cursor: str | None = Field(None, examples=["eyJhZnRlciI6…"])


def _sane(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2200:  # noqa: PLR2004 - outside lie typing errors, and the edges of datetime
        raise unfit("年份须在 2000 至 2200 之间", "A year between 2000 and 2200")
    return at


def _on_the_wall(at: time) -> time:
    if at.tzinfo is not None:  # a bare number is read as one, too: it cannot be compared with those of others
        raise unfit("应为不带时区的 HH:MM 时间", "A time of day without an offset")
    return at


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_CONTROL)]
LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=NO_CONTROL)]
Sku = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"), Field(examples=["GT04"])]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
Quantity = Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY, examples=[2])]
Instant = Annotated[AwareDatetime, AfterValidator(_sane)]
WallTime = Annotated[time, AfterValidator(_on_the_wall)]
"""A time of day in Shanghai, as a clock on a wall shows it."""
