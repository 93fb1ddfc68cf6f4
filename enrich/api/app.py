"""The application: endpoints, parameters and bodies of the specification, and how errors leave.

`create_app` opens no connection; each request opens its own. POSTs write: what the policy accepts is applied.
Errors a person can mend leave as `{"detail": one line}`: 400, 401, 403, 404, 409, 422, or 503 where Postgres is away.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import AfterValidator
from starlette.middleware.trustedhost import TrustedHostMiddleware

from enrich import __version__
from enrich.api import models
from enrich.api.guarding import LOCAL_NAMES, Guards, guards, is_loopback
from enrich.api.jobs import LOCK_S, STATEMENT_S, Job, JobRunning, Jobs, JobStopped, Reads
from enrich.api.metrics import metrics
from enrich.cooldown import queue
from enrich.errors import DatabaseError, EnrichError
from enrich.ledger.proposals import count_proposals, proposals
from enrich.pipeline import cycle
from enrich.reporting.dashboards import NAMES, dashboards
from enrich.reporting.recovery import plain, read_figures
from enrich.rules import MAX_LIMIT, MIN_LIMIT
from enrich.settings import Settings

#: Seconds a statement of the queue may take that writes.
_WRITE_S = 60.0

Limit = Annotated[int, Query(ge=MIN_LIMIT, le=MAX_LIMIT, description="At most this many tracks.")]

_Responses = dict[int | str, dict[str, Any]]
_REFUSED: _Responses = {401: {"model": models.Problem, "description": "The bearer token is missing or wrong."}}
_PROBLEMS: _Responses = {
    **_REFUSED,
    400: {"model": models.Problem, "description": "Something a person can mend; says what."},
    503: {"model": models.Problem, "description": "Postgres cannot be used, or the server is stopping; says why."},
}
_GUARDED: _Responses = {403: {"model": models.Problem, "description": "Sent by a page of another site."}}
_UNFIT: _Responses = {
    422: {"model": models.Invalid, "description": "A parameter is unknown or out of range; says which."}
}
_BUSY: _Responses = {409: {"model": models.Busy, "description": "One of the kind runs already."}}


def create_app(settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """Build the application.

    `clock` tells the time, with time zone, to everything that records it.

    Raises SettingsError: a host other than loopback without a token.
    """
    guard = guards(settings)
    # A server on loopback is often read where there is no outside: the page at /docs comes with its scripts.
    app = FastAPIOffline(
        title="enrich",
        dependencies=[Depends(_known_parameters)],
        responses=_UNFIT,
        version=__version__,
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None},
        description="Names the tracks nobody can name. A long job answers when it is done; one of a kind at a time, "
        "its progress at GET /enrich/jobs.",
        openapi_tags=[
            {"name": "enrich", "description": "The tiers: long jobs."},
            {"name": "cooldown", "description": "The queue of tracks that wait for their release."},
            {"name": "state", "description": "How things stand; changes nothing."},
        ],
    )
    app.state.jobs = Jobs(clock)
    if is_loopback(settings.api_host):
        # A page in a browser must not reach the API under a name of its own (DNS rebinding).
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL_NAMES, settings.api_host])
    _error_answers(app)
    reading = settings.bounded(statement_s=STATEMENT_S, lock_s=LOCK_S)
    app.state.reads = Reads(reading)
    _tiers(app, settings, clock, guard)
    _cooldown(app, reading, clock, guard)
    _state(app, reading, clock, guard)
    _monitoring(app, reading, clock, guard)
    return app


def _known_parameters(request: Request) -> None:
    """A parameter that no endpoint reads is a mistake of the caller, who would take its silence for consent."""
    known = {field.alias for field in get_flat_params(request.scope["route"].dependant)}
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        there = f"no such parameter; there are: {', '.join(sorted(known)) or 'none'}"
        raise RequestValidationError([{"type": "extra", "loc": ("query", name), "msg": there} for name in unknown])


def _blanks_alone(skip: bool) -> bool:
    if not skip:
        raise ValueError("a label that is there is never replaced: leave it out, or say true")
    return skip


def _error_answers(app: FastAPI) -> None:
    def answer(status: int, told: str, request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": " ".join(told.format(error).split())}, status_code=status)

    for kind, status, told in (
        (JobStopped, 503, "{}: the server is stopping; nothing was written, call again"),
        (DatabaseError, 503, "{}"),
        (EnrichError, 400, "{}"),
        # Ours, not the caller's: the traceback goes to the log.
        (Exception, 500, "an error of the program; its traceback is in the server's log"),
    ):
        app.add_exception_handler(kind, partial(answer, status, told))

    @app.exception_handler(JobRunning)
    def busy(request: Request, error: JobRunning) -> JSONResponse:
        job = error.job
        so_far = f", {job.done} of {job.total} done" if job.total else ""
        body = models.Busy(detail=f"{job.kind} runs already{so_far}; see GET /enrich/jobs", running=job)
        return JSONResponse(body.model_dump(mode="json"), status_code=409)


def _tiers(app: FastAPI, settings: Settings, clock: Callable[[], datetime], guard: Guards) -> None:
    jobs: Jobs = app.state.jobs
    responses = {**_PROBLEMS, **_GUARDED, **_BUSY}
    long: dict[str, Any] = {"tags": ["enrich"], "dependencies": guard.writing, "responses": responses}

    async def run(kind: str, work: Callable[..., Any], limit: int) -> dict[str, Any]:
        def of(job: Job) -> dict[str, Any]:
            done = work(settings, now=clock(), limit=limit, apply=True, on_progress=job.progress, stop=job.stopping)
            return cast(dict[str, Any], done.asdict())

        return await jobs.run(kind, of)

    @app.post("/enrich/hunt-labels", response_model=models.HuntResponse, **long)
    async def hunt_labels(
        limit: Limit = 100,
        # Clients of an earlier service say so; it is what is done anyway.
        skip_with_labels: Annotated[bool, AfterValidator(_blanks_alone), Query(include_in_schema=False)] = True,
    ) -> dict[str, Any]:
        """Tier 0: find labels for tracks without one, and write those the policy accepts."""
        return await run("hunt-labels", cycle.hunt_labels, limit)

    @app.post("/enrich/multi-tier-resolve", response_model=models.CycleResponse, **long)
    async def multi_tier_resolve(limit: Limit = 100) -> dict[str, Any]:
        """Tiers 0–3 on failed tracks."""
        return await run("multi-tier-resolve", cycle.resolve, limit)

    @app.post("/enrich/trigger", response_model=models.CycleResponse, **long)
    async def trigger(limit: Limit = 200) -> dict[str, Any]:
        """The standard cycle on pending tracks; what stays unresolved is failed or goes back into cool-down."""
        return await run("trigger", cycle.trigger, limit)


def _cooldown(app: FastAPI, settings: Settings, clock: Callable[[], datetime], guard: Guards) -> None:
    reads: Reads = app.state.reads
    writing = settings.bounded(statement_s=_WRITE_S, lock_s=LOCK_S)
    read: dict[str, Any] = {"tags": ["cooldown"], "dependencies": guard.reading, "responses": _PROBLEMS}
    write = read | {"dependencies": guard.writing, "responses": {**_PROBLEMS, **_GUARDED}}

    @app.post("/enrich/cooldown/migrate", response_model=models.MigrateResponse, **write)
    def cooldown_migrate(limit: Limit = 100) -> dict[str, Any]:
        """Failed tracks into the cool-down queue; those without retries left are skipped."""
        return queue.migrate(writing, now=clock(), limit=limit).asdict()

    @app.post("/enrich/cooldown/process", response_model=models.ProcessResponse, **write)
    def cooldown_process(limit: Limit = 50) -> dict[str, Any]:
        """Due tracks back to pending, oldest first."""
        return queue.process(writing, now=clock(), limit=limit).asdict()

    @app.get("/enrich/cooldown/stats", response_model=models.QueueResponse, **read)
    async def cooldown_stats() -> dict[str, Any]:
        """How the queue stands."""
        return (await reads.of(lambda: queue.stats(settings, now=clock()))).asdict()


def _state(app: FastAPI, settings: Settings, clock: Callable[[], datetime], guard: Guards) -> None:
    jobs: Jobs = app.state.jobs
    reads: Reads = app.state.reads
    read: dict[str, Any] = {"tags": ["state"], "dependencies": guard.reading, "responses": _PROBLEMS}

    @app.get("/enrich/proposals", response_model=models.ProposalsResponse, **read)
    async def list_proposals(
        limit: Limit = 100,
        status: Annotated[models.ProposalStatus | None, Query(description="One status only.")] = None,
    ) -> dict[str, Any]:
        """Proposals, surest first."""

        def of_postgres() -> dict[str, Any]:
            found = proposals(settings, status=status, limit=limit).to_dicts()
            rows = [{**row, "evidence": json.loads(row["evidence"] or "null")} for row in found]
            return {"status": "success", "total": count_proposals(settings, status=status), "proposals": rows}

        return await reads.of(of_postgres)

    @app.get("/enrich/report", response_model=models.ReportResponse, **read)
    async def report() -> dict[str, Any]:
        """The report's figures: recovery as projected beside recovery as counted."""
        return cast(dict[str, Any], await reads.of(lambda: plain(read_figures(settings, now=clock()))))

    @app.get("/enrich/jobs", response_model=list[Job], **(read | {"responses": _REFUSED}))
    async def list_jobs() -> list[Job]:
        """Long jobs: running ones with their progress, then the last finished."""
        return jobs.all()

    @app.get("/health", tags=["state"], response_model_exclude_none=True, responses={503: {"model": models.Health}})
    async def health(response: Response) -> models.Health:
        """Whether the API answers and Postgres can be used."""
        try:
            await reads.pulse()
        except DatabaseError as error:
            response.status_code = 503
            return models.Health(status="unavailable", ok=False, version=__version__, database=str(error))
        return models.Health(status="healthy", healthy=True, ok=True, version=__version__, database="ok")


