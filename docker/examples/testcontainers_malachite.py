"""Malachite for a test, with Testcontainers for Python."""

import time

import requests
from testcontainers.core.container import DockerContainer


class MalachiteContainer(DockerContainer):
    """with MalachiteContainer() as malachite: requests.get(malachite.url + "/subscriptions?api-version=2022-12-01")"""

    def __init__(self, image="malachite:latest"):
        super().__init__(image)
        self.with_exposed_ports(8080)

    def start(self, timeout=60):
        super().start()
        self.url = f"http://{self.get_container_host_ip()}:{self.get_exposed_port(8080)}"
        deadline = time.monotonic() + timeout
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise TimeoutError("Malachite is not ready")
            time.sleep(0.2)
        return self

    def _is_ready(self):
        try:
            return requests.get(self.url + "/_malachite/ready", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False
