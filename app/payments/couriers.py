"""Conversations with providers, with no transaction open. Listener names are stored with deliveries: never change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import httpx

from app.core import sealing
from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings
from app.payments.events import (
    PaymentCaptured,
    RefundFailed,
    RefundRequested,
    RefundRetried,
    RefundSettled,
    SandboxPaid,
)
from app.payments.gateways import Gateway, SandboxGateway
from app.payments.rules import Provider, RefundOrder, Sealer

_REASON = "订单退款"
"""What a provider is told and shows the payer: why in somebody's own words stays here."""


def connect(wiring: Wiring, settings: Settings, http: httpx.AsyncClient | None = None) -> None:
    """Wire the couriers; without ``http`` each call opens a client of its own."""
    gateways = {Provider.SANDBOX: partial(sandbox, settings, http)}
    wiring.announce(PaymentCaptured, RefundSettled, RefundFailed, RefundRetried)
    wiring.courier(SandboxPaid, notify_sandbox_paid(settings, http), name="payments.notify_sandbox_paid")
    wiring.courier(RefundRequested, refund_at_provider(gateways), name="payments.refund_at_provider")


def sandbox(settings: Settings, http: httpx.AsyncClient | None = None) -> SandboxGateway:
    """The sandbox with this installation's keys. Needs ``sealing.install`` to have been called."""
    keys = sealing.keys()
    return SandboxGateway(Sealer(keys.sandbox_key, keys.sandbox_secret), settings.notify_base, http)


def notify_sandbox_paid(settings: Settings, http: httpx.AsyncClient | None = None) -> Courier:
    """Tell this service, as a provider would, that somebody paid in the sandbox."""

    async def notify(call: CourierCall, fact: SandboxPaid) -> None:
        await sandbox(settings, http).tell_paid(fact.payment_id, fact.amount_fen, key=call.delivery_id, now=call.now)

    return notify


def refund_at_provider(gateways: Mapping[Provider, Callable[[], Gateway]]) -> Courier:
    """Ask the payment's own provider to give the money back. What came by bank transfer an operator pays by hand."""

    async def ask(call: CourierCall, fact: RefundRequested) -> None:
        if fact.provider is Provider.BANK_TRANSFER:
            return
        order = RefundOrder(
            payment_id=fact.payment_id,
            provider_transaction=fact.provider_transaction,
            number=fact.number,
            amount_fen=fact.amount_fen,
            total_fen=fact.total_fen,
            reason=_REASON,
        )
        await gateways[fact.provider]().refund(order, key=call.delivery_id, now=call.now)

    return ask
