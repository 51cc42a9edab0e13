"""How Kuaidi100 signs, and how what it says is read (domain handbook §5.2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.clock import SHANGHAI
from app.core.errors import DomainError, InvalidInput
from app.fulfilment.rules.carriers import CARRIERS
from app.fulfilment.rules.parcels import TrackingState
from app.fulfilment.rules.tracking import Report, TrackingEvent, discreet

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

_OF_KUAIDI100 = {carrier.kuaidi100: carrier.code for carrier in CARRIERS.values()}


class NotSignedByCarrier(DomainError):
    """The notification does not come from the carrier's service, or was changed on its way."""

    status = 401
    code = "invalid_signature"
    zh = "物流推送验签失败，请使用约定的密钥签名后重新发送。"
    en = "The notification's signature is not valid; sign it with the agreed salt and send it again."


_FINE_DIGITS = 3
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_EVENTS = 200


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
