"""Why a track has no name: its sets, what each tier answers and why it is silent, what is proposed, when it is retried.

Nothing is decided here: the tiers are asked as the pipeline asks them, one track at a time, by the policy in force.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from enrich.analyst import questions
from enrich.analyst.html import Section, Table, sections_html, sections_text
from enrich.cooldown.periods import period_days
from enrich.errors import EnrichError
from enrich.ledger.evidence import told
from enrich.ledger.proposals import with_ids
from enrich.measuring.scale import Scale
from enrich.rules import DEFAULT_STRATEGY, GATE_PROBABILITY, GATE_SETS, MAX_ATTEMPTS
from enrich.tiers.context import context_artists
from enrich.tiers.identities import identities
from enrich.tiers.internal import association, mashups, same_title
from enrich.tiers.labels import database_labels, title_labels
from enrich.tiers.workspace import Workspace

_SHOWN_CANDIDATES = 5
_SHOWN_SENTENCES = 3

#: Says of each of PROPOSALS whether it is accepted without a person.
Accepts = Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAnswer:
    """What one rule of a tier answers: a value with its confidence, or the reason why it has none."""

    tier: int
    rule: str
    value: str | None
    confidence: float | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a track has no name; shows itself in a notebook and in a terminal."""

    track: Mapping[str, Any]
    plays: pl.DataFrame
    """Slots around each play, see `enrich.analyst.questions.plays_of`."""
    answers: tuple[RuleAnswer, ...]
    candidates: pl.DataFrame
    """Who it may be by, schema RANKING."""
    proposed: pl.DataFrame | None
    """The ledger's rows; None where it was not asked."""
    retry: str
    also: Mapping[str, str]
    """Sets that are listed twice, and what the other listing is called."""

    @property
    def headline(self) -> str:
        """Who, what, how it stands, in one line."""
        row = self.track
        artist = row["artist"] if row["is_known_artist"] else "unknown artist"
        label = row["label"] or "no label"
        return f"{artist} - {questions.shown_title(row['title'])} [{label}]: {row['status'] or 'no status'}"

    def __repr__(self) -> str:
        return sections_text(self.headline, self._sections())

    def _repr_html_(self) -> str:
        return sections_html(self.headline, self._sections())

    def _sections(self) -> list[Section]:
        sets, error = self._sets(), self.track["error_message"]
        heading = "Its one play" if len(sets) == 1 else f"Its {len(sets)} plays, in order" if sets else "Its plays"
        played = [part for pair in sets for part in pair] or ["It is played in no set of this snapshot."]
        found: list[Section] = [*([("", [f"Error: {error}"])] if error else []), (heading, played)]
        answers = [
            (a.tier, a.rule, a.value, "rule" if a.value and a.confidence is None else a.confidence, a.because)
            for a in self.answers
        ]
        found.append(("What each tier says", [Table(("tier", "rule", "says", "confidence", "because"), answers)]))
        if not self.candidates.is_empty():
            said = pl.col("evidence").list.head(2).list.join("; ")
            best = self.candidates.head(_SHOWN_CANDIDATES)
            rows = best.select("artist", "probability", "confidence", "occurrence_count", said).rows()
            columns = ("artist", "probability", "confidence", "sets", "evidence")
            found.append(("Who it may be by, from what is played around it", [Table(columns, rows)]))
        found += [("What is proposed", [self._proposed()]), ("When it is tried again", [self.retry])]
        return found

    def _sets(self) -> list[tuple[str, Table]]:
        """Heading and slots of every play."""
        found = []
        plays = self.plays.with_columns(at=pl.col("position") - pl.col("offset"))
        for _, group in plays.group_by("set_id", "at", maintain_order=True):
            first = group.row(0, named=True)
            day = f"{first['set_date']:%Y-%m-%d}" if first["set_date"] else "no date"
            slots = group.select("position", "length", "artist", "title", "label").rows()
            rows = [(f"{at} of {of}", artist or "unknown", title, label) for at, of, artist, title, label in slots]
            here = group.with_row_index("n").filter(offset=0)["n"].to_list()
            heading = f"{day} · {first['dj'] or 'unknown DJ'} · {first['set_name'] or 'unnamed set'}"
            if again := self.also.get(first["set_id"]):
                heading += f" · listed again as {again}, counted once"
            found.append((heading, Table(("slot", "artist", "title", "label"), rows, here)))
        return found

    def _proposed(self) -> str | Table:
        if self.proposed is None:
            return "The ledger could not be reached, so nothing is known of proposals on record."
        if self.proposed.is_empty():
            return "Nothing is on record for it yet; `enrich resolve` records what the tiers say."
        # One proposal has one number: this snapshot's, and what the ledger holds only with its own day beside it.
        said = {(answer.tier, answer.value) for answer in self.answers}
        rows = []
        for r in self.proposed.iter_rows(named=True):
            sure = "rule" if r["confidence"] is None else f"{r['confidence']:.2f}"
            on_record = "; ".join([f"{sure} on {r['created_at']:%Y-%m-%d}", *told(r["evidence"])])
            how = "see above" if (r["tier"], r["value"]) in said else on_record
            status = r["status"] + (f" by {r['decided_by']}" if r["decided_by"] else "")
            rows.append((r["kind"], r["value"], f"tier {r['tier']}, {r['source']}", status, how))
        return Table(("kind", "value", "from", "status", "how sure"), rows)


