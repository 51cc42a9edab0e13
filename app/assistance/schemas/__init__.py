"""What the wire formats of assistance share: days, years, numbers and codes."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.core.web import unfit

FIRST_YEAR, LAST_YEAR = 2000, 2199
_MONTH = re.compile(r"^(20|21)[0-9]{2}-(0[1-9]|1[0-2])$", re.ASCII)


def _written(value: Any) -> Any:
    if isinstance(value, str | date) and not isinstance(value, datetime):
        return value
    raise unfit("应为 YYYY-MM-DD 日期", "A day as YYYY-MM-DD")


def _sane(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise unfit(f"日期须在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间", f"A day between {FIRST_YEAR} and {LAST_YEAR}")
    return day


Day = Annotated[date, BeforeValidator(_written), AfterValidator(_sane)]
"""A Shanghai calendar day, ``YYYY-MM-DD``."""


def _first(value: Any) -> Any:
    if isinstance(value, str) and _MONTH.fullmatch(value):
        return f"{value}-01"
    raise unfit("应为 YYYY-MM 月份", "A month as YYYY-MM")


Month = Annotated[
    date, BeforeValidator(_first, json_schema_input_type=Annotated[str, StringConstraints(pattern=_MONTH.pattern)])
]
"""The first day of a Shanghai calendar month, written ``YYYY-MM``."""

Year = Annotated[int, Field(strict=True, ge=FIRST_YEAR, le=LAST_YEAR, examples=[2026])]

Number = Annotated[int, Field(strict=True, ge=1, le=1000)]

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$"), Field(examples=["G1"])]
