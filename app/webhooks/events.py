"""What webhooks tells its own courier."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact
from app.webhooks.rules import channel_of


class MessageDue(Fact):
    """A message is to be sent, for the first time or again."""

    name: ClassVar[str] = "webhooks.message_due"
    message_id: UUID
    endpoint_id: UUID
    object_id: UUID

    @property
    def subject(self) -> UUID:
        """The messages of one object to one endpoint are sent in their order."""
        return channel_of(self.endpoint_id, self.object_id)
