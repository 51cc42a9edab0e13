from __future__ import annotations

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ValidationError

from app.core import sealing
from app.core.errors import InvalidInput, NotFound
from app.core.web import Now, TheEdge, WriteSession, problems
from app.identity import Public
from app.payments import service
from app.payments.rules import (
    AmountMismatch,
    CaptureNotice,
    InvalidSignature,
    Notice,
    PaymentNotFound,
    PaymentNotOpen,
    Provider,
    RefundExceedsPayment,
    RefundNotice,
    Sealer,
    StaleNotification,
    TransactionMismatch,
)
from app.payments.schemas import NotificationIn, PayAccepted, RefundIn, TransactionIn

router = APIRouter(tags=["payments"])

M = TypeVar("M", bound=BaseModel)


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": description}


def _documented() -> dict[str, Any]:
    """The signature is over the bytes as sent, so the body is read raw and its shape is only told here."""
    schema = NotificationIn.model_json_schema()
    schema["properties"]["resource"] = schema.pop("$defs")["SealedResource"]
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": _EXAMPLE}}},
        "parameters": [
            _header("Sandbox-Timestamp", "Unix seconds"),
            _header("Sandbox-Nonce", "random, part of what is signed"),
            _header("Sandbox-Signature", "base64 of Ed25519 over timestamp, nonce and body, each ended by a newline"),
            _header("Sandbox-Serial", "names the public key that verifies it"),
        ],
    }


_EXAMPLE = {
    "id": "EV-019a9f6b7c0e7d3f8a51c2d3e4f50617",
    "create_time": "2026-11-20T12:00:00+08:00",
    "resource_type": "encrypt-resource",
    "event_type": "TRANSACTION.SUCCESS",
    "summary": "支付成功",
    "resource": {
        "original_type": "transaction",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": "…",
        "associated_data": "transaction",
        "nonce": "fdasflkja484",
    },
}


@router.post(
    "/v1/sandbox/payments/{payment_id}/pay",
    status_code=202,
    response_model=PayAccepted,
    responses=problems(PaymentNotFound, PaymentNotOpen, public=True),
    summary="Pay in the sandbox",
    operation_id="pay_in_sandbox",
)
async def pay_in_sandbox(payment_id: UUID, edge: TheEdge, _by: Public, session: WriteSession, now: Now) -> PayAccepted:
    """Play the buyer: whoever holds the code may pay it. The result arrives by a signed notification.

    Exists only while the sandbox provider is enabled. Paying twice is harmless.
    """
    if not edge.settings.payments.sandbox:
        raise NotFound
    await service.pay_in_sandbox(session, payment_id, now=now)
    return PayAccepted(payment_id=payment_id)


ProviderName = Annotated[str, Path(max_length=32, description="who calls in", examples=["sandbox"])]


async def _signed(request: Request, edge: TheEdge, now: Now, provider: ProviderName) -> bytes:
    """The guard of notifications: the body, if the provider itself signed it just now."""
    if provider != Provider.SANDBOX or not edge.settings.payments.sandbox:
        raise NotFound
    body = await request.body()
    within = edge.settings.payments.freshness_seconds
    try:
        _sealer().verify(request.headers, body, now=now, within_seconds=within)
    except (InvalidSignature, StaleNotification):
        # A provider that signs may call as often as it likes; whoever guesses is counted.
        await edge.limits.anonymous_write(request.client.host if request.client else "unknown")
        raise
    return body


SignedByProvider = Annotated[bytes, Depends(_signed)]


@router.post(
    "/v1/notifications/{provider}",
    status_code=204,
    responses=problems(
        InvalidSignature,
        StaleNotification,
        PaymentNotFound,
        AmountMismatch,
        TransactionMismatch,
        RefundExceedsPayment,
        public=True,
    ),
    summary="Take a payment provider's notification",
    operation_id="receive_notification",
    openapi_extra=_documented(),
)
async def receive_notification(provider: ProviderName, body: SignedByProvider, session: WriteSession, now: Now) -> None:
    """A provider says that money came or went back: signed, encrypted, and repeated until it is answered with 204.

    A repeat is answered with 204 and changes nothing. Any other answer means that nothing was remembered, so the
    provider is to send it again.
    """
    notification = _read(NotificationIn, body)
    await service.receive(session, _open(notification, Provider(provider)), kind=notification.event_type, now=now)


def _sealer() -> Sealer:
    keys = sealing.keys()
    return Sealer(keys.sandbox_key, keys.sandbox_secret)


def _open(notification: NotificationIn, provider: Provider) -> Notice:
    resource = notification.resource
    plain = _sealer().unlock(
        ciphertext=resource.ciphertext, nonce=resource.nonce, associated_data=resource.associated_data
    )
    if notification.event_type == "TRANSACTION.SUCCESS":
        paid = _read(TransactionIn, plain)
        return CaptureNotice(
            provider=provider,
            notification_id=notification.id,
            payment_id=UUID(hex=paid.out_trade_no),
            provider_transaction=paid.transaction_id,
            amount_fen=paid.amount.total,
            currency=paid.amount.currency,
        )
    refunded = _read(RefundIn, plain)
    return RefundNotice(
        provider=provider,
        notification_id=notification.id,
        number=refunded.out_refund_no,
        provider_refund=refunded.refund_id,
        amount_fen=refunded.amount.refund,
        currency=refunded.amount.currency,
        succeeded=notification.event_type == "REFUND.SUCCESS",
    )


def _read(shape: type[M], raw: bytes) -> M:
    try:
        return shape.model_validate_json(raw)
    except ValidationError:
        raise InvalidInput from None
