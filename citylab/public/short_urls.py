"""Addresses outside the two languages: the start, health, and short ones for QR codes."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
