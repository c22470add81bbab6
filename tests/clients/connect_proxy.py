"""A CONNECT proxy on loopback that leads the names of Azure to one address and refuses every other."""

import socket
import threading

AZURE = ("management.azure.com:443", "login.microsoftonline.com:443")
HEAD_MAX = 16 * 1024


class ConnectProxy:
    """with ConnectProxy("127.0.0.1", 8443) as proxy: ... proxy.url"""

    def __init__(self, host, port):
        self.to = (host, port)
        self.asked = []  # the targets of all CONNECT requests
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind, error, trace):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head and len(head) < HEAD_MAX:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            words = head.split(b"\r\n", 1)[0].decode("latin-1").split()
            target = words[1] if len(words) == 3 and words[0] == "CONNECT" else ""
            self.asked.append(target)
            if target not in AZURE:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with socket.create_connection(self.to, timeout=10) as server:
                server.settimeout(None)
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join()


def pump(source, destination):
    """Copies bytes until the source ends, then tells the destination."""
    try:
        while part := source.recv(65536):
            destination.sendall(part)
        destination.shutdown(socket.SHUT_WR)
    except OSError:
        pass
