"""What a preparation wrote comes again as it was, and only where it may."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.core.files.storage import storages
from django.db import connection, transaction

from citylab.accounts.models import User
from citylab.audit.models import AuditEntry
from citylab.audit.verifying import verify
from citylab.proposals.models import Proposal
from citylab.taxonomy.models import Sector
from tests import factories
from tests.remembering import MEMORY, remembered

pytestmark = pytest.mark.django_db


@pytest.fixture
def beginning(request):
    """Call it for a block that stands where a test begins, and leaves nothing."""

    @contextmanager
    def block():
        with transaction.atomic():
            MEMORY.begin(request.node)
            yield
            transaction.set_rollback(True)

    return block


CALLS = []


@remembered
def prepare(name):
    """A draft of a person of this name."""
    CALLS.append(name)
    owner = factories.person("startup", name=name)
    return SimpleNamespace(owner=owner, draft=factories.draft(factories.organisation(owner)))


def seen(made):
    draft = Proposal.objects.get(pk=made.draft.pk)
    return {
        "owner": factories.owner_of(draft.organisation) == made.owner, "answers": draft.answers, "trail": AuditEntry.objects.count(), "sound": verify() == [],
        "file": storages["case_files"].open(draft.attachments.get().key).read() == factories.pdf(),
    }  # fmt: skip


def test_the_third_time_all_is_there_without_the_work(beginning):
    found = []
    for _time in range(4):
        with beginning():
            found.append(seen(prepare("Ada")))
    assert CALLS.count("Ada") == 2
    assert found[2] == found[3] == found[1] and found[1]["owner"] and found[1]["sound"] and found[1]["file"] and found[1]["trail"] > 0


def test_what_is_changed_and_taken_away_is_so_again(beginning):
    calls = []

    @remembered
    def change(first):
        calls.append(1)
        Sector.objects.filter(pk=first.pk).update(name_it="Altro 'nome'")
        Sector.objects.filter(code="second").delete()

    for _time in range(5):
        with beginning():
            first, _second = factories.sector("first"), factories.sector("second")
            change(first)
            assert dict(Sector.objects.values_list("code", "name_it")) == {"first": "Altro 'nome'"}
    assert len(calls) == 2


def test_what_belongs_to_a_person_through_another_table_is_there_again(beginning):
    """Their groups: SQLite writes those with INSERT OR IGNORE."""
    for _time in range(4):
        with beginning():
            assert factories.person("editor").groups.count() > 0


def test_a_statement_that_writes_nobody_knows_where_is_never_remembered(beginning):
    calls = []

    @remembered
    def prepare():
        calls.append(1)
        factories.sector("energy")
        with connection.cursor() as cursor:
            cursor.execute("WITH one (name) AS (VALUES ('Altro')) UPDATE taxonomy_sector SET name_it = (SELECT name FROM one)")

    for _time in range(4):
        with beginning():
            prepare()
            assert Sector.objects.get().name_it == "Altro"
    assert len(calls) == 4


def test_a_preparation_inside_another_is_remembered_too_and_belongs_to_both(beginning):
    calls = []

    @remembered
    def outer(name, *, writes_before=False):
        if writes_before:
            factories.sector("first").save()
        calls.append(name)
        made = prepare("Inner")
        factories.person("startup", name=name)
        return made

    for _time in range(2):
        with beginning():
            prepare("Inner")
    done = CALLS.count("Inner")
    for name in ("one", "one", "two", "one", "two"):
        with beginning():
            found = seen(outer(name))
            assert found["file"] and found["owner"] and User.objects.filter(name=name).exists()
    assert (calls, CALLS.count("Inner")) == (["one", "one", "two"], done)
    with beginning():
        assert seen(outer("three", writes_before=True))["file"]
    assert CALLS.count("Inner") == done + 1


@pytest.mark.parametrize("other", ["a write", "a rollback"])
def test_after_anything_else_the_work_is_done(beginning, other):
    for _time in range(3):
        with beginning():
            prepare(other)
    calls = CALLS.count(other)
    with beginning():
        if other == "a write":
            Sector.objects.create(code="other", name_it="Altro", name_en="Other")
        else:
            with transaction.atomic():
                prepare(other)
                transaction.set_rollback(True)
        assert seen(prepare(other))["file"]
    assert CALLS.count(other) == calls + 1


def test_another_day_and_another_language_are_other_circumstances(beginning, travel):
    calls = []

    @remembered
    def prepare():
        calls.append(1)
        return factories.sector("energy")

    for day in ("2027-03-01 09:00", "2027-03-02 09:00"):
        travel(day)
        for _time in range(3):
            with beginning():
                prepare()
    assert len(calls) == 3  # the very first time only tells which tables it writes to
