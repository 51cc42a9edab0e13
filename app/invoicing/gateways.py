"""Who draws invoices: the protocol, the sandbox, and a strict fake for tests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.core.clock import local_day
from app.core.events import FarEndAway
from app.invoicing.rules import Colour, Invoice


class Refused(Exception):
    """The drawer looked and will not draw it so; the message is for the seller."""


class DrawerAway(FarEndAway):
    """The drawer could not be reached; try again later."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn invoice: its number of 20 digits, and whether it is a sample."""

    number: str
    sample: bool


class Drawer(Protocol):
    """The tax office's service, or whoever stands before it."""

    async def draw(self, invoice: Invoice, *, reverses: str | None, key: UUID, now: datetime) -> Drawn:
        """Draw it; ``reverses`` is the number of the blue invoice that a red one takes back.

        The same invoice again has the same number, whatever the key. Raises ``Refused``, ``DrawerAway``.
        """
        ...


class SandboxDrawer:
    """Gives out samples in the form of digital invoices (数电票): year, region, channel, fifteen digits."""

    async def draw(self, invoice: Invoice, *, reverses: str | None, key: UUID, now: datetime) -> Drawn:  # noqa: ARG002
        """Make up a number, the same for the same invoice."""
        serial = int.from_bytes(hashlib.sha256(invoice.id.bytes).digest()[:8], "big") % 10**15
        return Drawn(f"{local_day(invoice.requested_at):%y}{invoice.seller_uscc[2:4]}9{serial:015d}", sample=True)


@dataclass
class FakeDrawer:
    """A drawer for tests that checks what a tax office would."""

    drawn: dict[UUID, tuple[str, Invoice]] = field(default_factory=dict)
    away: int = 0
    """How many of the next requests get nowhere."""
    refusing: str | None = None

    async def draw(self, invoice: Invoice, *, reverses: str | None, key: UUID, now: datetime) -> Drawn:  # noqa: ARG002
        """Note it, if it is sound."""
        if self.away:
            self.away -= 1
            raise DrawerAway
        if self.refusing is not None:
            raise Refused(self.refusing)
        sums = sum(item.amount_fen for item in invoice.items), sum(item.tax_fen for item in invoice.items)
        if (invoice.amount_fen, invoice.tax_fen) != sums:
            raise AssertionError("the totals are not those of the items")
        if invoice.kind == "special" and invoice.buyer.uscc is None:
            raise AssertionError("a special invoice without a code")
        number, before = self.drawn.setdefault(invoice.id, (f"2643{len(self.drawn):016d}", invoice))
        if before.items != invoice.items:
            raise AssertionError(f"{number} was another invoice before")
        self._check_reversal(invoice, reverses)
        return Drawn(number, sample=False)

    def _check_reversal(self, invoice: Invoice, reverses: str | None) -> None:
        if invoice.colour is Colour.BLUE and reverses is None:
            return
        blue = {number: known for number, known in self.drawn.values() if known.colour is Colour.BLUE}
        if invoice.colour is Colour.BLUE or reverses not in blue:
            raise AssertionError("a red invoice names a blue one that was drawn, and no other does")
        whole = blue[reverses]
        of_blue = [known for _, known in self.drawn.values() if known.reverses == whole.id]
        left = (
            whole.amount_fen + sum(red.amount_fen for red in of_blue),
            whole.tax_fen + sum(red.tax_fen for red in of_blue),
        )
        if min(left) < 0:
            raise AssertionError(f"more was taken back than {reverses} billed")
