"""Is the process up, can it serve, and what has it done: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.errors import DomainError
from app.core.outbox import pending
from app.core.web.edge import TheEdge
from app.core.web.problems import problem, problems

router = APIRouter(tags=["health"])


class NotReady(DomainError):
    """The process cannot serve now; a balancer should ask another."""

    status = 503
    code = "not_ready"
    zh = "尚未就绪：{why}。"
    en = "Not ready: {why}."


class Alive(BaseModel):
    """The process answers."""

    status: str = "ok"


class Ready(BaseModel):
    """What readiness rests on."""

    status: str
    database: bool
    migrations: str
    worker_seen_seconds_ago: float | None
    facts_waiting: int
    facts_parked: int


@router.get("/healthz", operation_id="get_health", summary="Is the process alive?", response_model=Alive)
async def get_health() -> Alive:
    """Says nothing about the database: a process that cannot reach it need not be killed."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Can the service serve?",
    response_model=Ready,
    responses={503: problems(NotReady, public=True)[503]},
)
async def get_readiness(request: Request, edge: TheEdge) -> Ready | Response:
    """The database answers, its migrations are current, and the worker was seen within half a minute."""
    try:
        async with edge.db.read() as session:
            revision = (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
            beat = (
                await session.execute(text("SELECT at FROM core_heartbeat WHERE name = 'worker'"))
            ).scalar_one_or_none()
            facts = await pending(session)
    except DomainError:
        return problem(request, NotReady(why="database", retry_after=1))
    except ProgrammingError:  # the database answers, and holds no schema of ours
        return problem(request, NotReady(why="migrations at nothing", retry_after=5))
    if edge.revision is not None and revision != edge.revision:
        return problem(request, NotReady(why=f"migrations at {revision}", retry_after=5))
    silent = edge.clock() - beat if beat else None
    if silent is None or silent > timedelta(seconds=edge.settings.worker.stale_after_seconds):
        return problem(request, NotReady(why="worker", retry_after=5))
    return Ready(
        status="ok",
        database=True,
        migrations=str(revision),
        worker_seen_seconds_ago=round(silent.total_seconds(), 1),
        facts_waiting=facts["waiting"],
        facts_parked=facts["parked"],
    )


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(edge: TheEdge) -> Response:
    """All processes of this host together, and what the database knows: undelivered facts, money that waits."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    lines = [generate_latest(registry).decode()]
    try:
        async with edge.db.read() as session:
            gauges: dict[str, Decimal | int] = {
                f"facts_{name}": count for name, count in (await pending(session)).items()
            }
            for figures in edge.figures:
                gauges |= await figures(session, edge.clock())
        lines += [f"# TYPE {name} gauge\n{name} {value}\n" for name, value in gauges.items()]
    except DomainError:
        lines.append("# TYPE database_up gauge\ndatabase_up 0\n")
    else:
        lines.append("# TYPE database_up gauge\ndatabase_up 1\n")
    return Response("".join(lines), media_type=CONTENT_TYPE_LATEST)
