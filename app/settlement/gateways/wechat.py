"""WeChat Pay's profit sharing, API v3 (domain handbook §6.2): suppliers are the payees, the platform a receiver.

What we ask is signed with the merchant's key, and no answer is believed that WeChat Pay did not sign just now, a
refusal neither. Everything may be asked again under the same number, which is how an answer that was lost is found.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.settings import WechatSplitSettings
from app.settlement.gateways.sandbox import NotAccepted
from app.settlement.rules.split import MOST_RECEIVERS, Answer, Split, SplitKind

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_SECONDS = 300
_TIMEOUT = httpx.Timeout(8.0, connect=4.0)
_AGENT = "baojing-market"
_AGAIN = 429
_BROKEN = 500
_NOT_FOUND = 404
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)

M = TypeVar("M", bound=BaseModel)


class Refused(Exception):
    """WeChat Pay says no, and says so under its own signature. ``code`` is its word for why."""

    def __init__(self, status: int, code: str) -> None:
        self.http_status = status
        self.code = code
        super().__init__(f"{status} {code}")


class Desk(Protocol):
    """A licensed provider that splits payment by payment and is asked how it went, as seen by a courier."""

    async def prepare(self, sub_mchid: str, *, now: datetime) -> int:
        """Make the platform a receiver of a merchant's money; harmless to repeat.

        Returns what of a payment may be shared at most, in basis points. Raises ``NotAccepted``, ``Refused``.
        """
        ...

    async def tell(self, request: Split, *, now: datetime) -> Answer:
        """Make a request, or make it again under the same number. Raises ``NotAccepted``, ``Refused``."""
        ...

    async def ask(self, request: Split, *, now: datetime) -> Answer | None:
        """How a request went; None where the provider never had it. Raises ``NotAccepted``, ``Refused``."""
        ...


class _Answered(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Receiver(_Answered):
    account: str = ""
    amount: int = Field(ge=0)
    result: str
    fail_reason: str | None = None


class _Shared(_Answered):
    """Of ``orders``, of ``orders/unfreeze`` and of the question how either went."""

    transaction_id: str
    out_order_no: str
    order_id: str
    state: str
    receivers: list[_Receiver] = Field(default_factory=list)


class _Returned(_Answered):
    out_return_no: str
    return_id: str
    amount: int
    result: str
    fail_reason: str | None = None


class _Ratio(_Answered):
    max_ratio: int = Field(ge=0, le=10_000)


class _Said(_Answered):
    code: str = Field("UNKNOWN", pattern=r"^[A-Z0-9_]{1,64}$")


@dataclass(frozen=True)
class WechatDesk:
    """The adapter. ``key`` is the merchant's, ``platform_key`` verifies and encrypts."""

    appid: str
    mchid: str
    legal_name: str
    serial: str
    key: RSAPrivateKey
    platform_key_id: str
    platform_key: RSAPublicKey
    base_url: str
    http: httpx.AsyncClient | None = None
    """None opens a client for each call."""

    @classmethod
    def of(cls, settings: WechatSplitSettings, http: httpx.AsyncClient | None = None) -> WechatDesk:
        """With this installation's credentials. Raises ``ValueError`` where they are none, or no RSA keys."""
        if settings.private_key is None or settings.platform_key is None:
            raise ValueError("there are no credentials for WeChat Pay")
        key = load_pem_private_key(settings.private_key.get_secret_value().encode(), password=None)
        platform_key = load_pem_public_key(settings.platform_key.encode())
        if not isinstance(key, RSAPrivateKey) or not isinstance(platform_key, RSAPublicKey):
            raise ValueError(  # noqa: TRY004 - it is the setting that is wrong
                "WECHAT_SPLIT__PRIVATE_KEY and WECHAT_SPLIT__PLATFORM_KEY are RSA keys"
            )
        return cls(
            appid=str(settings.appid),
            mchid=str(settings.mchid),
            legal_name=str(settings.legal_name),
            serial=str(settings.serial_no),
            key=key,
            platform_key_id=str(settings.platform_key_id),
            platform_key=platform_key,
            base_url=settings.base_url,
            http=http,
        )

    async def prepare(self, sub_mchid: str, *, now: datetime) -> int:
        """``receivers/add`` and ``merchant-configs``."""
        receiver = {
            "sub_mchid": sub_mchid,
            "appid": self.appid,
            "type": "MERCHANT_ID",
            "account": self.mchid,
            "name": self._sealed(self.legal_name),
            "relation_type": "PARTNER",
        }
        await self._call("POST", "/v3/profitsharing/receivers/add", receiver, now=now)
        answer = await self._call("GET", f"/v3/profitsharing/merchant-configs/{sub_mchid}", now=now)
        return _read(_Ratio, answer).max_ratio

    async def tell(self, request: Split, *, now: datetime) -> Answer:
        """``orders``, ``return-orders`` or ``orders/unfreeze``."""
        if request.kind is SplitKind.SHARE:
            return await self.share(request, [self.receiver(request.amount_fen)], now=now)
        body: dict[str, Any] = {"sub_mchid": request.sub_mchid}
        if request.kind is SplitKind.UNFREEZE:
            body |= {
                "transaction_id": request.transaction,
                "out_order_no": request.number,
                "description": "解冻全部剩余资金",
            }
            answer = await self._call("POST", "/v3/profitsharing/orders/unfreeze", body, now=now)
            return self._shared(request, answer)
        body |= {
            "out_order_no": request.back_of,
            "out_return_no": request.number,
            "return_mchid": self.mchid,
            "amount": request.amount_fen,
            "description": "平台退回分账",
        }
        answer = await self._call("POST", "/v3/profitsharing/return-orders", body, now=now)
        return self._returned(request, answer)

    def receiver(self, amount_fen: int) -> dict[str, Any]:
        """The platform, as one of those who get a share of a payment."""
        return {
            "type": "MERCHANT_ID",
            "account": self.mchid,
            "name": self._sealed(self.legal_name),
            "amount": amount_fen,
            "description": "平台服务费",
        }

    async def share(self, request: Split, receivers: Sequence[Mapping[str, Any]], *, now: datetime) -> Answer:
        """Share a payment among receivers, and leave the rest frozen until all of the payout is known to work.

        Raises ``ValueError`` for more receivers than a request may have.
        """
        if not 0 < len(receivers) <= MOST_RECEIVERS:
            raise ValueError(f"a request has up to {MOST_RECEIVERS} receivers")
        body = {
            "sub_mchid": request.sub_mchid,
            "appid": self.appid,
            "transaction_id": request.transaction,
            "out_order_no": request.number,
            "receivers": list(receivers),
            "unfreeze_unsplit": False,
        }
        return self._shared(request, await self._call("POST", "/v3/profitsharing/orders", body, now=now))

    async def ask(self, request: Split, *, now: datetime) -> Answer | None:
        """The same addresses with GET."""
        number, merchant = request.number, request.sub_mchid
        if request.kind is SplitKind.GIVE_BACK:
            path = f"/v3/profitsharing/return-orders/{number}?sub_mchid={merchant}&out_order_no={request.back_of}"
        else:
            path = f"/v3/profitsharing/orders/{number}?sub_mchid={merchant}&transaction_id={request.transaction}"
        try:
            answer = await self._call("GET", path, now=now)
        except Refused as refused:
            if refused.http_status == _NOT_FOUND:
                return None
            raise
        return (self._returned if request.kind is SplitKind.GIVE_BACK else self._shared)(request, answer)

    def _shared(self, request: Split, raw: bytes) -> Answer:
        told = _read(_Shared, raw)
        if (told.out_order_no, told.transaction_id) != (request.number, request.transaction):
            raise NotAccepted("the answer is to another question")
        if told.state != "FINISHED":
            return Answer(told.order_id, done=False)
        closed = [one for one in told.receivers if one.result != "SUCCESS"]
        if any(one.result != "CLOSED" for one in closed):
            return Answer(told.order_id, done=False)
        if closed:
            return Answer(told.order_id, done=False, failure=closed[0].fail_reason or "CLOSED")
        ours = sum(one.amount for one in told.receivers if one.account == self.mchid)
        if request.kind is SplitKind.SHARE and ours != request.amount_fen:
            raise NotAccepted("another amount was shared than was asked for")
        return Answer(told.order_id, done=True)

    def _returned(self, request: Split, raw: bytes) -> Answer:
        told = _read(_Returned, raw)
        if (told.out_return_no, told.amount) != (request.number, request.amount_fen):
            raise NotAccepted("the answer is to another question")
        failure = (told.fail_reason or "FAILED") if told.result == "FAILED" else None
        return Answer(told.return_id, done=told.result == "SUCCESS", failure=failure)

    def _sealed(self, plain: str) -> str:
        oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - their choice
        return base64.b64encode(self.platform_key.encrypt(plain.encode(), oaep)).decode()

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, now: datetime) -> bytes:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Authorization": self._signed(method, path, content, now),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "Wechatpay-Serial": self.platform_key_id,
        }
        try:
            if self.http is None:
                async with httpx.AsyncClient() as http:
                    answer = await self._send(http, method, path, content, headers)
            else:
                answer = await self._send(self.http, method, path, content, headers)
        except httpx.HTTPError as error:
            raise NotAccepted(type(error).__name__) from error
        if answer.status_code == _AGAIN or answer.status_code >= _BROKEN:
            raise NotAccepted(f"answered with {answer.status_code}")
        self._verify(answer, now)
        if not answer.is_success:
            raise Refused(answer.status_code, _read(_Said, answer.content).code)
        return answer.content

    async def _send(
        self, http: httpx.AsyncClient, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        return await http.request(
            method, f"{self.base_url}{path}", content=content, headers=headers, timeout=_TIMEOUT, follow_redirects=False
        )

    def _signed(self, method: str, path: str, body: bytes, now: datetime) -> str:
        timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16).upper()
        message = f"{method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.key.sign(message, padding.PKCS1v15(), SHA256())
        return (
            f'{SCHEME} mchid="{self.mchid}",nonce_str="{nonce}",signature="{base64.b64encode(signature).decode()}",'
            f'timestamp="{timestamp}",serial_no="{self.serial}"'
        )

    def _verify(self, answer: httpx.Response, now: datetime) -> None:
        """Raise ``NotAccepted`` unless WeChat Pay signed the answer, as it is, just now."""
        headers = answer.headers
        timestamp, nonce = headers.get("Wechatpay-Timestamp", ""), headers.get("Wechatpay-Nonce", "")
        if headers.get("Wechatpay-Serial") != self.platform_key_id or not _TIMESTAMP.fullmatch(timestamp):
            raise NotAccepted("the answer is not signed with the key we know")
        if abs(now.timestamp() - int(timestamp)) >= FRESH_SECONDS:
            raise NotAccepted("the answer is too old")
        message = b"\n".join((timestamp.encode(), nonce.encode(), answer.content, b""))
        try:
            signature = base64.b64decode(headers.get("Wechatpay-Signature", ""), validate=True)
            self.platform_key.verify(signature, message, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            raise NotAccepted("the answer's signature is not valid") from None


def _read(shape: type[M], raw: bytes) -> M:
    try:
        return shape.model_validate_json(raw)
    except ValidationError:
        raise NotAccepted("the answer cannot be read") from None
