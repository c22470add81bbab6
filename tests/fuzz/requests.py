#!/usr/bin/python3
"""Mutated requests against a running Malachite: nothing it is sent may be answered 5xx (but for the 501 of what it does
not implement), kill it, keep it from answering, take more than 64 MiB, or make it ill.

    tests/fuzz/requests.py [--count 10000] [--seed 1] [--seconds 600] [--from 0]

Real calls are taken, one for each route at least, and changed: method, path, query, headers, body, form, template. The
same seed gives the same requests, and is printed; --from leaves out the requests before a number. MALACHITE_BINARY
names the build; memory is looked at where MALACHITE_TEST_SLOWNESS is not set.
"""

import argparse
import http.client
import json
import os
import random
import select
import socket
import sys
import time


# Not this directory: this file would hide the library "requests".
sys.path[0] = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "http"))

from arm import patience  # noqa: E402
from malachite import Malachite  # noqa: E402
from postgres import Postgres  # noqa: E402
from request_calls import Calls  # noqa: E402
from request_mutations import (  # noqa: E402
    encode,
    encode_pairs,
    mutate_bytes,
    mutate_form,
    mutate_headers,
    mutate_path,
    mutate_query,
    mutate_template,
    mutate_value,
)

REFRESH_EVERY = 400
PROGRESS_EVERY = 10000
METHODS = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "BREW"]
ANSWER_SECONDS = 20
GROWTH_MAX = 64 * 1024 * 1024
# A request whose rest never comes is given up soon.
OPTIONS = ("--connect-timeout", "1", "--request-timeout", "2")


def plain(text):
    """As a request line can carry it."""
    return "".join(c if "!" <= c <= "~" else f"%{ord(c) % 256:02x}" for c in text)


class Request:
    """What is sent. `odd`: its frame may be wrong, so that it has a connection of its own."""

    def __init__(self, rng, call, host):
        method, path, query, body = call.method, call.path, list(call.query.items()), call.body
        if call.version:
            query.append(("api-version", call.version))
        payload = encode(body) if body is not None else b""
        if call.form is not None:
            payload = encode_pairs(call.form.items()).encode()
        headers = [("Host", host), ("Content-Type", call.content_type), *call.headers.items()]
        self.odd = False
        for what in rng.sample(["method", "path", "query", "headers", "body", "body"], rng.choice([1, 1, 1, 2, 3])):
            if what == "method":
                method = rng.choice(METHODS)
            elif what == "path":
                path = mutate_path(rng, path)
            elif what == "query":
                query = mutate_query(rng, call.version, call.query.items())
            elif what == "headers":
                self.odd = True
            else:
                payload = self._mutate_body(rng, call, payload)
        if payload or method in ("PUT", "POST", "PATCH"):
            headers.append(("Content-Length", str(len(payload))))
        self.method = method
        target = plain(path) + (f"?{plain(encode_pairs(query))}" if query else "")
        pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        if self.odd:
            pairs = mutate_headers(rng, headers)
        lines = [b"%s: %s" % pair if pair[0] is not None else pair[1] for pair in pairs]
        self.bytes = b"\r\n".join([f"{method} {target} HTTP/1.1".encode(), *lines, b"", payload])

    @staticmethod
    def _mutate_body(rng, call, payload):
        if call.form is not None:
            return mutate_form(rng, call.form)
        if call.body is None or rng.random() < 0.2:
            return mutate_bytes(rng, payload)
        body = call.body
        for _ in range(rng.choice([1, 1, 2, 4])):
            properties = body.get("properties") if isinstance(body, dict) else None
            is_template = isinstance(properties, dict) and "template" in properties
            body = mutate_template(rng, body) if is_template and rng.random() < 0.8 else mutate_value(rng, body)
        return encode(body)


# -- the run ----------------------------------------------------------------------------------------------------


