#!/usr/bin/env bash
# Collects the texts of every app into its own Italian catalogue and compiles it. Needs gettext.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
for app in citylab/core citylab/audit citylab/notifications citylab/accounts citylab/taxonomy citylab/challenges citylab/testbeds citylab/proposals citylab/pilots search citylab/public citylab/portal citylab/desk cms citylab/settings; do
  mkdir -p "$app/locale/it/LC_MESSAGES"
  (cd "$app" && "$root/.venv/bin/python" "$root/manage.py" makemessages -l it --no-location --no-wrap --no-obsolete -v0 && "$root/.venv/bin/python" "$root/manage.py" compilemessages -v0)
done
