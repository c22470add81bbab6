"""Secrets come by file or environment, and leave no trace in the process list."""

import os
import pathlib
import subprocess

import pytest

from arm import new_secret, unique
from malachite import environment, run_command, sanitized


def command_line(one):
    with open(f"/proc/{one.pid}/cmdline", "rb") as file:
        return file.read().decode()


@pytest.fixture
def secret_file(tmp_path):
    """A name that a shell would take apart."""
    path = tmp_path / "it's a file"
    path.write_text("it's a $ecret & more\n")
    return path


def signed_in(one, secret):
    return one.sign_in(secret=secret).status_code == 200


@pytest.mark.parametrize("client", ["az", "node", "python", "curl"])
def test_env_names_the_file_with_the_secret(own, secret_file, client):
    one = own("--client-secret-file", secret_file)
    for words in (["--endpoints-file", one.endpoints_file], ["--https-port", 1, "--client-secret-file", secret_file]):
        done = run_command("env", client, *words)
        assert "$ecret" not in done.stdout and "it'\\''s a file'" in done.stdout
        if client == "az":
            assert " -p @'" in done.stdout
            continue
        found = subprocess.run(
            ["bash", "-c", done.stdout + 'printf %s "$AZURE_CLIENT_SECRET"'],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout == "it's a $ecret & more"
    assert signed_in(one, "it's a $ecret & more") and not signed_in(one, "malachite")


def test_the_file_may_be_a_relative_path(own, secret_file, monkeypatch):
    monkeypatch.chdir(secret_file.parent)
    one = own("--client-secret-file", secret_file.name)
    assert one.endpoints["clientSecretFile"] == str(secret_file)


def test_env_names_the_variable_with_the_secret():
    secret = new_secret()
    done = run_command("env", "curl", "--https-port", 1, MALACHITE_CLIENT_SECRET=secret)
    assert 'export AZURE_CLIENT_SECRET="$MALACHITE_CLIENT_SECRET"\n' in done.stdout and secret not in done.stdout


@pytest.mark.parametrize("form", ["--client-secret {}", "--client-secret={}"])
def test_a_secret_on_the_command_line_is_hidden_in_the_process_list(own, form):
    secret = new_secret()
    one = own(*form.format(secret).split())
    assert secret not in command_line(one) and "--client-secret" in command_line(one)
    assert signed_in(one, secret)


@pytest.mark.parametrize("content", [None, "", "\nx", "x" * 5000])
def test_a_file_without_a_secret_refuses_to_start(tmp_path, content):
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    done = run_command(
        "serve", "--client-secret-file", path, "--http-port", 0, "--https-port", 0, "--data-dir", tmp_path / "d"
    )
    assert done.returncode == 78 and "--client-secret-file" in done.stderr and str(path) in done.stderr


def test_the_key_may_be_in_another_directory(own, tmp_path, postgres_target):
    key = tmp_path / "the.key"
    one = own("--key-file", key)
    server = one.attach(unique("s"), postgres_target)
    assert key.stat().st_size == 32 and key.stat().st_mode & 0o777 == 0o600
    assert not os.path.exists(one.data_dir + "/malachite.key")
    one.restart()
    one.arm.get(server.id + "/databases")
    one.stop()
    good = key.read_bytes()
    for content, mode, word in ((b"x" * 32, 0o600, "not the key"), (good, 0o644, "chmod 600"), (None, 0, "missing")):
        key.unlink()
        if content is not None:
            key.write_bytes(content)
            key.chmod(mode)
        done = run_command("serve", "--key-file", key, "--http-port", 0, "--https-port", 0, "--data-dir", one.data_dir)
        assert done.returncode == 78 and word in done.stderr and str(key) in done.stderr
        if content is None:
            key.write_bytes(good)
    key.chmod(0o600)
    one.start()
    one.arm.get(server.id + "/databases")


SYNC_LOG = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Writes down what is synced. */
int fsync(int fd)
{
    char link[64], path[4096] = "";
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    int log = open("LOG", O_WRONLY | O_APPEND | O_CREAT, 0600);
    path[len] = '\n';
    if (write(log, path, len + 1) < 0) {
        return -1;
    }
    close(log);
    return syscall(SYS_fsync, fd);
}
"""


@pytest.mark.skipif(sanitized(), reason="sanitizers come first themselves")
def test_key_files_and_their_names_are_synced_to_disk(own, tmp_path):
    source, library, log = tmp_path / "log.c", tmp_path / "log.so", tmp_path / "synced"
    source.write_text(SYNC_LOG.replace("LOG", str(log)))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    one = own(LD_PRELOAD=str(library))
    assert signed_in(one, "malachite")  # the key for tokens is there, too
    lines = log.read_text().splitlines()
    for name in ("malachite.key", "tls/ca.key", "tls/ca.pem", "tls/server.key", "tls/server.pem", "tls/token.key"):
        path = pathlib.Path(one.data_dir, name)
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{path}."))
        assert str(path.parent) in lines[at:], f"the name {name} may be lost with the power"
