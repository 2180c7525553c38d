from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from search import rebuilding
from search.documents import BUILDERS
from search.engines import Refused, Unavailable
from search.engines.elasticsearch import ElasticsearchEngine
from search.engines.embedded import EmbeddedEngine
from search.leases import Busy

WIDTH = 30


class Command(BaseCommand):
    help = "Makes the search indices anew from the records, while the old ones serve. Interrupted at any moment, it can be run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kind", action="append", choices=sorted(BUILDERS), help="only this kind of records (may be repeated)")
        parser.add_argument("--engine", choices=[EmbeddedEngine.name, ElasticsearchEngine.name], help="only this engine; without it all that this installation uses")
        parser.add_argument("--force", action="store_true", help="take over from a rebuild that seems to run: one that was killed on another machine, or in a container that is gone")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds, engine = options["kind"] or [], options["engine"]
        if engine == ElasticsearchEngine.name and not settings.ELASTICSEARCH_URL:
            raise CommandError("ELASTICSEARCH_URL is not set: this installation has no Elasticsearch.")
        self.quiet = options["verbosity"] == 0
        try:
            if engine != ElasticsearchEngine.name:
                self._say(f"{rebuilding.rebuild_embedded(kinds, self._progress):,} records indexed in the database.")
            if engine != EmbeddedEngine.name and settings.ELASTICSEARCH_URL:
                self._say(f"{rebuilding.rebuild_elasticsearch(kinds or list(BUILDERS), self._progress, take_over=options['force']):,} records indexed in Elasticsearch.")
        except Busy as error:
            raise CommandError(f"{error} If it was killed, run this again with --force.") from error
        except (Refused, Unavailable, rebuilding.Failed) as error:
            raise CommandError(str(error)) from error

    def _progress(self, engine: str, kind: str, done: int, total: int) -> None:
        """A bar that moves on a terminal; elsewhere a line for each kind."""
        if self.quiet:
            return
        if self.stdout.isatty():
            filled = WIDTH * done // total if total else WIDTH
            self.stdout.write(f"\r{engine:<14}{kind:<10} [{'#' * filled}{'.' * (WIDTH - filled)}] {done:,}/{total:,}   ", ending="\n" if done == total else "")
            self.stdout.flush()
        elif done == total:
            self.stdout.write(f"{engine:<14}{kind:<10} {done:,}")

    def _say(self, text: str) -> None:
        if not self.quiet:
            self.stdout.write(self.style.SUCCESS(text))
