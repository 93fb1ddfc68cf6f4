"""The story of one track: its sets in order, what each tier says, what is proposed, when it is tried again.

Pure: computed on a workspace, on the ledger's rows if they are given; writes nothing. Each tier speaks on what the
tiers before it left, with their accepted answers in place, as in a run; a tier that says nothing says why.
Entry point: `tell`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from enrich.analyst import questions
from enrich.analyst.showing import aligned, head, line, page, table, text
from enrich.cooldown.periods import period_days
from enrich.errors import EnrichError
from enrich.ledger.evidence import told
from enrich.ledger.proposals import with_ids
from enrich.pipeline.policy import read_policy
from enrich.rules import DEFAULT_STRATEGY, GATE_PROBABILITY, GATE_SETS, MAX_ATTEMPTS
from enrich.tiers.announced import announced
from enrich.tiers.context import context_artists
from enrich.tiers.internal import association, mashups, same_title
from enrich.tiers.local_labels import database_labels, title_labels
from enrich.tiers.workspace import Workspace

_SHOWN_CANDIDATES = 5
_SHOWN_SENTENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one rule says: a value with its confidence, or the reason why it says nothing."""

    tier: int
    rule: str
    value: str | None
    confidence: float | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A track's story; shows itself in a notebook and in a terminal."""

    track: Mapping[str, Any]
    plays: pl.DataFrame
    """Slots around each play, see `enrich.analyst.questions.plays_of`."""
    said: tuple[Said, ...]
    candidates: pl.DataFrame
    """Who it may be by, schema RANKING."""
    proposed: pl.DataFrame | None
    """The ledger's rows; None where it was not asked."""
    retry: str

    @property
    def headline(self) -> str:
        """Who, what, how it stands, in one line."""
        row = self.track
        artist = row["artist"] if row["is_known_artist"] else "unknown artist"
        label = row["label"] or "no label"
        return f"{artist} - {questions.shown_title(row['title'])} [{label}]: {row['status'] or 'no status'}"

    def asdict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "track_id": self.track["track_id"],
            "headline": self.headline,
            "error": self.track["error_message"],
            "plays": self.plays.to_dicts(),
            "tiers": [
                {f: getattr(s, f) for f in ("tier", "rule", "value", "confidence", "because")} for s in self.said
            ],
            "candidates": self.candidates.to_dicts(),
            "proposed": None if self.proposed is None else self.proposed.to_dicts(),
            "retry": self.retry,
        }

    def __repr__(self) -> str:
        parts = [self.headline]
        if self.track["error_message"]:
            parts.append(f"Error: {' '.join(str(self.track['error_message']).split())}")
        for title, rows in self._sets():
            parts += ["", title, aligned(_SLOT_COLUMNS, [r for r, _ in rows], here=_here(rows))]
        if self.plays.is_empty():
            parts += ["", "It is played in no set of this snapshot."]
        parts += ["", "What each tier says", aligned(_SAID_COLUMNS, map(_said_row, self.said))]
        if not self.candidates.is_empty():
            parts += ["", "Who it may be by, from its company", aligned(_CANDIDATE_COLUMNS, self._candidate_rows())]
        parts += ["", *self._proposed_text(), "", self.retry]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{text(self.headline)}</b></p>"]
        if self.track["error_message"]:
            parts.append(line(f"Error: {self.track['error_message']}"))
        parts.append(head(f"Its {len(self._sets())} plays, in order" if not self.plays.is_empty() else "Its plays"))
        if self.plays.is_empty():
            parts.append(line("It is played in no set of this snapshot.", quiet=True))
        for title, rows in self._sets():
            parts += [line(title), table(_SLOT_COLUMNS, [r for r, _ in rows], here=_here(rows))]
        parts += [head("What each tier says"), table(_SAID_COLUMNS, map(_said_row, self.said))]
        if not self.candidates.is_empty():
            parts += [head("Who it may be by, from its company"), table(_CANDIDATE_COLUMNS, self._candidate_rows())]
        parts.append(head("What is proposed"))
        if self.proposed is None or self.proposed.is_empty():
            parts.append(line(self._proposed_text()[-1], quiet=True))
        else:
            parts.append(table(_PROPOSED_COLUMNS, self._proposed_rows()))
        parts += [head("When it is tried again"), line(self.retry)]
        return page(*parts)

    def _sets(self) -> list[tuple[str, list[tuple[tuple[Any, ...], bool]]]]:
        """Heading and slots of every play."""
        found: list[tuple[str, list[tuple[tuple[Any, ...], bool]]]] = []
        groups = self.plays.with_columns(at=pl.col("position") - pl.col("offset")).group_by(
            "set_id", "at", maintain_order=True
        )
        for _, group in groups:
            first = group.row(0, named=True)
            day = f"{first['set_date']:%Y-%m-%d}" if first["set_date"] else "no date"
            title = f"{day} · {first['dj'] or 'unknown DJ'} · {first['set_name'] or 'unnamed set'}"
            rows = [
                (
                    (f"{r['position']} of {r['length']}", r["artist"] or "unknown", r["title"], r["label"]),
                    r["offset"] == 0,
                )
                for r in group.iter_rows(named=True)
            ]
            found.append((title, rows))
        return found

    def _candidate_rows(self) -> list[tuple[Any, ...]]:
        return [
            (
                r["artist"],
                r["probability"],
                r["confidence"],
                r["occurrence_count"],
                "; ".join((r["evidence"] or [])[:2]),
            )
            for r in self.candidates.head(_SHOWN_CANDIDATES).iter_rows(named=True)
        ]

    def _proposed_rows(self) -> list[tuple[Any, ...]]:
        assert self.proposed is not None
        return [
            (
                r["kind"], r["value"], f"tier {r['tier']}, {r['source']}", r["confidence"],
                r["status"] + (f" by {r['decided_by']}" if r["decided_by"] else ""), "; ".join(told(r["evidence"])),
            )
            for r in self.proposed.iter_rows(named=True)
        ]  # fmt: skip

    def _proposed_text(self) -> list[str]:
        if self.proposed is None:
            return ["The ledger could not be reached, so nothing is known of proposals on record."]
        if self.proposed.is_empty():
            return ["Nothing is on record for it yet; `enrich resolve` records what the tiers say."]
        return ["What is proposed", aligned(_PROPOSED_COLUMNS, self._proposed_rows())]


