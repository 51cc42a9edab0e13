"""What is split payment by payment at a provider, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.web import Body, Out
from app.settlement.lifecycle import SplitStatus
from app.settlement.rules.split import SplitKind


class SplitMerchantIn(Body):
    """Under which number WeChat Pay knows the supplier."""

    sub_mchid: Annotated[str, StringConstraints(pattern=r"^[0-9]{8,32}$")] = Field(examples=["1900000109"])


class SplitMerchantOut(Out):
    """A supplier as WeChat Pay knows it: the payee of its sales. It is prepared within a minute, then can be paid."""

    supplier_id: UUID
    sub_mchid: str = Field(examples=["1900000109"])
    entered_at: datetime
    max_ratio_bp: int | None = Field(description="What of a payment the platform may get at most, in basis points")
    prepared_at: datetime | None = Field(description="Since when the platform is a receiver of its money")


class SplitOut(Out):
    """A request to the provider for one payment: the platform's share, an earlier share back, or the rest set free."""

    id: UUID
    number: str = Field(description="Ours, repeated with the request", examples=["FS2026110812345678901234"])
    kind: SplitKind
    transaction: str = Field(description="The payment's number at the provider")
    sub_mchid: str
    amount_fen: int
    back_of: str | None = Field(description="The number of the share that is given back")
    status: SplitStatus
    provider_reference: str | None
    failure: str | None = Field(description="The provider's code")
    planned_at: datetime
    asked_at: datetime | None
    ended_at: datetime | None
