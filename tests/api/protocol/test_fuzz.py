"""A small part of tests/fuzz/requests.py, with a seed of its own."""

import importlib.util
import pathlib
import sys

import pytest

PATH = pathlib.Path(__file__).resolve().parents[2] / "fuzz" / "requests.py"


def load():
    spec = importlib.util.spec_from_file_location("fuzz_requests", PATH)
    module = importlib.util.module_from_spec(spec)
    first = sys.path[0]
    spec.loader.exec_module(module)
    sys.path[0] = first
    return module


@pytest.mark.slow
def test_mutated_requests_do_no_harm(own, postgres_target):
    fuzzer = load()
    seen = fuzzer.run(own(*fuzzer.OPTIONS), postgres_target, count=1500, seed=42, seconds=60)
    assert sum(seen.values()) >= 300
    assert seen.get(200) and seen.get(400) and seen.get(404)
