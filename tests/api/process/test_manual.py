"""The manual page, completions and settings that the program prints about itself."""

import re
import shutil
import subprocess

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
        done = subprocess.run(["mandoc", "-Tlint", "-W", "error"], input=printed("man"), text=True, capture_output=True)
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
