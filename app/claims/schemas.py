"""Claims on the wire."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.buyers import AddressOut
from app.claims.lifecycle import Status
from app.claims.rules import Asked, Claim, Decision, Kind, Liable, NewClaim, Party, Remedy
from app.core.money import MAX_FEN
from app.core.web import Body, LongText, Out, Quantity
from app.core.web.schemas import NO_CONTROL
from app.files import FileOut
from app.fulfilment import ParcelOut

MOST_LINES = 100
_LINE = "0193478a-2b00-7abc-8def-0123456789ab"

Pieces = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_CONTROL)]
CarrierCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,8}$"), Field(examples=["ZTO"])]
TrackingNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{6,32}$"), Field(examples=["78001234567890"])]
LotCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_CONTROL)]


class Wish(StrEnum):
    """What the buyer would like."""

    REFUND = "refund"
    RESHIP = "reship"


class Outcome(StrEnum):
    """What the marketplace decides."""

    REFUND = "refund"
    RESHIP = "reship"
    RETURN = "return"
    REJECT = "reject"


class ClaimLineIn(Body):
    """So many sales units are concerned; of all their pieces so many are bad, or missing where the claim is short."""

    line_id: UUID
    quantity: Quantity
    bad_pieces: Pieces | None = Field(
        None, description="Required for bad_fruit; for short, how many pieces are missing"
    )
    total_pieces: Pieces | None = Field(None, description="Of all units concerned, good and bad")


class ClaimIn(Body):
    """Complain about goods of one supplier."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "bad_fruit",
                    "lines": [{"line_id": _LINE, "quantity": 1, "bad_pieces": 3, "total_pieces": 25}],
                    "note": "箱底三个烂果",
                }
            ]
        }
    )
    kind: Kind
    lines: list[ClaimLineIn] = Field(min_length=1, max_length=MOST_LINES)
    photos: list[UUID] = Field(default=[], max_length=9, description="Files handed in for a claim")
    remedy: Wish = Field(Wish.REFUND, description="Goods are sent again for whole units only")
    note: Note | None = None

    def wanted(self) -> NewClaim:
        """As the module's value."""
        lines = [Asked(line.line_id, line.quantity, line.bad_pieces, line.total_pieces) for line in self.lines]
        return NewClaim(self.kind, lines, Remedy(self.remedy.value), self.photos, self.note)


class AcceptIn(Body):
    """Agree to a claim."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remedy": "refund"}]})
    remedy: Wish | None = Field(None, description="`refund` pays instead of sending goods again")


class ContestIn(Body):
    """See it differently."""

    reason: LongText = Field(examples=["照片中的外箱不是本单的运单号"])


class SendBackIn(Body):
    """The goods are on their way back."""

    carrier: CarrierCode
    tracking_number: TrackingNumber


class LotIn(Body):
    """Which lot to take for a line."""

    line_id: UUID
    lot_code: LotCode


class ShipAgainIn(Body):
    """Hand the goods that make a claim good to a carrier."""

    carrier: CarrierCode
    tracking_number: TrackingNumber
    lots: list[LotIn] = Field(default=[], max_length=MOST_LINES)


class ReceiveBackIn(Body):
    """The goods are back."""

    sellable: bool = Field(examples=[True], description="Whether they go back into stock")


class AmountIn(Body):
    """What of a line goes back."""

    line_id: UUID
    amount_fen: Annotated[int, Field(strict=True, ge=0, le=MAX_FEN, examples=[998])]
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0


class DecisionIn(Body):
    """Decide a claim; what is decided stands."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outcome": "refund", "liable": "carrier", "reason": "外箱破损，签收时已注明"}]}
    )
    outcome: Outcome
    liable: Liable = Field(description="Who bears the cost")
    reason: LongText
    lines: list[AmountIn] | None = Field(
        None, max_length=MOST_LINES, description="Instead of what was computed; lines left out get nothing"
    )
    freight_fen: Annotated[int, Field(strict=True, ge=0, le=MAX_FEN)] | None = None

    def decision(self) -> Decision:
        """As the module's value."""
        return Decision(
            remedy=None if self.outcome is Outcome.REJECT else Remedy(self.outcome.value),
            liable=self.liable,
            reason=self.reason,
            amounts=None
            if self.lines is None
            else {line.line_id: (line.amount_fen, line.quantity) for line in self.lines},
            freight_fen=self.freight_fen,
        )


class ClaimLineOut(Out):
    """One line of a claim."""

    line_id: UUID
    sku: str
    name: str
    quantity: int
    bad_pieces: int | None
    total_pieces: int | None
    refund_fen: int


class ClaimEventOut(Out):
    """One step, and who took it."""

    at: datetime
    status: Status
    party: Party
    reason: str | None


class ClaimOut(Out):
    """A claim."""

    id: UUID
    order_id: UUID
    order_number: str
    supplier_order_id: UUID
    supplier_id: UUID
    kind: Kind
    remedy: Remedy
    status: Status
    refund_fen: int = Field(description="What goes back, or would; freight included")
    freight_fen: int
    note: str | None
    liable: Liable | None = Field(description="Who bears the cost, once that is decided")
    refund_id: UUID | None
    return_carrier: str | None
    return_number: str | None
    sellable: bool | None
    opened_at: datetime
    due_at: datetime | None = Field(description="When the next step happens by itself")
    closed_at: datetime | None
    lines: list[ClaimLineOut]
    photos: list[FileOut]
    shipments: list[ParcelOut] = Field(description="Goods sent again")
    return_shipment: ParcelOut | None = Field(description="The parcel by which the goods go back to the supplier")
    history: list[ClaimEventOut]

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """From the value."""
        parcels = {
            "shipments": [ParcelOut.of(parcel) for parcel in claim.shipments],
            "return_shipment": ParcelOut.of(claim.return_shipment) if claim.return_shipment else None,
        }
        return cls.model_validate({name: getattr(claim, name) for name in ClaimOut.model_fields} | parcels)


class ClaimToSendOut(ClaimOut):
    """A claim as its supplier sees it; ``address`` is there while goods are to be sent again."""

    address: AddressOut | None = None

    @classmethod
    def of(cls, claim: Claim) -> Self:
        """From the value."""
        address = None if claim.address is None else AddressOut.of(claim.address)
        return cls(**dict(ClaimOut.of(claim)), address=address)
