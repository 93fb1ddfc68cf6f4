"""Several sources side by side: order, pace, failures, stopping; on loopback with real sockets where it matters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from types import SimpleNamespace

import polars as pl
import pytest
from catalogue_stock import Hands

from enrich.demo.catalogue.misbehaving import Misbehaviour
from enrich.demo.catalogue.server import Catalogue
from enrich.matching.values import Availability, Hit, SourceAnswer, TrackQuery
from enrich.sources import searching
from enrich.sources.base import open_sources
from enrich.sources.pace import LimitRegistry
from enrich.sources.searching import search_all, stop_on_signals


class Told:
    """A source that answers from a table, after a while."""

    def __init__(self, name, labels=(), *, workers=1, wait_s=0.0, error=None):
        self.name, self.labels, self.workers, self.wait_s, self.error = name, dict(labels), workers, wait_s, error
        self.asked = []

    def search(self, query):
        self.asked.append(query.track_id)
        time.sleep(self.wait_s)
        if self.error:
            raise self.error
        label = self.labels.get(query.track_id)
        hits = (Hit(source=self.name, title="t", artists=("a",), label=label),) if label else ()
        return SourceAnswer(source=self.name, availability=Availability.OK, hits=hits)


def queries(n):
    return [TrackQuery(track_id=str(i), artist="a", title=f"t{i}") for i in range(n)]


def has_label(answered):
    """A judge: a label settles it."""
    return [any(hit.label for hit in answer.hits) for _, answer in answered]


def counts(found):
    """By source: `found` (hits), `missed` (none), and the availabilities of answers that were none."""
    kinds: dict[str, Counter[str]] = {}
    for answer in (answer for answers in found.answers.values() for answer in answers):
        kind = answer.availability.value
        if answer.availability is Availability.OK:
            kind = "found" if answer.hits else "missed"
        kinds.setdefault(answer.source, Counter())[kind] += 1
    return kinds


def test_later_sources_are_asked_only_for_what_is_unsettled():
    first = Told("beatport", {"0": "A", "2": "B"})
    second = Told("deezer", {"1": "C", "2": "never"})

    found = search_all(queries(4), [first, second], judge=has_label)

    assert first.asked == ["0", "1", "2", "3"]
    assert second.asked == ["1", "3"]
    assert {k: [a.source for a in v] for k, v in found.answers.items()} == {
        "0": ["beatport"], "1": ["beatport", "deezer"], "2": ["beatport"], "3": ["beatport", "deezer"],
    }  # fmt: skip
    assert counts(found) == {"beatport": Counter(found=2, missed=2), "deezer": Counter(found=1, missed=1)}
    assert not found.unfinished


def test_without_a_judge_every_source_is_asked():
    sources = [Told("beatport", {"0": "A"}), Told("deezer")]

    assert {len(answers) for answers in search_all(queries(3), sources).answers.values()} == {2}


@pytest.mark.parametrize(("n", "sources"), [(0, [Told("deezer")]), (3, [])])
def test_nothing_to_do(n, sources):
    found = search_all(queries(n), sources)

    assert (found.answers, found.unfinished) == ({}, ())


def test_doubled_tracks_are_refused():
    with pytest.raises(ValueError, match="differ"):
        search_all(queries(1) * 2, [Told("deezer")])


def test_one_that_raises_stops_nobody():
    broken, whole = Told("beatport", error=RuntimeError("secret text")), Told("deezer", {"0": "A", "1": "B"})

    found = search_all(queries(2), [broken, whole], judge=has_label)

    assert counts(found) == {"beatport": Counter(failed=2), "deezer": Counter(found=2)}
    first = found.answers["0"][0]
    assert (first.availability, first.reason) == (
        Availability.FAILED,
        "beatport: RuntimeError while asking for track 0",
    )
    assert found.unavailable == {"beatport": "beatport: RuntimeError while asking for track 1"}


def test_every_answer_is_told_once_in_the_calling_thread():
    told = []
    me = threading.current_thread()

    def judge(batch):
        assert threading.current_thread() is me
        told.extend((query.track_id, answer.source) for query, answer in batch)
        return [False] * len(batch)

    progress = []
    sources = [Told("beatport", workers=3), Told("deezer", workers=3)]
    found = search_all(queries(3), sources, judge=judge, on_progress=lambda done, total: progress.append((done, total)))

    assert sorted(told) == [(str(n), source) for n in range(3) for source in ("beatport", "deezer")]
    assert {tuple(a.source for a in answers) for answers in found.answers.values()} == {("beatport", "deezer")}
    assert progress == sorted(progress)
    assert progress[-1] == (3, 3)


def test_sources_work_side_by_side():
    first, second = Told("beatport"), Told("musicbrainz")

    class Last(Told):
        """Answers about the first track only once the others have gone on to later ones."""

        def search(self, query):
            if query.track_id == "0":
                deadline = time.monotonic() + 30
                while (len(first.asked), len(second.asked)) < (10, 5) and time.monotonic() < deadline:
                    time.sleep(0.001)
                ahead.append((len(first.asked), len(second.asked)))
            return super().search(query)

    ahead = []
    search_all(queries(20), [first, second, Last("deezer")])

    assert ahead >= [(10, 5)]


def test_answers_gather_while_a_judge_of_many_rests(monkeypatch):
    # The clock stands still but for the judge, so that a rest ends only when everybody is back.
    now = [0.0]
    monkeypatch.setattr(searching, "time", SimpleNamespace(monotonic=lambda: now[0]))
    judged: list[list[str]] = []

    def judge(told):
        now[0] += 1.0
        judged.append([query.track_id for query, _ in told])
        return [False] * len(told)

    sources = [Told("beatport", wait_s=0.002), Told("deezer", {str(n): "A" for n in range(40)})]
    found = search_all(queries(40), sources, judge=judge)

    assert {len(answers) for answers in found.answers.values()} == {2}
    # The first call takes what is there; then all others, at one source or the other, come together.
    assert len(judged) <= 4
    assert sum(map(len, judged)) == 80


def test_a_rest_does_not_outlast_a_stop(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(searching, "time", SimpleNamespace(monotonic=lambda: now[0]))
    stop, told = threading.Event(), []

    def judge(batch):
        # The next batch would have to wait until the end of time.
        now[0] += 1.0
        told.extend(query.track_id for query, _ in batch)
        threading.Timer(0.05, stop.set).start()
        return [True] * len(batch)

    release = threading.Event()

    class Stuck(Told):
        def search(self, query):
            if query.track_id == "2":
                release.wait(10)
            return super().search(query)

    threading.Timer(0.2, release.set).start()
    found = search_all(queries(4), [Stuck("beatport", {str(n): "A" for n in range(4)})], judge=judge, stop=stop)

    assert found.unfinished
    assert sorted(found.answers) == sorted(told)


def test_a_stop_keeps_what_was_found():
    stop = threading.Event()
    may_answer = threading.Semaphore(1)
    told = []

    class InStep(Told):
        """Answers once the answer before has been told."""

        def search(self, query):
            may_answer.acquire()
            return super().search(query)

    def judge(batch):
        told.extend(query.track_id for query, _ in batch)
        if len(told) == 5:
            stop.set()
        may_answer.release()
        return [True] * len(batch)

    found = search_all(queries(50), [InStep("deezer")], judge=judge, stop=stop)

    assert set(told) == set(found.answers)
    assert 5 <= len(told) <= 6, "one may have been under way"
    assert len(found.answers) + len(found.unfinished) == 50


def test_a_stop_does_not_wait_for_a_source_that_hangs(monkeypatch):
    monkeypatch.setattr(searching, "_GRACE_S", 0.01)
    stop, is_over, has_answered = threading.Event(), threading.Event(), []

    class Hangs(Told):
        def search(self, query):
            stop.set()
            has_answered.append(is_over.wait(30))
            return super().search(query)

    found = search_all(queries(3), [Hangs("deezer")], stop=stop)

    assert has_answered == []
    assert len(found.unfinished) == 3
    is_over.set()


def test_signals_set_the_event_and_are_given_back():
    before = signal.getsignal(signal.SIGTERM)

    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(1)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    assert signal.getsignal(signal.SIGTERM) is before


# --- with real clients and sockets ---


@pytest.fixture(scope="module")
def releases():
    return pl.DataFrame(
        [
            {
                "artist": f"Artist {n % 97}x",
                "title": f"Word{n} Song{n % 41}",
                "mix": "Original Mix",
                "label": f"Label {n % 29}",
                "release_date": "2020-01-01",
                "sources": ("beatport", "musicbrainz", "deezer")[n % 3],
            }
            for n in range(300)
        ]
    )


def hunt(releases, n):
    rows = releases.head(n).iter_rows(named=True)
    return [TrackQuery(track_id=str(i), artist=row["artist"], title=row["title"]) for i, row in enumerate(rows)]


NAMES = ("beatport", "musicbrainz", "deezer")


class OwnTimes(LimitRegistry):
    """LimitRegistry whose sources wait each in a time of its own."""

    def __init__(self):
        super().__init__()
        self.hands = {}

    def of(self, source, address, *, rate):
        self.clock = self.hands.setdefault(source, Hands()).clock
        return super().of(source, address, rate=rate)


def test_no_source_is_asked_in_vain_or_waits_for_another(releases, settings):
    rate, n = 30.0, 150
    with Catalogue(releases) as catalogue:
        pointed = catalogue.settings(settings, sources=NAMES, rate=rate)
        registry = OwnTimes()
        sources = open_sources(pointed, registry=registry)
        for source in sources:
            # Threads that sleep together in one time would each move it.
            source.workers = 1
        found = search_all(hunt(releases, n), sources, judge=has_label)

        asked = {name: catalogue.count(name) for name in NAMES}
    assert sum(kinds["found"] for kinds in counts(found).values()) == n
    assert {name: sum(kinds.values()) for name, kinds in counts(found).items()} == {
        "beatport": n, "musicbrainz": n * 2 // 3, "deezer": n // 3,
    }  # fmt: skip
    assert sum(asked.values()) > 1.9 * max(asked.values()), "one after the other it would have taken twice as long"
    # By its own clock a source takes as long as its requests need at its rate: it never waits for another's.
    for name in NAMES:
        assert sum(registry.hands[name].slept) == pytest.approx((asked[name] - 1) / rate)


def test_the_second_run_asks_nothing(releases, settings):
    with Catalogue(releases) as catalogue:
        pointed = catalogue.settings(settings, sources=NAMES, rate=500)
        first = search_all(hunt(releases, 60), open_sources(pointed, registry=LimitRegistry()), judge=has_label)
        asked = catalogue.count()

        again = search_all(hunt(releases, 60), open_sources(pointed, registry=LimitRegistry()), judge=has_label)

        assert catalogue.count() == asked
        assert {k: [a.hits for a in v] for k, v in again.answers.items()} == {
            k: [a.hits for a in v] for k, v in first.answers.items()
        }
        assert all(answer.from_cache for answers in again.answers.values() for answer in answers)


def test_no_source_is_asked_faster_than_its_rate(releases, settings, hands):
    with Catalogue(releases) as catalogue:
        pointed = catalogue.settings(settings, sources=("deezer",), rate=40)
        registry = LimitRegistry(clock=hands.clock)
        # Two runs at once, as two requests to the service would start: they share the pace.
        threads = [
            threading.Thread(
                target=search_all, args=(hunt(releases, 60)[half::2], open_sources(pointed, registry=registry))
            )
            for half in (0, 1)
        ]
        began = hands.now
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert catalogue.count() >= 60
        assert catalogue.count() - 1 <= 40 * (hands.now - began) + 1e-6


def test_an_interrupted_run_resumes_from_the_cache(releases, settings):
    stop = threading.Event()
    told = []

    def judge(batch):
        told.extend(query.track_id for query, _ in batch)
        if len(told) >= 20:
            stop.set()
        return [True] * len(batch)

    with Catalogue(releases) as catalogue:
        pointed = catalogue.settings(settings, sources=("beatport",), rate=100)
        first = search_all(hunt(releases, 60), open_sources(pointed, registry=LimitRegistry()), judge=judge, stop=stop)
        asked_before = catalogue.count()

        second = search_all(hunt(releases, 60), open_sources(pointed, registry=LimitRegistry()))

        assert first.unfinished
        assert 20 <= asked_before < 60
        assert not second.unfinished
        assert len(second.answers) == 60
        # Requests that were under way when the stop came may have been answered after it.
        assert catalogue.count() <= 60 + 4
        assert sum(second.answers[name][0].from_cache for name in first.answers) == len(first.answers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_killed_process_has_kept_its_replies(releases, settings, tmp_path, number):
    program = textwrap.dedent("""
        import sys
        from enrich.settings import load_settings
        from enrich.matching.values import TrackQuery
        from enrich.sources.base import open_sources
        from enrich.sources.searching import search_all, stop_on_signals

        queries = [TrackQuery(track_id=str(i), artist="a", title=f"Word{i} Song{i % 41}") for i in range(300)]
        def judge(told):
            for query, _ in told:
                print(query.track_id, flush=True)
            return [True] * len(told)

        with stop_on_signals() as stop:
            found = search_all(queries, open_sources(load_settings()), judge=judge, stop=stop)
        print("stopped", bool(found.unfinished), len(found.answers), flush=True)
    """)
    with Catalogue(releases) as catalogue:
        settings_in_words = {
            **os.environ, **catalogue.environment(("beatport",), rate=40), "ENRICH_DATA_DIR": str(tmp_path / "d"),
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=settings_in_words, cwd=tmp_path
        )
        try:
            told = [process.stdout.readline() for _ in range(5)]
            process.send_signal(number)
            rest, _ = process.communicate(timeout=15)
        finally:
            process.kill()
        asked_before = catalogue.count()
        assert process.returncode == 0
        lines = [*told, *rest.splitlines()]
        assert lines[-1].startswith("stopped True")

        pointed = catalogue.settings(settings, sources=("beatport",), rate=200).model_copy(
            update={"data_dir": tmp_path / "d"}
        )
        again = [TrackQuery(track_id=str(i), artist="a", title=f"Word{i} Song{i % 41}") for i in range(5)]
        found = search_all(again, open_sources(pointed, registry=LimitRegistry()))

        assert all(answers[0].from_cache for answers in found.answers.values())
        assert catalogue.count() == asked_before


def test_a_bad_day(releases, settings, hands):
    """Beatport challenges, Traxsource bans, MusicBrainz is busy: the others' finds come, nothing is kept as a miss."""
    names = ("beatport", "traxsource", "musicbrainz", "deezer")
    for_everybody = releases.with_columns(sources=pl.lit(None, dtype=pl.String))
    bad = {"beatport": "challenge", "traxsource": "ban_502", "musicbrainz": Misbehaviour(kind="busy_503", seconds=60)}
    with Catalogue(for_everybody, misbehave=bad) as catalogue:
        pointed = catalogue.settings(settings, sources=names, rate=1)
        sources = open_sources(pointed, registry=LimitRegistry(clock=hands.clock, cool_off_s=3600))
        found = search_all(hunt(releases, 30), sources, judge=has_label)

        assert counts(found) == {
            "beatport": Counter(blocked=30), "traxsource": Counter(blocked=30),
            "musicbrainz": Counter(down=30), "deezer": Counter(found=30),
        }  # fmt: skip
        assert catalogue.count("traxsource") == 1, "left alone"
        # Requests of other threads may have been on their way when the first reply came.
        assert catalogue.count("beatport") <= sources[0].workers == 4
        assert catalogue.count("musicbrainz") <= 5 * sources[2].workers, "five failures in a row"

        for name in names:
            catalogue.misbehave(name, None)
        better = search_all(hunt(releases, 30), open_sources(pointed, registry=LimitRegistry(clock=hands.clock)))

        assert {name: dict(kinds) for name, kinds in counts(better).items()} == {name: {"found": 30} for name in names}
        assert {a.source for v in better.answers.values() for a in v if a.from_cache} == {"deezer"}
