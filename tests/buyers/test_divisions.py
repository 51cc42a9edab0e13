import csv
from pathlib import Path

import pytest

import app.buyers
from app.buyers import DivisionNotACounty, UnknownDivision, resolve_division

TABLE = Path(app.buyers.__file__).with_name("divisions.csv").read_text(encoding="utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))
BY_CODE = {row["code"]: row for row in ROWS}


@pytest.mark.parametrize(
    ("code", "full_name", "county_code"),
    [
        ("370112", "山东省济南市历城区", "370112"),
        ("370103", "山东省济南市市中区", "370103"),
        ("370402", "山东省枣庄市市中区", "370402"),
        ("370112009", "山东省济南市历城区王舍人街道", "370112"),
        ("433125116", "湖南省湘西土家族苗族自治州保靖县吕洞山镇", "433125"),
        ("370571", "山东省东营市东营经济技术开发区", "370502"),
        ("110105", "北京市朝阳区", "110105"),
        ("500237", "重庆市巫山县", "500237"),
        ("429004", "湖北省仙桃市", "429004"),
        ("659001", "新疆维吾尔自治区石河子市", "659001"),
        ("441900", "广东省东莞市", "441900"),
        ("620200", "甘肃省嘉峪关市", "620200"),
        ("330383", "浙江省温州市龙港市", "330383"),
        ("469021", "海南省定安县", "469021"),
    ],
)
def test_a_code_is_a_place(code, full_name, county_code):
    division = resolve_division(code)
    assert division.full_name == full_name
    assert division.county_code == county_code
    assert division.code == code
    assert division.retired_code == ""


@pytest.mark.parametrize(
    ("retired", "current"),
    [
        ("370181", "370114"),
        ("370125", "370115"),
        ("371202", "370116"),
        ("371203", "370117"),
        ("371626", "371681"),
        ("371523", "371503"),
        ("370684", "370614"),
        ("370634", "370614"),
    ],
)
def test_a_retired_code_is_read_as_its_successor(retired, current):
    division = resolve_division(retired)
    assert division.code == division.county_code == current
    assert division.retired_code == retired
    assert division.full_name == resolve_division(current).full_name


@pytest.mark.parametrize(
    "code",
    [
        "999999", "370199", "370101", "130199", "441901", "110103",  # nobody's, collective, merged away
        "710000", "810000", "820000", "370112999", "130102001",
        "", "37", "3701", "37011", "3701122", "３７０１１２", "37011a", "370112\n", "-70112", "370112 ",
    ],
)  # fmt: skip
def test_an_unknown_code_is_refused(code):
    with pytest.raises(UnknownDivision) as refused:
        resolve_division(code)
    assert refused.value.status == 422
    assert refused.value.faults[0].pointer == "/address/division_code"
    assert refused.value.faults[0].code == "unknown_division"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("370000", "山东省"), ("370100", "济南市"), ("320100", "南京市"), ("110000", "北京市"), ("433100", "湘西"),
        ("110100", "市辖区"), ("130201", "市辖区"), ("500200", "县"), ("429000", "省直辖"), ("371200", "并入济南市"),
    ],
)  # fmt: skip
def test_a_province_or_city_asks_for_a_county(code, name):
    with pytest.raises(DivisionNotACounty) as refused:
        resolve_division(code, pointer="/division_code")
    assert name in refused.value.sentence("zh")
    assert refused.value.faults[0].pointer == "/division_code"


def test_a_long_code_is_not_repeated_in_the_refusal():
    with pytest.raises(UnknownDivision) as refused:
        resolve_division("1" * 5000)
    assert len(refused.value.sentence("zh")) < 60


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_the_table_hangs_together(row):
    assert row["level"] in {"province", "city", "county", "zone", "township"}
    if row["level"] != "province":
        assert row["parent_code"] in BY_CODE
        assert row["code"][:2] == row["parent_code"][:2]
    assert bool(row["valid_to"]) == bool(row["successor"])
    if row["successor"]:
        assert BY_CODE[row["successor"]]["valid_to"] == ""
        assert BY_CODE[row["successor"]]["level"] == row["level"]
    assert bool(row["reported_as"]) == (row["level"] == "zone")
    if row["reported_as"]:
        assert BY_CODE[row["reported_as"]]["level"] == "county"
        assert BY_CODE[row["reported_as"]]["parent_code"] == row["parent_code"]
    if row["level"] in {"county", "zone", "township"}:
        county = resolve_division(row["code"]).county_code
        assert BY_CODE[county]["level"] == "county"
        assert resolve_division(county).code == county


def test_the_table_holds_all_of_shandong():
    current = [row for row in ROWS if row["code"].startswith("37") and not row["valid_to"]]
    assert sum(row["level"] == "city" for row in current) == 16
    assert sum(row["level"] == "county" for row in current) == 136
    assert sum(row["level"] == "zone" for row in current) == 15
