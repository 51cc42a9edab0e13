"""Values that cross the border, the module's refusals, and the sealed envelope in which a provider's word arrives."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from cryptography.exceptions import InvalidSignature as _Broken
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.errors import DomainError, InvalidInput, NotFound

CURRENCY = "CNY"
ALGORITHM = "AEAD_AES_256_GCM"
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class Provider(StrEnum):
    """Who moves the money."""

    SANDBOX = "sandbox"
    WECHAT_NATIVE = "wechat_native"
    BANK_TRANSFER = "bank_transfer"


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    CAPTURED = "captured"
    CLOSED = "closed"


class RefundStatus(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to collect ``amount_fen`` for ``reference``, which means something to the caller alone.

    ``refunded_fen`` counts refunds that were asked for or have succeeded; it never exceeds ``amount_fen``.
    """

    id: UUID
    provider: Provider
    reference: UUID
    payer_id: UUID
    amount_fen: int
    refunded_fen: int
    status: PaymentStatus
    code_url: str | None
    remittance_code: str | None
    provider_transaction: str | None
    created_at: datetime
    captured_at: datetime | None
    pay_by: datetime | None = None
    """Until when the goods are kept for a transfer that was announced; None for money that comes at once."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back. ``reference`` is the caller's own id of the refund; ``number`` is what providers see."""

    id: UUID
    payment_id: UUID
    number: str
    reference: UUID
    amount_fen: int
    reason: str
    status: RefundStatus
    requested_at: datetime
    settled_at: datetime | None
    provider_refund: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureNotice:
    """A provider says: this payment was paid."""

    provider: Provider
    notification_id: str
    payment_id: UUID
    provider_transaction: str
    amount_fen: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """A provider says: this refund came to its end. ``number`` is ours, ``provider_refund`` is the provider's."""

    provider: Provider
    notification_id: str
    number: str
    provider_refund: str
    amount_fen: int
    currency: str
    succeeded: bool


Notice = CaptureNotice | RefundNotice


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What a gateway needs to give money back. ``total_fen`` is the whole payment, as providers want it."""

    payment_id: UUID
    provider_transaction: str
    number: str
    amount_fen: int
    total_fen: int
    reason: str


class TooManyTransfers(DomainError):
    """Goods wait for as many transfers of this payer's as we let them."""

    code = "too_many_transfers"
    zh = "您已有 {most} 笔待到账的对公转账，请先付款或取消那笔订单，或改用其他支付方式。"
    en = "You have {most} bank transfers open; pay or cancel that order first, or pay this one by other means."


class ProviderNotAvailable(DomainError):
    """The contract names the provider, this installation does not offer it."""

    status = 422
    code = "provider_not_available"
    zh = "当前未开通“{provider}”支付方式，请选择其他支付方式。"
    en = "The payment provider “{provider}” is not available here; choose another one."

    def __init__(self, provider: str = "…") -> None:
        super().__init__(provider=provider)


class PaymentNotOpen(DomainError):
    """The code can no longer be paid."""

    status = 409
    code = "payment_not_open"
    zh = "这笔支付已关闭，请返回订单重新发起支付。"
    en = "This payment is closed; go back to the order and start a new one."


class PaymentNotCaptured(DomainError):
    """Nothing was received, so nothing can be given back."""

    status = 409
    code = "payment_not_captured"
    zh = "这笔支付尚未收款，无法退款。"
    en = "This payment was not received yet, so it cannot be refunded."


class RefundExceedsPayment(DomainError):
    """All refunds of a payment together are at most the payment (domain handbook §6.5)."""

    status = 409
    code = "refund_exceeds_payment"
    zh = "退款金额超过可退余额，请核对已退款项后重试。"
    en = "The refund is more than what is left of the payment; check the refunds already made."


class RefundNotFailed(DomainError):
    """Only what failed is asked for again."""

    status = 409
    code = "refund_not_failed"
    zh = "退款当前状态为 {status}，只有失败的退款可以重新发起。"
    en = "The refund is {status}; only a failed one can be asked for again."


class RefundNotPayable(DomainError):
    """The provider is paying it, or has: paying it by hand would pay it twice."""

    status = 409
    code = "refund_not_payable"
    zh = "退款当前状态为 {status}，由支付渠道处理，不能登记为人工付款。"
    en = "The refund is {status} with its provider; noting a payment by hand would pay it twice."


class RefundReferenceReused(DomainError):
    """One reference is one refund."""

    status = 409
    code = "refund_reference_reused"
    zh = "该退款编号已用于另一笔退款。"
    en = "This reference already belongs to another refund."