_SLOT_COLUMNS = ("slot", "artist", "title", "label")
_SAID_COLUMNS = ("tier", "rule", "says", "confidence", "because")
_CANDIDATE_COLUMNS = ("artist", "probability", "confidence", "sets", "evidence")
_PROPOSED_COLUMNS = ("kind", "value", "from", "confidence", "status", "evidence")


def tell(
    ws: Workspace,
    track_id: str,
    *,
    ranking: pl.DataFrame,
    ledger: pl.DataFrame | None,
    policy: str,
    now: datetime,
) -> Story:
    """Tell the story of a track.

    Args:
        ws: The snapshot's marts.
        track_id: The track.
        ranking: Its candidates, schema RANKING; may be empty.
        ledger: Its rows of the ledger (schema LISTED), or None.
        policy: ENRICH_AUTO_ACCEPT: what a tier is sure of, the next one builds on.
        now: The day the story is told.

    Raises:
        EnrichError: there is no such track.
    """
    found = ws.tracks.filter(pl.col("track_id") == track_id)
    if found.is_empty():
        raise EnrichError(f"no track {track_id} in snapshot {ws.snapshot_id}")
    track = found.row(0, named=True)
    return Story(
        track=track,
        plays=questions.plays_of(ws.tracklists, track_id),
        said=_all_tiers(ws, track, ranking, policy=policy),
        candidates=ranking.filter(pl.col("track_key") == track_id),
        proposed=ledger,
        retry=_retry(track, now=now),
    )


_Reason = Callable[[Workspace, Mapping[str, Any], pl.DataFrame], str]


def _all_tiers(ws: Workspace, track: Mapping[str, Any], ranking: pl.DataFrame, *, policy: str) -> tuple[Said, ...]:
    rules = read_policy(policy)
    wanted = pl.Series([track["track_id"]])
    said: list[Said] = []
    for tier, rule, ask, reason in _TIERS:
        answers = with_ids(ask(ws, wanted))
        row = ws.tracks.filter(pl.col("track_id") == track["track_id"]).row(0, named=True)
        if answers.is_empty():
            said.append(Said(tier=tier, rule=rule, value=None, confidence=None, because=reason(ws, row, ranking)))
            continue
        accepted = rules.accepts(answers)
        for answer, is_accepted in zip(answers.iter_rows(named=True), accepted, strict=True):
            because = "; ".join(told(answer["evidence"])[:_SHOWN_SENTENCES])
            said.append(
                Said(
                    tier=tier,
                    rule=rule,
                    value=answer["value"],
                    confidence=answer["confidence"],
                    because=because + ("; accepted by policy" if is_accepted else "; for a person to decide"),
                )
            )
        ws = ws.with_accepted(answers.filter(accepted))
    return tuple(said)


def _no_title_label(_: Workspace, row: Mapping[str, Any], __: pl.DataFrame) -> str:
    if row["label"]:
        return f"it has a label: {row['label']}"
    title = row["title"] or ""
    return "no bracket of the title names a label" if "(" in title or "[" in title else "the title has no brackets"


