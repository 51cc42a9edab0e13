"""What a fault of validation says: the limit that was passed, or the words that can be chosen from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

_COUNTED = frozenset(("List", "Tuple", "Set", "Frozenset", "Dictionary", "Iterable", "Generator"))
_LIMITS: dict[str, tuple[str, str, str]] = {
    "greater_than": ("gt", "须大于 {}", "Must be greater than {}"),
    "greater_than_equal": ("ge", "不能小于 {}", "Must be {} or more"),
    "less_than": ("lt", "须小于 {}", "Must be less than {}"),
    "less_than_equal": ("le", "不能大于 {}", "Must be {} or less"),
    "string_too_short": ("min_length", "至少 {} 个字符", "At least {} characters"),
    "string_too_long": ("max_length", "最多 {} 个字符", "At most {} characters"),
    "too_short": ("min_length", "至少 {} 项", "At least {} items"),
    "too_long": ("max_length", "最多 {} 项", "At most {} items"),
    "enum": ("expected", "只能是 {}", "One of {}"),
    "literal_error": ("expected", "只能是 {}", "One of {}"),
}


def unfit(zh: str, en: str, *, at: str = "") -> PydanticCustomError:
    """What a validator raises about a value that does not fit; ``at`` points from the value to the part that is meant.

    Pydantic's own ``ValueError`` has one language and points at a body as a whole.
    """
    return PydanticCustomError("value_error", "{en}", {"zh": zh, "en": en, "at": at})


def part_of(found: Mapping[str, Any]) -> str:
    """The pointer that a validator of ours gave, from the value that it looked at."""
    return str((found.get("ctx") or {}).get("at", ""))


def sentences(found: Mapping[str, Any]) -> tuple[str, str] | None:
    """What one of Pydantic's findings says in Chinese and English, if it has a limit to name or is ours.

    >>> sentences({"type": "less_than_equal", "ctx": {"le": 100}})
    ('不能大于 100', 'Must be 100 or less')
    """
    kind, about = str(found["type"]), found.get("ctx") or {}
    if "zh" in about:
        return about["zh"], about["en"]
    if kind in ("too_short", "too_long") and about.get("field_type") not in _COUNTED:
        kind = f"string_{kind}"  # a secret's characters
    name, zh, en = _LIMITS.get(kind, ("", "", ""))
    if name not in about:
        return None
    limit = str(about[name]).replace("'", "").replace(" or ", ", ")
    return zh.format(limit.replace(", ", "、")), en.format(limit)
