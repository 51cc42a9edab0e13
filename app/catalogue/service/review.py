"""Edits by suppliers and what operators decide about them. Every verb locks the product's row first.

A product that was never on sale is edited in place. One that was stays as it is: an edit writes a whole proposed
document beside it, which replaces it in one transaction when an operator publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import files, suppliers
from app.catalogue import queries
from app.catalogue.events import ProductPublished, ProductRejected, ProductSubmitted, ProductWithdrawn
from app.catalogue.lifecycle import ChangeStatus, ChangeStep, Status, Step
from app.catalogue.models import ChangeRow, ProductRow, ReviewRow
from app.catalogue.rules import InvalidProduct, ProductCard, SkuTaken
from app.catalogue.rules.content import Document, differences, document_of, fixed_faults, merged, product_of
from app.catalogue.rules.label import Listing, listing_faults
from app.catalogue.rules.listing import NotPublishable, check
from app.catalogue.rules.review import Decision, Reviewed
from app.catalogue.service.goods import fill, resolve, rewrite_skus, store_image
from app.core.clock import local_day
from app.core.errors import Fault, StaleVersion
from app.core.events import emit
from app.core.ids import new_id
from app.identity import Actor

_GATES = frozenset(
    ("licence_missing", "licence_not_in_force", "licence_out_of_scope", "origin_not_proven", "mark_not_authorised")
)
"""Faults that stop what is on sale. Others, such as a new rule for labels, stop the next publication alone."""


async def edit(
    session: AsyncSession, product_id: UUID, patch: Mapping[str, Any], *, version: int, by: Actor, now: datetime
) -> None:
    """Apply a merge patch (RFC 7396) to a product's document, or propose it where the product was on sale.

    An edit takes back what was submitted. ``photo_file_id`` in the patch makes a photo that was handed in the picture;
    ``file_id`` of its label's conformity is a file that shows the certificate.
    Raises ``NoSuchProduct``, ``StaleVersion``, ``InvalidProduct``, ``SlugTaken``, ``SkuTaken``, ``SkuInUse``,
    ``UnknownFile``, ``InvalidImage``.
    """
    row = await queries.lock(session, product_id, supplier_id=by.supplier_id)
    if row.version != version:
        raise StaleVersion
    live = await queries.document(session, row)
    change = await queries.change(session, product_id)
    wanted = await with_files(session, patch, by=by, now=now)
    await attach_files(session, product_id, wanted, by=by, now=now)
    proposed = _proposed(merged(change.content if change else live, wanted), row.supplier_id)
    proposed = _shown_as_before(proposed, live)
    if row.published_at is None:
        product = product_of(proposed, row.supplier_id)
        found = await resolve(session, product)
        fill(row, product, found)
        await session.flush()
        await rewrite_skus(session, product_id, product.skus, found.root)
        if row.status == Status.SUBMITTED:
            row.take(Step.REVISE)
        else:
            row.version += 1
    else:
        if faults := fixed_faults(live, proposed):
            raise InvalidProduct(faults=faults)
        product = product_of(proposed, row.supplier_id)
        await resolve(session, product)
        if await queries.codes_elsewhere(session, product_id, product.skus):
            raise SkuTaken
        row.version += 1
        await _propose(session, row, change, proposed if proposed != live else None, by=by, now=now)
    await session.flush()


def _proposed(document: Document, supplier_id: UUID) -> Document:
    """The document with every field in its place. Raises ``InvalidProduct``."""
    product = product_of(document, supplier_id)
    check(product)
    return document_of(product)


async def with_files(session: AsyncSession, patch: Mapping[str, Any], *, by: Actor, now: datetime) -> Mapping[str, Any]:
    """The patch with a picture's digest in the place of its file.

    What a commitment certificate says is public once a page shows it: until then it has no address. Raises
    ``UnknownFile``, ``InvalidImage``.
    """
    found = dict(patch)
    if "photo_file_id" in found:
        file_id, found["image_digest"] = found.pop("photo_file_id"), None
        if file_id is not None:
            media_type, content = await files.read(
                session, file_id, owner=by, purpose=files.Purpose.PRODUCT, pointer="/photo_file_id"
            )
            found["image_digest"] = await store_image(session, content, media_type, now=now)
    label = found.get("label") or {}
    conformity = label.get("conformity") or {}
    if "file_id" in conformity:
        file_id = conformity["file_id"]
        shown = {"file_id": file_id and str(file_id), "url": None}
        found["label"] = {**label, "conformity": {**conformity, **shown}}
    return found


def with_link(document: Document, now: datetime | None) -> Document:
    """The document with the address at which its commitment certificate can be seen: for ever without ``now``."""
    label = document.get("label") or {}
    conformity = label.get("conformity") or {}
    if not (file_id := conformity.get("file_id")) or conformity.get("url"):
        return document
    shown = {**conformity, "url": files.link(UUID(file_id), now)}
    return {**document, "label": {**label, "conformity": shown}}


def _shown_as_before(proposed: Document, live: Document) -> Document:
    """The proposed document, with the address of a commitment certificate that a page shows already."""
    before = (live.get("label") or {}).get("conformity") or {}
    after = (proposed.get("label") or {}).get("conformity") or {}
    if not before.get("url") or after.get("file_id") != before.get("file_id"):
        return proposed
    return {**proposed, "label": {**proposed["label"], "conformity": {**after, "url": before["url"]}}}


async def attach_files(
    session: AsyncSession, product_id: UUID, patch: Mapping[str, Any], *, by: Actor, now: datetime
) -> None:
    """Keep the certificate's file that the patch names. Raises ``UnknownFile``."""
    file_id = ((patch.get("label") or {}).get("conformity") or {}).get("file_id")
    if file_id is not None:
        await files.attach(
            session,
            [UUID(str(file_id))],
            owner=by,
            purpose=files.Purpose.CERTIFICATE,
            to=product_id,
            now=now,
            pointer="/label/conformity/file_id",
        )


