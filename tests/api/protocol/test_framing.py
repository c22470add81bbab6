"""Bytes on the wire: where a request ends, how long it may take, and that every refusal can be read."""

import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest

from arm import patience, wait_until
from invariants import check_error
from malachite import Malachite

MIB = 1024 * 1024
HOST = b"Host: localhost\r\n"
HEALTH = b"GET /_malachite/health HTTP/1.1\r\n" + HOST + b"\r\n"


def connect(malachite, scheme="http"):
    address = urlsplit(malachite.endpoints[scheme])
    connection = socket.create_connection((address.hostname, address.port), patience(10))
    if scheme == "https":
        context = ssl.create_default_context(cafile=malachite.endpoints["ca"])
        connection = context.wrap_socket(connection, server_hostname="localhost")
    connection.settimeout(patience(10))
    return connection


def read_to_end(connection):
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer


def refusal(malachite, sent, scheme="http"):
    """Sends bytes; returns the one answer after which the server has closed: status, error."""
    with connect(malachite, scheme) as connection:
        connection.sendall(sent)
        answer = read_to_end(connection)
    assert len(re.findall(rb"HTTP/1\.1 \d\d\d ", answer)) == 1, answer
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"x-ms-request-id: " in head and b"onnection: close" in head, head
    error = json.loads(body)["error"]
    check_error({"error": error}, "refusal")
    return int(head.split()[1]), error


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "head",
    [
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 4\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: -4\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: +4\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4, 4\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length : 4\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"PUT /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"PUT /x HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n",
    ],
)
def test_ambiguous_framing_is_refused_and_the_connection_closed(malachite, head, scheme):
    # A second request hides in what could be the body: it gets no answer.
    status, error = refusal(malachite, head + b"\r\n" + HEALTH, scheme)
    assert (status, error["code"]) == (400, "BadRequest"), error


NUL_REQUESTS = [
    b"GET /_malachite/health\0 HTTP/1.1\r\n" + HOST,
    b"GET /_malachite/health\0/../x HTTP/1.1\r\n" + HOST,
    b"GET /_malachite/health?a=\0b HTTP/1.1\r\n" + HOST,
    b"GET\0 /_malachite/health HTTP/1.1\r\n" + HOST,
    b"GET /_malachite/health HTTP/1.1\0\r\n" + HOST,
    b"GET /_malachite/health HTTP/1.1\r\nHost: localhost\0.evil.example\r\n",
    b"GET /_malachite/health HTTP/1.1\r\n" + HOST + b"X-Long: a\0b\r\n",
    b"GET /_malachite/health HTTP/1.1\r\n" + HOST + b"X-Na\0me: a\r\n",
    b"GET /_malachite/health HTTP/1.1\r\n" + HOST + b"Authorization: Bearer a\0\r\n",
    b"DELETE /_malachite/requests HTTP/1.1\r\n" + HOST + b"Origin: http://SAME\0.evil.example\r\n",
    b"DELETE /_malachite/requests HTTP/1.1\r\n" + HOST + b"Sec-Fetch-Site: none\0cross-site\r\n",
    b"POST /_malachite/connection HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\0text/plain\r\n",
    b"PUT /x HTTP/1.1\r\n" + HOST + b"Content-Length: 0\x004\r\n",
    b"PUT /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\0gzip\r\n",
]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_nul_byte_is_refused_wherever_it_stands(malachite, scheme):
    """libmicrohttpd cuts text there, and a proxy does not: each of these looks good up to the NUL."""
    here = urlsplit(malachite.endpoints[scheme]).netloc.encode()
    for head in NUL_REQUESTS:
        sent = head.replace(b"SAME", here) + b"\r\n"
        with connect(malachite, scheme) as connection:
            # Byte by byte around the NUL: it need not arrive together with the rest.
            before, after = sent.split(b"\0")
            connection.sendall(before)
            connection.sendall(b"\0")
            connection.sendall(after + HEALTH)
            answer = read_to_end(connection)
        assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1, (head, answer)
        check_error(json.loads(answer.partition(b"\r\n\r\n")[2]), str(head))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_nul_byte_in_a_body_is_refused(malachite, scheme):
    form = b"grant_type=password&username=a\0b&password=p&client_id=c&scope=x"
    for kind, path, body in (
        (b"application/x-www-form-urlencoded", b"/common/oauth2/v2.0/token", form),
        (b"application/json", b"/_malachite/connection", b'{"host": "a\0b"}'),
        (b"application/json", b"/_malachite/connection", '{"host": "localhost"}'.encode("utf-16")),
    ):
        head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Type: " + kind + b"\r\n"
        status, error = refusal(malachite, head + b"Content-Length: %d\r\n\r\n" % len(body) + body + HEALTH, scheme)
        assert (status, error["code"]) == (400, "BadRequest") and "NUL" in error["message"], error


