"""What Kuaidi100 sends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from app.core.clock import SHANGHAI
from app.fulfilment.rules import push_signature
from tests.fulfilment.conftest import SALT


def said(at: datetime, code: str, context: str = "快件到达") -> dict[str, Any]:
    """One entry of its history, in Chinese time."""
    local = at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    return {"time": local, "ftime": local, "context": context, "statusCode": code}


def result(number: str, *entries: dict[str, Any], state: str = "0", com: str = "zhongtong") -> dict[str, Any]:
    newest_first = sorted(entries, key=lambda entry: entry["ftime"], reverse=True)
    return {"message": "ok", "state": state, "status": "200", "com": com, "nu": number, "data": newest_first}


async def push(shop, last_result: Any, *, salt: str = SALT, name: str = "kuaidi100", tamper: str = ""):
    param = json.dumps({"status": "polling", "lastResult": last_result}, ensure_ascii=False)
    body = urlencode({"param": param + tamper, "sign": push_signature(param, salt)})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with shop.http(None, **headers) as http:
        return await http.post(f"/v1/notifications/carriers/{name}", content=body)
