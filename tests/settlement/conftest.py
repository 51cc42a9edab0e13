import pytest

from tests.market import Market, open_market
from tests.settlement.builders import Books
from tests.shop import Shop


@pytest.fixture
def books(shop):
    """The shop's books, in the test's transaction."""
    return Books(shop, shop.db)


@pytest.fixture
async def market(shop: Shop) -> Market:
    """Two supermarkets that may order, in the test's transaction."""
    return await open_market(shop)


@pytest.fixture
async def fresh_market(fresh_shop: Shop) -> Market:
    """The same with real connections and commits."""
    return await open_market(fresh_shop)