class InvalidSignature(DomainError):
    """The notification does not come from the provider, or was changed on its way."""

    status = 401
    code = "invalid_signature"
    zh = "通知验签失败，请使用约定的密钥签名后重新发送。"
    en = "The notification's signature is not valid; sign it with the agreed key and send it again."


class StaleNotification(DomainError):
    """A genuine notification that was held back, or a clock that is wrong."""

    status = 400
    code = "stale_notification"
    zh = "通知时间戳超出允许范围，请校准时钟并重新签名后发送。"
    en = "The notification's timestamp is too far from now; check the clock, sign again and send again."


class AmountMismatch(DomainError):
    """The provider's figure is not ours."""

    status = 409
    code = "amount_mismatch"
    zh = "通知中的金额或币种与我方记录不一致，未作任何更改。"
    en = "The notification's amount or currency differs from our record; nothing was changed."


class TransactionMismatch(DomainError):
    """One transaction of a provider pays one payment, and one payment is paid by one transaction."""

    status = 409
    code = "transaction_mismatch"
    zh = "该支付已由另一笔交易完成，或该交易号已用于另一笔支付，未作任何更改。"
    en = "The payment was made by another transaction, or the transaction made another payment; nothing was changed."


class PaymentNotFound(NotFound):
    """No payment or refund has that number at that provider."""

    zh = "没有找到对应的支付或退款记录。"
    en = "There is no such payment or refund."


@dataclass(frozen=True)
class Sealer:
    r"""The sandbox's half of the conversation, in the shapes of WeChat Pay API v3 (domain handbook §6.2).

    The signature is Ed25519 over ``timestamp \n nonce \n body \n``; the resource is AES-256-GCM. ``key`` signs,
    ``secret`` (32 bytes) encrypts.
    """

    key: Ed25519PrivateKey
    secret: bytes

    @cached_property
    def serial(self) -> str:
        """Names the public key, so that a change of keys can be told from a forgery."""
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return f"PUB_KEY_ID_SANDBOX_{hashlib.sha256(raw).hexdigest()[:16].upper()}"

    def sign(self, body: bytes, at: datetime) -> dict[str, str]:
        """The headers that vouch for ``body``."""
        timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
        signature = self.key.sign(_message(timestamp, nonce, body))
        return {
            "Sandbox-Timestamp": timestamp,
            "Sandbox-Nonce": nonce,
            "Sandbox-Signature": base64.b64encode(signature).decode(),
            "Sandbox-Serial": self.serial,
        }

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime, within_seconds: int) -> None:
        """Raise unless ``body`` comes from the holder of the key and was signed just now.

        ``headers`` is case-insensitive. Raises ``InvalidSignature`` (a header is missing, another key, a changed
        byte) or ``StaleNotification`` (signed ``within_seconds`` or more before or after ``now``).
        """
        timestamp, nonce = headers.get("Sandbox-Timestamp", ""), headers.get("Sandbox-Nonce", "")
        signature, serial = headers.get("Sandbox-Signature", ""), headers.get("Sandbox-Serial", "")
        if not (nonce and signature and _TIMESTAMP.fullmatch(timestamp) and serial == self.serial):
            raise InvalidSignature
        if abs(now.timestamp() - int(timestamp)) >= within_seconds:
            raise StaleNotification
        try:
            self.key.public_key().verify(base64.b64decode(signature, validate=True), _message(timestamp, nonce, body))
        except (_Broken, ValueError):
            raise InvalidSignature from None

    def lock(self, plain: bytes, original_type: str) -> dict[str, str]:
        """``plain`` as the ``resource`` of a notification."""
        nonce = secrets.token_urlsafe(9)  # twelve characters are the twelve bytes that GCM wants
        ciphertext = AESGCM(self.secret).encrypt(nonce.encode(), plain, original_type.encode())
        return {
            "original_type": original_type,
            "algorithm": ALGORITHM,
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "associated_data": original_type,
            "nonce": nonce,
        }

    def unlock(self, *, ciphertext: str, nonce: str, associated_data: str) -> bytes:
        """What ``lock`` was given. Raises ``InvalidInput`` for another secret or a changed byte."""
        try:
            sealed = base64.b64decode(ciphertext, validate=True)
            return AESGCM(self.secret).decrypt(nonce.encode(), sealed, associated_data.encode())
        except (InvalidTag, ValueError):
            raise InvalidInput from None


def _message(timestamp: str, nonce: str, body: bytes) -> bytes:
    return b"\n".join((timestamp.encode(), nonce.encode(), body, b""))


def sandbox_transaction(payment_id: UUID) -> str:
    """The sandbox's own number of a payment: the same however often somebody pays, as a code can be paid once."""
    return f"SBX{payment_id.hex}"
