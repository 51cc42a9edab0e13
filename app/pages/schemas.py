"""What is kept under the key of a form, so that sending it again leads to the same place."""

from __future__ import annotations

from uuid import UUID

from app.core.web import Out


class Done(Out):
    """The object that a form made or changed."""

    id: UUID