def _no_database_label(_: Workspace, row: Mapping[str, Any], __: pl.DataFrame) -> str:
    if row["label"]:
        return f"it has a label: {row['label']}"
    if questions.says_nothing(row["title"]):
        return "the title says nothing to look for"
    return "no other version of it in the database has a label"


def _no_mashup(_: Workspace, row: Mapping[str, Any], __: pl.DataFrame) -> str:
    if row["is_known_artist"]:
        return "its artist is known"
    if not row["is_mashup"]:
        return "it is no mashup"
    parts = ", ".join(row["components"] or ())
    return f"not every part is in the database: {parts}" if parts else "a mashup whose parts are not named"


def _no_namesake(ws: Workspace, row: Mapping[str, Any], _: pl.DataFrame) -> str:
    if row["is_known_artist"]:
        return "its artist is known"
    if questions.says_nothing(row["title"]):
        return "the title says nothing to look for"
    others = ws.known.filter(pl.col("base_key") == row["base_key"])
    if others.is_empty():
        return "no other track of this title has a known artist"
    return f"{others.height} tracks of this title, by artists that do not agree"


def _no_announcement(ws: Workspace, row: Mapping[str, Any], _: pl.DataFrame) -> str:
    if row["is_known_artist"]:
        return "its artist is known"
    if questions.says_nothing(row["title"]):
        return "the title says nothing to look for"
    if not ws.tracklists["track_key"].is_in([row["track_id"]]).any():
        return "it is played in no set"
    return "nobody's name alone came up with this title after it was first played"


def _no_association(ws: Workspace, row: Mapping[str, Any], _: pl.DataFrame) -> str:
    if row["is_known_artist"]:
        return "its artist is known"
    if not row["label_key"]:
        return "no label, so no roster to look in"
    if questions.says_nothing(row["title"]):
        return "the title says nothing to compare"
    roster = ws.known.filter(pl.col("label_key") == row["label_key"])
    if roster.is_empty():
        return f"nobody is known on {row['label']}"
    return f"no title like it among {roster.height} tracks of known artists on {row['label']}"


def _no_context(ws: Workspace, row: Mapping[str, Any], ranking: pl.DataFrame) -> str:
    if row["is_known_artist"]:
        return "its artist is known"
    if not ws.tracklists["track_key"].is_in([row["track_id"]]).any():
        return "it is played in no set"
    own = ranking.filter(pl.col("track_key") == row["track_id"]).sort("rank")
    if own.is_empty():
        return "no known artist is played near it"
    best = own.row(0, named=True)
    return (
        f"best is {best['artist']}: probability {best['probability']:.2f} in {best['occurrence_count']} sets; "
        f"a proposal asks for {GATE_PROBABILITY:.2f} in {GATE_SETS}"
    )


_TIERS: tuple[tuple[int, str, Callable[[Workspace, pl.Series], pl.DataFrame], _Reason], ...] = (
    (0, "label in the title", title_labels, _no_title_label),
    (0, "label in the database", database_labels, _no_database_label),
    (1, "mashup parts", mashups, _no_mashup),
    (1, "title announced later", announced, _no_announcement),
    (1, "same title", same_title, _no_namesake),
    (1, "artists of the label", association, _no_association),
    (2, "company in sets", context_artists, _no_context),
)


def _retry(track: Mapping[str, Any], *, now: datetime) -> str:
    tries = int(track["retry_count"] or 0)
    if track["retry_after"] is not None and track["status"] == "pending_re_enrichment":
        days = (track["retry_after"] - now).days
        when = f"in {days} days" if days > 0 else "it is due"
        until = f"{track['retry_after']:%Y-%m-%d} ({when})"
        return f"Waits in cool-down until {until}; {tries} of {MAX_ATTEMPTS} retries used."
    if track["status"] == "pending":
        return "Is tried in the next cycle (`enrich trigger`)."
    if not track["is_failed"]:
        return "Is not waiting for anything: it has not failed."
    if tries >= MAX_ATTEMPTS:
        return f"Has no retries left ({tries} of {MAX_ATTEMPTS}); only a person or a new import can help."
    since = track["first_played"]
    age = None if since is None else float((now.date() - since).days)
    days = period_days(DEFAULT_STRATEGY, attempt=tries, has_label=bool(track["label"]), age_days=age)
    return (
        f"Has failed and does not wait yet; parked now ({DEFAULT_STRATEGY}), it is tried again in {days} days, "
        f"on {now + timedelta(days=days):%Y-%m-%d}. {tries} of {MAX_ATTEMPTS} retries used."
    )


def _said_row(said: Said) -> tuple[Any, ...]:
    return (said.tier, said.rule, said.value, said.confidence, said.because)


def _here(rows: list[tuple[tuple[Any, ...], bool]]) -> list[int]:
    return [n for n, (_, is_own) in enumerate(rows) if is_own]
