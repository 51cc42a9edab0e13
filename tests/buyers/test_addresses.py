import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.buyers import (
    Address,
    AddressIn,
    AddressOut,
    DivisionNotACounty,
    UnknownDivision,
    make_address,
    mask_detail,
    mask_name,
    mask_phone,
    open_address,
    seal_address,
)
from app.core.errors import InvalidInput
from app.core.sealing import KeyTrouble

GOOD = {
    "recipient": "李霞",
    "phone": "13905310001",
    "division_code": "370112",
    "detail": "洪家楼街道花园路100号3号楼501室",
}


@pytest.mark.parametrize(
    "phone",
    [
        "13905310001",
        "19905310001",
        "13905310001-1234",
        "0531-88881234",
        "053188881234",
        "010-12345678",
        "0743-7722111-12",
    ],
)
def test_phones_that_a_courier_can_ring(phone):
    assert make_address(**GOOD | {"phone": phone}).phone == phone
    assert AddressIn(**GOOD | {"phone": phone}).checked().phone == phone


@pytest.mark.parametrize(
    "phone", ["", "12905310001", "1390531000", "139053100011", "+8613905310001", "13905310001-12", "88881234",
              "１３９０５３１０００１", "0531--88881234", "13905310001\n", "110"],
)  # fmt: skip
def test_phones_that_nobody_answers(phone):
    with pytest.raises(ValidationError):
        AddressIn(**GOOD | {"phone": phone})
    if phone != "13905310001\n":  # a value made in the house may carry blanks; they are cut off
        with pytest.raises(InvalidInput) as refused:
            make_address(**GOOD | {"phone": phone})
        assert refused.value.faults[0].pointer == "/address/phone"


@pytest.mark.parametrize("detail", ["黄金村", "三组", "教工宿舍 5 栋", "幸福里501", "人民路６６", "四室"])
def test_details_that_lead_to_a_door(detail):
    assert AddressIn(**GOOD | {"detail": detail}).checked().detail == detail


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"detail": "历城区政府"}, "/address/detail", "detail_without_number"),
        ({"detail": "路"}, "/address/detail", "invalid_detail"),
        ({"detail": "1" * 101}, "/address/detail", "invalid_detail"),
        ({"detail": "1号\x00"}, "/address/detail", "invalid_detail"),
        ({"recipient": ""}, "/address/recipient", "invalid_recipient"),
        ({"recipient": "  "}, "/address/recipient", "invalid_recipient"),
        ({"recipient": "李" * 51}, "/address/recipient", "invalid_recipient"),
        ({"recipient": "李\n霞"}, "/address/recipient", "invalid_recipient"),
    ],
)
def test_a_fault_says_where_and_what(change, pointer, code):
    with pytest.raises(InvalidInput) as refused:
        make_address(**GOOD | change)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(pointer, code)]


def test_all_faults_come_at_once():
    with pytest.raises(InvalidInput) as refused:
        make_address(recipient="", phone="1", division_code="370112", detail="路", pointer="/to")
    assert [fault.pointer for fault in refused.value.faults] == ["/to/recipient", "/to/phone", "/to/detail"]


@pytest.mark.parametrize(("code", "error"), [("999999", UnknownDivision), ("370100", DivisionNotACounty)])
def test_the_division_must_be_a_county(code, error):
    with pytest.raises(error):
        AddressIn(**GOOD | {"division_code": code}).checked()


def test_a_retired_division_is_stored_as_its_successor():
    address = AddressIn(**GOOD | {"division_code": "370181"}).checked()
    assert address.division_code == "370114"
    assert AddressOut.of(address).division == "山东省济南市章丘区"


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError):
        AddressIn(**GOOD, lat=36.6)


def test_a_sealed_address_opens_to_the_same_and_shows_nothing():
    address = make_address(**GOOD)
    sealed = seal_address(address)
    assert open_address(sealed) == address
    for secret in ("李霞", "13905310001", "花园路"):
        assert secret.encode() not in sealed
    assert seal_address(address) != sealed
    with pytest.raises(KeyTrouble):
        open_address(sealed[:-1] + bytes([sealed[-1] ^ 1]))


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张*"), ("欧阳修", "欧**"), ("张", "*"), ("阿卜杜勒江", "阿**"), ("", "*"), (" 张三 ", "张*")],
)
def test_names_are_masked(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138******78"),
        ("13812345678-1234", "138******78"),
        ("0531-88881234", "053*******34"),
        ("053188881234", "053*******34"),
        ("010-1234567", "010******7"),
        ("0743-7722111-123", "074******11"),
        ("110", "******"),
    ],
)
def test_phones_are_masked(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("detail", "masked"),
    [
        ("花园路100号3号楼2单元501室", "花园路100号***"),
        ("花园路 100 号 3 号楼 501 室", "花园路 100 号***"),
        ("幸福小区3栋2单元501室", "幸福小区***"),
        ("18号院5号楼301", "18号院***"),
        ("1号楼2单元301室", "***"),
        ("黄金村三组", "黄金村***"),
        ("三组", "***"),
        ("Ａ座大厦", "Ａ座***"),
        ("B座501", "***"),
    ],
)
def test_details_are_masked(detail, masked):
    assert mask_detail(detail) == masked


MOBILE = st.from_regex(r"\A1[3-9][0-9]{9}\Z")
EXTENDED = st.from_regex(r"\A1[3-9][0-9]{9}-[0-9]{4}\Z")
LANDLINE = st.from_regex(r"\A0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?\Z")


@given(st.one_of(MOBILE, EXTENDED, LANDLINE))
def test_every_label_hides_at_least_six_digits_of_every_phone(phone):
    make_address(**GOOD | {"phone": phone})
    masked = mask_phone(phone)
    digits = sum(letter.isdigit() for letter in phone)
    assert masked.count("*") >= 6
    assert digits - sum(letter.isdigit() for letter in masked) >= 6
    assert re.fullmatch(r"[0-9]{0,3}\*{6,}[0-9]{0,2}", masked)
    assert phone.startswith(masked.split("*")[0])


@given(st.text(min_size=0, max_size=50))
def test_every_label_hides_part_of_every_name(name):
    masked = mask_name(name)
    assert masked.endswith("*")
    assert len(masked) <= 3
    assert len(masked.rstrip("*")) < max(1, len(name.strip())) or name.strip() in ("", "*")


ROOM = st.tuples(st.integers(1, 40), st.integers(1, 9), st.integers(101, 3999)).map(
    lambda parts: f"{parts[0]}号楼{parts[1]}单元{parts[2]}室"
)
STREET = st.sampled_from(["花园路100号", "山大南路27号院", "幸福小区", "洪家楼街道", "黄金村", "CBD", ""])


@given(STREET, ROOM)
def test_every_label_hides_the_room(street, room):
    masked = mask_detail(street + room)
    assert masked.endswith("***")
    assert room not in masked
    assert "室" not in masked
    assert "单元" not in masked
    assert masked.removesuffix("***") == street or street == ""


def test_an_address_is_a_value():
    assert Address(**GOOD) == Address(**GOOD)
    assert hash(Address(**GOOD)) == hash(Address(**GOOD))
