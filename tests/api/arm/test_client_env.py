"""What `malachite env` prints for a client, and words of the command line about sign-in that are refused."""

import pytest

from malachite import run_command


@pytest.mark.parametrize("words, status", [(["--auth", "maybe"], 2), (["--tls-names", "not a name"], 78)])
def test_bad_words_refuse_to_start(words, status, tmp_path):
    assert (
        run_command("serve", "--data-dir", tmp_path / "d", "--http-port", 0, "--https-port", 0, *words).returncode
        == status
    )


@pytest.mark.parametrize(
    "client, variable",
    [
        ("az", "REQUESTS_CA_BUNDLE"),
        ("node", "NODE_EXTRA_CA_CERTS"),
        ("python", "REQUESTS_CA_BUNDLE"),
        ("curl", "CURL_CA_BUNDLE"),
    ],
)
def test_env_prints_what_a_client_needs(malachite, client, variable):
    done = run_command("env", client, "--endpoints-file", malachite.endpoints_file)
    assert done.returncode == 0 and f"export {variable}={malachite.endpoints['ca']}\n" in done.stdout
    assert malachite.endpoints["https"] in done.stdout


def test_env_asks_the_ports_without_a_file():
    done = run_command("env", "curl", "--https-port", 12345, "--data-dir", "/nowhere")
    assert "export MALACHITE_URL=https://127.0.0.1:12345\n" in done.stdout
    assert "export CURL_CA_BUNDLE=/nowhere/tls/ca.pem\n" in done.stdout


@pytest.mark.parametrize(
    "words", [[], ["cobol"], ["az", "--https-port", "0"], ["az", "--endpoints-file", "/nowhere"], ["az", "--nonsense"]]
)
def test_env_names_what_is_missing(words):
    done = run_command("env", *words)
    assert done.returncode == 2 and done.stderr.startswith("malachite: ") and not done.stdout
