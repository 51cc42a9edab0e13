"""Who listens to what: the whole choreography on one screen, and the chores that the clock starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import (
    assistance,
    buyers,
    catalogue,
    claims,
    files,
    fulfilment,
    identity,
    inventory,
    invoicing,
    orders,
    payments,
    pricing,
    recalls,
    reports,
    reviews,
    settlement,
    storefront,
    suppliers,
    webhooks,
    wholesale,
)
from app.core.events import Wiring
from app.core.settings import Settings
from app.core.web.once import FORGET_OLD_KEYS

_KEYS_ARE_KEPT = timedelta(hours=24)


def build(settings: Settings, http: httpx.AsyncClient | None = None) -> Wiring:
    """Connect every fact to those who react to it. ``http`` is what couriers speak through; only the worker has one."""
    wiring = Wiring()
    on, on_many = wiring.on, wiring.on_many

    files.connect(wiring, settings)
    identity.connect(wiring, settings, http)
    on(identity.AccountClosed, buyers.on_account_closed, name="buyers.forget_person")

    payments.connect(wiring, settings, http)
    fulfilment.connect(wiring, settings, http)
    on_many(payments.PaymentCaptured, orders.on_payments_captured, name="orders.receive_payment")
    on(payments.RefundSettled, orders.on_refund_settled, name="orders.settle_refund")
    on(inventory.LotRecalled, recalls.on_lot_recalled, name="recalls.draft_refunds")
    # It locks stock, so it has a transaction to itself.
    on(inventory.PromiseBroken, orders.on_promise_broken(settings.orders), name="orders.break_promise", alone=True)
    on(payments.RefundFailed, orders.on_refund_failed, name="orders.note_failed_refund")
    on(payments.RefundRetried, orders.on_refund_retried, name="orders.note_retried_refund")

    on(orders.LinesRefunded, claims.on_lines_refunded, name="claims.settle")
    on_many(fulfilment.ShipmentDelivered, claims.on_shipments_delivered, name="claims.receive_parcel")

    arrived = partial(orders.on_shipments_delivered, confirm_after_days=settings.orders.confirm_after_days)
    on_many(fulfilment.ShipmentDelivered, arrived, name="orders.receive_parcel")

    on_many(orders.OrderPaid, storefront.on_orders_paid, name="storefront.count_sales")
    on_many(orders.SupplierOrderCompleted, assistance.on_supplier_orders_completed, name="assistance.count_sale")
    on(orders.LinesRefunded, assistance.on_lines_refunded, name="assistance.reverse_sale")
    on(inventory.LotRecalled, wholesale.on_lot_recalled, name="wholesale.call_back")
    # It locks statements and credit, so it has a transaction to itself.
    on(payments.MoneyUnclaimed, wholesale.on_money_unclaimed, name="wholesale.find_money", alone=True)
    on_many(wholesale.GoodsReceived, assistance.on_goods_received, name="assistance.count_receipt")
    on(wholesale.GoodsReturned, assistance.on_goods_returned, name="assistance.reverse_receipt")

    invoicing.connect(wiring)
    on_many(orders.SupplierOrderCompleted, invoicing.on_supplier_orders_completed, name="invoicing.draw_when_accepted")
    if settings.invoicing.draw_on == "payment":
        on_many(orders.OrderPaid, invoicing.on_orders_paid, name="invoicing.draw_when_paid")
    on(orders.OrderCancelled, invoicing.on_order_cancelled, name="invoicing.cancel_requests")
    on(orders.LinesCancelled, invoicing.on_lines_cancelled, name="invoicing.cancel_part_requests")
    on(orders.LinesRefunded, invoicing.on_lines_refunded, name="invoicing.take_back")

    settlement.connect(wiring, settings, http)
    on(payments.BillImported, settlement.on_bill_imported, name="settlement.compare_splits")

    _keep_the_shelf(wiring)

    sender = webhooks.HttpSender(http, private=settings.webhooks.private)
    send = webhooks.send_message(sender, attempts=min(settings.webhooks.attempts, settings.worker.attempts - 1))
    wiring.courier(webhooks.MessageDue, send, name="webhooks.send_message")
    on(orders.OrderPaid, webhooks.on_order_paid, name="webhooks.tell_order_paid")
    on(orders.OrderCancelled, webhooks.on_order_cancelled, name="webhooks.tell_order_cancelled")
    on(orders.LinesCancelled, webhooks.on_lines_cancelled, name="webhooks.tell_lines_cancelled")
    on(orders.LinesRefunded, webhooks.on_lines_refunded, name="webhooks.tell_lines_refunded")
    on(fulfilment.ShipmentDispatched, webhooks.on_shipment_dispatched, name="webhooks.tell_shipment_dispatched")
    on(wholesale.GoodsReceived, webhooks.on_goods_received, name="webhooks.tell_goods_received")
    on(inventory.StockLow, webhooks.on_stock_low, name="webhooks.tell_stock_low")
    on(inventory.StockRanOut, webhooks.on_stock_low, name="webhooks.tell_stock_ran_out")
    on(assistance.GoalReached, webhooks.on_goal_reached, name="webhooks.tell_goal_reached")

    wiring.announce(
        suppliers.SupplierApplied,
        suppliers.SupplierRecommended,
        suppliers.SupplierRejected,
        suppliers.CertificateExpiring,
        catalogue.ProductSubmitted,
        catalogue.ProductRejected,
        claims.ClaimOpened,
        claims.ClaimContested,
        claims.ClaimSettled,
        orders.OrderPlaced,
        inventory.PromiseFilled,
        fulfilment.ShipmentInTrouble,
        wholesale.PurchaseOrderConfirmed,
        wholesale.PurchaseOrderCancelled,
        wholesale.GoodsDispatched,
        wholesale.GoodsMissing,
        wholesale.StatementSent,
        wholesale.StatementConfirmed,
        wholesale.StatementPaid,
        wholesale.PartnerRefunded,
        wholesale.StatementDue,
    )
    return wiring


def _keep_the_shelf(wiring: Wiring) -> None:
    """What is on sale, and what the shop window shows of it."""
    on, on_many = wiring.on, wiring.on_many
    on(suppliers.CertificatesChanged, catalogue.on_certificates_changed, name="catalogue.look_again")
    on_many(catalogue.ProductPublished, storefront.on_products_changed, name="storefront.shelve")
    on_many(catalogue.ProductWithdrawn, storefront.on_products_changed, name="storefront.unshelve")
    on(reviews.ReviewPosted, storefront.on_review_posted, name="storefront.rate")
    on(pricing.PriceChanged, orders.on_price_changed, name="orders.tell_deals")
    on_many(pricing.PriceChanged, storefront.on_prices_changed, name="storefront.price")
    on(inventory.StockRanOut, storefront.on_stock_ran_out, name="storefront.sold_out")
    on(inventory.StockReturned, storefront.on_stock_returned, name="storefront.back_in_stock")
    on(inventory.PresaleChanged, storefront.on_presale_changed, name="storefront.sold_ahead")
    on(suppliers.SupplierSuspended, storefront.on_supplier_suspended, name="storefront.hide_supplier")
    on(suppliers.SupplierApproved, storefront.on_supplier_approved, name="storefront.show_supplier")
    on(suppliers.SupplierApproved, settlement.on_supplier_approved, name="settlement.take_over_account")


def rounds(settings: Settings, http: httpx.AsyncClient | None = None) -> list[fulfilment.Round]:
    """What the clock starts that talks to the world outside, like a courier with no transaction open."""
    tracking = settings.tracking
    asking = [fulfilment.asking(fulfilment.kuaidi100(tracking, http), tracking)] if tracking.on else []
    return [*asking, *settlement.errands(settings, http)]


JOBS: dict[str, fulfilment.Round] = {
    "imports": inventory.work_on_imports,
    "sums": assistance.fold_ledger,
    "exports": reports.work_on_exports,
}
"""Long work that goes step by step, each with its transactions: every one has a loop of its own in the worker."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something the clock starts: it runs in one transaction, again at once while it returns a full batch."""

    name: str
    run: Callable[[AsyncSession, datetime], Awaitable[int]]
    batch: int = 200


