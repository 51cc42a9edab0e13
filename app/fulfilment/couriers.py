"""Conversations about parcels, with no transaction open. Listener names are stored with deliveries: never change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
from structlog import get_logger

from app.core.db import Database
from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings, TrackingSettings
from app.fulfilment import queries, service
from app.fulfilment.events import ShipmentDispatched
from app.fulfilment.gateways import Kuaidi100, NotAnswered, Tracker
from app.fulfilment.rules import Question, Report

log = get_logger("fulfilment")

Round = Callable[[Database, datetime], Awaitable[int]]
_AT_A_TIME = 8


def connect(wiring: Wiring, settings: Settings, http: httpx.AsyncClient | None = None) -> None:
    """Wire the courier that has parcels followed, if there is a service to follow them and a way for it back."""
    tracking = settings.tracking
    wiring.announce(ShipmentDispatched)
    if tracking.on and tracking.callback_base_url is not None:
        wiring.courier(ShipmentDispatched, follow(kuaidi100(tracking, http), tracking), name="fulfilment.follow")


def kuaidi100(tracking: TrackingSettings, http: httpx.AsyncClient | None = None) -> Kuaidi100:
    """Kuaidi100 with this installation's credentials."""
    if tracking.kuaidi100_customer is None or tracking.kuaidi100_key is None:
        raise ValueError("there are no credentials for Kuaidi100")
    key = tracking.kuaidi100_key.get_secret_value()
    return Kuaidi100(tracking.kuaidi100_customer, key, tracking.kuaidi100_url, http)


def follow(tracker: Tracker, tracking: TrackingSettings) -> Courier:
    """Have a parcel's news pushed to us from the moment it leaves."""

    async def subscribe(call: CourierCall, fact: ShipmentDispatched) -> None:
        async with call.db.read() as session:
            questions = await queries.questions(session, [fact.shipment_id])
        if not questions or tracking.kuaidi100_salt is None:
            return
        url = f"{tracking.callback_base_url}/v1/notifications/carriers/kuaidi100"
        await tracker.subscribe(questions[0], callback_url=url, salt=tracking.kuaidi100_salt.get_secret_value())

    return subscribe


def asking(tracker: Tracker, tracking: TrackingSettings) -> Round:
    """A round of questions about parcels without news; each number at most once in the time that is allowed.

    A number is marked as asked, for good, before it is asked about: a question that fails waits for its next turn.
    """
    pause = timedelta(minutes=tracking.ask_every_minutes)
    silence = timedelta(hours=tracking.ask_after_hours)

    async def ask(db: Database, now: datetime) -> int:
        async with db.write() as session:
            questions = await service.take_questions(
                session, silent_since=now - silence, asked_before=now - pause, now=now, limit=_AT_A_TIME
            )
        reports = await asyncio.gather(*(_answer(tracker, question, now) for question in questions))
        for report in reports:
            if report is not None:
                async with db.write() as session:
                    await service.record(session, report, now=now)
        return len(questions)

    return ask


async def _answer(tracker: Tracker, question: Question, now: datetime) -> Report | None:
    try:
        return await tracker.ask(question, now=now)
    except NotAnswered as error:
        log.warning("tracker_silent", carrier=question.carrier, error=str(error))
        return None
