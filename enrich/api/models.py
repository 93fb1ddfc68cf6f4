"""Bodies of the HTTP API, with the specification's own answers as examples in the OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

#: The statuses of `enrich.ledger.proposals`; a test compares them.
ProposalStatus = Literal["proposed", "accepted", "rejected", "written", "conflict", "superseded"]


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


class HuntStats(BaseModel):
    """Counts of a label hunt."""

    processed: int = Field(ge=0)
    labels_found: int = Field(ge=0)
    labels_updated: int = Field(ge=0)
    failed: int = Field(ge=0)
    skipped: int = Field(ge=0)


class HuntResponse(BaseModel):
    """Answer of `POST /enrich/hunt-labels`."""

    model_config = _example(
        {
            "status": "completed",
            "message": "Processed 100 tracks, found 73 labels",
            "stats": {"processed": 100, "labels_found": 73, "labels_updated": 73, "failed": 27, "skipped": 0},
            "success_rate": "73.0%",
        }
    )
    status: str
    message: str
    stats: HuntStats
    success_rate: str


class CycleResponse(BaseModel):
    """Answer of `POST /enrich/multi-tier-resolve` and `POST /enrich/trigger`."""

    model_config = _example(
        {
            "status": "completed",
            "message": "Processed 100 tracks, found 41 artists and 12 labels",
            "stats": {"processed": 100, "artists_found": 41, "labels_found": 12, "artists_updated": 30},
            "success_rate": "41.0%",
            "run_id": "6f3c1c7e-6a52-4d0e-9f4a-5c8a1f2b7d10",
        }
    )
    status: str
    message: str
    stats: dict[str, int]
    success_rate: str = Field(description="Tracks for which an artist was found.")
    run_id: str
    applied: bool = True
    by_source: list[dict[str, Any]] = []
    unavailable: dict[str, str] = {}


class MigrateStats(BaseModel):
    """Counts of a migration into the queue."""

    candidates: int = Field(ge=0)
    migrated: int = Field(ge=0)
    skipped: int = Field(ge=0)


class MigrateResponse(BaseModel):
    """Answer of `POST /enrich/cooldown/migrate`."""

    model_config = _example(
        {
            "status": "completed",
            "message": "Migrated 73 tracks to cool-down queue",
            "stats": {"candidates": 100, "migrated": 73, "skipped": 27},
        }
    )
    status: str
    message: str
    stats: MigrateStats


class ProcessStats(BaseModel):
    """Counts of due tracks set to pending."""

    retrieved: int = Field(ge=0)
    reset_to_pending: int = Field(ge=0)
    enrichment_triggered: int = Field(ge=0)
    failed: int = Field(ge=0)


class ProcessResponse(BaseModel):
    """Answer of `POST /enrich/cooldown/process`."""

    model_config = _example(
        {
            "status": "completed",
            "message": "Reset 42 tracks to pending",
            "stats": {"retrieved": 42, "reset_to_pending": 42, "enrichment_triggered": 0, "failed": 0},
            "note": "Tracks reset to pending will be processed in next enrichment cycle",
        }
    )
    status: str
    message: str
    stats: ProcessStats
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

    model_config = _example(
        {
            "status": "success",
            "cooldown_queue": {
                "total_in_queue": 156,
                "ready_for_retry": 23,
                "waiting": 133,
                "next_retry_time": "2025-11-15T14:30:00Z",
                "avg_retry_attempts": 1.3,
            },
        }
    )
    status: str
    cooldown_queue: QueueState


_JOB = {
    "job_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "kind": "hunt-labels",
    "started_at": "2025-11-15T02:00:00Z",
    "state": "running",
    "step": "asking sources",
    "done": 40,
    "total": 100,
    "finished_at": None,
    "error": None,
}


class JobState(BaseModel):
    """One long job: running or finished."""

    model_config = _example(_JOB)
    job_id: str
    kind: str
    started_at: datetime
    state: Literal["running", "completed", "failed", "stopped"]
    step: str
    done: int
    total: int | None
    finished_at: datetime | None
    error: str | None


class Busy(BaseModel):
    """Answer 409: a job of the kind runs already."""

    model_config = _example(
        {"detail": "hunt-labels runs already, 40 of 100 done; see GET /enrich/jobs", "running": _JOB}
    )
    detail: str
    running: JobState


class Problem(BaseModel):
    """Answer of an error: one line that says what, where and how to mend it."""

    model_config = _example(
        {"detail": "Postgres at localhost:5432/musicdb: Connection refused; start the server, or mend host and port"}
    )
    detail: str


class Invalid(BaseModel):
    """Answer 422: one entry a parameter."""

    detail: list[dict[str, Any]]


class Health(BaseModel):
    """Answer of `GET /health`."""

    model_config = _example({"status": "healthy", "healthy": True, "ok": True, "version": "0.1.0", "database": "ok"})
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

    model_config = _example(
        {
            "status": "success",
            "total": 1,
            "proposals": [
                {
                    "proposal_id": "9b2f7e0c-45c1-5a0e-8f6e-1d9a3c52b7aa",
                    "track_id": "2afa0183-6c7c-4f52-bc78-2f9afac1d3e4",
                    "title": "Frozen Ground",
                    "kind": "artist",
                    "value": "Ilan Bluestone",
                    "tier": 2,
                    "source": "context",
                    "probability": 0.87,
                    "confidence": 0.75,
                    "status": "proposed",
                    "evidence": {"label_support": "Anjunabeats", "occurrence_count": 3},
                    "decided_by": None,
                    "decided_at": None,
                    "created_at": "2025-11-15T03:05:00Z",
                }
            ],
        }
    )
    status: str
    total: int = Field(ge=0)
    proposals: list[Proposal]


class DashboardResponse(BaseModel):
    """Answer of `GET /enrich/dashboards/{name}`: the rows of one monitoring query."""

    model_config = _example(
        {
            "status": "success",
            "dashboard": "cooldown_queue_summary",
            "rows": [
                {"strategy": "adaptive", "track_count": 120, "ready_now": 18, "waiting": 102, "avg_retry_attempts": 1.2}
            ],
        }
    )
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
