"""Indices named by time behind two aliases for each kind: one that is read, one whose indices are written, all of them.

Each index also has an alias of its own, which goes with it: a write that comes late for one that was thrown away fails, instead of making it anew.
"""

from collections.abc import Iterable
from secrets import token_hex
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from citylab.core import clock

from .client import patiently
from .mapping import body


class Indices:
    """The indices of one installation, told from others by their prefix."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self.client, self.prefix = client, prefix

    def read(self, kind: str) -> str:
        return f"{self.prefix}-{kind}"

    def write(self, kind: str) -> str:
        return f"{self.prefix}-{kind}-write"

    @staticmethod
    def own(index: str) -> str:
        return f"{index}-own"

    def written(self, kind: str) -> list[str]:
        """The indices that every write goes to: one, or two while a new one is being filled."""
        return self._behind(self.write(kind))

    def serving(self, kind: str) -> list[str]:
        """The index that answers searches, if there is one."""
        return self._behind(self.read(kind))

    def _behind(self, alias: str) -> list[str]:
        try:
            return sorted(self.client.indices.get_alias(name=alias))
        except NotFoundError:
            return []

    def unserved(self, kinds: Iterable[str]) -> list[str]:
        """The kinds for which no index answers searches."""
        try:
            known = self.client.indices.get_alias(name=f"{self.prefix}-*")
        except NotFoundError:
            known = {}  # type: ignore[assignment]
        aliases = {alias for index in known.values() for alias in index["aliases"]}
        return [kind for kind in kinds if self.read(kind) not in aliases]

    def abandoned(self, kind: str) -> list[str]:
        """Indices of a kind that answer no search: left by a rebuild that was interrupted, unless one is under way."""
        return sorted(set(self.client.indices.get(index=f"{self.prefix}-{kind}-2*", allow_no_indices=True)) - set(self.serving(kind)))

    def form(self, index: str) -> str:
        """The digest of the settings and mapping that it was made with."""
        return str(self.client.indices.get_mapping(index=index)[index]["mappings"].get("_meta", {}).get("form", ""))

    def make(self, kind: str) -> str:
        """A new, empty index that is written from now on, beside the one that serves."""
        name = f"{self.prefix}-{kind}-{clock.now():%Y%m%d%H%M%S}-{token_hex(3)}"
        self._create(name, [self.write(kind)])
        return name

    def _create(self, name: str, aliases: list[str]) -> None:
        patient = self.client.options(request_timeout=30)
        named: dict[str, Any] = {alias: {} for alias in (self.own(name), *aliases)}
        patiently(lambda: patient.indices.create(index=name, **body(), aliases=named, wait_for_active_shards="1"))

    def serve(self, kind: str, index: str) -> None:
        """Switch reading to an index and stop writing the others, in one action; then throw those away."""
        old = sorted({*self.serving(kind), *self.written(kind)} - {index})
        actions = [{"add": {"index": index, "alias": self.read(kind)}}, {"add": {"index": index, "alias": self.write(kind)}}]
        actions += [{"remove": {"index": name, "alias": alias, "must_exist": False}} for name in old for alias in (self.read(kind), self.write(kind))]
        patient = self.client.options(request_timeout=30)
        patiently(lambda: patient.indices.update_aliases(actions=actions))
        self.throw_away(old)

    def throw_away(self, names: list[str]) -> None:
        patient = self.client.options(request_timeout=30)
        for name in names:
            patiently(lambda name=name: patient.indices.delete(index=name, ignore_unavailable=True))

    def ensure(self, kind: str) -> list[str]:
        """The indices that are written. Where there is none, one that serves is made: under a name that two who make it at once share."""
        written = self.written(kind)
        if written:
            return written
        name = f"{self.prefix}-{kind}-2000-first"
        try:
            self._create(name, [self.read(kind), self.write(kind)])
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
        return self.written(kind)