def explain(
    ws: Workspace,
    track_id: str,
    *,
    ranking: pl.DataFrame,
    ledger: pl.DataFrame | None,
    accepts: Accepts,
    scale: Scale,
    now: datetime,
) -> Explanation:
    """Say why a track has no name; an EnrichError where there is no such track.

    `ranking` (RANKING) may be empty, `ledger` (the track's rows, LISTED) None. What a tier is sure of by the policy in
    force, `accepts`, the next one builds on; `scale` says what each rule is worth on this snapshot.
    """
    found = ws.tracks.filter(pl.col("track_id") == track_id)
    if found.is_empty():
        raise EnrichError(f"no track {track_id} in snapshot {ws.snapshot_id}")
    track = found.row(0, named=True)
    own = ranking.filter(pl.col("track_key") == track_id)
    return Explanation(
        track=track,
        plays=_plays(ws, track_id, ledger),
        answers=_all_tiers(ws, track_id, own, accepts=accepts, scale=scale),
        candidates=own,
        proposed=ledger,
        retry=_retry(track, now=now),
        also=_also(ws),
    )


def _also(ws: Workspace) -> dict[str, str]:
    """set_id, and what its other listings are called; both ways."""
    second = ws.second_listings.unique("set_id", maintain_order=True)
    first = ws.tracklists.select("set_id", first="set_name").unique("set_id")
    both = second.join(first, left_on="duplicate_of", right_on="set_id", how="left", maintain_order="left")
    said: dict[str, str] = {}
    for set_id, name, other, other_name in both.select("set_id", "set_name", "duplicate_of", "first").iter_rows():
        said[set_id] = other_name or other
        said[other] = "; ".join(filter(None, [said.get(other), name or set_id]))
    return said


def _plays(ws: Workspace, track_id: str, ledger: pl.DataFrame | None) -> pl.DataFrame:
    """Its plays; those of the recording it turned out to be, where its slots went over to that."""
    own = questions.plays_of(ws.tracklists, track_id)
    if own.is_empty():
        own = questions.plays_of(ws.second_listings, track_id)
    if ledger is None or not own.is_empty():
        return own
    meant = ledger.filter(kind="identity", status="written")["evidence"].str.json_path_match("$.recording_id")
    return questions.plays_of(ws.tracklists, meant[0]) if meant.len() and meant[0] else own


_Row = Mapping[str, Any]
#: Why a rule has no answer for a track; None where this is not the reason.
_Reason = Callable[[Workspace, _Row, pl.DataFrame], str | None]


def _all_tiers(
    ws: Workspace, track_id: str, ranking: pl.DataFrame, *, accepts: Accepts, scale: Scale
) -> tuple[RuleAnswer, ...]:
    found: list[RuleAnswer] = []
    for tier, rule, ask, reasons in _RULES:
        answers = with_ids(scale(ask(ws, pl.Series([track_id])))).filter(pl.col("track_id") == track_id)
        if answers.is_empty():
            row = ws.tracks.row(by_predicate=pl.col("track_id") == track_id, named=True)
            because = next(filter(None, (reason(ws, row, ranking) for reason in reasons)))
            found.append(RuleAnswer(tier=tier, rule=rule, value=None, confidence=None, because=because))
            continue
        accepted = accepts(answers)
        for answer, is_accepted in zip(answers.iter_rows(named=True), accepted, strict=True):
            because = "; ".join(told(answer["evidence"])[:_SHOWN_SENTENCES])
            because += "; accepted by policy" if is_accepted else "; for a person to decide"
            sure = {"value": answer["value"], "confidence": answer["confidence"]}
            found.append(RuleAnswer(tier=tier, rule=rule, because=because, **sure))
        ws = ws.with_accepted(answers.filter(accepted))
    return tuple(found)


