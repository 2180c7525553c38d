from typing import Any

from django.core.management.base import BaseCommand

from citylab.demo.loading import load


class Command(BaseCommand):
    help = "Loads the demo city: the real places and challenges, and invented organisations with their proposals and pilots. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        done = load()
        self.stdout.write(self.style.SUCCESS("The demo city is loaded." if done else "The demo city was there already: nothing changed."))
