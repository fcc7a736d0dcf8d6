# What each target needs is set up first, once, and again when the lock changes.

.PHONY: help run demo test faults bench check lock catalogs
.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/'

run: .venv/set-up-done ## run all of Tillpass on this machine, in the foreground, until Ctrl-C
	@exec .venv/bin/python -m deploy.local_stack run --end-with-parent

demo: .venv/set-up-done ## play the main story once on a fresh temporary stack
	@exec .venv/bin/python -m deploy.local_stack demo --end-with-parent

test: .venv/set-up-done ## run every test
	@deploy/set_up/test_parts
	@.venv/bin/pytest --numprocesses=2

faults: .venv/set-up-done ## play all faults in full: kills by the dozen, a hundred rounds of each race; a quarter of an hour
	@deploy/set_up/test_parts postfix postgrey
	@.venv/bin/pytest tests/faults --full --rounds=100

bench: .venv/set-up-done ## measure what requests cost; BENCH_FLAGS=--quick for two minutes of it (tests/bench/README.md)
	@.venv/bin/python -m tests.bench $(BENCH_FLAGS)

check: .venv/set-up-done ## format, lint, types, rooms, and that the lock belongs to pyproject.toml
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest -q tests/deploy/test_lock.py

lock: .venv/set-up-done ## choose all versions anew (add UV_FLAGS=--upgrade for the newest)
	.venv/bin/uv pip compile --quiet --generate-hashes --extra stack --group dev --python-version 3.11 \
		--no-emit-find-links --no-annotate $(UV_FLAGS) -o requirements.lock pyproject.toml
	echo uv | .venv/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 --no-emit-find-links \
		--no-annotate --no-header $(UV_FLAGS) -o deploy/set_up/uv.lock -

catalogs: .venv/set-up-done ## bring new words of the emails into their catalogs, notify_service/emails/*.po
	.venv/bin/pybabel --quiet extract --mapping notify_service/emails/extraction.cfg --omit-header --no-location \
		--sort-output --output-file .venv/emails.pot notify_service/emails
	for catalog in notify_service/emails/*.po; do .venv/bin/pybabel --quiet update --input-file .venv/emails.pot \
		--output-file $$catalog --locale $$(basename $$catalog .po) --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date --width 120; done

.venv/set-up-done: requirements.lock pyproject.toml deploy/set_up/python_environment deploy/set_up/uv.lock
	@deploy/set_up/python_environment
