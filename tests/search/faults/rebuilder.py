"""Makes the indices anew again and again, in small pages, until it is killed: a line on standard output at the beginning of each."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "citylab.settings")

import django

django.setup()

from search import documents, rebuilding
from search.engines import Unavailable

documents.PAGE = 10
while True:
    print("begun", flush=True)
    try:
        rebuilding.rebuild_elasticsearch(["challenge", "site"])
    except Unavailable:
        break
