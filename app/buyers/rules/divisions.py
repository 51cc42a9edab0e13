"""Divisions of the country by code.

Divisions of Shandong, the prefecture of Xiangxi and the townships of Licheng and Baojing come from ``divisions.csv``
(domain handbook §3.1): GB/T 2260 counties, development zones that only the statistics bureau codes, and retired codes
with their successors. ``valid_from`` and ``valid_to`` are years. The rest of the mainland comes from python-stdnum.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from stdnum import numdb

from app.core.errors import DomainError, Fault

_OWN_PROVINCE = "37"
_TABLE = Path(__file__).parents[1] / "divisions.csv"
_COUNTY_DIGITS, _TOWNSHIP_DIGITS = 6, 9
_OUTSIDE_THE_MAINLAND = ("71", "81", "82")
_MUNICIPALITIES = ("11", "12", "31", "50")
_UNDER_THE_PROVINCE = "90"
"""Counties that belong to no prefecture have this in place of the city's digits."""


@dataclass(frozen=True, slots=True)
class Division:
    """A county, or a township of one.

    ``code`` is the current code: a retired one has become its successor's, and is kept in ``retired_code``.
    ``county_code`` is the six-digit GB/T 2260 county under which reports count it: for a development zone, the
    district in which its administration sits. ``city`` is empty for counties directly under their province.
    """

    code: str
    name: str
    province: str
    city: str
    county: str
    county_code: str
    township: str = ""
    retired_code: str = ""

    @property
    def full_name(self) -> str:
        """From the province down, as written on a parcel."""
        city = "" if self.city in (self.province, self.county) else self.city
        return f"{self.province}{city}{self.county}{self.township}"


class UnknownDivision(DomainError):
    """No such place on the mainland, or one that no longer exists and has no successor."""

    status = 422
    code = "unknown_division"
    zh = "没有行政区划代码 {code}，请重新选择省、市、区县。"
    en = "There is no division {code}; choose province, city and county again."


class DivisionNotACounty(DomainError):
    """A province or a city, where a county is needed."""

    status = 422
    code = "division_not_a_county"
    zh = "{code} 是{name}，请选择其下的区县。"
    en = "{code} is {name}, a province or city; choose one of its counties."


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    name: str
    parent_code: str
    level: str
    valid_from: str
    valid_to: str
    successor: str
    reported_as: str


@cache
def _own() -> dict[str, _Row]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: _Row(**row) for row in csv.DictReader(file)}


@cache
def _mainland() -> dict[str, str]:
    """Every code that is in force, with its name; ``市辖区`` and other collective entries are left out."""
    found = {}
    for _, prefix, _, props, children in numdb.get("cn/loc").prefixes:
        if prefix in _OUTSIDE_THE_MAINLAND:
            continue
        for _, rest, _, child, _ in children:
            span, _, name = child.get("county", "").split(",")[-1].rpartition("]")
            if name and not span.partition("-")[2]:
                found[prefix + rest] = name
        found[f"{prefix}0000"] = props["province"]
    return found


_LEFT_BEHIND = frozenset(("422900", "422921"))
"""Codes that python-stdnum still has for 神农架林区, which is 429021 today."""


def resolve_division(code: str, *, pointer: str = "/address/division_code") -> Division:
    """The county or township that ``code`` means: six digits, or nine for the townships that we know.

    A retired code is read as its successor. Raises ``UnknownDivision``, and ``DivisionNotACounty`` for a province or
    a city that has counties; ``pointer`` says where in the request the code stood.
    """
    found = _resolve(code)
    if isinstance(found, Division):
        return found
    kind, name = found
    raise kind(
        faults=[
            Fault(
                pointer,
                kind.code,
                "请选择区县" if name else "没有这个行政区划代码",
                "choose a county" if name else "no such division",
            )
        ],
        code=code[:12],
        name=name,
    )


@lru_cache(maxsize=8192)
def _resolve(code: str) -> Division | tuple[type[DomainError], str]:
    if not (code.isascii() and code.isdigit() and len(code) in (_COUNTY_DIGITS, _TOWNSHIP_DIGITS)):
        return UnknownDivision, ""
    row = _own().get(code)
    if row is not None:
        return _from_own(row)
    if code.startswith(_OWN_PROVINCE) or len(code) != _COUNTY_DIGITS:
        return UnknownDivision, ""
    return _from_mainland(code)


