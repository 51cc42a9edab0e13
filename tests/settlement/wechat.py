"""WeChat Pay's profit sharing, played strictly: believes what is signed, signs what it says, keeps count."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.core.settings import WechatSplitSettings

APPID, MCHID, NAME = "wx8888888888888888", "1900009191", "保靖好物电子商务有限公司（示例）"
SERIAL, PLATFORM_ID = "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C", "PUB_KEY_ID_0114232134912410000000000000"
_AUTHORIZATION = re.compile(
    r'WECHATPAY2-SHA256-RSA2048 mchid="(\d+)",nonce_str="(\w+)",signature="([A-Za-z0-9+/=]+)",timestamp="(\d+)",'
    r'serial_no="(\w+)"'
)


@cache
def merchant_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def platform_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def settings(**more: Any) -> WechatSplitSettings:
    public = platform_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return WechatSplitSettings(
        **{
            "appid": APPID,
            "mchid": MCHID,
            "legal_name": NAME,
            "serial_no": SERIAL,
            "private_key": pem(merchant_key()),
            "platform_key_id": PLATFORM_ID,
            "platform_key": public,
            "base_url": "https://wechat.test",
            **more,
        }
    )


@dataclass
class Paid:
    """A payment: whose it is, what is still frozen of it, and since when."""

    sub_mchid: str
    total: int
    frozen: int
    at: datetime
    requests: int = 0


@dataclass
class Gateway:
    """The far end of ``httpx.MockTransport``. ``faults`` are what happens to the next requests, one each."""

    clock: Any
    payments: dict[str, Paid] = field(default_factory=dict)
    ratio: int = 3_000
    faults: list[str] = field(default_factory=list)
    busy: int = 0
    """How many of the next shares stay PROCESSING until they have been asked about once."""
    closing: dict[str, str] = field(default_factory=dict)
    """Payments whose next share is closed, and why."""
    receivers: set[str] = field(default_factory=set)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: dict[str, Any] = field(default_factory=dict)
    platform: Counter[str] = field(default_factory=Counter)
    suppliers: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[str, str]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    told: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))

    def pays(self, transaction: str, sub_mchid: str, total: int, at: datetime, *, refunded: int = 0) -> None:
        self.payments[transaction] = Paid(sub_mchid, total, total - refunded, at)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise httpx.ConnectTimeout("no way there")
        if fault in ("503", "429"):
            return httpx.Response(int(fault), json={"code": "SYSTEM_ERROR"})
        status, body = self._answer(request)
        if fault == "lost":
            raise httpx.ReadTimeout("no way back")
        return self._signed(status, json.dumps(body).encode(), fault)

    def _signed(self, status: int, body: bytes, fault: str) -> httpx.Response:
        at = self.clock() - timedelta(minutes=6 if fault == "stale" else 0)
        timestamp, nonce = str(int(at.timestamp())), "C5AC7061FCCF6BF3C792FC63C4D47C2D"
        key = merchant_key() if fault == "forged" else platform_key()
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        headers = {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode(),
            "Wechatpay-Serial": "PUB_KEY_ID_ANOTHER" if fault == "another" else PLATFORM_ID,
            "Content-Type": "application/json",
        }
        if fault == "unsigned":
            del headers["Wechatpay-Signature"]
        return httpx.Response(status, content=body + b" " if fault == "changed" else body, headers=headers)

    def _answer(self, request: httpx.Request) -> tuple[int, Any]:
        path = request.url.raw_path.decode()
        body = request.content
        if not self._knows(request, path, body):
            return 401, {"code": "SIGN_ERROR", "message": "签名错误"}
        assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
        assert request.headers["User-Agent"]
        parts = urlsplit(path)
        asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
        told = json.loads(body) if body else {}
        where = parts.path.removeprefix("/v3/profitsharing/")
        self.calls.append((request.method, where))
        match request.method, where.split("/"):
            case "POST", ["receivers", "add"]:
                return self._add(request, told)
            case "GET", ["merchant-configs", sub_mchid]:
                return 200, {"sub_mchid": sub_mchid, "max_ratio": self.ratio}
            case "POST", ["orders"]:
                return self._share(told)
            case "POST", ["orders", "unfreeze"]:
                return self._unfreeze(told)
            case "POST", ["return-orders"]:
                return self._give_back(told)
            case "GET", ["orders" | "return-orders", number]:
                return self._find(number, asked)
        raise AssertionError(f"{request.method} {path} is nothing that WeChat Pay has")

    def _knows(self, request: httpx.Request, path: str, body: bytes) -> bool:
        found = _AUTHORIZATION.fullmatch(request.headers["Authorization"])
        assert found is not None, "the Authorization header has another shape"
        mchid, nonce, signature, timestamp, serial = found.groups()
        assert nonce not in self.nonces, "a nonce came twice"
        self.nonces.add(nonce)
        assert abs(int(timestamp) - self.clock().timestamp()) < 300
        message = f"{request.method}\n{path}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        try:
            merchant_key().public_key().verify(base64.b64decode(signature), message, padding.PKCS1v15(), SHA256())
        except Exception:
            return False
        return (mchid, serial) == (MCHID, SERIAL)

    def _name(self, sealed: str) -> str:
        oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)
        return platform_key().decrypt(base64.b64decode(sealed), oaep).decode()

    def _add(self, request: httpx.Request, told: dict[str, Any]) -> tuple[int, Any]:
        assert request.headers["Wechatpay-Serial"] == PLATFORM_ID
        assert (told["appid"], told["type"], told["account"]) == (APPID, "MERCHANT_ID", MCHID)
        if self._name(told["name"]) != NAME:
            return 400, {"code": "PARAM_ERROR", "message": "姓名不匹配"}
        self.receivers.add(told["sub_mchid"])
        return 200, {**told, "name": None}

    def _known(self, number: str, told: dict[str, Any]) -> dict[str, Any] | None:
        """The same number is the same request; encrypted names differ each time."""
        plain = {**told, "receivers": [{**one, "name": NAME} for one in told.get("receivers", [])]}
        if self.bodies.setdefault(number, plain) != plain:
            raise AssertionError(f"{number} was another request before")
        self.told[number] += 1
        return self.orders.get(number)

    def _share(self, told: dict[str, Any]) -> tuple[int, Any]:
        number, transaction = told["out_order_no"], told["transaction_id"]
        assert (told["appid"], told["unfreeze_unsplit"]) == (APPID, False)
        if (known := self._known(number, told)) is not None:
            return 200, known
        payment = self.payments[transaction]
        assert payment.sub_mchid == told["sub_mchid"]
        assert self.clock() - payment.at >= timedelta(minutes=1), "shared too soon"
        assert 0 < len(told["receivers"]) <= 50
        payment.requests += 1
        assert payment.requests <= 50
        if told["sub_mchid"] not in self.receivers:
            return 400, {"code": "INVALID_REQUEST", "message": "分账接收方未添加"}
        fen = sum(one["amount"] for one in told["receivers"])
        shared_before = self.platform[transaction]
        if fen > payment.frozen or fen + shared_before > payment.total * self.ratio // 10_000:
            return 400, {"code": "RULE_LIMIT", "message": "超出最大分账比例"}
        for one in told["receivers"]:
            assert (one["type"], one["account"], self._name(one["name"])) == ("MERCHANT_ID", MCHID, NAME)
        reason = self.closing.pop(transaction, None)
        if reason is None:
            payment.frozen -= fen
            self.platform[transaction] += fen
        self.orders[number] = order = {
            "sub_mchid": told["sub_mchid"],
            "transaction_id": transaction,
            "out_order_no": number,
            "order_id": f"3008450740201411110007{len(self.orders):06d}",
            "state": "PROCESSING" if self.busy else "FINISHED",
            "receivers": [
                {
                    "type": "MERCHANT_ID",
                    "account": MCHID,
                    "amount": one["amount"],
                    "result": "CLOSED" if reason else "SUCCESS",
                    "fail_reason": reason,
                    "detail_id": "36011111111111111111111",
                }
                for one in told["receivers"]
            ],
        }
        self.busy -= bool(self.busy)
        return 200, self._shown(order)

    @staticmethod
    def _shown(order: dict[str, Any]) -> dict[str, Any]:
        if order.get("state") != "PROCESSING":
            return order
        return {**order, "receivers": [{**one, "result": "PENDING", "fail_reason": None} for one in order["receivers"]]}

    def _unfreeze(self, told: dict[str, Any]) -> tuple[int, Any]:
        number, transaction = told["out_order_no"], told["transaction_id"]
        if (known := self._known(number, told)) is not None:
            return 200, known
        payment = self.payments[transaction]
        assert payment.sub_mchid == told["sub_mchid"]
        assert told["description"]
        if not payment.frozen:
            return 400, {"code": "NOT_ENOUGH", "message": "没有待分账金额"}
        fen, payment.frozen = payment.frozen, 0
        payment.requests += 1
        self.suppliers[payment.sub_mchid] += fen
        self.orders[number] = {
            "sub_mchid": payment.sub_mchid,
            "transaction_id": transaction,
            "out_order_no": number,
            "order_id": f"3008450740201411110007{len(self.orders):06d}",
            "state": "FINISHED",
            "receivers": [
                {"type": "MERCHANT_ID", "account": payment.sub_mchid, "amount": fen, "result": "SUCCESS"},
            ],
        }
        return 200, self.orders[number]

    def _give_back(self, told: dict[str, Any]) -> tuple[int, Any]:
        number, share = told["out_return_no"], self.orders[told["out_order_no"]]
        if (known := self._known(number, told)) is not None:
            return 200, known
        assert (told["return_mchid"], share["sub_mchid"]) == (MCHID, told["sub_mchid"])
        assert 0 < told["amount"] <= self.platform[share["transaction_id"]]
        self.platform[share["transaction_id"]] -= told["amount"]
        self.suppliers[told["sub_mchid"]] += told["amount"]
        self.orders[number] = {
            "sub_mchid": told["sub_mchid"],
            "order_id": share["order_id"],
            "out_order_no": told["out_order_no"],
            "out_return_no": number,
            "return_id": f"3008450740201411110008{len(self.orders):06d}",
            "return_mchid": MCHID,
            "amount": told["amount"],
            "result": "SUCCESS",
        }
        return 200, self.orders[number]

    def _find(self, number: str, asked: dict[str, str]) -> tuple[int, Any]:
        order = self.orders.get(number)
        if order is None:
            return 404, {"code": "RESOURCE_NOT_EXISTS", "message": "记录不存在"}
        assert asked["sub_mchid"] == order["sub_mchid"]
        for name in ("transaction_id", "out_order_no"):
            assert asked.get(name, order.get(name)) == order.get(name)
        if order.get("state") == "PROCESSING":
            order["state"] = "FINISHED"  # by the next question
            return 200, self._shown({**order, "state": "PROCESSING"})
        return 200, order
