"""The carriers we know, under which names, and which numbers they use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import DomainError, Fault


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier under our own code and Kuaidi100's, with the number formats it is known to use (handbook §5.2)."""

    code: str
    name_zh: str
    name_en: str
    kuaidi100: str
    patterns: tuple[str, ...] = ()


CARRIERS: Mapping[str, Carrier] = {
    carrier.code: carrier
    for carrier in (
        Carrier("SF", "顺丰速运", "SF Express", "shunfeng", (r"\d{12}", r"SF\d{13}")),
        Carrier("ZTO", "中通快递", "ZTO Express", "zhongtong", (r"[A-Za-z0-9]{12}", r"\d{12,15}")),
        Carrier(
            "YTO", "圆通速递", "YTO Express", "yuantong", (r"[A-Za-z0-9]{10,12}", r"88[A-Za-z0-9]{16}", r"YT\d{13}")
        ),
        Carrier("STO", "申通快递", "STO Express", "shentong", (r"\d{12,13}", r"77\d{13}")),
        Carrier("YD", "韵达速递", "Yunda Express", "yunda", (r"\d{13,15}",)),
        Carrier("EMS", "EMS", "EMS", "ems", (r"\d{13}", r"[A-Z]{2}\d{9}CN")),
        Carrier("YZPY", "邮政快递包裹", "China Post parcel", "youzhengguonei", (r"\d{13}", r"[A-Z]{2}\d{9}CN")),
        Carrier("JD", "京东物流", "JD Logistics", "jd", (r"JD[A-Z0-9]{11,15}",)),
        Carrier("DBL", "德邦快递", "Deppon", "debangwuliu"),
    )
}
PHONE_REQUIRED = frozenset({"SF", "ZTO"})
"""Carriers that answer only who knows the last digits of the recipient's telephone number."""

_NUMBER = re.compile(r"[A-Za-z0-9-]{6,32}", re.ASCII)
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to look at again; nothing was refused."""

    code: str
    zh: str
    en: str


class UnknownCarrier(DomainError):
    """The carrier is not on our list."""

    status = 422
    code = "unknown_carrier"
    zh = "不支持的承运商，请使用以下代码之一：{carriers}。"
    en = "The carrier is not known; use one of these codes: {carriers}."

    def __init__(self) -> None:
        fault = Fault("/carrier", "unknown_carrier", "不支持的承运商", "not a carrier we know")
        super().__init__(faults=(fault,), carriers=", ".join(CARRIERS))


class InvalidTrackingNumber(DomainError):
    """Something that cannot be a tracking number."""

    status = 422
    code = "invalid_tracking_number"
    zh = "运单号格式有误：应为 6–32 位字母、数字或连字符。"
    en = "The tracking number must be 6 to 32 letters, digits or hyphens."

    def __init__(self) -> None:
        fault = Fault(
            "/tracking_number", "invalid_tracking_number", "应为 6–32 位字母、数字或连字符", "6 to 32 of A-Z a-z 0-9 -"
        )
        super().__init__(faults=(fault,))


def carrier_named(written: str) -> str:
    """The code of a carrier that people write as its code, its name or the first part of that: ``中通``, ``ems``.

    Raises ``UnknownCarrier``.
    """
    plain = _plain(written)
    for carrier in CARRIERS.values():
        if plain in (carrier.code.casefold(), carrier.kuaidi100, _plain(carrier.name_en)):
            return carrier.code
    found = [carrier.code for carrier in CARRIERS.values() if len(plain) > 1 and _plain(carrier.name_zh) == plain]
    if len(found) != 1:
        raise UnknownCarrier
    return found[0]


_TRADE = re.compile(r"[\s()（）]|快递|速运|速递|物流|快运|包裹|公司|^中国|express$")


def _plain(name: str) -> str:
    """A carrier's name without its trade."""
    return _TRADE.sub("", name.casefold())


def check_label(carrier: str, tracking_number: str) -> None:
    """Raise ``UnknownCarrier`` or ``InvalidTrackingNumber`` for what cannot be on a label."""
    if carrier not in CARRIERS:
        raise UnknownCarrier
    if not _NUMBER.fullmatch(tracking_number):
        raise InvalidTrackingNumber


def tracking_warnings(carrier: str, tracking_number: str) -> tuple[Advice, ...]:
    """Whether the number looks like one of the carrier's; advice only, because formats drift."""
    known = CARRIERS[carrier]
    if not known.patterns:
        return ()
    if not any(re.fullmatch(pattern, tracking_number, re.ASCII) for pattern in known.patterns):
        return (
            Advice(
                "tracking_number_unusual",
                f"运单号不像{known.name_zh}的常见格式，请核对。",
                f"The number does not look like one of {known.name_en}; please check it.",
            ),
        )
    if re.fullmatch(r"[A-Z]{2}\d{9}CN", tracking_number, re.ASCII) and not _s10_holds(tracking_number[2:11]):
        return (
            Advice(
                "tracking_number_check_digit",
                "运单号的校验位不正确，请核对。",
                "The number's check digit is wrong; please check it.",
            ),
        )
    return ()


def _s10_holds(digits: str) -> bool:
    """The check digit of a UPU S10 number: nine digits, of which the last is the check."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_S10_WEIGHTS, digits, strict=False)) % 11
    return int(digits[8]) == {10: 0, 11: 5}.get(rest, rest)


_PHONE_DIGITS = 4


def phone_hint(carrier: str, phone: str | None) -> str | None:
    """What of a telephone number has to be known to ask about a parcel; None where nothing has to be."""
    digits = re.sub(r"[^0-9]", "", phone or "")
    return digits[-_PHONE_DIGITS:] if carrier in PHONE_REQUIRED and len(digits) >= _PHONE_DIGITS else None
