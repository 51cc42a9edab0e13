"""Structured logs: one JSON object a line on standard error, without personal data.

Nothing of a request's body, query, address or phone is ever passed to a logger; exceptions are logged by type and
place, and SQL parameters are hidden by the engine.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, ExcInfo


def type_and_place(exc_info: ExcInfo) -> str:
    """The exception and its causes without their messages: a database quotes the row, a parser what it was given."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None and len(lines) < _LONGEST:
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        frames = traceback.extract_tb(error.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)


_LONGEST = 200
_EXCEPTIONS = structlog.processors.ExceptionRenderer(type_and_place)


def _last_line(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Of a `Trouble` at the start only the last line of its traceback is told; a defect keeps its place."""
    said = event["event"]
    if isinstance(said, str) and said.startswith("Traceback"):
        last = said.rstrip().rpartition("\n")[2]
        event["event"] = last if last.partition(":")[0].endswith("Trouble") else said
    return event


def configure(level: str) -> None:
    """Set up logging of this process; the libraries' warnings come out in the same form."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _EXCEPTIONS,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _last_line,
                _EXCEPTIONS,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
