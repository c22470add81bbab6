"""The manual page, completions and settings that the program prints about itself."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest
from malachite import ROOT, run_command

COMPLETE = """
source /dev/stdin <<<"$SCRIPT"
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _malachite; echo "${COMPREPLY[*]}"; }
try malachite mi
try malachite migrate --ov
try malachite migrate --cutover wh
try malachite env te
try malachite env curl --https
try malachite serve --auth s
try malachite completion f
"""


def printed(*words):
    done = run_command(*words)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def flags():
    return re.findall(r"^  (--[a-z-]+)", printed("help"), re.M)


def test_the_manual_names_every_command_and_option():
    manual = printed("man").replace("\\-", "-")
    for flag in flags():
        assert f"\n.B {flag}" in manual
    for command in ("serve", "migrate", "watch", "completion"):
        assert f"\n.B {command}\n" in manual
    if shutil.which("mandoc"):
        done = subprocess.run(["mandoc", "-Tlint", "-W", "style"], input=printed("man"), text=True, capture_output=True)
        assert done.returncode == 0 and not done.stdout, done.stdout


def test_bash_completes_commands_options_and_values():
    script = printed("completion", "bash")
    done = subprocess.run(
        ["bash", "-eu", "-c", COMPLETE], env={"SCRIPT": script, "PATH": "/usr/bin:/bin"}, text=True, capture_output=True
    )
    assert not done.stderr and done.stdout.splitlines() == [
        "migrate",
        "--overwrite",
        "when-caught-up",
        "terraform",
        "--https-port",
        "strict",
        "fish",
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_scripts_that_name_every_option(shell):
    script = printed("completion", shell)
    for flag in flags():
        assert (f"-l {flag[2:]} " if shell == "fish" else flag) in script
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, text=True, capture_output=True).stderr == ""


# What a user types, and what has to be offered.
OFFERED = {
    "malachite mi": "migrate",
    "malachite migrate --ov": "--overwrite",
    "malachite migrate --cutover wh": "when-caught-up",
    "malachite env te": "terraform",
    "malachite serve --auth s": "strict",
    "malachite completion f": "fish",
}


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is missing: apt-get install fish")
def test_fish_completes_commands_options_and_values(tmp_path):
    lines = "".join(f'echo (complete -C "{typed}" | string replace -r "\\t.*" "")\n' for typed in OFFERED)
    done = subprocess.run(
        ["fish", "--no-config"],
        input=printed("completion", "fish") + lines,
        text=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb"},
    )
    assert not done.stderr and done.stdout.splitlines() == list(OFFERED.values())


def read_until(terminal, text, timeout=30):
    output, deadline = b"", time.monotonic() + timeout
    while text not in output:
        assert time.monotonic() < deadline, output
        if select.select([terminal], [], [], 0.2)[0]:
            output += os.read(terminal, 65536)
    return output.decode(errors="replace")


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is missing: apt-get install zsh")
def test_zsh_completes_commands_options_and_values(tmp_path):
    script = tmp_path / "_malachite"
    script.write_text(printed("completion", "zsh"))
    terminal, other = pty.openpty()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb", "PS1": ""}
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"], stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True
    )
    os.close(other)
    try:
        # What is printed differs from what is typed, so that the echo of the terminal does not count.
        begin = f"autoload -Uz compinit; compinit -u -D; source {script}; compdef _malachite malachite; echo re''ady\n"
        os.write(terminal, begin.encode())
        read_until(terminal, b"ready\r")
        for typed, word in OFFERED.items():
            # Tab, then a line that runs nothing: ": malachite ...; echo end".
            os.write(terminal, typed.encode() + b"\t\x01: \x05; echo e''nd\n")
            assert f": {typed.rsplit(' ', 1)[0]} {word}; " in read_until(terminal, b"end\r")
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)


def test_completion_of_an_unknown_shell_is_refused():
    for words in (["completion"], ["completion", "tcsh"], ["man", "x"]):
        assert run_command(*words).returncode == 2


@pytest.mark.parametrize(
    "client, variable",
    [
        ("terraform", "ARM_METADATA_HOSTNAME"),
        ("terraform", "ARM_RESOURCE_MANAGER_ENDPOINT"),
        ("dotnet", "SSL_CERT_FILE"),
        ("java", "JAVA_TOOL_OPTIONS"),
        ("go", "SSL_CERT_FILE"),
    ],
)
def test_env_prints_variables_that_a_shell_takes(client, variable):
    script = printed("env", client, "--https-port", 12345, "--data-dir", "/no where")
    done = subprocess.run(["bash", "-eu"], input=script + f'echo "${variable}"', text=True, capture_output=True)
    assert done.stdout.strip() and not done.stderr
    assert "127.0.0.1:12345" in script and "/no where/tls/ca.pem" in script


def test_the_version_comes_from_one_file():
    version = (ROOT / "VERSION").read_text().strip()
    assert printed("version") == f"malachite {version}\n"
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()
    changelog = ROOT / "debian/changelog"
    if changelog.exists():
        assert changelog.read_text().startswith(f"malachite ({version})")
