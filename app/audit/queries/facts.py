"""What must be true of facts on their way, inside and to webhooks."""

from __future__ import annotations

from app.audit.rules import Rule

FACTS: tuple[Rule, ...] = (
    Rule(
        "facts.parked",
        "有事件多次投递失败，已搁置",
        "a fact could not be delivered and was put aside",
        """
        SELECT d.id AS delivery_id, d.listener, d.subject, d.last_error FROM core_delivery d
        WHERE d.parked_at IS NOT NULL
        """,
    ),
    Rule(
        "facts.late",
        "有事件超过 10 分钟仍未投递",
        "a fact has waited for its listener for more than 10 minutes",
        # A courier whose far end is away backs off for hours, and what comes after it waits its turn: neither is late.
        """
        SELECT d.id AS delivery_id, d.listener, d.subject, e.name AS fact
        FROM core_delivery d JOIN core_event e ON e.id = d.event_id
        CROSS JOIN (SELECT coalesce(CAST(:now AS timestamptz), now()) - interval '10 minutes' AS at) late
        WHERE d.parked_at IS NULL AND e.at < late.at AND NOT EXISTS (
            SELECT FROM core_delivery w
            WHERE w.lane = d.lane AND w.subject = d.subject AND w.position <= d.position
              AND w.by_courier AND w.parked_at IS NULL AND w.due_at > late.at)
        """,
    ),
    Rule(
        "webhooks.pending",
        "待投递的消息没有投递任务",
        "a webhook message waits for a delivery that does not exist",
        """
        SELECT m.id AS message_id, m.endpoint_id FROM webhooks_message m
        WHERE m.status = 'pending' AND NOT EXISTS (
            SELECT FROM core_delivery d JOIN core_event e ON e.id = d.event_id
            WHERE d.listener = 'webhooks.send_message' AND e.payload ->> 'message_id' = CAST(m.id AS text))
        """,
    ),
)
