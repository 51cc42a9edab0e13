"""Files as values, what each purpose accepts, the refusals, and links that carry their own permission."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core import sealing
from app.core.errors import DomainError


class Purpose(StrEnum):
    """What a file is handed in for. It can be attached to nothing else."""

    CLAIM = "claim"
    REVIEW = "review"
    PRODUCT = "product"
    CERTIFICATE = "certificate"
    EVIDENCE = "evidence"


class Variant(StrEnum):
    """A form in which a file is kept: as it was taken in, or small, for lists (pictures only)."""

    FULL = "full"
    THUMB = "thumb"


JPEG = "image/jpeg"
PDF = "application/pdf"

ACCEPTS: Mapping[Purpose, frozenset[str]] = {
    Purpose.CLAIM: frozenset({JPEG}),
    Purpose.REVIEW: frozenset({JPEG}),
    Purpose.PRODUCT: frozenset({JPEG}),
    Purpose.CERTIFICATE: frozenset({JPEG, PDF}),
    Purpose.EVIDENCE: frozenset({JPEG, PDF}),
}
"""Media types by purpose, as they are kept: every picture becomes a JPEG."""

WAITING_HOURS = 24
"""For how long a file may wait to be attached to something."""

EXTENSIONS: Mapping[str, str] = {JPEG: "jpg", PDF: "pdf"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is left of an upload after it was checked: only bytes that we wrote or looked through ourselves.

    ``width`` and ``height`` are pixels of the full variant, None for documents.
    """

    media_type: str
    contents: Mapping[Variant, bytes]
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file with links to it. ``size`` is bytes of the full variant; ``thumbnail_url`` is None for documents."""

    id: UUID
    purpose: Purpose
    media_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a variant is: ``content`` in the database, or at ``address`` of the store outside."""

    media_type: str
    content: bytes | None
    address: str


class UnsupportedFile(DomainError):
    """Neither a picture nor a document that we know, whatever its name says."""

    status = 422
    code = "unsupported_file"
    zh = "不支持的文件：请上传 JPEG、PNG 或 WebP 图片，或 PDF 文档。"
    en = "This kind of file is not taken: upload a JPEG, PNG or WebP picture, or a PDF document."


class HeicNotSupported(DomainError):
    """The usual format of an iPhone's camera, which browsers cannot show."""

    status = 422
    code = "heic_not_supported"
    zh = "暂不支持 HEIC 照片：请在手机“设置-相机-格式”中选择“兼容性最佳”，或转为 JPEG 后再上传。"
    en = "HEIC photos are not taken: choose “Most Compatible” under Settings, Camera, Formats, or convert to JPEG."


class UnreadableFile(DomainError):
    """It begins like a picture or document and does not go on like one."""

    status = 422
    code = "unreadable_file"
    zh = "文件已损坏或不完整，请重新导出后上传。"
    en = "The file is damaged or not complete; save it again and upload it."


class TooManyPixels(DomainError):
    """Unpacking the picture would take more memory than we lend anybody."""

    status = 422
    code = "too_many_pixels"
    zh = "图片尺寸过大：最多 {most} 万像素，请缩小后上传。"
    en = "The picture is too large: at most {most}0 thousand pixels; make it smaller first."


class TooManyPages(DomainError):
    """The document has too many pages."""

    status = 422
    code = "too_many_pages"
    zh = "PDF 页数过多：最多 {most} 页，请拆分后上传。"
    en = "The PDF has too many pages: at most {most}; upload it in parts."


class UnsafeDocument(DomainError):
    """The document is not only pages, and would not be the same without the rest."""

    status = 422
    code = "unsafe_document"
    zh = "PDF 已加密，或含有表单、签章、批注等会丢失的内容，请打印为普通 PDF 后上传。"
    en = "The PDF is encrypted, or has forms, stamps or notes that would be lost; print it to a plain PDF first."


class NotForThisPurpose(DomainError):
    """A document where a picture is wanted."""

    status = 422
    code = "not_for_this_purpose"
    zh = "这个用途只接受图片。"
    en = "Only pictures are taken for this purpose."


class TooManyWaiting(DomainError):
    """The owner has uploaded many files and used none of them."""

    code = "too_many_waiting_files"
    zh = "已上传而未使用的文件过多，请先使用，或等待系统在 {hours} 小时后清理。"
    en = "Too many uploaded files are not used yet; use them, or wait {hours} hours until they are removed."


class UnknownFile(DomainError):
    """A file id that the caller cannot attach here; why is not told, as it may be somebody else's."""

    status = 422
    code = "unknown_file"
    zh = "文件不存在、已被使用、已过期，或用途不符，请重新上传。"
    en = "The file does not exist, is used already, has expired or is for another purpose; upload it again."


class NoSuchFile(DomainError):
    """No file, or a link that is wrong or has expired: the same answer."""

    status = 404
    code = "no_such_file"
    zh = "文件不存在，或链接已失效，请刷新页面后重试。"
    en = "There is no such file, or the link has expired; reload the page it came from."


def headers_of(file_id: UUID, media_type: str) -> dict[str, str]:
    """What any server that gives the file out says with it: pictures may be shown, everything else only saved."""
    manner = "inline" if media_type == JPEG else "attachment"
    name = f"{file_id}.{EXTENSIONS[media_type]}"
    return {"Content-Type": media_type, "Content-Disposition": f'{manner}; filename="{name}"'}


_LINK_SECONDS = 3600
_KEY_BYTES = 18


def link(file_id: UUID, now: datetime | None, *, variant: Variant = Variant.FULL) -> str:
    """A relative address under which whoever has it may see the file.

    It works for one to two hours after ``now`` and stays the same within an hour, so that browsers can cache; without
    ``now`` it works for ever, for what is public.
    """
    until = (int(now.timestamp()) // _LINK_SECONDS + 2) * _LINK_SECONDS if now is not None else 0
    return f"/v1/store/files/{file_id}?variant={variant}&until={until}&key={_key(file_id, variant, until)}"


def seconds_left(file_id: UUID, variant: Variant, until: int, key: str, now: datetime) -> int | None:
    """For how long a link still works; None when for ever. Raises ``NoSuchFile`` for one that is wrong or stale."""
    if not hmac.compare_digest(key.encode(), _key(file_id, variant, until).encode()):
        raise NoSuchFile
    if not until:
        return None
    left = until - int(now.timestamp())
    if left <= 0:
        raise NoSuchFile
    return left


def _key(file_id: UUID, variant: Variant, until: int) -> str:
    made = sealing.keys().blind(f"{file_id}/{variant}/{until}", "file link")[:_KEY_BYTES]
    return base64.urlsafe_b64encode(made).decode()