def test_a_connection_that_follows_one_with_a_nul_byte_is_served(malachite):
    for scheme in ("http", "https"):
        for _ in range(3):
            assert refusal(malachite, b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n", scheme)[0] == 400
            with connect(malachite, scheme) as connection:
                connection.sendall(HEALTH + HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                assert read_to_end(connection).count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize(
    "chunk",
    [b"zz\r\n\r\n", b"-1\r\nx\r\n", b"ffffffffffffffffffff\r\nx\r\n", b"5;" + b"x" * 100_000 + b"\r\nabcde\r\n"],
    ids=["zz", "negative", "huge", "extension"],
)
def test_a_broken_chunk_is_refused(malachite, chunk):
    status, _ = refusal(
        malachite, b"PUT /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + HEALTH
    )
    assert status in (400, 413)


def test_http_1_0_needs_no_host(malachite):
    with connect(malachite) as connection:
        connection.sendall(b"GET /_malachite/health HTTP/1.0\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "lines",
    [
        b"X-Long: " + b"a" * 30_000 + b"\r\n",
        b"X-Long: " + b"a" * MIB + b"\r\n",
        b"X-Many: abcdef\r\n" * 8000,
        b"Authorization: Bearer " + b"e" * 200_000 + b"\r\n",
    ],
    ids=["30k", "1M", "many", "token"],
)
def test_oversized_headers_are_refused_in_the_service_s_shape(malachite, lines, scheme):
    status, error = refusal(malachite, b"GET /subscriptions HTTP/1.1\r\n" + HOST + lines + b"\r\n", scheme)
    assert (status, error["code"]) == (431, "RequestHeaderFieldsTooLarge")


@pytest.mark.parametrize("length", [20_000, 100_000, MIB])
def test_an_oversized_address_is_refused_in_the_service_s_shape(malachite, length):
    status, error = refusal(malachite, b"GET /" + b"a" * length + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (status, error["code"]) == (414, "RequestUriTooLong")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "line, head",
    [
        (b"/?" + b"a&" * 33, b""),
        (b"/?" + b"a&" * 600, b""),
        (b"/?" + b"a=b&" * 1500, b""),
        (b"/?" + b"&" * 15000, b""),
        (b"/_malachite/health?" + b"a&" * 7000, b"a: b\r\n" * 100),
        (b"/_malachite/health", b"Cookie: " + b"a;" * 7000 + b"\r\n"),
        (b"/_malachite/health", b"Cookie: " + b"a=b;" * 1500 + b"\r\n"),
        (b"/_malachite/health", b"Cookie: a=b\r\n" * 600),
        (b"/_malachite/health?" + b"a&" * 300, b"Cookie: " + b"a=b;" * 2500 + b"\r\n"),
    ],
    ids=["33", "600", "1500", "empty", "7000", "cookie", "pairs", "cookies", "both"],
)
def test_many_small_parts_of_a_request_do_not_end_the_process(malachite, line, head, scheme):
    """libmicrohttpd keeps them in memory of a fixed size, and crashed when the query filled it (seen in 0.9.75)."""
    pid = malachite.pid
    for _ in range(3):
        with connect(malachite, scheme) as connection:
            connection.sendall(b"GET " + line + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + head + b"\r\n")
            answer = read_to_end(connection)
        assert answer[:13] in (b"HTTP/1.1 200 ", b"HTTP/1.1 414 ", b"HTTP/1.1 431 "), answer[:500]
    assert malachite.running and malachite.pid == pid


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("mib", [5, 40])
def test_python_reads_the_answer_to_a_body_that_is_too_long(malachite, mib, scheme):
    port = urlsplit(malachite.endpoints[scheme]).port
    context = ssl.create_default_context(cafile=malachite.endpoints["ca"])
    connection = (
        http.client.HTTPSConnection("localhost", port, timeout=patience(20), context=context)
        if scheme == "https"
        else http.client.HTTPConnection("localhost", port, timeout=patience(20))
    )
    for method in ("PUT", "PATCH", "POST", "DELETE"):
        connection.request(method, "/subscriptions/x", b"x" * (mib * MIB), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "RequestEntityTooLarge")
    connection.close()


def test_node_reads_the_answer_to_a_body_that_is_too_long(malachite):
    script = """
        const http = require('http')
        const request = http.request(process.argv[1], { method: 'PUT' }, (answer) => {
          let text = ''
          answer.on('data', (part) => (text += part))
          answer.on('end', () => console.log(answer.statusCode, JSON.parse(text).error.code))
        })
        request.on('error', (error) => console.log('error', error.code))
        request.setHeader('Content-Type', 'application/json')
        if (process.argv[2] === 'length') request.setHeader('Content-Length', 8 * 1024 * 1024)
        for (let i = 0; i < 8; i++) request.write(Buffer.alloc(1024 * 1024, 'x'))
        request.end()
    """
    for how in ("length", "chunked"):
        done = subprocess.run(
            ["node", "-e", script, malachite.endpoints["http"] + "/subscriptions/x", how],
            capture_output=True,
            text=True,
            timeout=patience(20),
            check=True,
        )
        assert done.stdout.strip() == "413 RequestEntityTooLarge", done.stdout + done.stderr


@pytest.mark.parametrize("mib", [5, 70])
def test_a_body_without_length_that_is_too_long_is_answered(malachite, mib):
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    with connect(malachite) as connection:
        connection.sendall(
            b"PUT /x HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(mib):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_an_endless_body_is_cut_off(malachite):
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    sent = 0
    with connect(malachite) as connection:
        connection.sendall(b"PUT /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            while sent < 1000:
                connection.sendall(chunk)
                sent += 1
    assert 4 <= sent < 300


def test_an_unsent_body_after_the_rejection_costs_nothing(malachite):
    with connect(malachite) as connection:
        connection.sendall(b"PUT /x HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
        assert read_to_end(connection).startswith(b"HTTP/1.1 413 ")


def test_a_wrong_method_lists_the_allowed_ones(arm):
    for method in ("BREW", "DELETE", "PROPFIND"):
        response = arm.request(method, "/_malachite/health", api_version="", status=405)
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert f"'{method}'" in response.json()["error"]["message"]


# -- time ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty():
    with Malachite("--request-timeout", "2", "--max-connections", "64") as running:
        yield running


def trickle(connection, text, stop):
    """Sends byte by byte, as slowly as keeps an idle timeout from coming."""
    try:
        for byte in text:
            connection.sendall(bytes([byte]))
            if stop.wait(0.2):
                return
    except OSError:
        pass


@pytest.mark.parametrize(
    "begin, slow, answer",
    [
        (b"", b"GET /_malachite/health HTTP/1.1\r\nX: " + b"a" * 1000, b""),
        (b"GET /_malachite/health HTTP/1.1\r\n", b"X: " + b"a" * 1000, b"HTTP/1.1 408 "),
        (b"PUT /x HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n", b"a" * 1000, b"HTTP/1.1 408 "),
        (HEALTH, b"", b"HTTP/1.1 200 "),
    ],
    ids=["line", "headers", "body", "idle"],
)
def test_a_request_has_a_deadline_as_a_whole(hasty, begin, slow, answer):
    stop = threading.Event()
    with connect(hasty) as connection:
        connection.sendall(begin)
        thread = threading.Thread(target=trickle, args=(connection, slow, stop))
        thread.start()
        began = time.monotonic()
        try:
            if not slow:
                # Between two requests a connection may rest longer than a request may take.
                assert connection.recv(65536).startswith(answer)
                connection.settimeout(patience(3))
                with pytest.raises(TimeoutError):
                    connection.recv(1)
                connection.sendall(HEALTH)
                assert connection.recv(65536).startswith(answer)
                return
            try:
                received = read_to_end(connection)
            except ConnectionResetError:
                received = b""
        finally:
            stop.set()
            thread.join()
        assert received.startswith(answer) and (answer or not received), received
        assert time.monotonic() - began < patience(6)


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\nX: a", b"PUT /x HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n", HEALTH],
    ids=["nothing", "byte", "headers", "body", "kept"],
)
def test_slow_connections_do_not_keep_health_away(hasty, sent):
    """Twice as many as may be open: those that came first give way."""
    connections = []
    try:
        for _ in range(128):
            connections.append(connect(hasty))
            connections[-1].sendall(sent)
            if len(connections) % 16 == 0:
                with connect(hasty) as probe:
                    probe.settimeout(patience(1))
                    probe.sendall(HEALTH)
                    assert probe.recv(65536).startswith(b"HTTP/1.1 200 ")
    finally:
        for connection in connections:
            connection.close()
    wait_until(lambda: hasty.arm.get("/_malachite/health", api_version=""), 5, "health")


def test_slow_connections_with_tls_do_not_keep_health_away(hasty):
    address = urlsplit(hasty.endpoints["https"])
    connections = []
    try:
        for _ in range(128):
            connections.append(socket.create_connection((address.hostname, address.port), patience(10)))
        with connect(hasty, "https") as probe:
            probe.sendall(HEALTH)
            assert probe.recv(65536).startswith(b"HTTP/1.1 200 ")
    finally:
        for connection in connections:
            connection.close()
