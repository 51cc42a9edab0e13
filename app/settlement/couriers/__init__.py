"""Conversations with whoever splits the money, with no transaction open. The listener's name is stored for ever."""

from __future__ import annotations

from datetime import timedelta

import httpx

from app.core import sealing
from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings
from app.payments import Provider, Sealer
from app.settlement import queries
from app.settlement.couriers.wechat import Round, splitting
from app.settlement.events import (
    DraftApproved,
    DraftDeclined,
    DraftMade,
    PayoutFailed,
    PayoutInstructed,
    PayoutMade,
)
from app.settlement.gateways import SandboxSplitter, Splitter, WechatDesk
from app.settlement.lifecycle import PayoutStatus
from app.settlement.rules.split import SplitOrder


def connect(wiring: Wiring, settings: Settings, http: httpx.AsyncClient | None = None) -> None:
    """Wire the courier; without ``http`` each call opens a client of its own."""
    wiring.announce(PayoutMade, PayoutFailed, DraftMade, DraftApproved, DraftDeclined)
    if settings.wechat_split.on:
        WechatDesk.of(settings.wechat_split)  # notice a damaged key at the start and not at its first use
    wiring.courier(PayoutInstructed, _in_sandbox(settings, http), name="settlement.instruct_provider")


def splitting_rounds(settings: Settings, http: httpx.AsyncClient | None = None) -> list[Round]:
    """What the clock starts where payouts are split payment by payment; nothing where they are not."""
    wechat = settings.wechat_split
    if not wechat.on:
        return []
    pause = timedelta(seconds=wechat.ask_every_seconds)
    return [splitting(WechatDesk.of(wechat, http), provider=Provider.WECHAT_NATIVE.value, pause=pause)]


def _in_sandbox(settings: Settings, http: httpx.AsyncClient | None) -> Courier:
    async def instruct(call: CourierCall, fact: PayoutInstructed) -> None:
        keys = sealing.keys()
        splitter = SandboxSplitter(Sealer(keys.sandbox_key, keys.sandbox_secret), settings.notify_base, http)
        await instruct_with(splitter)(call, fact)

    return instruct


def instruct_with(splitter: Splitter) -> Courier:
    """Tell a provider to split what it holds; a payout that has ended meanwhile is left alone."""

    async def instruct(call: CourierCall, fact: PayoutInstructed) -> None:
        async with call.db.read() as session:
            payout = await queries.payout(session, fact.payout_id)
            account = await queries.account(session, payout.account_id)
        if payout.status is not PayoutStatus.INSTRUCTED or payout.provider != Provider.SANDBOX:
            return  # it has ended; or its provider is asked payment by payment, on rounds
        order = SplitOrder(
            number=payout.number,
            statement_id=payout.statement_id,
            supplier_id=payout.supplier_id,
            receiver=account.details,
            amount_fen=payout.amount_fen,
            platform_fen=payout.platform_fen,
        )
        await splitter.split(order, key=call.delivery_id, now=call.now)

    return instruct
