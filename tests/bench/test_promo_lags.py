"""Release lags of tracklists: cases by hand, and the real tracklists."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from bench.promo_lags import naming_lags, release_lags
from enrich.cooldown.simulation import LAGS, default_curves, fit_curve

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


@pytest.mark.shared
def test_the_shipped_curves_are_those_of_the_real_tracklists(shared_data):
    slots = pl.read_parquet(shared_data / "tracklists.parquet")
    lags = release_lags(slots, pl.read_parquet(shared_data / "labels.parquet"))
    named = naming_lags(slots, pl.read_parquet(shared_data / "id_resolved.parquet"))

    for name, found in (("release", lags), ("naming", named)):
        assert fit_curve(found, name=name).unreleased == pytest.approx(default_curves()[name].unreleased, abs=0.01)
