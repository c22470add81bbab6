"""What tools that declare resources send: Terraform's azurerm and azapi, as their requests were seen on the wire.

    server = Declared(arm, path, body, "2024-08-01")
    server.apply()           # GET 404, PUT, poll, GET
    assert server.plan() == []
    server.destroy()         # DELETE, poll, GET 404

A plan is the list of properties that differ between what was sent and what GET answers: a tool would change these on the
next apply, or replace the resource.
"""

from arm import wait_until

SECRETS = ("administratorLoginPassword", "secretParameters")
RUNNING = ("Creating", "Updating", "Deleting", "Running", "InProgress", "Accepted")


def normal_location(value):
    return value.replace(" ", "").lower()


def differences(sent, shown, path=""):
    """The paths of what was sent that is not shown as it was sent. Both tools take region names for the same without
    blanks and case; nothing else is forgiven."""
    if path.split(".")[-1] in SECRETS or sent is None:
        return
    if isinstance(sent, dict):
        if not isinstance(shown, dict):
            yield f"{path}: {sent!r} -> {shown!r}"
            return
        for name, value in sent.items():
            yield from differences(value, shown.get(name), f"{path}.{name}" if path else name)
    elif path == "location":
        if normal_location(sent) != normal_location(shown or ""):
            yield f"{path}: {sent!r} -> {shown!r}"
    elif isinstance(sent, list):
        if not isinstance(shown, list) or len(sent) != len(shown):
            yield f"{path}: {sent!r} -> {shown!r}"
            return
        for index, (one, other) in enumerate(zip(sent, shown)):
            yield from differences(one, other, f"{path}[{index}]")
    elif sent != shown:
        yield f"{path}: {sent!r} -> {shown!r}"


class Declared:
    def __init__(self, arm, path, body, version):
        self.arm = arm
        self.path = path
        self.body = body
        self.version = version

    def request(self, method, body=None, **options):
        return self.arm.request(method, self.path, body, api_version=self.version, **options)

    def read(self):
        """The resource, or None: a tool then takes it out of its state."""
        response = self.request("GET", status=(200, 404))
        return response.json() if response.status_code == 200 else None

    def follow(self, response):
        """As both tools' SDK: Azure-AsyncOperation, else Location, else the resource's provisioningState."""
        operation, location = (response.headers.get(name) for name in ("Azure-AsyncOperation", "Location"))
        if operation:
            status = wait_until(lambda: self._ended(operation), 60, f"the end of {operation}")
            assert status["status"] == "Succeeded", status
        elif location and response.status_code == 202:
            wait_until(
                lambda: self.arm.request("GET", location, status=(200, 202, 204)).status_code != 202, 60, location
            )
        elif response.status_code in (200, 201) and response.content:
            wait_until(lambda: not self._is_running(), 60, f"the provisioning of {self.path}")

    def _ended(self, url):
        status = self.arm.get(url)
        return None if status["status"] in RUNNING else status

    def _is_running(self):
        shown = self.read() or {}
        return shown.get("properties", {}).get("provisioningState") in RUNNING

    def apply(self, method="PUT", body=None):
        """Creates or updates it. `body`: the one from now on; of a PATCH only for this request."""
        if method == "PUT":
            self.body = body or self.body
        response = self.request(method, body or self.body, status=(200, 201, 202))
        self.follow(response)
        shown = self.read()
        assert shown is not None, "the resource is not there after its PUT"
        return shown

    def create(self):
        assert self.read() is None, f"{self.path} exists already: it would have to be imported"
        shown = self.apply()
        assert self.import_plan() == []
        assert self.data_source_plan() == []
        return shown

    def plan(self):
        shown = self.read()
        return ["the resource is gone"] if shown is None else list(differences(self.body, shown))

    def import_plan(self):
        """As plan(), from an id that was typed in another case, as people paste it after `terraform import`."""
        above, name = self.path.rsplit("/", 1)
        # PostgreSQL tells the databases App and app apart.
        path = f"{above.swapcase()}/{name if above.endswith('/databases') else name.swapcase()}"
        response = self.arm.request("GET", path, api_version=self.version, status=200)
        return list(differences(self.body, response.json()))

    def listed(self):
        """The resource as the list above it shows it, or None; also when what it is in does not exist."""
        above = self.path.rsplit("/", 1)[0]
        every = {"migrationListFilter": "All"} if above.endswith("/migrations") else {}
        if self.arm.request("GET", above, api_version=self.version, params=every, status=(200, 404)).status_code == 404:
            return None
        items = self.arm.list(above, api_version=self.version, params=every)
        found = [item for item in items if item["id"].lower() == self.path.lower()]
        assert len(found) <= 1, found
        return found[0] if found else None

    def data_source_plan(self):
        shown = self.listed()
        return ["the list lacks it"] if shown is None else list(differences(self.body, shown))

    def destroy(self):
        self.follow(self.request("DELETE", status=(200, 202, 204)))
        wait_until(lambda: self.read() is None, 60, f"{self.path} to be gone")
        assert self.listed() is None, "a list still shows what was destroyed"
