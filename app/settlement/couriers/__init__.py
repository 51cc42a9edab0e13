"""Conversations with whoever splits the money, with no transaction open. The listener's name is stored for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
from structlog import get_logger

from app.core import sealing
from app.core.db import Database
from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings, SettlementSettings
from app.payments import Provider, Sealer
from app.settlement import queries, service
from app.settlement.couriers.wechat import Round, splitting
from app.settlement.events import (
    DraftApproved,
    DraftDeclined,
    DraftMade,
    MoneyNearFreezeLimit,
    PayoutFailed,
    PayoutInstructed,
    PayoutMade,
)
from app.settlement.gateways import SandboxSplitter, Splitter, WechatDesk
from app.settlement.lifecycle import PayoutStatus
from app.settlement.rules.split import SplitOrder

log = get_logger("settlement")


def connect(wiring: Wiring, settings: Settings, http: httpx.AsyncClient | None = None) -> None:
    """Wire the courier; without ``http`` each call opens a client of its own."""
    wiring.announce(PayoutMade, PayoutFailed, DraftMade, DraftApproved, DraftDeclined, MoneyNearFreezeLimit)
    if settings.wechat_split.on:
        WechatDesk.of(settings.wechat_split)  # notice a damaged key at the start and not at its first use
    wiring.courier(PayoutInstructed, _in_sandbox(settings, http), name="settlement.instruct_provider")


def errands(settings: Settings, http: httpx.AsyncClient | None = None) -> list[Round]:
    """What the clock starts: a look every day at money near its provider's limit, and splitting where that is asked."""
    watching = _watching(settings.settlement)
    wechat = settings.wechat_split
    if not wechat.on:
        return [watching]
    pause = timedelta(seconds=wechat.ask_every_seconds)
    return [watching, splitting(WechatDesk.of(wechat, http), provider=Provider.WECHAT_NATIVE.value, pause=pause)]


def _watching(terms: SettlementSettings) -> Round:
    async def watch(db: Database, now: datetime) -> int:
        days = {"freeze_days": terms.freeze_days, "warning_days": terms.freeze_warning_days}
        async with db.write() as session:
            near = await service.watch_freeze(session, **days, now=now)
        if near:
            log.warning("money_near_freeze_limit", supplier_orders=near)
        return 0  # the next look is tomorrow's

    return watch


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
