"""Values that cross the border, the carriers we know, and the module's refusals."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.core.clock import SHANGHAI
from app.core.errors import DomainError, Fault, InvalidInput


class ShipmentStatus(StrEnum):
    """Where a parcel stands."""

    DISPATCHED = "dispatched"
    DELIVERED = "delivered"


class TrackingState(StrEnum):
    """What a carrier last said of a parcel, in our own words (domain handbook §5.2)."""

    CREATED = "created"
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    TO_LOCKER = "to_locker"
    PROBLEM = "problem"
    REFUSED = "refused"
    SIGNED = "signed"
    RETURNING = "returning"
    RETURNED = "returned"


class Trouble(StrEnum):
    """Why somebody should look after a parcel."""

    PROBLEM = "problem"
    REFUSED = "refused"
    RETURNING = "returning"
    RETURNED = "returned"
    SILENT = "silent"


_TROUBLES = {trouble.value: trouble for trouble in Trouble}

SILENCE = timedelta(days=5)
"""A parcel that nobody has heard of for so long is in trouble: two to four days are usual (domain handbook §5.1)."""

FOLLOWED = timedelta(days=45)
"""A parcel that has not arrived by then is asked about no longer."""

KUAIDI100: Mapping[str, TrackingState] = {
    "0": TrackingState.IN_TRANSIT,
    "1": TrackingState.PICKED_UP,
    "2": TrackingState.PROBLEM,
    "3": TrackingState.SIGNED,
    "4": TrackingState.RETURNED,  # 退签: signed for by the sender
    "5": TrackingState.OUT_FOR_DELIVERY,
    "6": TrackingState.RETURNING,  # 退回: on its way back to the sender
    "7": TrackingState.IN_TRANSIT,  # handed on to another carrier
    "14": TrackingState.REFUSED,
    "101": TrackingState.CREATED,
    "102": TrackingState.CREATED,
    "304": TrackingState.TO_LOCKER,  # signed by a locker or a station, which is not the buyer's hand
    "501": TrackingState.TO_LOCKER,
}
"""Main states, and those finer ones that mean something else than their first digit."""


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

_OF_KUAIDI100 = {carrier.kuaidi100: carrier.code for carrier in CARRIERS.values()}

_NUMBER = re.compile(r"[A-Za-z0-9-]{6,32}", re.ASCII)
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


LONGEST_BLACKOUT = timedelta(days=30)
"""No carrier stops for longer: about 3 days before to 5 days after the Spring Festival (domain handbook §5.3)."""


@dataclass(frozen=True, slots=True)
class Blackout:
    """Days, both included, on which a carrier takes no parcels; ``carrier`` is None when none does."""

    id: UUID
    carrier: str | None
    from_on: date
    to_on: date


class BlackoutKnown(DomainError):
    """Some of these days are in the calendar already."""

    code = "blackout_known"
    zh = "承运商在 {from_on} 至 {to_on} 已登记停运，请改日期，或先删除原来的。"
    en = "The calendar has this carrier stopped from {from_on} to {to_on}; choose other days, or remove those first."


class BlackoutBegun(DomainError):
    """Promises were made by it."""

    code = "blackout_begun"
    zh = "停运日已经开始或结束，不能再删除。"
    en = "These days have begun or are over and stay in the calendar."


def check_blackout(from_on: date, to_on: date, *, today: date) -> None:
    """Whether such days can be put into the calendar today. Raises ``InvalidInput``."""
    faults = []
    if from_on < today:
        faults.append(Fault("/from_on", "in_the_past", "不能登记过去的日子", "it cannot begin in the past"))
    if to_on < from_on:
        faults.append(Fault("/to_on", "ends_before_it_begins", "结束日不能早于开始日", "it ends before it begins"))
    elif to_on - from_on >= LONGEST_BLACKOUT:
        faults.append(Fault("/to_on", "too_long", "一次最多 30 天", "at most 30 days"))
    if faults:
        raise InvalidInput(faults=faults)


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
class SentPieces:
    """Pieces of one lot in one parcel, and the line of the caller's that they were sent for."""

    shipment_id: UUID
    line_reference: UUID
    quantity: int
    dispatched_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel handed to a carrier. ``reference`` means something to the caller alone.

    ``inbound`` goods are on their way back to the supplier.
    """

    id: UUID
    reference: UUID
    supplier_id: UUID
    carrier: str
    tracking_number: str
    status: ShipmentStatus
    dispatched_at: datetime
    delivered_at: datetime | None
    lines: tuple[ShipmentLine, ...]
    state: TrackingState = TrackingState.CREATED
    news_at: datetime | None = None
    news: str | None = None
    trouble: Trouble | None = None
    inbound: bool = False

    @property
    def warnings(self) -> tuple[Advice, ...]:
        """What looks odd about the number: formats drift, so this is told and never refused."""
        return tracking_warnings(self.carrier, self.tracking_number)


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """One thing that a carrier said of a parcel. ``text`` is the carrier's own, with names and numbers masked."""

    at: datetime
    state: TrackingState
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that a carrier has to say of one number; what was said before may be said again."""

    carrier: str
    tracking_number: str
    events: tuple[TrackingEvent, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A number to ask about. ``phone`` is the end of the recipient's, for those carriers that want it."""

    carrier: str
    tracking_number: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class Tracking:
    """A parcel and what was said of it, newest first."""

    shipment: Shipment
    events: tuple[TrackingEvent, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a parcel stands by all that was said of it; ``signed_at`` is when the buyer got it into their hands."""

    state: TrackingState
    at: datetime
    text: str
    signed_at: datetime | None

    @property
    def trouble(self) -> Trouble | None:
        """Whether somebody should look after it."""
        return _TROUBLES.get(self.state.value)


class NotSignedByCarrier(DomainError):
    """The notification does not come from the carrier's service, or was changed on its way."""

    status = 401
    code = "invalid_signature"
    zh = "物流推送验签失败，请使用约定的密钥签名后重新发送。"
    en = "The notification's signature is not valid; sign it with the agreed salt and send it again."


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
_FINE_DIGITS = 3
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ORDER = {state: place for place, state in enumerate(TrackingState)}
_GOING_BACK = (TrackingState.REFUSED, TrackingState.RETURNING, TrackingState.RETURNED)
_EARLIEST = timedelta(days=7)
_AHEAD = timedelta(hours=12)
_MOST_EVENTS = 200
_LONGEST_TEXT = 300


def standing(events: Iterable[TrackingEvent]) -> Standing | None:
    """Where a parcel stands, in whatever order the events were heard; None when nothing was said.

    A signature after the parcel turned back is the sender's. A locker's is nobody's (domain handbook §5.2).
    """
    found = sorted(events, key=lambda event: (event.at, _ORDER[event.state]))
    if not found:
        return None
    signed_at = None
    for event in found:
        if event.state in _GOING_BACK:
            break
        if event.state is TrackingState.SIGNED:
            signed_at = event.at
            break
    return Standing(found[-1].state, found[-1].at, found[-1].text, signed_at)


def credible(events: Iterable[TrackingEvent], *, dispatched_at: datetime, now: datetime) -> list[TrackingEvent]:
    """Without what cannot be about this parcel: carriers use a number again, and clocks are wrong."""
    return [event for event in events if dispatched_at - _EARLIEST <= event.at <= now + _AHEAD]


_TELEPHONE = re.compile(r"(?<![0-9])(1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8})(?![0-9])", re.ASCII)
_PERSON = re.compile(
    r"(?P<role>(?:签收人|收件人|收货人|快递员|派件员|业务员|揽投员|配送员|投递员)(?:是|为)?[\s:：【\[(（,，]+)"
    r"(?P<name>[\u4e00-\u9fff·]{2,10}|[A-Za-z]{2,20})"
)
_NOBODY = re.compile(r"本人|他人|家人|家属|同事|朋友|邻居|邮件收发|单位|前台|物业|门卫|保安|代|柜|站|超市|店|正在|已")


def discreet(text: str) -> str:
    """A carrier's sentence with the names and numbers of people masked (domain handbook §3.2)."""

    def masked(found: re.Match[str]) -> str:
        return found[0] if _NOBODY.search(found["name"]) else f"{found['role']}{found['name'][0]}**"

    text = _TELEPHONE.sub(lambda found: f"{found[0][:3]}******{found[0][-2:]}", text)
    return _PERSON.sub(masked, text)[:_LONGEST_TEXT]


def phone_hint(carrier: str, phone: str | None) -> str | None:
    """What of a telephone number has to be known to ask about a parcel; None where nothing has to be."""
    digits = re.sub(r"[^0-9]", "", phone or "")
    return digits[-_PHONE_DIGITS:] if carrier in PHONE_REQUIRED and len(digits) >= _PHONE_DIGITS else None


def push_signature(param: str, salt: str) -> str:
    """What Kuaidi100 signs a notification with: MD5 over the text and the salt, upper case (handbook §5.2)."""
    return hashlib.md5((param + salt).encode(), usedforsecurity=False).hexdigest().upper()


def query_signature(param: str, key: str, customer: str) -> str:
    """What Kuaidi100 wants a question signed with: MD5 over text, key and customer, upper case (handbook §5.2)."""
    return hashlib.md5((param + key + customer).encode(), usedforsecurity=False).hexdigest().upper()


def kuaidi100_state(code: str) -> TrackingState:
    """Our state for one of Kuaidi100's. Three digits begin with their main state; customs (8, 10-13) is transit."""
    main = code[:1] if len(code) == _FINE_DIGITS else code
    return KUAIDI100.get(code) or KUAIDI100.get(main, TrackingState.IN_TRANSIT)


def read_push(param: str) -> Report | None:
    """What a signed notification of Kuaidi100 reports. Raises ``InvalidInput``. See ``read_kuaidi100``."""
    try:
        return read_kuaidi100(json.loads(param)["lastResult"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInput from None


def read_kuaidi100(result: Any) -> Report | None:
    """What Kuaidi100 says of a number; None for a carrier that we do not know. Raises ``InvalidInput``.

    ``data`` holds everything so far, newest first, in Chinese time. Without a code of its own the newest entry is in
    the main ``state``, and those before it were transit.
    """
    try:
        carrier = _OF_KUAIDI100.get(result["com"])
        if carrier is None:
            return None
        events = [
            TrackingEvent(
                datetime.fromisoformat(entry["ftime"]).replace(tzinfo=SHANGHAI),
                kuaidi100_state(str(entry.get("statusCode") or (result["state"] if place == 0 else "0"))),
                discreet(_CONTROL.sub(" ", str(entry["context"]))),
            )
            for place, entry in enumerate(result.get("data") or ())
        ]
        return Report(carrier, str(result["nu"]), tuple(events[:_MOST_EVENTS]))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput from None
