"""Clients that do not read, close half, or send what is no text; nobody who reads the log; keys that were damaged."""

import os
import pathlib
import socket
import struct
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest

from arm import patience, unique, wait_until
from malachite import Malachite, environment, run_command
from proxy import Proxy

HOST = b"Host: localhost\r\n"
HEALTH = b"GET /_malachite/health HTTP/1.1\r\n" + HOST + b"\r\n"
DOCUMENT = b"GET /_malachite/openapi/2025-08-01.json HTTP/1.1\r\n" + HOST + b"\r\n"
MOST = 16


def connect(one, scheme="http", receive_buffer=None):
    address = urlsplit(one.endpoints[scheme])
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(patience(10))
    connection.connect((address.hostname, address.port))
    return connection


def read_to_end(connection):
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


def is_served(one):
    """A client that sends its request at once and reads the answer."""
    try:
        with connect(one) as probe:
            probe.settimeout(patience(1))
            probe.sendall(HEALTH)
            return probe.recv(65536).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


@pytest.fixture(scope="module")
def narrow():
    with Malachite("--max-connections", MOST) as running:
        yield running


def never_read(one, _):
    connection = connect(one, receive_buffer=4096)
    connection.sendall(DOCUMENT * 40)
    connection.recv(1, socket.MSG_PEEK)  # the answer has begun
    return connection


def send_half(one, _):
    connection = connect(one)
    connection.sendall(HEALTH[:-4])
    return connection


def reset(one, _):
    connection = connect(one)
    connection.sendall(DOCUMENT)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    return connection


def stall_in_tls(one, _):
    connection = connect(one, "https")
    connection.sendall(b"\x16\x03\x01\x02\x00\x01")
    return connection


def in_turn(one, number):
    return (never_read, send_half, reset, stall_in_tls)[number % 4](one, number)


@pytest.mark.parametrize("attack", [never_read, send_half, reset, stall_in_tls, in_turn])
def test_a_flood_keeps_nobody_away(narrow, attack):
    """Three times as many as may be open, from the address of the honest client."""
    connections = []
    try:
        for number in range(3 * MOST):
            try:
                connections.append(attack(narrow, number))
            except OSError:
                continue  # it had to give way at once
            if number % MOST == MOST - 1:
                wait_until(lambda: is_served(narrow), 2, "an answer during the flood")
        served = [is_served(narrow) for _ in range(20)]
        assert served.count(True) >= 19, served
    finally:
        for connection in connections:
            connection.close()
    wait_until(lambda: is_served(narrow), 1, "an answer after the flood")


