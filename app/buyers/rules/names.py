"""Divisions by name: a tree to choose from, a search, and reading the county out of a written address.

A name is never guessed at: there is a 市中区 in Jinan and one in Zaozhuang (domain handbook §3.1).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter

from app.buyers.rules.divisions import Division, children_of, counties, retired_names, townships
from app.core.errors import DomainError, Fault

_NOISE = re.compile(r"[\s,，、/\-—·|]+")
_SUFFIX = re.compile(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)$")
_COLLECTIVE = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
MOST_FOUND = 50
_HEAD = 40
"""Within so many characters a written address has named its county."""


class AmbiguousDivision(DomainError):
    """Several places are called that; ``errors`` name them."""

    status = 422
    code = "ambiguous_division"
    zh = "“{name}”对应多个行政区划，请写明省、市，或改用行政区划代码。"
    en = "Several divisions are called {name}: name the province and city, or give the division code."


class UnknownDivisionName(DomainError):
    """No place is called that."""

    status = 422
    code = "unknown_division_name"
    zh = "没有找到行政区划“{name}”，请写明省、市、区县的全称，或改用行政区划代码。"
    en = "No division is called {name}: write province, city and county in full, or give the division code."


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the tree. ``code`` has six digits, or nine for a township."""

    code: str
    name: str
    level: str
    full_name: str


def places_under(parent: str | None) -> list[Place]:
    """What is directly under a province, city or county; the provinces for None; nothing for a code of no place."""
    return [Place(code, name, level, full_name) for code, name, level, full_name in children_of(parent)]


def places_named(name: str) -> list[Place]:
    """Counties and townships whose name begins with ``name``, or that it names from the province down; at most 50."""
    wanted = _squeezed(name)
    if not wanted:
        return []
    found = {division.code: division for division, rest in _readings(wanted) if not rest}
    for division in (*counties(), *townships()):
        if division.name.startswith(wanted):
            found.setdefault(division.code, division)
    places = [_place(division) for division in found.values()]
    return places[:MOST_FOUND]


def division_named(name: str, *, pointer: str = "/division") -> Division:
    """The county that ``name`` means, and no other could. Raises ``AmbiguousDivision``, ``UnknownDivisionName``."""
    division, rest = read_division(name, pointer=pointer)
    if rest:
        raise _unknown(name, pointer)
    return division


def read_division(written: str, *, pointer: str = "/address") -> tuple[Division, str]:
    """The county that a written address begins with, and the rest of the address.

    Province and city may be left out where the county's name alone is enough, and may lack their last syllable
    (``山东济南历城区``). Raises ``AmbiguousDivision``, ``UnknownDivisionName``.
    """
    found = _read(_squeezed(written))
    if not found:
        raise _unknown(written, pointer)
    if len(found) > 1:
        faults = [
            Fault(
                pointer, "candidate", f"{division.code} {division.full_name}", f"{division.code} {division.full_name}"
            )
            for division, _ in found[:MOST_FOUND]
        ]
        raise AmbiguousDivision(faults=faults, name=written[:30])
    return found[0]


@lru_cache(maxsize=4096)
def _read(written: str) -> tuple[tuple[Division, str], ...]:
    by_code: dict[str, tuple[Division, str]] = {}
    for division, rest in _readings(written):
        known = by_code.get(division.code)
        if known is None or len(rest) < len(known[1]):
            by_code[division.code] = division, rest
    # Who names more of the way down means that place: 吉林省吉林市… is not the start of something shorter.
    shortest = min((len(rest) for _, rest in by_code.values()), default=0)
    return tuple(reading for reading in by_code.values() if len(reading[1]) == shortest)


def _readings(written: str) -> Iterator[tuple[Division, str]]:
    """Every county that ``written`` can begin with, and what is left."""
    head, (by_name, longest) = written[:_HEAD], _spellings()
    pieces = {head[start:end] for start in range(len(head)) for end in range(start + 1, start + longest + 1)}
    spelt = sorted((spelling for name in pieces & by_name.keys() for spelling in by_name[name]), key=itemgetter(0))
    for _, division, city, county in spelt:
        for after_province in _without(written, division.province):
            for after_city in _without(after_province, city, *_COLLECTIVE):
                if after_city.startswith(county):
                    yield division, after_city[len(county) :]


def _without(written: str, *names: str) -> set[str]:
    """``written`` as it is, and without a name it begins with, in full or without the last syllable."""
    left = {written}
    for name in names:
        short = _SUFFIX.sub("", name)
        for form in (name, short):
            if len(form) > 1 and written.startswith(form):
                left.add(written[len(form) :])
    return left


@cache
def _spellings() -> tuple[dict[str, list[tuple[int, Division, str, str]]], int]:
    """By the name of a county: its place in the list of all, itself, its city and that name; and the longest name.

    Counties go by the names of those that became part of them too. There are three thousand names, and a roster has a
    thousand addresses: looking a name up takes a twentieth of the time of trying them all.
    """
    former, found = retired_names(), dict[str, list[tuple[int, Division, str, str]]]()
    for number, division in enumerate(counties()):
        for city, county in ((division.city, division.county), *former.get(division.code, ())):
            found.setdefault(county, []).append((number, division, city, county))
    return found, max(map(len, found))


def _squeezed(written: str) -> str:
    """Without the blanks and strokes that people put between the levels of the first part of an address."""
    plain = unicodedata.normalize("NFKC", written).strip()
    head, tail = plain[:_HEAD], plain[_HEAD:]
    parts = _NOISE.split(head)
    joined = parts[0]
    for part in parts[1:]:
        # Between two numbers a blank or stroke means something: 3-502 is not 3502.
        joined += f"-{part}" if joined[-1:].isdigit() and part[:1].isdigit() else part
    return joined + tail


def _place(division: Division) -> Place:
    return Place(division.code, division.name, "township" if division.township else "county", division.full_name)


def _unknown(name: str, pointer: str) -> UnknownDivisionName:
    fault = Fault(pointer, UnknownDivisionName.code, "没有找到这个行政区划", "no such division")
    return UnknownDivisionName(faults=[fault], name=name[:30])
