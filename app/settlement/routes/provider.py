"""Where the provider that splits the money says how it went."""

from __future__ import annotations

from typing import TypeVar

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError

from app.core import sealing
from app.core.errors import InvalidInput, NotFound
from app.core.web import Now, WriteSession, problems
from app.payments import InvalidSignature, Sealer, SignedByProvider, StaleNotification
from app.settlement import service
from app.settlement.rules import NotPaidThatWay, Outcome
from app.settlement.schemas.provider import SplitIn, SplitNotificationIn

router = APIRouter(tags=["settlement"])

M = TypeVar("M", bound=BaseModel)

_EXAMPLE = {
    "id": "EV-019a9f6b7c0e7d3f8a51c2d3e4f50617",
    "event_type": "PROFITSHARING.SUCCESS",
    "resource": {
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": "…",
        "associated_data": "profitsharing",
        "nonce": "fdasflkja484",
    },
}
_SIGNATURE = ("Sandbox-Timestamp", "Sandbox-Nonce", "Sandbox-Signature", "Sandbox-Serial")


def _documented() -> dict[str, object]:
    """The signature is over the bytes as sent, so the body is read raw and its shape is only told here."""
    schema = SplitNotificationIn.model_json_schema()
    schema["properties"]["resource"] = schema.pop("$defs")["SealedResource"]
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": _EXAMPLE}}},
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "schema": {"type": "string"},
                "description": "as for payment notifications",
            }
            for name in _SIGNATURE
        ],
    }


@router.post(
    "/v1/notifications/payouts/{provider}",
    status_code=204,
    responses=problems(InvalidSignature, StaleNotification, NotFound, NotPaidThatWay, public=True),
    summary="Take a provider's word about a payout",
    operation_id="receive_payout_notification",
    openapi_extra=_documented(),
)
async def receive_payout_notification(provider: str, body: SignedByProvider, session: WriteSession, now: Now) -> None:
    """A provider says that a supplier was paid, or could not be: signed, encrypted, repeated until answered with 204.

    A repeat is answered with 204 and changes nothing.
    """
    notification = _read(SplitNotificationIn, body)
    keys = sealing.keys()
    resource = notification.resource
    plain = Sealer(keys.sandbox_key, keys.sandbox_secret).unlock(
        ciphertext=resource.ciphertext, nonce=resource.nonce, associated_data=resource.associated_data
    )
    told = _read(SplitIn, plain)
    paid = told.receiver.result == "SUCCESS"
    if paid != (notification.event_type == "PROFITSHARING.SUCCESS"):
        raise InvalidInput
    outcome = Outcome(
        provider=provider,
        number=told.out_order_no,
        amount_fen=told.receiver.amount,
        reference=told.order_id if paid else None,
        failure=None if paid else told.receiver.fail_reason or "UNKNOWN",
    )
    await service.settle(session, [outcome], now=now)


def _read(shape: type[M], raw: bytes) -> M:
    try:
        return shape.model_validate_json(raw)
    except ValidationError:
        raise InvalidInput from None
