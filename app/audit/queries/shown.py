"""What must be true of what a buyer is shown: files and ratings."""

from __future__ import annotations

from app.audit.rules import Rule

SHOWN: tuple[Rule, ...] = (
    Rule(
        "file.content",
        "文件缺少内容或图片缺少缩略图",
        "a file has no bytes anywhere, or a picture no small variant",
        """
        SELECT f.id AS file_id, count(c.variant) AS found, CASE WHEN f.width IS NULL THEN 1 ELSE 2 END AS expected
        FROM files_file f LEFT JOIN files_content c ON c.file_id = f.id
        GROUP BY f.id HAVING count(c.variant) <> CASE WHEN f.width IS NULL THEN 1 ELSE 2 END
        """,
    ),
    Rule(
        "review.rating",
        "商品评分与其评价之和不符",
        "the rating of a product is not the sum of its reviews",
        """
        SELECT coalesce(r.product_id, w.product_id) AS product_id, concat_ws(' / ', r.stars, r.reviews) AS found,
               concat_ws(' / ', w.stars, w.reviews) AS expected
        FROM storefront_rating r
        FULL JOIN (SELECT product_id, sum(stars) AS stars, count(*) AS reviews FROM reviews_review
                   GROUP BY product_id) w ON w.product_id = r.product_id
        WHERE (r.stars, r.reviews) IS DISTINCT FROM (w.stars, w.reviews) AND coalesce(r.product_id, w.product_id) NOT IN
              (SELECT subject FROM core_delivery WHERE listener = 'storefront.rate')
        """,
    ),
)
