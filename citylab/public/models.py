"""What readers say about the clarity of our pages. Nothing here says who they are."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

# What a reader may choose after the stars (Modello Comuni): what went wrong (1 to 3), or what went well (4 and 5).
WENT_WRONG = (
    ("unclear", _("Some instructions were not clear")),
    ("incomplete", _("The instructions were not complete")),
    ("lost", _("I did not understand whether I was going on correctly")),
    ("technical", _("I had technical problems")),
    ("other", _("Other")),
)
WENT_WELL = (
    ("clear", _("The instructions were clear")),
    ("complete", _("The instructions were complete")),
    ("guided", _("I always understood that I was going on correctly")),
    ("smooth", _("I had no technical problems")),
    ("other", _("Other")),
)


class PageRating(models.Model):
    """“How clear is the information on this page?”, 1 to 5, with a reason and a few words."""

    page = models.CharField(max_length=300)
    language = models.CharField(max_length=2)
    score = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    reason = models.CharField(max_length=20, blank=True, choices=[*dict([*WENT_WRONG, *WENT_WELL]).items()])
    comment = models.CharField(max_length=200, blank=True)
    rated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("page rating")
        verbose_name_plural = _("page ratings")
        ordering: ClassVar[list[str]] = ["-rated_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [models.CheckConstraint(condition=models.Q(score__range=(1, 5)), name="page_rating_one_to_five")]

    def __str__(self) -> str:
        return f"{self.page}: {self.score}"
