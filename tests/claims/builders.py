"""Buyers who complain, and those who answer."""

from __future__ import annotations

from typing import Any

from app.wiring import CHORES
from app.worker import do_chore
from tests.files.builders import picture

CHORE = {chore.name: chore for chore in CHORES}


async def photo(shop, who: str = "buyer") -> str:
    """A picture handed in for a claim."""
    async with shop.http(who) as http:
        file = {"file": ("a.jpg", picture(), "image/jpeg")}
        kept = await http.post("/v1/store/files", data={"purpose": "claim"}, files=file)
    assert kept.status_code == 201, kept.text
    return str(kept.json()["id"])


async def complain(shop, order: dict[str, Any], kind: str, quantity: int = 1, *, who: str = "buyer", **more: Any):
    """A claim on the order's first line, as it is answered; ``pieces`` are (bad, total)."""
    if kind == "bad_fruit" and "photos" not in more:
        more["photos"] = [await photo(shop, who)]
    line = {"line_id": order["lines"][0]["id"], "quantity": quantity}
    if (pieces := more.pop("pieces", None)) is not None:
        line |= {"bad_pieces": pieces[0], "total_pieces": pieces[1]}
    key = more.pop("key", "")
    body = {"kind": kind, "lines": [line], **more}
    return await shop.call(who, "POST", f"/v1/store/orders/{order['id']}/claims", body, key=key)


async def opened(shop, order: dict[str, Any], kind: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    answer = await complain(shop, order, kind, quantity, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def answer(shop, who: str, claim: dict[str, Any], verb: str, body: Any = None) -> dict[str, Any]:
    """Do something with a claim that must succeed; gives the claim as it is then."""
    audience = {"buyer": "store", "operator": "operator"}.get(who, "supplier")
    done = await shop.call(who, "POST", f"/v1/{audience}/claims/{claim['id']}/{verb}", body)
    assert done.status_code in (200, 201), done.text
    return done.json()


async def refused(shop, who: str, claim: dict[str, Any], verb: str, body: Any = None) -> tuple[int, str]:
    audience = {"buyer": "store", "stranger": "store", "operator": "operator"}.get(who, "supplier")
    done = await shop.call(who, "POST", f"/v1/{audience}/claims/{claim['id']}/{verb}", body)
    return done.status_code, done.json().get("code")


async def look(shop, claim: dict[str, Any], who: str = "buyer") -> dict[str, Any]:
    audience = {"buyer": "store", "operator": "operator"}.get(who, "supplier")
    found = await shop.call(who, "GET", f"/v1/{audience}/claims/{claim['id']}")
    assert found.status_code == 200, found.text
    return found.json()


async def clock_moves(shop, **by: float) -> None:
    """Time passes, and the chores and the worker do what is due."""
    shop.clock.advance(**by)
    await do_chore(shop.db, CHORE["claims.move_due"], shop.clock())
    await do_chore(shop.db, CHORE["orders.confirm"], shop.clock())
    await shop.settle()


async def delivered(shop, items: dict[str, int]) -> dict[str, Any]:
    return await shop.ship(await shop.pay(await shop.order(items)))
