#!/usr/bin/env bash
# Locks every requirements/*.in with hashes. Run it after changing one of them: make requirements
set -euo pipefail
cd "$(dirname "$0")"
for name in base production test dev; do
  PIP_FIND_LINKS= "${PYTHON:-../.venv/bin/python}" -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
    --no-emit-find-links --no-header --output-file "$name.txt" "$name.in"
done
