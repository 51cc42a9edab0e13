"""What the provider that splits the money sends. It may carry more than we read, so unknown fields are allowed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from app.core.money import MAX_FEN
from app.core.web import Body


class _FromProvider(Body):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SealedResource(_FromProvider):
    """The encrypted part of a notification: AES-256-GCM with a 16-byte tag at the end of the ciphertext."""

    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str = Field(min_length=1, max_length=100_000, description="base64")
    associated_data: str = Field("", max_length=64)
    nonce: str = Field(min_length=12, max_length=12, pattern=r"^[\x20-\x7e]{12}$")


class SplitNotificationIn(_FromProvider):
    """A provider's word about a split, in the shape of WeChat Pay API v3."""

    id: str = Field(min_length=1, max_length=64, examples=["EV-019a9f6b7c0e7d3f8a51c2d3e4f50617"])
    event_type: Literal["PROFITSHARING.SUCCESS", "PROFITSHARING.CLOSED"]
    resource: SealedResource


_Word = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_|*@.:-]{1,64}$")]


class ReceiverIn(_FromProvider):
    """What became of the supplier's part, in fen."""

    amount: Annotated[int, Field(strict=True, ge=1, le=MAX_FEN)]
    result: Literal["SUCCESS", "CLOSED"]
    fail_reason: _Word | None = None


class SplitIn(_FromProvider):
    """The decrypted resource. ``out_order_no`` is our number of the payout."""

    out_order_no: _Word
    order_id: _Word
    receiver: ReceiverIn
