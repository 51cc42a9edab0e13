"""The office's client, as in the tests of assistance."""

from tests.assistance.conftest import client, officer

__all__ = ["client", "officer"]