async def _expire(session: AsyncSession, now: datetime) -> int:
    return await orders.expire_due(session, now=now)


async def _confirm(session: AsyncSession, now: datetime) -> int:
    return await orders.confirm_due(session, now=now)


async def _expire_carts(session: AsyncSession, now: datetime) -> int:
    return await orders.expire_carts(session, now=now)


async def _claims_due(session: AsyncSession, now: datetime) -> int:
    # One at a time: a refund locks budgets, goods sent again lock stock, and the former come first.
    return await claims.move_due(session, now=now, limit=1)


async def _notice_silence(session: AsyncSession, now: datetime) -> int:
    return await fulfilment.notice_silence(session, now=now)


async def _write_off(session: AsyncSession, now: datetime) -> int:
    return await inventory.write_off_expired(session, now=now)


async def _watch_certificates(session: AsyncSession, now: datetime) -> int:
    return await suppliers.watch_certificates(session, now=now, limit=50)


async def _forget_files(session: AsyncSession, now: datetime) -> int:
    return await files.forget_waiting(session, now=now)


async def _forget_exports(session: AsyncSession, now: datetime) -> int:
    return await reports.forget_exports(session, now=now, limit=20)


async def _forget_receipts(session: AsyncSession, now: datetime) -> int:
    return await inventory.forget_receipts(session, now=now, limit=5_000)


