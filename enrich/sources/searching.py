"""Search several sources side by side, each at its own pace: a track goes on to the next source only while nothing
settles it. Answers come to the caller as they arrive, in its thread; a source that raises has failed, no more.
"""

import logging
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from enrich.matching.values import Availability, SourceAnswer, TrackQuery
from enrich.sources.base import Source
from enrich.sources.terms import read_ahead

#: How long requests under way may finish after a stop.
_GRACE_S = 2.0
_TICK_S = 0.1
#: A judge of many tracks costs by the call, hardly by the track: after a call answers gather for this many times as
#: long as it took, so that judging takes a fifth of the time at most, whatever the machine.
_REST = 4.0
#: No answer waits longer than this for its judge.
_LONGEST_REST_S = 2.0

#: Called with the tracks that have a new answer, and the answer: True where no further source need be asked. What it
#: stores is kept whatever happens later.
Judge = Callable[[Sequence[tuple[TrackQuery, SourceAnswer]]], Sequence[bool]]
#: Told how many tracks are done, of how many.
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What came of a search."""

    answers: dict[str, tuple[SourceAnswer, ...]]
    """By track_id, in the order of the sources; tracks that were not reached are absent."""
    unfinished: tuple[str, ...] = ()  # track ids that a stop kept from being searched for to the end

    @property
    def unavailable(self) -> dict[str, str]:
        """Source → why it could not answer."""
        answers = (answer for answers in self.answers.values() for answer in answers)
        return {a.source: a.reason or a.availability.value for a in answers if a.availability is not Availability.OK}


def search_all(
    queries: Sequence[TrackQuery],
    sources: Sequence[Source],
    *,
    judge: Judge | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> SearchResults:
    """Ask `sources`, in their order, about every query.

    Args:
        queries, sources: Tracks, whose ids must differ (else ValueError), and whom to ask, in the order of preference.
        judge: Called in this thread about all that has come in by then. None: every source is asked about every track.
        on_progress: Told after every judgement.
        stop: Set from anywhere, it ends the work within seconds; what was found is returned. A KeyboardInterrupt is
            passed on, once every answer that was there has been told.
    """
    if len({query.track_id for query in queries}) != len(queries):
        raise ValueError("track_ids must differ")
    read_ahead(queries)
    return _Search(queries, sources, judge, on_progress, stop or threading.Event()).to_end()


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, instead of ending the program; a second Ctrl-C ends it.

    Only the main thread may take signals; elsewhere the event is never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Search:
    """One call of `search_all`. Only the calling thread touches answers; workers hand them over through a queue."""

    def __init__(
        self,
        queries: Sequence[TrackQuery],
        sources: Sequence[Source],
        judge: Judge | None,
        on_progress: OnProgress | None,
        stop: threading.Event,
    ) -> None:
        self._queries = queries
        self._sources = sources
        self._judge = judge
        self._on_progress = on_progress
        self._stop = stop
        self._over = threading.Event()
        self._waiting: list[queue.Queue[TrackQuery | None]] = [queue.Queue() for _ in sources]
        self._arrived: queue.Queue[tuple[int, TrackQuery, SourceAnswer]] = queue.Queue()
        self._answers: dict[str, list[SourceAnswer]] = {query.track_id: [] for query in queries}
        self._busy, self._busy_lock = 0, threading.Lock()
        # Handed to a source and not judged since; arrived and not judged yet; when the judge may be called again.
        self._away = 0
        self._gathered: list[tuple[int, TrackQuery, SourceAnswer]] = []
        self._rested_at = float("-inf")
        self._open = {query.track_id for query in queries} if sources else set()

    def to_end(self) -> SearchResults:
        for place, source in enumerate(self._sources):
            for number in range(1, 1 + max(1, min(source.workers, len(self._queries)))):
                name = f"{source.name}-{number}"
                threading.Thread(target=self._work, args=(place, source), name=name, daemon=True).start()
        try:
            if self._sources:
                for query in self._queries:
                    self._hand(query, 0)
            while self._open and not self._stop.is_set():
                self._take(_TICK_S)
            # Requests under way may still come in: they are paid for.
            deadline = time.monotonic() + _GRACE_S
            while self._open and self._busy and time.monotonic() < deadline:
                self._take(_TICK_S)
        finally:
            self._over.set()
            for place, source in enumerate(self._sources):
                for _ in range(max(1, source.workers)):
                    self._waiting[place].put(None)
            self._drain()
        return SearchResults(
            answers={name: tuple(answers) for name, answers in self._answers.items() if answers},
            unfinished=tuple(query.track_id for query in self._queries if query.track_id in self._open),
        )

    def _hand(self, query: TrackQuery, place: int) -> None:
        self._away += 1
        self._waiting[place].put(query)

    def _take(self, wait_s: float) -> None:
        try:
            self._gathered.append(self._arrived.get(timeout=wait_s))
        except queue.Empty:
            return
        # Nothing is gained by waiting once everybody is back.
        while len(self._gathered) < self._away and not self._stop.is_set():
            left = self._rested_at - time.monotonic()
            if left <= 0:
                break
            with suppress(queue.Empty):
                self._gathered.append(self._arrived.get(timeout=min(left, _TICK_S)))
        self._drain()

    def _drain(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._gathered.append(self._arrived.get_nowait())
        if self._gathered:
            arrived, self._gathered = self._gathered, []
            self._away -= len(arrived)
            self._tell(arrived)

    def _tell(self, arrived: Sequence[tuple[int, TrackQuery, SourceAnswer]]) -> None:
        """Take in what has arrived, all at once: a track is under way at one source only, so each comes once."""
        for _, query, answer in arrived:
            self._answers[query.track_id].append(answer)
        settled = self._settled([(query, answer) for _, query, answer in arrived])
        for (place, query, _), is_settled in zip(arrived, settled, strict=True):
            if is_settled or place + 1 == len(self._sources):
                self._open.discard(query.track_id)
            else:
                self._hand(query, place + 1)
        if self._on_progress is not None:
            self._on_progress(len(self._queries) - len(self._open), len(self._queries))

    def _settled(self, answered: Sequence[tuple[TrackQuery, SourceAnswer]]) -> Sequence[bool]:
        if self._judge is None:
            return [False] * len(answered)
        began = time.monotonic()
        settled = self._judge(answered)
        self._rested_at = (ended := time.monotonic()) + min(_REST * (ended - began), _LONGEST_REST_S)
        return settled

    def _work(self, place: int, source: Source) -> None:
        while True:
            query = self._waiting[place].get()
            if query is None or self._over.is_set() or self._stop.is_set():
                return
            with self._busy_lock:
                self._busy += 1
            self._arrived.put((place, query, _answer(source, query)))
            with self._busy_lock:
                self._busy -= 1


def _answer(source: Source, query: TrackQuery) -> SourceAnswer:
    try:
        return source.search(query)
    except Exception as error:
        # A bug in one source must not take the others' finds with it; its traceback is in the log.
        logging.getLogger(__name__).info("%s raised for track %s", source.name, query.track_id, exc_info=True)
        return SourceAnswer(
            source=source.name,
            availability=Availability.FAILED,
            reason=f"{source.name}: {type(error).__name__} while asking for track {query.track_id}",
        )
