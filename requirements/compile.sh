#!/usr/bin/env bash
# Locks every requirements/*.in with hashes, for any Python 3.11: Debian 12 has 3.11.2. Run it after changing one of them: make requirements
set -euo pipefail
cd "$(dirname "$0")"
for name in base production test dev; do
  "${UV:-../.venv/bin/uv}" pip compile --quiet --python-version 3.11 --generate-hashes --no-header --output-file "$name.txt" "$name.in"
done
