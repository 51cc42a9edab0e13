"""Provinces and counties to choose from, with and without a script: the page is asked for again when one changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from app.buyers import Division, counties, places_under

NEAR_HOME = "370112"
"""The county where most parcels go, for who has not said another."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the two fields offer: provinces by their two digits, counties of one of them by city."""

    province: str
    provinces: Sequence[tuple[str, str]]
    towns: Sequence[tuple[str, Sequence[Division]]]


def around(division_code: str) -> Places:
    """Everything to choose from around a place; the province of most buyers stands first."""
    province = division_code[:2]
    provinces = [(place.code[:2], place.name) for place in places_under(None)]
    return Places(
        province,
        sorted(provinces, key=lambda one: one[0] != NEAR_HOME[:2]),
        [(city, list(found)) for city, found in groupby(_counties_of(province), key=lambda one: one.city)],
    )


def moved(division_code: str, province: str) -> str:
    """The place that is meant when another province was chosen: its first county."""
    if not province or division_code.startswith(province):
        return division_code
    return next((place.code for place in _counties_of(province)), NEAR_HOME)


def _counties_of(province: str) -> list[Division]:
    return [place for place in counties() if place.code.startswith(province)]