def _from_own(row: _Row) -> Division | tuple[type[DomainError], str]:
    own = _own()
    if row.level in ("province", "city"):
        successor = f"（已撤销，并入{own[row.successor].name}）" if row.successor else ""
        return DivisionNotACounty, row.name + successor
    current = own[row.successor] if row.successor else row
    county = own[current.parent_code] if current.level == "township" else current
    city = own[county.parent_code]
    return Division(
        code=current.code,
        name=current.name,
        province=own[city.parent_code].name,
        city=city.name,
        county=county.name,
        county_code=county.reported_as or county.code,
        township=current.name if current.level == "township" else "",
        retired_code=row.code if row.successor else "",
    )


def _from_mainland(code: str) -> Division | tuple[type[DomainError], str]:
    known = _mainland()
    name = known.get(code)
    if name is None:
        return UnknownDivision, ""
    province = known[f"{code[:2]}0000"]
    if code.endswith("0000"):
        return DivisionNotACounty, name
    if code.endswith("00"):
        if code[2:4] == _UNDER_THE_PROVINCE or _has_counties(code[:4]):
            return DivisionNotACounty, name
        city = name  # 东莞 and its like have no counties
    elif name == "市辖区":
        return DivisionNotACounty, name
    elif code[:2] in _MUNICIPALITIES:
        city = province
    else:
        city = known.get(f"{code[:4]}00", "") if code[2:4] != _UNDER_THE_PROVINCE else ""
    return Division(code=code, name=name, province=province, city=city, county=name, county_code=code)


def _has_counties(prefix: str) -> bool:
    return any(
        code.startswith(prefix) and not code.endswith("00") and name != "市辖区" for code, name in _mainland().items()
    )


@cache
def counties() -> tuple[Division, ...]:
    """Every county in force on the mainland, by code."""
    codes = sorted({code for code in (*_own(), *_mainland()) if len(code) == _COUNTY_DIGITS} - _LEFT_BEHIND)
    found = (_resolve(code) for code in codes)
    return tuple(place for place in found if isinstance(place, Division) and not place.retired_code)


@cache
def townships() -> tuple[Division, ...]:
    """The townships that we know."""
    found = (_resolve(code) for code in sorted(_own()) if len(code) == _TOWNSHIP_DIGITS)
    return tuple(place for place in found if isinstance(place, Division) and not place.retired_code)


@cache
def retired_names() -> dict[str, tuple[tuple[str, str], ...]]:
    """By the code of a county: city and county as those were called that became it."""
    own = _own()
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in own.values():
        if row.successor and row.level == "county":
            city = own[row.parent_code].name if row.parent_code in own else ""
            found[row.successor] = (*found.get(row.successor, ()), (city, row.name))
    return found


def children_of(parent: str | None) -> list[tuple[str, str, str, str]]:
    """Code, name, level and full name of what is directly under a province, city or county; provinces for None."""
    if parent is None:
        return [(code, name, "province", name) for code, name in _tree().get("", ())]
    under = parent.ljust(_COUNTY_DIGITS, "0")
    found = []
    for code, name in _tree().get(under, ()):
        place = _resolve(code)
        if isinstance(place, Division):
            found.append((code, name, "township" if place.township else "county", place.full_name))
        else:
            found.append((code, name, "city", f"{_mainland()[f'{code[:2]}0000']}{name}"))
    return found


@cache
def _tree() -> dict[str, list[tuple[str, str]]]:
    """Codes and names by the code of what they are under; provinces under the empty code."""
    own, tree = _own(), dict[str, list[tuple[str, str]]]()
    rows = {row.code: (row.parent_code, row.name) for row in own.values() if not row.successor}
    known = _mainland()
    for code, name in known.items():
        if code in own or code in _LEFT_BEHIND or name == "市辖区" or code.startswith(_OWN_PROVINCE):
            continue
        province, city = f"{code[:2]}0000", f"{code[:4]}00"
        if code == province:
            parent = ""
        elif code == city or code[:2] in _MUNICIPALITIES or city not in known or code[2:4] == _UNDER_THE_PROVINCE:
            parent = province
        else:
            parent = city
        if code != city or code[2:4] != _UNDER_THE_PROVINCE:
            rows[code] = (parent, name)
    for code, (parent, name) in sorted(rows.items()):
        tree.setdefault(parent, []).append((code, name))
    return tree
