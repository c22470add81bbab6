"""A container of one of the unpacked images, run with runc. What an engine would do beside that - the volume, a writable
/tmp, the health check, the stop signal - is done here as docker does it. It shares the network of the test."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from arm import Arm, unique, wait_until
from malachite import ProvisionedPostgres

IMAGES = pathlib.Path(os.environ.get("MALACHITE_IMAGES", "/nonexistent"))
GRACE = 10  # seconds that docker leaves between SIGTERM and SIGKILL
SUBSCRIPTION = "00000000-0000-4000-8000-00000000ca11"


def image(target):
    """What the image says of itself: User, Env, Healthcheck, ..."""
    return json.loads((IMAGES / target / "image.json").read_text())["config"]


class Container:
    """`volume`: a folder on the host; `init`: {name: text} of the init folder; `healthy`: wait for that."""

    def __init__(self, volume, target="latest", init=None, arguments=("serve",), environment=None, healthy=False):
        self.name = unique("image")
        self.volume = volume
        self.target = target
        self.bundle = pathlib.Path(tempfile.mkdtemp(dir=IMAGES))
        self.output = self.bundle / "output"
        self.process = None
        self.healthy = healthy
        config = json.loads((IMAGES / target / "config.json").read_text())
        config["process"]["terminal"] = False
        config["process"]["args"] = ["malachite-entrypoint", *arguments]
        config["process"]["env"] += [f"{name}={value}" for name, value in (environment or {}).items()]
        config["root"] = {"path": str(IMAGES / target / "rootfs"), "readonly": True}
        config["linux"]["namespaces"] = [item for item in config["linux"]["namespaces"] if item["type"] != "network"]
        mounts = [item for item in config["mounts"] if item["destination"] != "/var/lib/malachite"]
        mounts.append(
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]}
        )
        mounts.append(bind(volume, "/var/lib/malachite", "rw"))
        if init:
            folder = self.bundle / "init"
            folder.mkdir()
            for name, text in init.items():
                (folder / name).write_text(text)
            mounts.append(bind(folder, "/docker-entrypoint-init.d", "ro"))
        config["mounts"] = mounts
        (self.bundle / "config.json").write_text(json.dumps(config))

    def __enter__(self):
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(
                ["runc", "run", "--bundle", self.bundle, self.name],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
            )
        if self.healthy:
            try:
                self.wait_until_healthy()
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            subprocess.run(["runc", "kill", self.name, "KILL"], check=False, capture_output=True)
            self.process.wait(timeout=30)
        subprocess.run(["runc", "delete", "--force", self.name], check=False, capture_output=True)
        shutil.rmtree(self.bundle)

    def execute(self, *command):
        return subprocess.run(
            ["runc", "exec", self.name, *command], check=False, capture_output=True, text=True, timeout=60
        )

    def text(self):
        return self.output.read_text()

    def is_healthy(self):
        """The health check of the image, as an engine would run it."""
        kind, *command = image(self.target)["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.execute(*command).returncode == 0

    def wait_until_healthy(self):
        def healthy():
            assert self.process.poll() is None, self.text()
            return self.is_healthy()

        wait_until(healthy, 60, f"the health of {self.name}", interval=0.2)

    def wait(self, seconds):
        """The exit code of the container."""
        return self.process.wait(timeout=seconds)

    def stop(self):
        """As `docker stop` does, but the kill after the grace time is a failure."""
        subprocess.run(["runc", "kill", self.name, signal.Signals.SIGTERM.name], check=True)
        return self.wait(GRACE)

    def arm(self):
        arm = Arm("http://127.0.0.1:8080", SUBSCRIPTION, group="rg")
        arm.put_group("rg")
        return arm


class Malachite:
    """What the tests' helpers want of a Malachite, for one in a container."""

    def __init__(self, container):
        self.container = container
        self.data_dir = str(container.volume)
        self.arm = container.arm()

    def instance_dir(self, name):
        return f"{self.data_dir}/instances/{name}"

    def provision(self, name):
        server = self.arm.put_server(name, version=15)
        self.find(server)
        return server

    def find(self, server):
        server.postgres = ProvisionedPostgres(self, server)


def bind(source, destination, mode):
    return {"destination": destination, "type": "bind", "source": str(source), "options": ["bind", mode]}