def _no_mashup(_: Workspace, row: _Row, __: pl.DataFrame) -> str:
    if not row["is_mashup"]:
        return "it is no mashup"
    parts = ", ".join(row["components"] or ())
    return f"not every part is in the database: {parts}" if parts else "a mashup whose parts are not named"


def _no_namesake(ws: Workspace, row: _Row, _: pl.DataFrame) -> str:
    if others := ws.known.filter(pl.col("base_key") == row["base_key"]).height:
        return f"{others} tracks of this title, by artists that do not agree"
    return "no other track of this title has a known artist"


def _no_title_alike(ws: Workspace, row: _Row, _: pl.DataFrame) -> str:
    if roster := ws.known.filter(pl.col("label_key") == row["label_key"]).height:
        return f"no title like it among {roster} tracks of known artists on {row['label']}"
    return f"nobody is known on {row['label']}"


def _below_the_gate(_: Workspace, __: _Row, ranking: pl.DataFrame) -> str:
    if ranking.is_empty():
        return "no known artist is played near it"
    best = ranking.sort("rank").row(0, named=True)
    return (
        f"best is {best['artist']}: probability {best['probability']:.2f} in {best['occurrence_count']} sets; "
        f"a proposal asks for {GATE_PROBABILITY:.2f} in {GATE_SETS}"
    )


def _has_label(_: Workspace, row: _Row, __: pl.DataFrame) -> str | None:
    return f"it has a label: {row['label']}" if row["label"] else None


def _when(holds: Callable[[_Row], Any], words: str, otherwise: str | None = None) -> _Reason:
    """A reason that applies to some tracks by their row."""
    return lambda _, row, __: words if holds(row) else otherwise


_HAS_ARTIST = _when(lambda row: row["is_known_artist"], "its artist is known")
_NO_TITLE = _when(lambda row: questions.says_nothing(row["title"]), "the title says nothing to look for")
_NO_LABEL = _when(lambda row: not row["label_key"], "no label, so no roster to look in")
_BRACKETS = _when(lambda row: not {*"(["}.isdisjoint(row["title"] or ""), "no bracket of the title names a label",
                  "the title has no brackets")  # fmt: skip
_NO_VERSION = _when(lambda _: True, "no other version of it in the database has a label")
_NOT_NAMED = _when(lambda _: True, "no other listing, key or later play gives it a name")


def _no_set(ws: Workspace, row: _Row, _: pl.DataFrame) -> str | None:
    return None if ws.tracklists["track_key"].is_in([row["track_id"]]).any() else "it is played in no set"


#: The tiers' rules in their order: tier, name, how to ask, and the reasons for silence, of which the first that applies
#: is told.
_RULES: tuple[tuple[int, str, Callable[[Workspace, pl.Series], pl.DataFrame], tuple[_Reason, ...]], ...] = (
    (0, "label in the title", title_labels, (_has_label, _BRACKETS)),
    (0, "label in the database", database_labels, (_has_label, _NO_TITLE, _NO_VERSION)),
    (1, "mashup parts", mashups, (_HAS_ARTIST, _no_mashup)),
    (1, "a known recording", identities, (_no_set, _NOT_NAMED)),
    (1, "same title", same_title, (_HAS_ARTIST, _NO_TITLE, _no_namesake)),
    (1, "artists of the label", association, (_HAS_ARTIST, _NO_LABEL, _NO_TITLE, _no_title_alike)),
    (2, "played around it", context_artists, (_HAS_ARTIST, _no_set, _below_the_gate)),
)


def _retry(track: Mapping[str, Any], *, now: datetime) -> str:
    tries = int(track["retry_count"] or 0)
    if track["retry_after"] is not None and track["status"] == "pending_re_enrichment":
        days = (track["retry_after"] - now).days
        until = f"{track['retry_after']:%Y-%m-%d} ({f'in {days} days' if days > 0 else 'it is due'})"
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