class Client:
    """One connection, made anew when the server closes it."""

    def __init__(self, endpoint):
        self.host = endpoint.split("//")[1]
        self.socket = None

    def send(self, request):
        """The status, None when the connection was closed instead; the body; the media type."""
        if request.odd:
            self.close()
        for _ in range(2):
            fresh = self.socket is None
            if fresh:
                name, port = self.host.rsplit(":", 1)
                self.socket = socket.create_connection((name, int(port)), timeout=patience(ANSWER_SECONDS))
            try:
                return self._exchange(request)
            except (http.client.HTTPException, ConnectionError):
                self.close()
                if fresh:
                    break
        return None, b"", ""

    def _exchange(self, request):
        try:
            self.socket.sendall(request.bytes)
            if request.odd and not select.select([self.socket], [], [], 0.5)[0]:
                self.socket.shutdown(socket.SHUT_WR)  # the server waits for the rest of it
        except ConnectionError:
            pass  # it may have answered before it had all of the request
        response = http.client.HTTPResponse(self.socket, method=request.method)
        response.begin()
        media = response.headers.get_content_type()
        if media == "text/event-stream":  # it never ends
            self.close()
            return response.status, b"", media
        text = response.read()
        if response.will_close or request.odd:
            self.close()
        return response.status, text, media

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None


def complaint(method, status, text, media):
    """What is wrong with an answer, or None. A connection that is closed without one is the parser's right below us."""
    if status is None or (status < 500 and not text):
        return None
    if status == 501:
        return None if b'"NotImplementedByEmulator"' in text or not text else "a 501 that is not meant"
    if status >= 500:
        return f"status {status}"
    if status < 400 or method == "HEAD":
        return None
    if status == 404 and media == "text/html":
        return None  # a page that the portal lacks; the portal says so
    if media != "application/json":
        return f"an error as {media}"
    if status == 408 and "error" not in json.loads(text):
        return None  # a long poll whose time has passed: it answers with what there is
    error = json.loads(text).get("error")
    message = error.get("message") if isinstance(error, dict) else json.loads(text).get("error_description")
    return None if error and message else "an error without its shape"


class Memory:
    """What the process takes beyond what it took when it had warmed up."""

    def __init__(self, pid):
        self.pid = pid
        self.idle = None

    def peak(self):
        """Bytes, the most since the last call."""
        with open(f"/proc/{self.pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file)
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")
        return 1024 * int(fields["VmHWM"].split()[0])

    def grown(self):
        peak = self.peak()
        if self.idle is None:
            self.idle = peak
        return peak - self.idle


def run(malachite, postgres, count, seed, seconds, first=0):
    """Sends up to `count` requests; returns how many of each status came. AssertionError at the first bad answer."""
    rng = random.Random(seed)
    calls = Calls(malachite, postgres)
    client = Client(malachite.arm.endpoint)
    memory = Memory(malachite.pid)
    began = time.monotonic()
    seen, most = {}, 0
    base = None
    for number in range(count):
        if number >= first and (base is None or number % REFRESH_EVERY == 0):
            calls.restore()
            grown = memory.grown()
            # A sanitizer keeps back what is freed; it reports leaks at the end.
            assert (
                grown < GROWTH_MAX or patience(1) > 1
            ), f"{grown >> 20} MiB more before request {number} of seed {seed} than at first"
            most = max(most, grown)
            if number > first and number % PROGRESS_EVERY == 0:
                print(f"{number} requests, {grown / 1048576:.1f} MiB more than idle", flush=True)
        base = base or calls.all()
        if time.monotonic() > began + seconds:
            break
        request = Request(rng, rng.choice(base), client.host)
        if number < first:
            continue
        where = f"request {number} of seed {seed}: {request.bytes[:4000]!r}"
        try:
            status, text, media = client.send(request)
        except TimeoutError:
            raise AssertionError(f"no answer in {patience(ANSWER_SECONDS)} s to {where}") from None
        seen[status] = seen.get(status, 0) + 1
        problem = complaint(request.method, status, text, media)
        assert malachite.running, f"ended by {where}\n{malachite.log_text()[-6000:]}"
        assert problem is None, f"{problem}: {where}\n{text[:2000]!r}"
    client.close()
    malachite.arm.request("GET", "/_malachite/health", api_version="", status=200)
    malachite.fuzz_growth = most
    return seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--from", type=int, default=0, dest="first")
    options = parser.parse_args()
    with Postgres(name="fuzz") as postgres, Malachite(*OPTIONS) as malachite:
        print(f"seed {options.seed}", flush=True)
        began = time.monotonic()
        seen = run(malachite, postgres, options.count, options.seed, options.seconds, options.first)
        print(
            f"{sum(seen.values())} requests in {time.monotonic() - began:.1f} s, seed {options.seed},"
            f" at most {malachite.fuzz_growth / 1048576:.1f} MiB more than idle:",
            ", ".join(f"{status or 'closed'}: {number}" for status, number in sorted(seen.items(), key=str)),
        )


if __name__ == "__main__":
    main()