@pytest.mark.parametrize(
    "request_line, status",
    [
        ("GET /_malachite/health", 200),
        ("GET /_malachite/openapi/2025-08-01.json", 200),
        ("GET /subscriptions?api-version=2022-12-01", 200),
        ("GET /nowhere", 404),
        ("PUT /subscriptions/x", 405),
        ("DELETE /_malachite/requests", 204),
    ],
)
def test_a_client_that_stops_sending_gets_its_answer(malachite, request_line, status):
    """As `nc -N` does."""
    for delay in (0, 0, 0, 0.001, 0.003):
        with connect(malachite) as connection:
            connection.sendall(f"{request_line} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
            time.sleep(delay)  # the end comes before, while, or after the request is worked on
            connection.shutdown(socket.SHUT_WR)
            answer = read_to_end(connection)
        assert answer[9:12] == str(status).encode(), (delay, answer[:200])


CONTROLS = [1, 7, 8, 11, 12, 27, 31, 127]


@pytest.mark.parametrize(
    "form",
    [b"GET /_malachite/health HTTP/1.1\r\nHost: localhost\r\nX-Any: a%sb\r\n\r\n",
     b"GET /_malachite/health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a%sb\r\n\r\n",
     b"GET /_malachite/health HTTP/1.1\r\nHost: local%shost\r\n\r\n",
     b"GET /_malachite/health HTTP/1.1\r\nHost: localhost\r\nX-%sAny: b\r\n\r\n",
     b"GET /_malachite/hea%slth HTTP/1.1\r\nHost: localhost\r\n\r\n",
     b"GET /_malachite/health?a=%sb HTTP/1.1\r\nHost: localhost\r\n\r\n",
     b"GE%sT /_malachite/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
     b"GET /_malachite/health HTTP/1.1%s\r\nHost: localhost\r\n\r\n"],
    ids=["value", "token", "host", "name", "path", "query", "method", "version"],
)  # fmt: skip
def test_control_characters_in_the_head_are_refused(malachite, form):
    for control in CONTROLS:
        with connect(malachite) as connection:
            connection.sendall(form.replace(b"%s", bytes([control])))
            assert read_to_end(connection)[9:12] == b"400", control


def test_a_log_that_nobody_reads_delays_nobody(tmp_path):
    """Standard error is a pipe. Its lines are dropped while it is full, and counted."""
    reading, writing = os.pipe()
    one = Malachite("--log-level", "debug")
    process = subprocess.Popen(one.command(), stdout=subprocess.DEVNULL, stderr=writing, env=environment())
    os.close(writing)
    try:
        wait_until(lambda: os.path.exists(one.endpoints_file), 20, "the endpoints")
        one.endpoints = {"http": "http://127.0.0.1:" + port_of(one.endpoints_file)}
        wait_until(lambda: is_served(one), 10, "health")
        line = b"GET /" + b"x" * 400 + b" HTTP/1.1\r\n" + HOST + b"\r\n"
        for _ in range(300):  # more than a pipe holds
            with connect(one) as connection:
                connection.sendall(line)
                assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")
        assert is_served(one)
        text = os.read(reading, 1 << 20)
        os.set_blocking(reading, False)

        def says_so():
            nonlocal text
            assert is_served(one)
            try:
                text += os.read(reading, 1 << 20)
            except BlockingIOError:
                pass
            return b"lines of the log were dropped" in text

        wait_until(says_so, 10, "the line about dropped lines")
        assert b"dropped=" in text
    finally:
        process.terminate()
        process.wait(patience(20))
        os.close(reading)
        one.close()


def port_of(endpoints_file):
    return pathlib.Path(endpoints_file).read_text().split('"http": "', 1)[1].split('"', 1)[0].rsplit(":", 1)[1]


@pytest.mark.parametrize("name", ["tls/token.key", "tls/ca.key", "tls/server.key", "malachite.key"])
def test_a_damaged_or_open_key_file_refuses_to_start_and_stays(own, name):
    one = own()
    one.arm.get("/_malachite/health", api_version="")
    wait_until(lambda: os.path.exists(f"{one.data_dir}/tls/token.key"), 20, "the key for tokens")
    one.stop()
    path = pathlib.Path(one.data_dir, name)
    good = path.read_bytes()
    for content, mode in ((good, 0o644), (good, 0o640), (good, 0o602), (good[: len(good) // 2], 0o600), (b"", 0o600)):
        path.write_bytes(content)
        path.chmod(mode)
        done = run_command("serve", "--data-dir", one.data_dir, "--http-port", "0", "--https-port", "0")
        assert done.returncode == 78 and name.rsplit("/", 1)[-1] in done.stderr, (mode, done.stderr)
        assert path.read_bytes() == content
    path.write_bytes(good)
    path.chmod(0o600)
    one.start()
    assert path.read_bytes() == good


def test_many_servers_that_hang_do_not_starve_another(own, postgres_source, postgres_target):
    one = own("--connect-timeout", "6")
    proxy = Proxy(postgres_source.host, postgres_source.port)
    hanging = [
        one.arm.put_server(
            unique("h"),
            attach=(proxy.host, proxy.port),
            login=postgres_source.superuser,
            password=postgres_source.password,
        )
        for _ in range(16)
    ]
    other = one.attach("other", postgres_target)
    proxy.silence()
    threads = [
        threading.Thread(target=lambda path=server.id: one.arm.request("GET", path + "/databases"))
        for server in hanging * 2
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            began = time.monotonic()
            one.arm.get(other.id + "/databases")
            assert time.monotonic() - began < patience(2)
    finally:
        proxy.resume()
        proxy.cut()
        for thread in threads:
            thread.join()
        proxy.close()
