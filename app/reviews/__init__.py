"""What those who received the goods say of them.

*Owns* reviews, suppliers' answers, what the marketplace hid and why, and who found a review useful.
*Promises* one review for a line, by its buyer, after the goods arrived; one answer for a review; that nobody deletes:
reviews, answers and hidings are only ever added, and what is hidden shows its stars and the reason.
*Calls* orders (who received what), files (photos), catalogue (which product has a page). *Tells* ReviewPosted.
"""

from app.reviews.events import ReviewPosted
from app.reviews.queries import of_product, reviewed
from app.reviews.routes import router
from app.reviews.rules import (
    LONGEST_TEXT,
    MOST_PHOTOS,
    AlreadyAnswered,
    AlreadyHidden,
    AlreadyReviewed,
    NotReceived,
    Order,
    Review,
    TooLate,
)
from app.reviews.service import answer, find_useful, hide, post

__all__ = [
    "LONGEST_TEXT",
    "MOST_PHOTOS",
    "AlreadyAnswered",
    "AlreadyHidden",
    "AlreadyReviewed",
    "NotReceived",
    "Order",
    "Review",
    "ReviewPosted",
    "TooLate",
    "answer",
    "find_useful",
    "hide",
    "of_product",
    "post",
    "reviewed",
    "router",
]
