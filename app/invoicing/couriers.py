"""Conversations with the drawer, with no transaction open. The listener's name is stored: never change it."""

from __future__ import annotations

from app.core.events import Courier, CourierCall, Wiring
from app.invoicing import queries, service
from app.invoicing.events import DrawingOrdered, InvoiceIssued
from app.invoicing.gateways import Drawer, Refused, SandboxDrawer
from app.invoicing.lifecycle import Status


def connect(wiring: Wiring, drawer: Drawer | None = None) -> None:
    """Wire the courier; without a ``drawer`` the sandbox gives out samples."""
    wiring.announce(InvoiceIssued)
    wiring.courier(DrawingOrdered, draw_with(drawer or SandboxDrawer()), name="invoicing.draw")


def draw_with(drawer: Drawer) -> Courier:
    """Have an invoice drawn and note its number, or why it was refused.

    Facts of one supplier order are heard in their order, so a red invoice comes when its blue one has a number.
    """

    async def draw(call: CourierCall, fact: DrawingOrdered) -> None:
        async with call.db.read() as session:
            invoice = await queries.get(session, fact.invoice_id)
            blue = await queries.get(session, invoice.reverses) if invoice.reverses is not None else None
        if invoice.status is not Status.DRAWING:
            return
        try:
            reverses = blue.number if blue is not None else None
            drawn = await drawer.draw(invoice, reverses=reverses, key=call.delivery_id, now=call.now)
        except Refused as refusal:
            async with call.db.write() as session:
                await service.note_refused(session, invoice.id, str(refusal))
            return
        async with call.db.write() as session:
            await service.note_issued(session, invoice.id, drawn.number, sample=drawn.sample, now=call.now)

    return draw
