"""Values that cross the border, the carriers we know, and the module's refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.errors import DomainError, Fault


class ShipmentStatus(StrEnum):
    """Where a parcel stands."""

    DISPATCHED = "dispatched"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier under our own code, with the number formats it is known to use (domain handbook §5.2)."""

    code: str
    name_zh: str
    name_en: str
    patterns: tuple[str, ...] = ()


CARRIERS: Mapping[str, Carrier] = {
    carrier.code: carrier
    for carrier in (
        Carrier("SF", "顺丰速运", "SF Express", (r"\d{12}", r"SF\d{13}")),
        Carrier("ZTO", "中通快递", "ZTO Express", (r"[A-Za-z0-9]{12}", r"\d{12,15}")),
        Carrier("YTO", "圆通速递", "YTO Express", (r"[A-Za-z0-9]{10,12}", r"88[A-Za-z0-9]{16}", r"YT\d{13}")),
        Carrier("STO", "申通快递", "STO Express", (r"\d{12,13}", r"77\d{13}")),
        Carrier("YD", "韵达速递", "Yunda Express", (r"\d{13,15}",)),
        Carrier("EMS", "EMS", "EMS", (r"\d{13}", r"[A-Z]{2}\d{9}CN")),
        Carrier("YZPY", "邮政快递包裹", "China Post parcel", (r"\d{13}", r"[A-Z]{2}\d{9}CN")),
        Carrier("JD", "京东物流", "JD Logistics", (r"JD[A-Z0-9]{11,15}",)),
        Carrier("DBL", "德邦快递", "Deppon"),
    )
}

_NUMBER = re.compile(r"[A-Za-z0-9-]{6,32}", re.ASCII)
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to look at again; nothing was refused."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """``quantity`` sales units of what the caller calls ``line_reference``, out of one lot where that is known."""

    line_reference: UUID
    sku: str
    quantity: int
    lot_code: str | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel handed to a carrier. ``reference`` means something to the caller alone."""

    id: UUID
    reference: UUID
    supplier_id: UUID
    carrier: str
    tracking_number: str
    status: ShipmentStatus
    dispatched_at: datetime
    delivered_at: datetime | None
    lines: tuple[ShipmentLine, ...]

    @property
    def warnings(self) -> tuple[Advice, ...]:
        """What looks odd about the number: formats drift, so this is told and never refused."""
        return tracking_warnings(self.carrier, self.tracking_number)


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


class ShipmentExists(DomainError):
    """The same parcel was entered before for the same order."""

    status = 409
    code = "shipment_exists"
    zh = "该订单已登记过这个运单号，请勿重复发货。"
    en = "This tracking number was already entered for this order."


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
