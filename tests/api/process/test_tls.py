"""Malachite's own certificate authority: what it counts for, how long, and that no accident replaces it."""

import socket
import ssl
import subprocess
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest

from arm import patience, wait_until
from malachite import run_command

CONFIGURATION = """
[ca]
default_ca = here
[here]
dir = {dir}
database = {dir}/index
new_certs_dir = {dir}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
unique_subject = no
[any]
commonName = optional
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


def openssl(*words):
    return subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, timeout=patience(20), check=True
    ).stdout


def issue(tls, target, names, until):
    """A certificate and key in `target`.pem and .key, signed by Malachite's authority."""
    work = target.parent / (target.name + "-work")
    work.mkdir()
    (work / "index").touch()
    (work / "conf").write_text(CONFIGURATION.format(dir=work, names=names))
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
            "-keyout", f"{target}.key", "-out", work / "request")  # fmt: skip
    openssl("ca", "-batch", "-config", work / "conf", "-in", work / "request", "-cert", tls + "/ca.pem",
            "-keyfile", tls + "/ca.key", "-startdate", "20260101000000Z", "-enddate", f"{until:%Y%m%d%H%M%SZ}",
            "-notext", "-out", f"{target}.pem")  # fmt: skip


def now():
    return datetime.now(timezone.utc)


def presented(malachite, name="localhost"):
    """The certificate of a new connection, verified against the authority as it is on the disk."""
    context = ssl.create_default_context(cafile=malachite.data_dir + "/tls/ca.pem")
    port = urlsplit(malachite.endpoints["https"]).port
    with socket.create_connection(("127.0.0.1", port), patience(10)) as plain:
        with context.wrap_socket(plain, server_hostname=name) as connection:
            return connection.getpeercert()


def end_of(certificate):
    return datetime.strptime(certificate["notAfter"], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=timezone.utc)


NAMES = (
    "DNS:localhost,DNS:management.azure.com,DNS:login.microsoftonline.com,DNS:malachite,DNS:host.docker.internal,"
    "IP:127.0.0.1,IP:::1"
)


@pytest.fixture
def fresh(own):
    return own("--tls-names", "azure.test,192.0.2.7")


def test_the_authority_is_valid_for_served_names_only(fresh, tmp_path):
    tls = fresh.data_dir + "/tls"
    text = openssl("x509", "-in", tls + "/ca.pem", "-noout", "-text")
    assert "Name Constraints: critical" in text
    for name in ("DNS:localhost", "DNS:azure.test", "IP:127.0.0.0/255.0.0.0", "IP:192.0.2.7/255.255.255.255"):
        assert name in text
    for name in ("localhost", "azure.test", "192.0.2.7", "::1"):
        presented(fresh, name)
    for number, (names, good) in enumerate([
        ("DNS:localhost", True), ("IP:127.1.2.3", True), ("DNS:evil.example", False), ("IP:192.0.2.8", False),
        ("IP:2001:db8::1", False), ("DNS:localhost,DNS:evil.example", False), ("DNS:*.com", False),
    ]):  # fmt: skip
        issue(tls, tmp_path / str(number), names, now() + timedelta(days=5))
        done = subprocess.run(["openssl", "verify", "-CAfile", tls + "/ca.pem", f"{tmp_path}/{number}.pem"],
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert (done.returncode == 0) == good, (names, done.stdout, done.stderr)
        assert good or "permitted subtree violation" in done.stderr


def test_authority_and_certificate_do_not_live_long(fresh):
    tls = fresh.data_dir + "/tls"
    for name, days in (("ca", 366), ("server", 91)):
        openssl("x509", "-in", f"{tls}/{name}.pem", "-noout", "-checkend", 60 * 86400)
        with pytest.raises(subprocess.CalledProcessError):
            openssl("x509", "-in", f"{tls}/{name}.pem", "-noout", "-checkend", days * 86400)


@pytest.mark.parametrize("name", ["ca.pem", "ca.key"])
def test_an_unreadable_authority_is_an_error_and_not_a_new_one(own, name):
    one = own()
    one.stop()
    path = f"{one.data_dir}/tls/{name}"
    with open(path) as file:
        good = file.read()
    for bad in ("", "garbage", good[: len(good) // 2], None):
        subprocess.run(["rm", path], check=True)
        if bad is None and name == "ca.key":
            bad = ""  # a key that is missing beside its certificate
        elif bad is None:
            subprocess.run(["ln", "-s", path, path], check=True)
        else:
            with open(path, "w") as file:
                file.write(bad)
        done = run_command("serve", "--data-dir", one.data_dir, "--http-port", "0", "--https-port", "0")
        assert done.returncode == 78 and "certificate authority" in done.stderr and "ca.pem" in done.stderr
    subprocess.run(["rm", "-f", path], check=True)
    with open(path, "w") as file:
        file.write(good)
    subprocess.run(["chmod", "600", path], check=True)
    one.start()
    presented(one)


def test_a_certificate_that_expires_is_renewed_at_the_start(own, tmp_path):
    one = own()
    one.stop()
    tls = one.data_dir + "/tls"
    issue(tls, tmp_path / "server", NAMES, now() + timedelta(days=20))
    subprocess.run(["cp", f"{tmp_path}/server.pem", f"{tmp_path}/server.key", tls], check=True)
    with open(tls + "/ca.pem") as file:
        authority = file.read()
    one.start()
    assert end_of(presented(one)) > now() + timedelta(days=60)
    with open(tls + "/ca.pem") as file:
        assert file.read() == authority


def test_a_certificate_that_expires_is_renewed_while_it_runs(own, tmp_path):
    one = own()
    one.stop()
    tls = one.data_dir + "/tls"
    issue(tls, tmp_path / "server", NAMES, now() + timedelta(days=30, seconds=4))
    subprocess.run(["cp", f"{tmp_path}/server.pem", f"{tmp_path}/server.key", tls], check=True)
    one.start()
    assert end_of(presented(one)) < now() + timedelta(days=31)
    wait_until(lambda: end_of(presented(one)) > now() + timedelta(days=60), 15, "a new certificate", 0.2)
    assert "created a server certificate" in one.log_text()
    one.restart()
    assert end_of(presented(one)) > now() + timedelta(days=60)


def test_an_authority_for_any_name_is_replaced_and_logged(own):
    one = own()
    one.stop()
    tls = one.data_dir + "/tls"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=old",
            "-days", 3650, "-keyout", tls + "/ca.key", "-out", tls + "/ca.pem")  # fmt: skip
    one.start()
    assert "clients have to trust it" in one.log_text().rsplit("cannot", 1)[-1]
    assert "Name Constraints" in openssl("x509", "-in", tls + "/ca.pem", "-noout", "-text")
    presented(one)
