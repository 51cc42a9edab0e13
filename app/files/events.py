"""What the files module announces. Names are stored: they never change."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class FileAttached(Fact):
    """A file became part of something and will stay."""

    name: ClassVar[str] = "files.attached"
    file_id: UUID
    to: UUID

    @property
    def subject(self) -> UUID:
        """The file."""
        return self.file_id
