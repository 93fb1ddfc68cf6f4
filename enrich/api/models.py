"""Bodies of the HTTP API, with the specification's own answers as examples in the OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


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
            "run_id": "6f3c1c7e-6a52-4d0e-9f4a-5c8a1f2b7d10",
        }
    )
    status: str
    message: str
    stats: dict[str, int]
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
    next_retry_time: datetime | None
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


class JobState(BaseModel):
    """One long job: running or finished."""

    job_id: str
    kind: str
    started_at: datetime
    state: str
    step: str
    done: int
    total: int | None
    finished_at: datetime | None
    error: str | None


class Busy(BaseModel):
    """Answer 409: a job of the kind runs already."""

    detail: str
    running: JobState


class Problem(BaseModel):
    """Answer of an error: one line that says what, where and how to mend it."""

    detail: str


class Health(BaseModel):
    """Answer of `GET /health`."""

    status: str
    version: str
    database: str
