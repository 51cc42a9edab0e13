import pytest

from tests.settlement.builders import Books


@pytest.fixture
def books(shop):
    """The shop's books, in the test's transaction."""
    return Books(shop, shop.db)
