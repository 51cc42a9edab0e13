"""Divisions by name: a tree to choose from, and addresses as people write them."""

from __future__ import annotations

import time

import pytest

from app.buyers import AmbiguousDivision, UnknownDivisionName, division_named, read_division, resolve_division
from app.buyers.rules import places_named, places_under
from app.buyers.rules.divisions import counties


@pytest.mark.parametrize(
    ("written", "code", "rest"),
    [
        ("山东省济南市历城区花园路88号3-502", "370112", "花园路88号3-502"),
        ("山东省 济南市 历城区 花园路 88 号", "370112", "花园路88号"),
        ("山东济南历城区1号", "370112", "1号"),
        ("历城区1号", "370112", "1号"),
        ("济南市中区1号", "370103", "1号"),
        ("枣庄市市中区1号", "370402", "1号"),
        ("济南/章丘市/明水街道1号", "370114", "明水街道1号"),
        ("山东省莱芜市莱城区1号", "370116", "1号"),
        ("北京市朝阳区建国路1号", "110105", "建国路1号"),
        ("北京市市辖区朝阳区1号", "110105", "1号"),
        ("广东省东莞市南城街道1号", "441900", "南城街道1号"),
        ("海南省定安县1号", "469021", "1号"),
        ("湖南省湘西土家族苗族自治州保靖县迁陵镇1号", "433125", "迁陵镇1号"),
    ],
)
def test_an_address_begins_with_its_county(written, code, rest):
    division, left = read_division(written)
    assert (division.code, left) == (code, rest)


def test_every_county_is_found_by_its_full_name_and_by_its_code():
    for division in counties():
        assert read_division(division.full_name)[0] == division == resolve_division(division.code)


@pytest.mark.parametrize("name", ["市中区", "市中区花园路1号", "鼓楼区", "朝阳区"])
def test_a_name_of_several_places_is_never_guessed_at(name):
    with pytest.raises(AmbiguousDivision) as refused:
        read_division(name)
    assert len(refused.value.faults) >= 2
    if name.startswith("市中区"):
        told = [fault.zh for fault in refused.value.faults]
        assert "370103 山东省济南市市中区" in told
        assert "370402 山东省枣庄市市中区" in told


@pytest.mark.parametrize("name", ["", "火星市", "济南市", "山东省", "花园路88号"])
def test_a_name_of_no_county_is_refused(name):
    with pytest.raises(UnknownDivisionName):
        read_division(name)


def test_a_name_alone_must_be_nothing_but_a_name():
    assert division_named("山东省济南市历城区").code == "370112"
    with pytest.raises(UnknownDivisionName):
        division_named("山东省济南市历城区花园路1号")


def test_the_tree_leads_from_provinces_to_every_county():
    provinces = places_under(None)
    assert len(provinces) == 31
    seen = set()
    below = [place for province in provinces for place in places_under(province.code)]
    while below:
        place = below.pop()
        if place.level == "city":
            below += places_under(place.code)
        else:
            assert place.level == "county"
            seen.add(place.code)
    assert {division.code for division in counties()} == seen
    assert [place.name for place in places_under("3701")][:5] == ["历下区", "市中区", "槐荫区", "天桥区", "历城区"]
    assert len(places_under("370112")) == 17
    assert places_under("999999") == []


def test_a_search_gives_all_candidates():
    assert {place.code for place in places_named("市中区")} >= {"370103", "370402"}
    assert [place.full_name for place in places_named("王舍人")] == ["山东省济南市历城区王舍人街道"]
    assert [place.code for place in places_named("济南市市中区")] == ["370103"]
    assert places_named("火星") == []


def test_a_thousand_addresses_are_read_in_a_fraction_of_a_second():
    read_division("历城区1号")
    before = time.process_time()
    for number, place in enumerate(counties()[:1000]):
        read_division(f"{place.full_name}花园路{number}号")
    assert time.process_time() - before < 0.5
