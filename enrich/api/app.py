"""The application: endpoints, parameters and bodies of the specification, and how errors leave.

`create_app` opens no connection; each request opens its own. POSTs write: what the policy accepts is applied.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response, Security
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.middleware.trustedhost import TrustedHostMiddleware

import enrich
from enrich.api import models
from enrich.api.jobs import JobRunning, Jobs
from enrich.contracts.settings import Settings
from enrich.cooldown import queue
from enrich.database.connection import connect
from enrich.errors import DatabaseError, EnrichError
from enrich.ledger.proposals import STATUSES, proposals
from enrich.pipeline import cycle

LOOPBACK = ("127.0.0.1", "localhost", "::1")

Limit = Annotated[int, Query(ge=1, le=10_000, description="At most this many tracks.")]

_BUSY: dict[int | str, dict[str, Any]] = {409: {"model": models.Busy, "description": "One of the kind runs already."}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": models.Problem, "description": "The bearer token is missing or wrong."},
    503: {"model": models.Problem, "description": "Postgres cannot be used; says why."},
}


def create_app(settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FastAPI:
    """Build the application.

    Args:
        settings: Where Postgres is; host and token of the API.
        clock: The time, with time zone; passed on to everything that records it.
    """
    app = FastAPI(
        title="enrich",
        version=enrich.__version__,
        description="Names the tracks nobody can name. A long job answers when it is done; one of a kind at a time.",
        openapi_tags=[{"name": "enrich", "description": "The tiers"}, {"name": "cooldown"}, {"name": "state"}],
    )
    jobs = Jobs(clock)
    app.state.jobs = jobs
    guard = [Depends(_token_check(settings))]
    if settings.api_host in LOOPBACK:
        # A page in a browser must not reach the API under a name of its own (DNS rebinding).
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, "[::1]", "testserver"])

    @app.exception_handler(JobRunning)
    def busy(request: Request, error: JobRunning) -> JSONResponse:
        running = models.JobState(**error.job.asdict())
        body = models.Busy(detail=f"{error.job.kind} runs already; see GET /enrich/jobs", running=running)
        return JSONResponse(body.model_dump(mode="json"), status_code=409)

    @app.exception_handler(DatabaseError)
    def no_database(request: Request, error: DatabaseError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=503)

    @app.exception_handler(EnrichError)
    def mendable(request: Request, error: EnrichError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=400)

    post: dict[str, Any] = {"dependencies": guard, "responses": {**_PROBLEMS}}
    long: dict[str, Any] = {"dependencies": guard, "responses": {**_PROBLEMS, **_BUSY}}

    @app.post("/enrich/hunt-labels", tags=["enrich"], response_model=models.HuntResponse, **long)
    def hunt_labels(limit: Limit = 100) -> dict[str, Any]:
        """Tier 0: find labels for tracks without one, and write those the policy accepts."""
        with jobs.one("hunt-labels") as job:
            return cycle.hunt_labels(settings, now=clock(), limit=limit, apply=True, on_progress=job.progress).asdict()

    @app.post("/enrich/multi-tier-resolve", tags=["enrich"], response_model=models.CycleResponse, **long)
    def multi_tier_resolve(limit: Limit = 100) -> dict[str, Any]:
        """Tiers 0–3 on failed tracks."""
        with jobs.one("multi-tier-resolve") as job:
            return cycle.resolve(settings, now=clock(), limit=limit, apply=True, on_progress=job.progress).asdict()

    @app.post("/enrich/trigger", tags=["enrich"], response_model=models.CycleResponse, **long)
    def trigger(limit: Limit = 200) -> dict[str, Any]:
        """The standard cycle on pending tracks; what stays unresolved is failed or goes back into cool-down."""
        with jobs.one("trigger") as job:
            return cycle.trigger(settings, now=clock(), limit=limit, apply=True, on_progress=job.progress).asdict()

    @app.post("/enrich/cooldown/migrate", tags=["cooldown"], response_model=models.MigrateResponse, **post)
    def cooldown_migrate(limit: Limit = 100) -> dict[str, Any]:
        """Failed tracks into the cool-down queue; those without retries left are skipped."""
        return queue.migrate(settings, now=clock(), limit=limit).asdict()

    @app.post("/enrich/cooldown/process", tags=["cooldown"], response_model=models.ProcessResponse, **post)
    def cooldown_process(limit: Limit = 50) -> dict[str, Any]:
        """Due tracks back to pending, oldest first."""
        return queue.process(settings, now=clock(), limit=limit).asdict()

    @app.get("/enrich/cooldown/stats", tags=["cooldown"], response_model=models.QueueResponse, responses=_PROBLEMS)
    def cooldown_stats() -> dict[str, Any]:
        """How the queue stands."""
        return queue.stats(settings, now=clock()).asdict()

    @app.get("/enrich/proposals", tags=["state"], responses=_PROBLEMS)
    def list_proposals(
        limit: Limit = 100,
        status: Annotated[
            str | None, Query(description="One status only.", pattern=f"^({'|'.join(STATUSES)})$")
        ] = None,
    ) -> dict[str, Any]:
        """Proposals, surest first."""
        frame = proposals(settings, status=status)
        return {"status": "success", "total": frame.height, "proposals": frame.head(limit).to_dicts()}

    @app.get("/enrich/report", tags=["state"], responses=_PROBLEMS)
    def report() -> dict[str, Any]:
        """The report's figures: recovery as projected beside recovery as counted."""
        from enrich.reporting.figures import figures

        body: dict[str, Any] = figures(settings, now=clock())
        return body

    @app.get("/enrich/jobs", tags=["state"], response_model=list[models.JobState])
    def list_jobs() -> list[dict[str, Any]]:
        """Long jobs: running ones with their progress, then the last finished."""
        return [job.asdict() for job in jobs.all()]

    @app.get("/health", tags=["state"], response_model=models.Health, responses={503: {"model": models.Health}})
    def health(response: Response) -> models.Health:
        """Whether the API answers and Postgres can be used."""
        try:
            with connect(settings) as con:
                con.execute("select 1")
        except DatabaseError as error:
            response.status_code = 503
            return models.Health(status="unavailable", version=enrich.__version__, database=str(error))
        return models.Health(status="ok", version=enrich.__version__, database="ok")

    return app


def _token_check(settings: Settings) -> Callable[..., None]:
    bearer = HTTPBearer(auto_error=False, description="ENRICH_API_TOKEN; asked for where it is set.")

    def check(credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> None:
        if settings.api_token is None:
            return
        wanted = settings.api_token.get_secret_value().encode()
        given = credentials.credentials.encode() if credentials else b""
        if not secrets.compare_digest(wanted, given):
            raise HTTPException(401, "bearer token missing or wrong", headers={"WWW-Authenticate": "Bearer"})

    return check