def _monitoring(app: FastAPI, settings: Settings, clock: Callable[[], datetime], guard: Guards) -> None:
    reads: Reads = app.state.reads
    read: dict[str, Any] = {"tags": ["state"], "dependencies": guard.reading}

    @app.get("/enrich/dashboards", responses=_REFUSED, **read)
    async def list_dashboards() -> dict[str, str]:
        """The monitoring queries there are, and what each shows."""
        return NAMES

    @app.get(
        "/enrich/dashboards/{name}",
        response_model=models.DashboardResponse,
        responses={**_PROBLEMS, 404: {"model": models.Problem, "description": "No dashboard of this name."}},
        **read,
    )
    async def dashboard(name: Annotated[str, Path(examples=["label_coverage"])]) -> dict[str, Any]:
        """One monitoring query on Postgres."""
        if name not in NAMES:
            raise HTTPException(404, f"no such dashboard; there are {', '.join(NAMES)}")
        rows = await reads.of(lambda: dashboards(name, settings=settings).to_dicts())
        return {"status": "success", "dashboard": name, "rows": rows}

    @app.get(
        "/metrics",
        response_class=Response,
        responses={**_PROBLEMS, 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        **read,
    )
    async def prometheus() -> Response:
        """Sizes of the queue, statuses, label coverage, proposals, writes and last runs, as Prometheus text."""
        text = await reads.of(lambda: metrics(settings, now=clock()))
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
