"""The wire format of files."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from app.core.web import Out
from app.files.rules import File, Purpose


class FileOut(Out):
    """A file that was taken in. The links work for an hour or two; what it is attached to gives fresh ones."""

    id: UUID
    purpose: Purpose = Field(examples=["claim"])
    media_type: str = Field(examples=["image/jpeg"])
    size: int = Field(description="Bytes", examples=[182_044])
    width: int | None = Field(description="Pixels; null for documents", examples=[2048])
    height: int | None = Field(description="Pixels; null for documents", examples=[1536])
    url: str = Field(examples=["/v1/store/files/019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617?variant=full&until=…&key=…"])
    thumbnail_url: str | None = Field(
        examples=["/v1/store/files/019a9f6b-7c0e-7d3f-8a51-c2d3e4f50617?variant=thumb&until=…&key=…"]
    )

    @classmethod
    def of(cls, file: File) -> FileOut:
        """The file on the wire."""
        return cls.model_validate(file)
