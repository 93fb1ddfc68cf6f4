"""Bodies of the HTTP API, with the specification's own answers as examples in the OpenAPI."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from enrich.api.jobs import Job
from enrich.cooldown.queue import MigrateResult, ProcessResult
from enrich.resources import resource

#: The statuses of `enrich.ledger.proposals`; a test compares them.
ProposalStatus = Literal["proposed", "accepted", "rejected", "written", "conflict", "superseded"]

_EXAMPLES = resource("api/examples.json")


def _example(name: str) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [_EXAMPLES[name]]})


class Done(BaseModel):
    """What every answer of a job says."""

    status: str
    message: str


class HuntStats(BaseModel):
    """Counts of a label hunt."""

    processed: int = Field(ge=0)
    labels_found: int = Field(ge=0)
    labels_updated: int = Field(ge=0)
    failed: int = Field(ge=0)
    skipped: int = Field(ge=0)


class HuntResponse(Done):
    """Answer of `POST /enrich/hunt-labels`."""

    model_config = _example("HuntResponse")
    stats: HuntStats
    success_rate: str


class CycleResponse(Done):
    """Answer of `POST /enrich/multi-tier-resolve` and `POST /enrich/trigger`."""

    model_config = _example("CycleResponse")
    stats: dict[str, int]
    success_rate: str = Field(description="Tracks for which an artist was found.")
    run_id: str
    applied: bool = True
    by_source: list[dict[str, Any]] = []
    unavailable: dict[str, str] = {}


class MigrateResponse(Done):
    """Answer of `POST /enrich/cooldown/migrate`."""

    model_config = _example("MigrateResponse")
    stats: MigrateResult


class ProcessResponse(Done):
    """Answer of `POST /enrich/cooldown/process`."""

    model_config = _example("ProcessResponse")
    stats: ProcessResult
    note: str


class QueueState(BaseModel):
    """The cool-down queue at one moment."""

    total_in_queue: int = Field(ge=0)
    ready_for_retry: int = Field(ge=0)
    waiting: int = Field(ge=0)
    next_retry_time: datetime | None = Field(description="UTC, full seconds; null when nothing waits.")
    avg_retry_attempts: float = Field(ge=0)


class QueueResponse(BaseModel):
    """Answer of `GET /enrich/cooldown/stats`."""

    model_config = _example("QueueResponse")
    status: str
    cooldown_queue: QueueState


class Busy(BaseModel):
    """Answer 409: a job of the kind runs already."""

    detail: str = Field(examples=["hunt-labels runs already, 40 of 100 done; see GET /enrich/jobs"])
    running: Job


class Problem(BaseModel):
    """Answer of an error: one line that says what, where and how to mend it."""

    detail: str = Field(examples=["Postgres at localhost:5432/musicdb: Connection refused; mend host and port"])


class Invalid(BaseModel):
    """Answer 422: one entry a parameter."""

    detail: list[dict[str, Any]]


class Health(BaseModel):
    """Answer of `GET /health`."""

    model_config = _example("Health")
    status: Literal["healthy", "unavailable"]
    healthy: Literal[True] | None = Field(
        default=None, description="Health checks look for this word: it is there where all is well, and only there."
    )
    ok: bool
    version: str
    database: str


class Proposal(BaseModel):
    """One proposal: a label or an artist for a track, with where it comes from and how sure it is."""

    proposal_id: str
    track_id: str
    title: str | None
    kind: Literal["label", "artist", "identity"]
    value: str
    tier: int = Field(ge=0, le=2)
    source: str
    probability: float | None
    confidence: float | None = Field(ge=0, le=1)
    status: ProposalStatus
    evidence: Any
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime


class ProposalsResponse(BaseModel):
    """Answer of `GET /enrich/proposals`: `total` counts all of the status, `proposals` holds at most `limit`."""

    status: str
    total: int = Field(ge=0)
    proposals: list[Proposal]


class DashboardResponse(BaseModel):
    """Answer of `GET /enrich/dashboards/{name}`: the rows of one monitoring query."""

    status: str
    dashboard: str
    rows: list[dict[str, Any]]


class ReportResponse(BaseModel):
    """Answer of `GET /enrich/report`: the figures of the recovery report, beside it the moment they were counted."""

    model_config = ConfigDict(extra="allow")
    generated_at: datetime
    database: str
    headline: dict[str, Any]
    projections: dict[str, Any]
