"""Whether somebody buys their own goods, which is no sale to count (domain handbook §2.9, item 3)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Sign(StrEnum):
    """What speaks for it that buyer and supplier are the same."""

    ORDERED_BY_STAFF = "ordered_by_staff"
    SAME_REGISTRATION = "same_registration"
    SENT_TO_STAFF = "sent_to_staff"


WEIGHTS = {Sign.ORDERED_BY_STAFF: 100, Sign.SAME_REGISTRATION: 100, Sign.SENT_TO_STAFF: 60}
"""How much each sign speaks for it. A phone may be lent, so that alone says less than who signed in."""

THRESHOLD = 60
"""From this score on a purchase is a supplier's own: what is doubtful is left out rather than counted."""


def is_own_purchase(signs: Iterable[Sign]) -> bool:
    """Whether the signs together reach the threshold."""
    return sum(WEIGHTS[sign] for sign in set(signs)) >= THRESHOLD
