"""Addresses outside the two languages: the start, health, what payment providers call, and short ones for QR codes."""

from django.urls import path

from . import views, webhooks

urlpatterns = [
    path("", views.root, name="root"),
    path("health/", views.health, name="health"),
    path("webhooks/<slug:code>/", webhooks.webhook, name="webhook"),
    path("c/<slug:code>", views.short_challenge, name="short_challenge"),
    path("s/<slug:code>", views.short_site, name="short_site"),
    path("p/<slug:code>", views.short_pilot, name="short_pilot"),
]
