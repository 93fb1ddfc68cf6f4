"""Release lags and their curves: cases by hand, an estimator against the textbook, and the real tracklists."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrich.cooldown.lag import LAGS, database_lags, naming_lags, release_lags
from enrich.cooldown.survival import (
    MIN_RELEASES,
    default_curves,
    fit_curve,
    read_curves,
    refit,
    write_curves,
)
from enrich.errors import EnrichError, InputFileError

DAY = date(2005, 1, 1)


def _slots(rows):
    """rows: days after DAY, artist, title, label, note."""
    return pl.DataFrame(
        [
            {"set_id": f"s{n}", "position": 1, "dj": "A", "set_date": DAY + timedelta(days=days), "artist": artist,
             "title": title, "label": label, "label_note": note, "source": "radio"}
            for n, (days, artist, title, label, note) in enumerate(rows)
        ],
        schema={"set_id": pl.String, "position": pl.Int32, "dj": pl.String, "set_date": pl.Date, "artist": pl.String,
                "title": pl.String, "label": pl.String, "label_note": pl.String, "source": pl.String},
    )  # fmt: skip


def _told(lags):
    return sorted(lags.select("cohort", "days", "is_over").rows())


#: Enough labelled slots for the series to count as one that prints labels.
LABELLED = [(0, f"Other {n}", "Song", "Label", None) for n in range(9)]


@pytest.mark.parametrize(
    ("plays", "expected"),
    [
        pytest.param([(0, "X", "Promo Song", None, "White"), (40, "X", "Promo Song", "Armada", None)],
                     [("promo", 40, True)], id="promo-then-label"),
        pytest.param([(0, "X", "Promo Song", None, "CDR"), (30, "X", "Promo Song", None, "CDR")],
                     [("promo", 30, False)], id="never-labelled-is-censored-at-last-play"),
        pytest.param([(0, "X", "Song", None, None), (70, "x", "Song (Original Mix)", "Armada", None)],
                     [("unlabelled", 70, True)], id="same-recording-by-another-mix-name"),
        pytest.param([(0, "X", "Song", None, None), (70, "X", "Song (Y Remix)", "Armada", None)],
                     [("unlabelled", 0, False)], id="a-remix-is-another-recording"),
        pytest.param([(0, "X", "Song", "Armada", None), (9, "X", "Song", "Armada", None)], [], id="labelled-at-once"),
        pytest.param([(0, "ID", "Song", None, "White"), (9, "ID", "Song", "Armada", None)], [], id="nobody"),
        pytest.param([(0, "X", "Song", None, "Free Download"), (9, "X", "Song", "Armada", None)],
                     [("unlabelled", 9, True)], id="a-note-that-is-no-promo"),
    ],
)  # fmt: skip
def test_lag_of_a_recording(plays, expected):
    lags = release_lags(_slots([*LABELLED, *plays]))

    assert lags.schema == LAGS
    assert _told(lags) == expected


def test_a_release_date_beats_the_label_and_one_before_the_first_play_is_no_promo():
    slots = _slots(
        [*LABELLED, (0, "X", "Song", None, None), (70, "X", "Song", "Armada", None), (0, "Y", "Old", None, None)]
    )
    releases = pl.DataFrame(
        {"artist": ["X", "Y", "X"], "title": ["Song", "Old", "Song"], "mix": ["Original Mix", None, None],
         "release_date": [DAY + timedelta(days=20), DAY - timedelta(days=5), DAY + timedelta(days=1)],
         "date_precision": ["day", "day", "year"]}
    )  # fmt: skip

    assert _told(release_lags(slots, releases)) == [("dated", 20, True)]


def test_a_series_without_labels_says_nothing_about_unlabelled_plays():
    assert release_lags(_slots([(0, "X", "Song", None, None), (9, "X", "Song", None, None)])).is_empty()


def test_an_unknown_is_censored_at_the_end_of_its_series():
    slots = _slots([(0, "ID", "Clear Blue Moon", None, None), (10, "ID", "Dub", None, None),
                    (20, "ID", "Before", None, None), (100, "X", "End", None, None),
                    (5, "ID", "ID", None, None)])  # fmt: skip
    resolved = pl.DataFrame({"set_id": ["s0", "s2"], "position": [1, 1], "days_to_evidence": [63, -4]})

    assert _told(naming_lags(slots, resolved)) == [("unknown", 63, True), ("unknown", 90, False)]


def test_lags_of_a_database():
    tracks = pl.DataFrame(
        {"first_played": [DAY, DAY, DAY, None], "release_date": [DAY + timedelta(days=50), None, None, None],
         "status": ["completed", "failed", "completed", "failed"]},
        schema={"first_played": pl.Date, "release_date": pl.Date, "status": pl.String},
    )  # fmt: skip

    assert _told(database_lags(tracks, today=DAY + timedelta(days=200))) == [
        ("database", 50, True), ("database", 200, False),
    ]  # fmt: skip


def _lags(days, is_over):
    return pl.DataFrame(
        {"cohort": ["x"] * len(days), "first_played": [DAY] * len(days), "days": days, "is_over": is_over}, schema=LAGS
    )


def _by_hand(days, is_over, at):
    """Kaplan–Meier as the textbook has it."""
    share = 1.0
    for t in sorted({d for d, over in zip(days, is_over, strict=True) if over and d <= at}):
        at_risk = sum(d >= t for d in days)
        share *= 1 - sum(d == t and over for d, over in zip(days, is_over, strict=True)) / at_risk
    return share


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 700), st.booleans()), min_size=MIN_RELEASES, max_size=60))
def test_the_curve_is_the_textbook_estimate(rows):
    days, is_over = map(list, zip(*([*rows, *[(100, True)] * MIN_RELEASES]), strict=True))
    curve = fit_curve(_lags(days, is_over), name="x")

    for at in (7, 98, 105, 350, 728):
        assert curve.unreleased_at(at) == pytest.approx(_by_hand(days, is_over, at), abs=2e-4)
    assert list(curve.unreleased) == sorted(curve.unreleased, reverse=True)


def test_a_curve_of_a_handful_is_refused():
    with pytest.raises(EnrichError, match="at least 20"):
        fit_curve(_lags([10] * 19 + [5] * 50, [True] * 19 + [False] * 50), name="thin")


def test_draws_follow_the_curve_and_respect_the_age():
    curve = default_curves()["release"]
    rng = np.random.default_rng(1)

    fresh = curve.draw(np.zeros(40_000), rng)
    old = curve.draw(np.full(40_000, 200.0), rng)

    for at in (60, 182, 365):
        assert (fresh <= at).mean() == pytest.approx(curve.released_by(at), abs=0.01)
    assert (old >= 200).all()
    expected = 1 - curve.unreleased_at(365) / curve.unreleased_at(200)
    assert (old <= 365).mean() == pytest.approx(float(expected), abs=0.01)


def test_curves_are_kept_and_read_again(tmp_path):
    curves = dict(default_curves())
    write_curves(curves, tmp_path / "c.json")
    assert read_curves(tmp_path / "c.json") == curves
    (tmp_path / "c.json").write_text("[1]")
    with pytest.raises(InputFileError, match=r"c\.json"):
        read_curves(tmp_path / "c.json")
    with pytest.raises(InputFileError, match="refit"):
        read_curves(tmp_path / "none.json")


def test_refit_reads_a_snapshot_and_keeps_the_curve(tmp_path):
    class Opened:
        def frame(self, name):
            assert name == "tracks"
            return pl.DataFrame(
                {"first_played": [DAY] * 60, "status": ["failed"] * 60,
                 "release_date": [DAY + timedelta(days=10 + n) if n < 30 else None for n in range(60)]}
            )  # fmt: skip

    curve = refit(Opened(), out=tmp_path / "own.json", today=DAY + timedelta(days=400))

    assert (curve.recordings, curve.releases) == (60, 30)
    assert curve.released_by(100) == pytest.approx(0.5)
    assert read_curves(tmp_path / "own.json")["release"] == curve


@pytest.mark.shared
def test_the_shipped_curves_are_those_of_the_real_tracklists(shared_data):
    slots = pl.read_parquet(shared_data / "tracklists.parquet")
    lags = release_lags(slots, pl.read_parquet(shared_data / "labels.parquet"))
    named = naming_lags(slots, pl.read_parquet(shared_data / "id_resolved.parquet"))

    for name, found in (("release", lags), ("naming", named)):
        assert fit_curve(found, name=name).unreleased == pytest.approx(default_curves()[name].unreleased, abs=0.01)
