"""Elasticsearch with the embedded engine in reserve: while the cluster is slow or away, the reserve answers, and the page says so."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from . import Entry, Found, Hit, TextQuery, Unavailable, Wanted
from .elasticsearch import ElasticsearchEngine
from .embedded import EmbeddedEngine

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
# Seconds during which the cluster is not asked after it failed: nobody waits for a time-out that the one before has waited for.
PAUSE = 10.0
# An answer that takes more seconds is slow; after so many in a row the cluster is left alone too: one page may ask several times.
SLOW = 0.5
SLOW_ANSWERS = 2


class Breaker:
    """Open after so many failures in a row, for a while; then one caller tries, and the others follow once it succeeded."""

    def __init__(self, failures: int = 1) -> None:
        self._lock = threading.Lock()
        self._closed_again_at = 0.0
        self._is_open = False
        self._failures = failures
        self._failed = 0

    @property
    def is_open(self) -> bool:
        return self._is_open

    def lets_pass(self) -> bool:
        with self._lock:
            if not self._is_open:
                return True
            if time.monotonic() < self._closed_again_at:
                return False
            self._closed_again_at = time.monotonic() + PAUSE
            return True

    def failed(self) -> None:
        with self._lock:
            self._failed += 1
            if self._failed >= self._failures:
                self._is_open, self._closed_again_at = True, time.monotonic() + PAUSE

    def succeeded(self) -> None:
        with self._lock:
            self._is_open, self._failed = False, 0


breaker = Breaker()
# Apart: what is written waits for a cluster that is away, not for one that is slow.
slowness = Breaker(SLOW_ANSWERS)


def _timed(seconds: float) -> None:
    if seconds <= SLOW:
        slowness.succeeded()
        return
    slowness.failed()
    if slowness.is_open:
        logger.warning("The reserve answers: Elasticsearch takes %.1f seconds", seconds)


class ReserveEngine:
    """What pages ask. `is_degraded` says whether the reserve answered."""

    def __init__(self) -> None:
        self.is_degraded = False

    @property
    def name(self) -> str:
        return EmbeddedEngine.name if self.is_degraded else ElasticsearchEngine.name

    def _ask(self, question: Callable[[Any], Answer]) -> Answer:
        if slowness.lets_pass() and breaker.lets_pass():
            began = time.monotonic()
            try:
                answer = question(ElasticsearchEngine(tries=0))
            except Unavailable as error:
                logger.warning("The reserve answers: %s", error)
                breaker.failed()
            else:
                breaker.succeeded()
                _timed(time.monotonic() - began)
                return answer
        self.is_degraded = True
        return question(EmbeddedEngine())

    def match(self, query: TextQuery, questions: Sequence[Wanted]) -> list[Found]:
        return self._ask(lambda engine: engine.match(query, questions))

    def search(self, query: str, language: str, kinds: Collection[str], *, limit: int, some: bool = False, only: Collection[str] = ()) -> list[Hit]:
        return self._ask(lambda engine: engine.search(query, language, kinds, limit=limit, some=some, only=only))

    def held(self, kind: str, keys: Collection[str]) -> list[Entry]:
        return self._ask(lambda engine: engine.held(kind, keys))

    def corrected(self, query: str, language: str) -> str:
        return self._ask(lambda engine: engine.corrected(query, language))

    def suggestions(self, beginning: str, language: str, kinds: Sequence[str], limit: int) -> list[str]:
        return self._ask(lambda engine: engine.suggestions(beginning, language, kinds, limit))
