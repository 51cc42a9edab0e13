"""What a buyer sees before ordering, read in one statement each and made into JSON by PostgreSQL itself.

The shelf decides which products and in which order; prices, stock and publication are read live from the modules that
own them, in the same statement, so a figure on the page is as young as the page.
"""

from app.storefront.queries.facets import Facets, facets
from app.storefront.queries.listing import Found, Position, Wish, find
from app.storefront.queries.pages import prices, product, trace

__all__ = ["Facets", "Found", "Position", "Wish", "facets", "find", "prices", "product", "trace"]
