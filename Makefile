# Every target makes what it needs: Python 3.11 or newer, make and git are enough. With uv installed it is quicker.
# Another Python: make PYTHON=/path/to/python3.11 test

environment := .venv/.complete
run := .venv/bin/python -m
spread := --numprocesses=auto --dist=loadfile --benchmark-disable

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint soak bench bench-engines bench-compare bench-regressions lock wheel-check clean

help:
	@echo "make demo         simulate the preset openai-2025-12 and draw its pictures into runs/demo"
	@echo "make test         tests, a few minutes; make test-all adds the long statistical ones"
	@echo "make lint         ruff (check, format) and mypy --strict"
	@echo "make soak         load FILES=500000 random scenario files: none may crash, hang or bring a foreign warning"
	@echo "make bench        measure speed and memory: printed, kept in benchmarks/results, docs/performance.md made anew"
	@echo "make bench-engines      install JAX, PyTorch and QuantLib, so that make bench measures them too"
	@echo "make bench-compare      the last two results side by side, or those that A=one.json B=other.json name"
	@echo "make bench-regressions  a few short runs against those of the last time"
	@echo "make lock         resolve all dependencies afresh into constraints.txt"
	@echo "make wheel-check  build the wheel and run it in an empty environment"
	@echo "make clean        remove the environment, caches and runs"

$(environment): pyproject.toml constraints.txt tools/make-environment
	@tools/make-environment
	@touch $@

demo: $(environment)
	@rm -rf runs/demo
	.venv/bin/montecarlo-ai run openai-2025-12 --seed 7 --out runs/demo
	.venv/bin/montecarlo-ai exposure openai-2025-12 --seed 7 --plot runs/demo/exposure.png
	.venv/bin/montecarlo-ai corridor openai-2025-12 --seed 7 --plot runs/demo/corridor.png
	.venv/bin/montecarlo-ai backtest openai-2025-12 --seed 7 --plot runs/demo/backtest.png
	.venv/bin/montecarlo-ai outlooks openai-2025-12 --seed 7
	@echo "Pictures:"
	@find "$(CURDIR)/runs/demo" -name '*.png' | sort

test: $(environment)
	$(run) pytest $(spread)

test-all: $(environment)
	$(run) pytest $(spread) -m "slow or not slow"

lint: $(environment)
	$(run) ruff check .
	$(run) ruff format --check .
	$(run) mypy --strict

FILES ?= 500000

soak: $(environment)
	$(run) tests.soak --files $(FILES)

bench: $(environment)
	$(run) benchmarks --page

bench-engines: $(environment)
	@tools/install-engines

bench-compare: $(environment)
	@$(run) benchmarks.compare $(A) $(B)

regressions := --benchmark-enable --benchmark-timer=time.thread_time --benchmark-warmup=off --benchmark-autosave
compared := --benchmark-compare --benchmark-compare-fail=min:25%

bench-regressions: $(environment)
	$(run) pytest benchmarks/test_regressions.py $(regressions) $(if $(wildcard .benchmarks/*/*.json),$(compared))

lock:
	tools/lock

wheel-check: $(environment)
	tools/check-wheel

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist runs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
