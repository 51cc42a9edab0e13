"""Addresses as values: how they are checked, sealed and masked (domain handbook §3.1, §3.2)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from uuid import UUID

from app.buyers.rules.divisions import Division, resolve_division
from app.core.errors import DomainError, Fault, InvalidInput
from app.core.sealing import keys

PHONE_PATTERN = r"^(1[3-9][0-9]{9}(-[0-9]{4})?|0[0-9]{2,3}-?[0-9]{7,8}(-[0-9]{1,6})?)$"
"""Mobile, virtual (mobile and four digits) or landline number (domain handbook §3.2)."""

_PHONE = re.compile(PHONE_PATTERN, re.ASCII)
_HOUSE = re.compile(r"[0-9０-９号村室组栋]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RECIPIENT_MAX, _DETAIL_MIN, _DETAIL_MAX = 50, 2, 100


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

    @property
    def masked(self) -> Address:
        """As a label or a list may show it: enough to tell parcels apart (domain handbook §3.2)."""
        return Address(mask_name(self.recipient), mask_phone(self.phone), self.division_code, mask_detail(self.detail))


MOST_ADDRESSES = 50
_PURPOSE = "address"


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """An address in somebody's book. ``label`` is how they call it."""

    id: UUID
    address: Address
    label: str | None
    is_default: bool


class TooManyAddresses(DomainError):
    """The book is full."""

    code = "too_many_addresses"
    zh = "地址簿最多保存 50 个地址，请先删除不用的地址。"
    en = "An address book holds at most 50 addresses; remove one first."


class UnknownAddress(DomainError):
    """No such address in the caller's book."""

    status = 422
    code = "unknown_address"
    zh = "地址簿中没有这个地址，请重新选择。"
    en = "Your address book has no such address; choose again."


def seal_address(address: Address) -> bytes:
    """The address as it is stored."""
    fields = [address.recipient, address.phone, address.division_code, address.detail]
    return keys().seal(json.dumps(fields, ensure_ascii=False, separators=(",", ":")), _PURPOSE)


def open_address(sealed: bytes) -> Address:
    """The address that ``seal_address`` stored. Raises ``KeyTrouble`` for another key or a changed byte."""
    recipient, phone, division_code, detail = json.loads(keys().unseal(sealed, _PURPOSE))
    return Address(recipient=recipient, phone=phone, division_code=division_code, detail=detail)


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
