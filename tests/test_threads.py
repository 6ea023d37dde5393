"""Several threads, forks, pools within pools and Ctrl-C: the same bits, no hanging, a prompt end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from models import bursting_walk, business
from test_promises import digest

import montecarlo_ai as mc

SEED = 11
PATHS = 20_000
TIMEOUT = 300.0

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def digests(threads):
    """Return the digests of an ensemble and of a summary."""
    options = {"n_paths": PATHS, "seed": SEED, "threads": threads, "progress": False}
    return digest(mc.simulate(business(), **options)), digest(mc.summarize(business(), **options))


@pytest.fixture(scope="module")
def due():
    return digests(1)


def test_callers_on_several_threads_get_the_same_bits(due):
    """Each caller has threads of its own: pools within a pool."""
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(digests, [1, 2, 1, 3, 2, 2])) == {due}


def test_an_error_of_one_caller_leaves_the_others_alone(due):
    def burst(_):
        with pytest.raises(mc.NumericalError):
            mc.simulate(bursting_walk("nan"), n_paths=PATHS, seed=SEED, threads=2)

    with ThreadPoolExecutor(4) as pool:
        bursts = [pool.submit(burst, i) for i in range(4)]
        assert set(pool.map(digests, [2, 2])) == {due}
        assert [each.result() for each in bursts] == [None] * 4


FIRST_CALLS = """
from concurrent.futures import ThreadPoolExecutor
from test_threads import digests
with ThreadPoolExecutor(4) as pool:
    print(*sorted(set(pool.map(digests, [1, 2, 1, 2]))))
"""

FORKS = """
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from test_threads import digests

found = {digests(2)}
reading, writing = os.pipe()
if os.fork() == 0:
    os.write(writing, repr(digests(2)).encode())
    os._exit(0)
os.wait()
found.add(eval(os.read(reading, 10_000)))
context = multiprocessing.get_context("fork")
with ProcessPoolExecutor(2, mp_context=context) as pool:
    found.update(pool.map(digests, [1, 2, 2]))
with ThreadPoolExecutor(2) as threads:  # forks while other threads run
    running = [threads.submit(digests, 2) for _ in range(4)]
    with context.Pool(2) as pool:
        found.update(pool.map(digests, [2, 1]))
    found.update(each.result() for each in running)
print(*found)
"""


def program(text, **options):
    """Return a process that runs a program beside these tests."""
    here = Path(__file__).parent
    path = os.pathsep.join([str(here.parent), str(here)])
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", text],
        env={**os.environ, "PYTHONPATH": path, **options},
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(text, **options):
    """Return what a program prints; it fails if it hangs."""
    child = program(text, **options)
    try:
        printed, _ = child.communicate(timeout=TIMEOUT)
    finally:
        child.kill()
    assert child.returncode == 0
    return printed.strip()


@pytest.mark.slow
def test_first_calls_on_several_threads_get_the_same_bits(due, tmp_path):
    """The kernel is compiled while four callers wait for it."""
    assert answer(FIRST_CALLS, MONTECARLO_AI_CACHE_DIR=str(tmp_path)) == str(due)


@posix
def test_forks_and_pools_of_processes_get_the_same_bits(due):
    assert answer(FORKS) == str(due)


INTERRUPTED = """
import signal
import montecarlo_ai as mc
from models import walk
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
scenario = walk()
mc.warmup(scenario)
print("ready", flush=True)
try:
    mc.summarize(scenario, n_paths=10**11, seed=1, threads={threads}, progress=False)
except KeyboardInterrupt:
    print("interrupted", mc.simulate(scenario, n_paths=1_000, seed=1, threads=2).sizes["path"], flush=True)
"""


@posix
@pytest.mark.parametrize("threads", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_an_interrupt_ends_a_run_promptly(threads):
    """Five seconds, of which what is being computed takes a fraction of one; the process can run on."""
    child = program(INTERRUPTED.format(threads=threads))
    try:
        assert child.stdout.readline() == "ready\n"
        time.sleep(1.0)
        began = time.perf_counter()
        child.send_signal(signal.SIGINT)
        printed, _ = child.communicate(timeout=TIMEOUT)
        assert printed == "interrupted 1000\n"
        assert time.perf_counter() - began < 5.0
    finally:
        child.kill()
