"""Where goods are sent: divisions by code, addresses as values, and how addresses are masked.

Divisions of Shandong, the prefecture of Xiangxi and the townships of Licheng and Baojing come from ``divisions.csv``
(domain handbook §3.1): GB/T 2260 counties, development zones that only the statistics bureau codes, and retired codes
with their successors. ``valid_from`` and ``valid_to`` are years. The rest of the mainland comes from python-stdnum.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from stdnum import numdb

from app.core.errors import DomainError, Fault, InvalidInput

_OWN_PROVINCE = "37"
_TABLE = Path(__file__).with_name("divisions.csv")
_COUNTY_DIGITS, _TOWNSHIP_DIGITS = 6, 9
_OUTSIDE_THE_MAINLAND = ("71", "81", "82")
_MUNICIPALITIES = ("11", "12", "31", "50")
_UNDER_THE_PROVINCE = "90"
"""Counties that belong to no prefecture have this in place of the city's digits."""

PHONE_PATTERN = r"^(1[3-9][0-9]{9}(-[0-9]{4})?|0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?)$"
"""Mobile, virtual (mobile and four digits) or landline number (domain handbook §3.2)."""

_PHONE = re.compile(PHONE_PATTERN, re.ASCII)
_HOUSE = re.compile(r"[0-9０-９号村室组栋]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RECIPIENT_MAX, _DETAIL_MIN, _DETAIL_MAX = 50, 2, 100


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


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel goes. Personal data: seal it before it is stored, mask it where others see it."""

    recipient: str
    phone: str
    division_code: str
    detail: str

    @property
    def division(self) -> Division:
        """The county or township of the address."""
        return resolve_division(self.division_code)


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


def make_address(*, recipient: str, phone: str, division_code: str, detail: str, pointer: str = "/address") -> Address:
    """An address that a carrier can find; ``division_code`` becomes the current code.

    Raises ``InvalidInput`` with every fault at ``pointer``, ``UnknownDivision`` and ``DivisionNotACounty``.
    """
    recipient, phone, detail = recipient.strip(), phone.strip(), detail.strip()
    faults = []
    if not 1 <= len(recipient) <= _RECIPIENT_MAX or _CONTROL.search(recipient):
        faults.append(
            Fault(f"{pointer}/recipient", "invalid_recipient", "收件人应为 1 至 50 个字", "1 to 50 characters")
        )
    if not _PHONE.fullmatch(phone):
        faults.append(
            Fault(
                f"{pointer}/phone",
                "invalid_phone",
                "请填写手机号、带区号的座机号或平台虚拟号",
                "a mobile number, a landline with area code, or a virtual number",
            )
        )
    if not _DETAIL_MIN <= len(detail) <= _DETAIL_MAX or _CONTROL.search(detail):
        faults.append(Fault(f"{pointer}/detail", "invalid_detail", "详细地址应为 2 至 100 个字", "2 to 100 characters"))
    elif not _HOUSE.search(detail):
        faults.append(
            Fault(
                f"{pointer}/detail",
                "detail_without_number",
                "详细地址请写到门牌：应含数字或 号、村、室、组、栋",
                "must lead to a door: contain a digit or one of 号村室组栋",
            )
        )
    if faults:
        raise InvalidInput(faults=faults)
    division = resolve_division(division_code, pointer=f"{pointer}/division_code")
    return Address(recipient=recipient, phone=phone, division_code=division.code, detail=detail)


def mask_name(name: str) -> str:
    """``张三`` as ``张*``, ``欧阳修`` as ``欧**``: at least one character is hidden, and long names look alike."""
    name = name.strip()
    return name[:1] + "*" * min(len(name) - 1, 2) if len(name) > 1 else "*"


_LEAST_HIDDEN_DIGITS = 6
_SHOWN_HEAD, _SHOWN_TAIL = 3, 2


def mask_phone(phone: str) -> str:
    """``13812345678`` as ``138******78``: waybills hide at least six digits (domain handbook §3.2), and extensions."""
    digits = re.sub(r"[^0-9]", "", phone if not _PHONE.fullmatch(phone) else _main_number(phone))
    shown = max(0, min(_SHOWN_HEAD + _SHOWN_TAIL, len(digits) - _LEAST_HIDDEN_DIGITS))
    head = min(_SHOWN_HEAD, shown)
    tail = shown - head
    return digits[:head] + "*" * max(_LEAST_HIDDEN_DIGITS, len(digits) - shown) + (digits[-tail:] if tail else "")


def _main_number(phone: str) -> str:
    """Without the extension: what follows the last hyphen, unless that is the number behind an area code."""
    if phone.startswith("1"):
        return phone[:11]
    matched = re.match(r"0[0-9]{2,3}-[0-9]{7,8}|0[0-9]{9,11}", phone, re.ASCII)
    return matched.group() if matched else phone


_ROAD_NUMBER = re.compile(r"[0-9０-９〇零一二三四五六七八九十百]+\s*号(?!\s*楼)院?")
_VILLAGE = re.compile(r"[^0-9０-９]*?村")
_FIRST_NUMBER = re.compile(r"[0-9０-９]|[〇零一二三四五六七八九十百]+(?=[组栋幢座单层楼室号])|[A-Za-z](?=[座栋幢区])")


def mask_detail(detail: str) -> str:
    """Keep the road number, or the village, or what stands before the first number; the rest is ``***``."""
    if road := _ROAD_NUMBER.search(detail):
        kept = detail[: road.end()]
    elif village := _VILLAGE.match(detail):
        kept = village.group()
    elif number := _FIRST_NUMBER.search(detail):
        kept = detail[: number.start()]
    else:
        kept = detail[: len(detail) // 2]
    return f"{kept}***"
