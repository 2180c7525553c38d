"""What can be found: one document for each record and language, stemmed beforehand."""

from django.db import models


class SearchDocument(models.Model):
    """The text of a record in one language. `revision` is the id of the outbox message that wrote it: an older one never overwrites."""

    kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=40)
    language = models.CharField(max_length=2)
    title = models.TextField()
    stemmed_title = models.TextField()
    stemmed_body = models.TextField()
    is_public = models.BooleanField(default=True)
    revision = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id", "language"], name="document_once")]


class SearchTerm(models.Model):
    """A word that occurs in public texts: what a mistyped word is compared with."""

    word = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    frequency = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "language"], name="term_once")]
