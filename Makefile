# Two commands: `make run` and `make test`. The rest is for whoever changes something.
ifndef PYTHON
# Debian's own first: it is compiled with optimisation by profile, without which everything here takes half as long again (pyenv's default).
PYTHON := $(or $(shell for python in /usr/bin/python3.11 python3.11; do $$python -c 'import ensurepip, venv' 2>/dev/null && echo $$python && break; done),python3.11)
endif
export PYTHON

.PHONY: help run test format messages requirements
help:
	@echo "make run          start the whole product on this machine (http://127.0.0.1:8000)"
	@echo "make test         check and test everything"
	@echo "make format       format the code"
	@echo "make messages     collect and compile the texts to translate"
	@echo "make requirements lock requirements/*.in with hashes"

run:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { echo "Python 3.11 is missing: install python3.11 (Debian and Ubuntu: apt-get install python3.11)."; exit 1; }
	@$(PYTHON) deploy/prepare.py base && exec .venv/bin/python deploy/run.py

test:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { echo "Python 3.11 is missing: install python3.11 (Debian and Ubuntu: apt-get install python3.11)."; exit 1; }
	@$(PYTHON) deploy/prepare.py test && exec .venv/bin/python tests/run.py

format:
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .

messages:
	@deploy/messages.sh

requirements:
	@requirements/compile.sh