async def _propose(
    session: AsyncSession,
    row: ProductRow,
    change: ChangeRow | None,
    content: Document | None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    if change is None:
        if content is not None:
            status = ChangeStatus.DRAFT
            session.add(
                ChangeRow(product_id=row.id, content=content, status=status, changed_by=by.account_id, changed_at=now)
            )
    elif content is None:
        await session.delete(change)
    else:
        change.content, change.changed_by, change.changed_at = content, by.account_id, now
        change.take(ChangeStep.REVISE)


async def discard(session: AsyncSession, product_id: UUID, *, by: Actor) -> None:
    """Drop the proposed change of a product; without one nothing happens. Raises ``NoSuchProduct``."""
    row = await queries.lock(session, product_id, supplier_id=by.supplier_id)
    change = await queries.change(session, product_id)
    if change is not None:
        await session.delete(change)
        row.version += 1
        await session.flush()


async def submit(session: AsyncSession, product_id: UUID, *, by: Actor, now: datetime) -> ProductCard:
    """Hand a draft, or the change proposed to a product, in for review.

    Raises ``NoSuchProduct``, ``WrongProductStatus``, and ``NotPublishable`` while something is missing that the law
    wants shown; a supplier who still waits for admission may submit.
    """
    row = await queries.lock(session, product_id, supplier_id=by.supplier_id)
    change = await queries.change(session, product_id)
    if change is not None:
        change.take(ChangeStep.SUBMIT)
        row.version += 1
    else:
        row.take(Step.SUBMIT)
    proposed = change.content if change else await queries.document(session, row)
    faults = await publishable_faults(session, row, proposed, now=now)
    if faults := [fault for fault in faults if fault.code != "supplier_not_approved"]:
        raise NotPublishable(faults=faults)
    emit(session, ProductSubmitted(product_id=row.id, version=row.version, at=now))
    await session.flush()
    return queries.card(row, await queries.skus_of(session, product_id))


async def reject(
    session: AsyncSession, product_id: UUID, *, reason: str, version: int | None = None, by: Actor, now: datetime
) -> ProductCard:
    """Give what was submitted back to its supplier, and say why.

    Raises ``NoSuchProduct``, ``WrongProductStatus``, and ``StaleVersion`` unless ``version`` is the current one.
    """
    row = await _reviewed(session, product_id, version)
    change = await queries.change(session, product_id)
    live = await queries.document(session, row)
    review = _review(row, change, live, by=by, now=now, reason=reason)
    if change is not None and change.status == ChangeStatus.SUBMITTED:
        change.take(ChangeStep.REJECT)
        row.version += 1
    else:
        row.take(Step.REJECT)
    session.add(review)
    emit(session, ProductRejected(product_id=row.id, version=row.version, at=now))
    await session.flush()
    return queries.card(row, await queries.skus_of(session, product_id))


async def publish(
    session: AsyncSession, product_id: UUID, *, version: int | None = None, by: Actor, now: datetime
) -> ProductCard:
    """Put a product, or the change that was submitted to it, on sale: everything in this one transaction.

    Raises ``NoSuchProduct``, ``WrongProductStatus`` where nothing waits to be published, ``NotPublishable``,
    ``StaleVersion`` unless ``version`` is the current one, and what a race for a code or address comes to.
    """
    row = await _reviewed(session, product_id, version)
    change = await queries.change(session, product_id)
    live = await queries.document(session, row)
    if change is not None and change.status != ChangeStatus.SUBMITTED:
        change = None
    review = _review(row, change, live, by=by, now=now)
    if change is None or row.status != Status.PUBLISHED:
        row.take(Step.PUBLISH)
    else:
        row.version += 1
    proposed = change.content if change else live
    # A licence that is revoked meanwhile is revoked after this, and then what is published here is looked at again.
    await suppliers.hold_still(session, row.supplier_id)
    if faults := await publishable_faults(session, row, proposed, now=now):
        raise NotPublishable(faults=faults)
    proposed = with_link(proposed, None)
    if change is None:
        row.label = proposed["label"]
    else:
        product = product_of(proposed, row.supplier_id)
        found = await resolve(session, product)
        fill(row, product, found)
        await session.flush()
        await rewrite_skus(session, product_id, product.skus, found.root)
        await session.delete(change)
    row.published_at = row.published_at or now
    session.add(review)
    emit(session, ProductPublished(product_id=row.id, at=now))
    await session.flush()
    return queries.card(row, await queries.skus_of(session, product_id))


async def withdraw(session: AsyncSession, product_id: UUID, *, by: Actor, now: datetime) -> ProductCard:
    """Take a product off sale; orders already placed are kept. Raises ``NoSuchProduct``, ``WrongProductStatus``."""
    row = await queries.lock(session, product_id, supplier_id=by.supplier_id)
    row.take(Step.WITHDRAW)
    emit(session, ProductWithdrawn(product_id=row.id, at=now))
    await session.flush()
    return queries.card(row, await queries.skus_of(session, product_id))


async def look_again(session: AsyncSession, supplier_id: UUID, *, now: datetime) -> None:
    """Take products off sale that need a licence or mark which is no longer in force, and put back those that were.

    Orders already placed are served. What an operator withdrew stays withdrawn.
    """
    for row in await queries.lock_shown(session, supplier_id):
        faults = await publishable_faults(session, row, await queries.document(session, row), now=now)
        sound = not any(fault.code in _GATES for fault in faults)
        if row.status == Status.PUBLISHED and not sound:
            row.take(Step.HOLD)
            emit(session, ProductWithdrawn(product_id=row.id, at=now))
        elif row.status == Status.HELD and sound:
            row.take(Step.RELEASE)
            emit(session, ProductPublished(product_id=row.id, at=now))
    await session.flush()


async def _reviewed(session: AsyncSession, product_id: UUID, version: int | None) -> ProductRow:
    row = await queries.lock(session, product_id)
    if version is not None and row.version != version:
        raise StaleVersion
    return row


def _review(
    row: ProductRow, change: ChangeRow | None, live: Document, *, by: Actor, now: datetime, reason: str | None = None
) -> ReviewRow:
    """What was looked at: a change against what is on sale, or a new product against nothing."""
    before = live if row.published_at is not None else None
    after = change.content if change is not None else live
    return ReviewRow(
        id=new_id(now),
        product_id=row.id,
        version=row.version,
        decision="published" if reason is None else "rejected",
        reason=reason,
        differences=[asdict(found) for found in differences(before, after)],
        decided_by=by.account_id,
        decided_at=now,
    )


async def look_at(
    session: AsyncSession, product_id: UUID, *, supplier_id: UUID | None = None, now: datetime
) -> Reviewed:
    """A product with everything that a review of it wants to know. Raises ``NoSuchProduct``."""
    row = await queries.read(session, product_id, supplier_id=supplier_id)
    live = await queries.document(session, row)
    change = await queries.change(session, product_id)
    proposed = change.content if change is not None else live
    before = live if row.published_at is not None else None
    decided = await queries.reviews(session, product_id)
    return Reviewed(
        id=row.id,
        supplier_id=row.supplier_id,
        document=with_link(live, now),
        status=row.status,
        version=row.version,
        published_at=row.published_at,
        change=change.status if change is not None else None,
        proposed=with_link(change.content, now) if change is not None else None,
        differences=differences(before, proposed),
        missing=await publishable_faults(session, row, proposed, now=now),
        reviews=[
            Decision(found.version, found.decision, found.reason, found.differences, found.decided_at)
            for found in decided
        ],
    )


async def publishable_faults(
    session: AsyncSession, row: ProductRow, document: Document, *, now: datetime
) -> list[Fault]:
    """Everything that keeps a product, described so, from being on sale (domain handbook §1.6)."""
    supplier = await suppliers.get(session, row.supplier_id)
    permits = await suppliers.permits(session, row.supplier_id, local_day(now))
    root = await queries.root_of(session, document["category"]) or ""
    variants = document["variants"]
    listing = Listing(
        root=root,
        name=document["name"],
        description=document["description"],
        supplier_status=supplier.status,
        licence_no=supplier.licence_no,
        licence_kind=suppliers.LICENCE_FOR.get(root),
        licences={
            permit.number: permit.scope
            for permit in permits
            if permit.kind is suppliers.CertificateKind.FOOD_PRODUCTION and permit.number is not None
        },
        marks={(permit.kind.value, permit.number) for permit in permits if not permit.scope or root in permit.scope},
        net_contents=[variant["net_content"] for variant in variants],
        today=local_day(now),
        sku_names=[variant["name"] for variant in variants],
        attributes=document["attributes"],
        label=document["label"],
    )
    return list(listing_faults(listing))
