"""What identity announces. Names are stored: they never change."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from app.core.events import Fact


class CodeRequested(Fact):
    """Somebody is to get a one-time code. Neither the phone nor the code is in the fact: facts are kept for ever."""

    name: ClassVar[str] = "identity.code_requested"
    challenge_id: UUID

    @property
    def subject(self) -> UUID:
        """The challenge."""
        return self.challenge_id


class AccountClosed(Fact):
    """A person has left: what other modules keep about them for their own convenience goes too."""

    name: ClassVar[str] = "identity.account_closed"
    account_id: UUID

    @property
    def subject(self) -> UUID:
        """The account."""
        return self.account_id
