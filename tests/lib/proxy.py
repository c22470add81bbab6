"""A TCP proxy that can lose the network: connections hang in silence, or break."""

import socket
import threading

CHUNK = 65536


class Proxy:
    """Listens on a port of its own and forwards to (host, port)."""

    def __init__(self, host, port):
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self._listener.getsockname()
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._sockets = set()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self):
        """From now on nothing is forwarded, and nobody is told."""
        self._open.clear()

    def resume(self):
        """Forwards the bytes that it held back."""
        self._open.set()

    def cut(self):
        """Breaks every connection there is."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for each in sockets:
            _shut(each)

    def close(self):
        self._closed = True
        self._open.set()
        _shut(self._listener)
        self.cut()

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        self._open.wait()
        try:
            server = socket.create_connection(self._to, 5)
            server.settimeout(None)
        except OSError:
            _shut(client)
            return
        with self._lock:
            self._sockets |= {client, server}
        for one, other, answer in ((client, server, self.answer), (server, client, lambda data: None)):
            threading.Thread(target=self._pump, args=(one, other, answer), daemon=True).start()

    def answer(self, data):
        """What the client gets as an answer instead of the server's, or None. To be overridden."""

    def _pump(self, one, other, answer):
        try:
            while True:
                data = one.recv(CHUNK)
                self._open.wait()
                if not data:
                    break
                reply = answer(data)
                (one if reply else other).sendall(reply or data)
        except OSError:
            pass
        for each in (one, other):
            _shut(each)
        with self._lock:
            self._sockets -= {one, other}


def _shut(each):
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()
