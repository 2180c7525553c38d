"""Proving that nobody touched the trail."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from .hashing import BEGINNING, entry_hash, seal_hash
from .models import AuditEntry, AuditSeal


@dataclass(frozen=True)
class Finding:
    """Something wrong with the trail. `where` names the row ("proposal 7f… #3") or the seal ("seal 2026-11-22")."""

    kind: Literal["tampered", "missing", "reordered", "wrong_seal"]
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.detail}"


def verify() -> list[Finding]:
    """Recompute every chain and every seal; an empty list is a sound trail."""
    findings: list[Finding] = []
    rows = AuditEntry.objects.order_by("case_kind", "case_id", "sequence").iterator(chunk_size=2000)
    for _case, chain in groupby(rows, key=lambda entry: (entry.case_kind, entry.case_id)):
        findings.extend(_chain_findings(list(chain)))
    findings.extend(_seal_findings())
    return findings


def _chain_findings(chain: list[AuditEntry]) -> Iterator[Finding]:
    case = f"{chain[0].case_kind} {chain[0].case_id}"
    # The number that each row was written with, None where it fits none; and the hash that the next row must be linked to.
    written = {entry.pk: _written_as(entry, chain[-1].sequence) for entry in chain}
    links = {0: BEGINNING, **{written[entry.pk] or entry.sequence: entry.hash for entry in chain}}
    expected = 1
    for entry in chain:
        for gone in range(expected, entry.sequence):
            yield Finding("missing", f"{case} #{gone}", "no row with this number")
        expected = entry.sequence + 1
        number = written[entry.pk]
        if number is None:
            yield Finding("tampered", str(entry), "the row does not match its hash")
        elif number != entry.sequence:
            yield Finding("reordered", str(entry), f"the row was written as #{number}")
        elif links.get(number - 1, entry.previous_hash) != entry.previous_hash:
            yield Finding("tampered", str(entry), "the row is not linked to the one before it")


def _written_as(entry: AuditEntry, last: int) -> int | None:
    if entry.hash == entry_hash(entry):
        return entry.sequence
    return next((number for number in range(1, last + 2) if entry.hash == entry_hash(entry, sequence=number)), None)


def _seal_findings() -> Iterator[Finding]:
    previous = BEGINNING
    for seal in AuditSeal.objects.order_by("day"):
        where = f"seal {seal}"
        if seal.hash != seal_hash(seal):
            yield Finding("wrong_seal", where, "the seal does not match its hash")
        if seal.previous_hash != previous:
            yield Finding("wrong_seal", where, "the seal is not linked to the one before it")
        previous = seal.hash
        found = AuditEntry.objects.filter(pk__lte=seal.last_entry).count()
        if found != seal.entries:
            yield Finding("wrong_seal", where, f"{seal.entries} rows were sealed, {found} are there")
        for kind, cases in seal.heads.items():
            hashes = dict(AuditEntry.objects.filter(case_kind=kind, pk__lte=seal.last_entry).values_list("case_id", "hash").order_by("sequence")) if cases else {}
            for case, (sequence, sealed) in cases.items():
                if case not in hashes:
                    yield Finding("missing", f"{kind} {case} #{sequence}", f"sealed on {seal.day}, no longer there")
                elif hashes[case] != sealed:
                    yield Finding("wrong_seal", f"{kind} {case} #{sequence}", f"{where} holds another hash for this row")
