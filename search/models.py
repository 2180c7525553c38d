"""What can be found: one document for each record and language, stemmed beforehand; what people asked to be told, and what they thought of it."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SearchRecord(models.Model):
    """What the embedded index holds of a record: its revision, and the facts that hard constraints ask of it.

    `revision` is the id of the newest outbox message about it: an older one never overwrites, nor brings back what was deleted.
    """

    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    revision = models.BigIntegerField()
    digest = models.CharField(max_length=32, blank=True)
    is_deleted = models.BooleanField(default=False)
    accepted = models.PositiveIntegerField(default=0)
    has_calendar = models.BooleanField(default=False)
    area_m2 = models.PositiveIntegerField(null=True)
    trl_min = models.PositiveSmallIntegerField(null=True)
    trl_max = models.PositiveSmallIntegerField(null=True)
    budget_max_cents = models.PositiveBigIntegerField(null=True)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    maximum_metres = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="record_once")]


class SearchFact(models.Model):
    """One of several values of a record: a capability it has, a kind of applicant it admits."""

    record = models.ForeignKey(SearchRecord, models.CASCADE, related_name="values")
    name = models.CharField(max_length=20)
    value = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["name", "value"], name="fact_by_value")]


class SearchPeriod(models.Model):
    """Days during which one and the same place of a site is free, both included."""

    record = models.ForeignKey(SearchRecord, models.CASCADE, related_name="periods")
    starts_on = models.DateField()
    ends_on = models.DateField()


class SearchDocument(models.Model):
    """A record's words in one language, prepared beforehand. The columns after `body` are for matching alone: they hold what was accepted there."""

    record = models.ForeignKey(SearchRecord, models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=20)
    language = models.CharField(max_length=2)
    title = models.TextField()
    stemmed_title = models.TextField()
    body = models.TextField()
    whole = models.TextField()
    words = models.TextField()
    pairs = models.TextField()
    grams = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "language"], name="document_once")]


class WaitingRecord(models.Model):
    """Work that waits for a record, once for each kind of work however often it is asked for; gone once it is done.

    `revision` grows whenever it is asked for again, so that what was done meanwhile is not taken for it.
    """

    class Work(models.TextChoices):
        WRITE = "write"  # its document, to Elasticsearch
        AFFINITIES = "affinities"  # the places that a proposal is near to, or the proposals that a place concerns

    work = models.CharField(max_length=10, choices=Work.choices)
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    revision = models.BigIntegerField()
    is_news = models.BooleanField(default=False)  # people who asked for alerts are told once it is written
    taken_until = models.DateTimeField(null=True)  # a worker has it; one that was killed loses it then

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work", "kind", "object_id"], name="waiting_once")]


class Lease(models.Model):
    """Who does what only one process may do at a time, and when it last showed that it lives."""

    name = models.CharField(max_length=20, unique=True)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()
    token = models.CharField(max_length=16)
    beat_at = models.DateTimeField()


class Affinity(models.Model):
    """One of the places a received proposal is nearest to, with the share of its interest that falls on it (0–1)."""

    proposal_id = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    share = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["kind", "object_id", "-share"], name="affinity_by_place")]


class SearchTerm(models.Model):
    """A word that occurs in public texts: what a mistyped word is compared with."""

    word = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    frequency = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "language"], name="term_once")]


class SavedSearch(models.Model):
    """Words and filters that a person keeps, and is told about when something published later answers them."""

    class Kind(models.TextChoices):
        CHALLENGE = "challenge", _("Challenges")
        SITE = "site", _("Sites")
        ALL = "all", _("Challenges and sites")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    words = models.CharField(max_length=200, blank=True)
    filters = models.JSONField(default=dict)  # filter → values, as in the address of the list
    language = models.CharField(max_length=2)  # in which the words were typed
    # What it found when it was saved or resumed: kind → ids. None of that is new.
    known = models.JSONField(default=dict)
    is_paused = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_search_name_once")]


class AlertSubscription(models.Model):
    """“Tell me when something new fits”: a person's wish for a proposal, or for an organisation as its profile describes it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="alert_subscriptions")
    organisation = models.ForeignKey("accounts.Organisation", models.CASCADE, related_name="+")
    proposal = models.ForeignKey("proposals.Proposal", models.CASCADE, null=True, related_name="+")
    known = models.JSONField(default=dict)  # what fitted when it was switched on
    is_paused = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "proposal"], condition=models.Q(proposal__isnull=False), name="subscription_proposal_once"),
            models.UniqueConstraint(fields=["user", "organisation"], condition=models.Q(proposal__isnull=True), name="subscription_organisation_once"),
        ]


class Alert(models.Model):
    """A person was told of a published challenge or site: once, whatever is retried or published again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    # Why: the ids of the saved searches and subscriptions that it answers, which one click in the mail pauses.
    searches = models.JSONField(default=list)
    subscriptions = models.JSONField(default=list)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind", "object_id"], name="alert_once")]


class MatchFeedback(models.Model):
    """What somebody thought of a match. It holds no person: `once` is a digest that recognises the same remark in the same session."""

    class Verdict(models.TextChoices):
        NOT_RELEVANT = "not_relevant", _("Not relevant")
        WHY_NOT = "why_not", _("Why not?")

    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    proposal_id = models.UUIDField(null=True)  # an id that outlives the proposal; empty where an organisation's profile was matched
    group = models.CharField(max_length=10)
    score = models.DecimalField(max_digits=3, decimal_places=2)
    engine = models.CharField(max_length=20)
    reasons = models.JSONField(default=list)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    day = models.DateField()
    once = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [models.Index(fields=["day", "kind", "object_id"], name="feedback_day")]
