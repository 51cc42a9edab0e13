"""Bytes on their way out of the database, with no transaction open. The listener's name is stored: never change it."""

from __future__ import annotations

from collections.abc import Callable

from app.core.events import Courier, CourierCall, Wiring
from app.core.settings import Settings
from app.files import queries, service
from app.files.events import FileAttached
from app.files.gateways import S3Gateway, Store
from app.files.rules import headers_of


def connect(wiring: Wiring, settings: Settings) -> None:
    """Send attached files to the store of the settings; without one they stay in the database (decision 0001)."""
    if settings.files.bucket is None:
        wiring.announce(FileAttached)
    else:
        wiring.courier(FileAttached, move_to(lambda: S3Gateway(settings.files)), name="files.move_out")


def move_to(store: Callable[[], Store]) -> Courier:
    """Put every variant into ``store``, and only then let go of the bytes."""

    async def move(call: CourierCall, fact: FileAttached) -> None:
        async with call.db.read() as session:
            held = await queries.held(session, fact.file_id)
        for variant in held:
            await store().put(variant.address, variant.content, headers_of(fact.file_id, variant.media_type))
        async with call.db.write() as session:
            await service.let_go(session, fact.file_id, now=call.now)

    return move
