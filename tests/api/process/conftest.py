"""What the tests of `malachite migrate` share."""

import os
import shutil
import tempfile

import pytest
from client_command import Running, uri


@pytest.fixture
def state_dir():
    path = tempfile.mkdtemp(prefix="mig-", dir="/tmp")
    os.chmod(path, 0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def words(postgres_source, postgres_target, state_dir):
    """The arguments for a database, with the passwords in the environment."""

    def make(name, *more):
        source, target = uri(postgres_source, name), uri(postgres_target)
        return ["migrate", "--source", source, "--target", target, "--state-dir", state_dir, *more]

    return make


@pytest.fixture
def secrets(postgres_source, postgres_target):
    return {
        "MALACHITE_SOURCE_PASSWORD": postgres_source.password,
        "MALACHITE_TARGET_PASSWORD": postgres_target.password,
    }


@pytest.fixture
def run():
    started = []

    def start(*arguments, **options):
        started.append(Running(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