async def _settle_presales(session: AsyncSession, now: datetime) -> int:
    return await inventory.settle_overdue_presales(session, now=now)


async def _refresh_words(session: AsyncSession, now: datetime) -> int:  # noqa: ARG001
    return await storefront.refresh_words(session, limit=200)


async def _follow_presales(session: AsyncSession, now: datetime) -> int:
    return await storefront.follow_presales(session, now=now, limit=200)


async def _forget_keys(session: AsyncSession, now: datetime) -> int:
    await session.execute(FORGET_OLD_KEYS, {"before": now - _KEYS_ARE_KEPT})
    return 0


async def _forget_allowances(session: AsyncSession, now: datetime) -> int:
    await session.execute(text("DELETE FROM core_allowance WHERE free_at < :now"), {"now": now})
    return 0


async def _forget_messages(session: AsyncSession, now: datetime) -> int:
    return await webhooks.forget_old(session, now=now)


async def _forget_failures(session: AsyncSession, now: datetime) -> int:
    await identity.forget_failures(session, now)
    return 0


async def _forget_rosters(session: AsyncSession, now: datetime) -> int:
    await orders.forget_rosters(session, now)
    return 0


async def _forget_invitations(session: AsyncSession, now: datetime) -> int:
    await buyers.forget_invitations(session, now)
    await suppliers.forget_invitations(session, now)
    return 0


async def _forget_codes(session: AsyncSession, now: datetime) -> int:
    await identity.forget_codes(session, now)
    return 0


async def _post_journal(session: AsyncSession, now: datetime) -> int:
    return await settlement.post_due(session, now=now)


async def _issue_statements(session: AsyncSession, now: datetime) -> int:
    return await settlement.issue_due(session, now=now)


async def _confirm_statements(session: AsyncSession, now: datetime) -> int:
    return await settlement.confirm_due(session, now=now)


async def _seal_ledger(session: AsyncSession, now: datetime) -> int:
    return await assistance.seal_due(session, now=now)


async def _notice_goals(session: AsyncSession, now: datetime) -> int:
    return await assistance.notice_reached(session, now=now)


async def _issue_partner_statements(session: AsyncSession, now: datetime) -> int:
    return await wholesale.issue_statements(session, now=now, limit=20)


async def _remind_partners(session: AsyncSession, now: datetime) -> int:
    return await wholesale.remind(session, now=now, limit=200)


async def _seal_names(session: AsyncSession, now: datetime) -> int:  # noqa: ARG001 - every chore is told the time
    return await wholesale.seal_names(session, limit=200)


CHORES = (
    Chore("orders.expire", _expire),
    Chore("orders.confirm", _confirm),
    Chore("orders.expire_carts", _expire_carts),
    Chore("claims.move_due", _claims_due, batch=1),
    Chore("fulfilment.notice_silence", _notice_silence),
    Chore("inventory.write_off_expired", _write_off),
    Chore("inventory.settle_presales", _settle_presales, batch=20),
    Chore("inventory.forget_receipts", _forget_receipts, batch=5_000),
    Chore("assistance.seal_ledger", _seal_ledger, batch=5_000),
    Chore("assistance.notice_goals", _notice_goals),
    Chore("settlement.post_journal", _post_journal, batch=2_000),
    Chore("settlement.issue_statements", _issue_statements, batch=100_000),
    Chore("settlement.confirm_statements", _confirm_statements),
    Chore("suppliers.watch_certificates", _watch_certificates, batch=50),
    Chore("files.forget_waiting", _forget_files),
    Chore("reports.forget_exports", _forget_exports, batch=20),
    Chore("storefront.refresh_words", _refresh_words),
    Chore("storefront.follow_presales", _follow_presales),
    Chore("identity.forget_codes", _forget_codes),
    Chore("buyers.forget_invitations", _forget_invitations),
    Chore("orders.forget_rosters", _forget_rosters),
    Chore("core.forget_keys", _forget_keys),
    Chore("core.forget_allowances", _forget_allowances),
    Chore("identity.forget_failures", _forget_failures),
    Chore("webhooks.forget_old", _forget_messages),
    Chore("wholesale.remind", _remind_partners),
    Chore("wholesale.seal_names", _seal_names),
    Chore("wholesale.issue_statements", _issue_partner_statements, batch=20),
)


def chores(settings: Settings) -> tuple[Chore, ...]:
    """All of them, with those that ask for a setting."""

    async def close_purchase_orders(session: AsyncSession, now: datetime) -> int:
        days = settings.wholesale.lost_after_days
        return await wholesale.close_due(session, now=now, limit=100, lost_after_days=days)

    return (*CHORES, Chore("wholesale.close_due", close_purchase_orders, batch=100))
