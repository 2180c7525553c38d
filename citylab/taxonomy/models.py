"""The words by which challenges, sites, proposals and pilots are sorted and matched."""

from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from citylab.core import clock, outbox
from citylab.core.bilingual import Bilingual


class Term(models.Model):
    """One word of a list that editors keep: a stable code and a name in both languages."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name_it = models.CharField(_("name (Italian)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    description_it = models.TextField(_("description (Italian)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    name = Bilingual("name")
    description = Bilingual("description")

    class Meta:
        abstract = True
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return str(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Editors save terms in Wagtail, past any service: whoever shows or indexes their names hears of it all the same."""
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if not is_new:
                outbox.publish("taxonomy.renamed", self.pk, model=self._meta.model_name)


class Sector(Term):
    """One of the five of Torino Smart City (domain: SMILE plus Integration)."""

    class Meta(Term.Meta):
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")


class S3Area(Term):
    """An innovation area of the Smart Specialisation Strategy."""

    class Meta(Term.Meta):
        verbose_name = _("S3 area")
        verbose_name_plural = _("S3 areas")


class Pole(Term):
    """One of the four innovation poles of the metropolitan area."""

    class Meta(Term.Meta):
        verbose_name = _("pole")
        verbose_name_plural = _("poles")


class Technology(Term):
    class Meta(Term.Meta):
        verbose_name = _("technology")
        verbose_name_plural = _("technologies")


class Capability(Term):
    """Something a site may offer and a pilot may need: 5G, power, a closed road …"""

    unit = models.CharField(_("unit"), max_length=20, blank=True)

    class Meta(Term.Meta):
        verbose_name = _("capability")
        verbose_name_plural = _("capabilities")


class Programme(models.Model):
    """A frame that challenges, proposals and pilots may belong to."""

    class Kind(models.TextChoices):
        LOCAL = "local", _("Local")
        EUROPEAN = "european", _("European")
        INTERNATIONAL = "international", _("International")

    code = models.SlugField(_("code"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.LOCAL)
    name_it = models.CharField(_("name (Italian)"), max_length=160)
    name_en = models.CharField(_("name (English)"), max_length=160)
    summary_it = models.TextField(_("summary (Italian)"), blank=True)
    summary_en = models.TextField(_("summary (English)"), blank=True)
    years = models.CharField(_("years"), max_length=40, blank=True)
    website = models.URLField(_("website"), blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    is_active = models.BooleanField(_("running"), default=True)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    name = Bilingual("name")
    summary = Bilingual("summary")

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["name_it"]

    def __str__(self) -> str:
        return str(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As with terms: whoever indexes programmes hears of it."""
        self.updated_at = clock.now()
        with transaction.atomic():
            super().save(*args, **kwargs)
            outbox.publish("programme.content_changed", self.pk)
