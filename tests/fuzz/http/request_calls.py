"""Real calls that the HTTP fuzzer changes: one for every route, with the headers, forms and templates that belong to
them, and what they need in place."""

import re
import time
from dataclasses import dataclass, field

from arm import PROVIDER, patience, unique
from malachite import run_command

NEW, OLD, ARM = "2025-08-01", "2017-12-01", "2022-12-01"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
RESOURCE = "https://management.azure.com/"
RULE = {"properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "1.2.3.4"}}
TAGS = {"operation": "Merge", "properties": {"tags": {"a": "b"}}}
PARAMETER = {"properties": {"value": "4096", "source": "user-override"}}
# One body for every route that asks for one and has no call of its own below.
ANY_BODY = {"location": "eastus", "tags": {"a": "b"}, "sku": {"name": "B_Gen5_1"}, "properties": {"value": "x"}}


@dataclass
class Call:
    method: str
    path: str
    version: str = ""
    body: object = None  # JSON
    form: dict = None  # instead of a body
    query: dict = field(default_factory=dict)  # beside the api-version
    headers: dict = field(default_factory=dict)

    @property
    def content_type(self):
        return FORM if self.form is not None else JSON


def template(server, attach, password):
    """Of all kinds of resources, with functions, loops, conditions, a nested template and outputs."""
    flexible = f"{PROVIDER}/flexibleServers"
    inner = {
        "contentVersion": "1.0.0.0",
        "parameters": {"given": {"type": "string"}},
        "resources": [],
        "outputs": {"said": {"type": "string", "value": "[toUpper(parameters('given'))]"}},
    }
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "server": {"type": "string", "defaultValue": server, "minLength": 1, "maxLength": 63},
            "password": {"type": "securestring", "defaultValue": password},
            "count": {"type": "int", "defaultValue": 2, "minValue": 0, "maxValue": 3},
            "flags": {"type": "object", "defaultValue": {"rules": True, "names": ["a", "b"]}},
        },
        "variables": {
            "copy": [
                {"name": "rules", "count": "[parameters('count')]", "input": "[format('r{0:D2}', copyIndex('rules'))]"}
            ],
            "id": f"[resourceId('{flexible}', parameters('server'))]",
            "joined": "[join(union(variables('rules'), parameters('flags').names), ',')]",
            "hash": "[uniqueString(resourceGroup().id, string(parameters('flags')))]",
            "cut": "[substring(concat(variables('hash'), padLeft('x', 10, '0')), 0, 8)]",
        },
        "resources": [
            {
                "type": flexible,
                "apiVersion": NEW,
                "name": "[parameters('server')]",
                "location": "[resourceGroup().location]",
                "tags": {"malachite.host": attach[0], "malachite.port": str(attach[1])},
                "sku": {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"},
                "properties": {
                    "administratorLogin": "postgres",
                    "administratorLoginPassword": "[parameters('password')]",
                    "version": "99",
                },
            },
            {
                "condition": "[and(parameters('flags').rules, greater(parameters('count'), 0))]",
                "type": f"{flexible}/firewallRules",
                "apiVersion": NEW,
                "name": "[concat(parameters('server'), '/', variables('rules')[copyIndex()])]",
                "copy": {"name": "loop", "count": "[parameters('count')]", "mode": "serial", "batchSize": 1},
                "dependsOn": ["[variables('id')]"],
                **RULE,
            },
            {
                "type": "Microsoft.Resources/deployments",
                "apiVersion": ARM,
                "name": "inner",
                "dependsOn": ["loop"],
                "properties": {
                    "mode": "Incremental",
                    "expressionEvaluationOptions": {"scope": "inner"},
                    "parameters": {"given": {"value": "[variables('cut')]"}},
                    "template": inner,
                },
            },
        ],
        "outputs": {
            "id": {"type": "string", "value": "[reference(variables('id')).fullyQualifiedDomainName]"},
            "all": {"type": "array", "value": "[split(variables('joined'), ',')]"},
        },
    }


class Calls:
    def __init__(self, malachite, postgres):
        self.malachite = malachite
        self.arm = malachite.arm
        self.postgres = postgres
        self.names = {kind: unique(kind[0]) for kind in ("flexibleServers", "servers")}
        self.routes = [line.split()[:2] for line in run_command("routes").stdout.splitlines() if line.strip()]
        self.token = malachite.sign_in().json()["access_token"]
        self.attach = (postgres.host, postgres.port)

    def server_body(self):
        # A version that is nowhere: without its tags the server is refused rather than provisioned.
        return self.arm.server_body(self.postgres.superuser, self.postgres.password, version="99", attach=self.attach)

    def restore(self):
        """Puts back what the requests have taken away."""
        deadline = time.monotonic() + patience(20)
        body = {"location": "eastus"}
        while self.arm.request("PUT", self.arm.group_id("rg"), body).status_code == 409:  # still being deleted
            assert time.monotonic() < deadline, "a resource group that is deleted does not go"
            time.sleep(0.05)
        for provider in (PROVIDER, "Microsoft.Resources"):
            self.arm.request("POST", f"{self.arm.subscription}/providers/{provider}/register")
        for kind, name in self.names.items():
            response = self.arm.request("PUT", self.arm.server_id(name, kind), self.server_body())
            if response.status_code == 202:
                deadline = time.monotonic() + patience(20)
                url = response.headers["Azure-AsyncOperation"]
                while self.arm.get(url)["status"] == "InProgress" and time.monotonic() < deadline:
                    time.sleep(0.05)

    def all(self):
        calls = [*self.servers(), *self.migrations(), *self.resource_manager(), *self.deployments(), *self.sign_in()]
        return calls + [call for call in map(self.plain, self.routes) if call is not None]

    def plain(self, route):
        """A call of a route as the table has it; None for the one that ends what the others stand on."""
        method, pattern = route
        values = {
            "subscriptionId": self.arm.subscription[15:],
            "resourceGroupName": "rg",
            "serverName": self.names["servers" if "/servers/" in pattern else "flexibleServers"],
            "location": "eastus",
            "resourceProviderNamespace": PROVIDER,
            "operationId": self.arm.subscription[15:],
            "migrationId": self.arm.subscription[15:],
            "document": NEW,
            "configurationName": "work_mem",
            "*": "common",
        }
        path = re.sub(r"{([^}]+)}", lambda match: values.get(match[1], "x"), pattern)
        subscriptions = path.startswith(("/subscriptions", "/providers", "/tenants"))
        version = "" if not subscriptions else NEW if PROVIDER in path else ARM
        if method == "DELETE" and pattern.endswith(("{resourceGroupName}", "{serverName}")):
            path += "x"  # its own are deleted by mutations often enough
        return Call(
            method, path, OLD if "/servers" in path and version else version, ANY_BODY if method[0] == "P" else None
        )

    def servers(self):
        flexible, single = (self.arm.server_id(name, kind) for kind, name in self.names.items())
        provider = f"{self.arm.subscription}/providers/{PROVIDER}"
        question = {"name": "some-name", "type": f"{PROVIDER}/flexibleServers"}
        here = f"{provider}/locations/eastus"
        subnet = {"virtualNetworkArmResourceId": "/subscriptions/x"}
        return [
            Call("PUT", flexible, NEW, self.server_body()),
            Call("PATCH", flexible, NEW, {"tags": {}}),
            Call("PUT", single, OLD, self.server_body()),
            Call("PATCH", single, OLD, {"properties": {"sslEnforcement": "Enabled"}}),
            Call("POST", f"{flexible}/restart", NEW, {"restartWithFailover": True}),
            Call("PUT", f"{flexible}/firewallRules/r", NEW, RULE),
            Call("PUT", f"{flexible}/databases/d", NEW, {"properties": {"charset": "UTF8", "collation": "C"}}),
            Call("PATCH", f"{flexible}/configurations/work_mem", NEW, PARAMETER),
            Call("PUT", f"{single}/configurations/azure.replication_support", OLD, PARAMETER),
            Call("POST", f"{single}/updateConfigurations", OLD, {"value": [{"name": "work_mem", **PARAMETER}]}),
            Call("PUT", f"{single}/virtualNetworkRules/v", OLD, {"properties": {"virtualNetworkSubnetId": flexible}}),
            Call("POST", f"{provider}/checkNameAvailability", NEW, question),
            Call("POST", f"{here}/checkNameAvailability", NEW, question),
            Call("POST", f"{here}/checkVirtualNetworkSubnetUsage", NEW, subnet),
        ]

    def migrations(self):
        flexible, single = (self.arm.server_id(name, kind) for kind, name in self.names.items())
        secrets = {"adminCredentials": {"sourceServerPassword": "a", "targetServerPassword": "b"}}
        properties = {
            "sourceDbServerResourceId": single,
            "secretParameters": secrets,
            "dbsToMigrate": ["no_such"],
            "migrationMode": "Offline",
            "overwriteDbsInTarget": "True",
            "migrationWindowStartTimeInUtc": "2026-01-01T00:00:00Z",
        }
        on_premises = {
            **properties,
            "sourceDbServerResourceId": f"{self.attach[0]}:{self.attach[1]}@{self.postgres.superuser}",
            "sourceType": "OnPremises",
            "sslMode": "Prefer",
        }
        old = {
            **properties,
            "DBsToMigrate": ["no_such"],
            "SourceDBServerResourceId": single,
            "SecretParameters": secrets,
        }
        cancel = {"cancel": "True", "dbsToCancelMigrationOn": ["a"]}
        body = {"location": "eastus", "tags": {"a": "b"}}
        name = {"name": "some-name", "type": f"{PROVIDER}/flexibleServers/migrations"}
        connection = {"host": self.attach[0], "port": self.attach[1], "user": "postgres", "password": "x"}
        return [
            Call("PUT", f"{flexible}/migrations/m", NEW, {**body, "properties": properties}),
            Call("PUT", f"{flexible}/migrations/o", NEW, {**body, "properties": on_premises}),
            Call("PUT", f"{flexible}/migrations/p", "2021-06-15-privatepreview", {**body, "properties": old}),
            Call("GET", f"{flexible}/migrations/m", NEW),
            Call("PATCH", f"{flexible}/migrations/m", NEW, {"properties": cancel}),
            Call("PATCH", f"{flexible}/migrations/m", NEW, {"properties": {"triggerCutover": "True"}}),
            Call("GET", f"{flexible}/migrations", NEW, query={"migrationListFilter": "Active"}),
            Call("POST", f"{flexible}/checkMigrationNameAvailability", NEW, name),
            Call("POST", "/_malachite/connection", body=connection),
            Call("GET", "/_malachite/migrations", query={"state": "Failed"}),
        ]

    def resource_manager(self):
        flexible = self.arm.server_id(self.names["flexibleServers"])
        group, subscription = self.arm.group_id("rg"), self.arm.subscription
        kept = {"$filter": f"resourceType eq '{PROVIDER}/flexibleServers' and tagName eq 'a'", "$top": "3"}
        export = {"resources": ["*"], "options": "IncludeParameterDefaultValue"}
        return [
            Call("PUT", f"{group}/providers/Microsoft.Resources/tags/default", ARM, TAGS),
            Call("PATCH", f"{flexible}/providers/Microsoft.Resources/tags/default", ARM, TAGS),
            Call("PUT", f"{group}x", ARM, {"location": "eastus", "tags": {"a": "b"}}),
            Call("PATCH", group, ARM, {"tags": {"a": "b"}}),
            Call("POST", f"{group}/exportTemplate", ARM, export),
            Call("GET", f"{group}/resources", ARM, query=kept),
            Call("GET", f"{subscription}/resources", ARM, query=kept),
            Call("GET", f"{subscription}/resourcegroups", ARM, query={"$filter": "tagName eq 'a'", "$top": "1"}),
            Call("GET", f"{subscription}/providers", ARM, query={"$expand": "metadata"}),
        ]

    def deployments(self):
        path = f"{self.arm.group_id('rg')}/providers/Microsoft.Resources/deployments"
        made = template(self.names["flexibleServers"], self.attach, self.postgres.password)
        properties = {"mode": "Incremental", "template": made, "parameters": {"count": {"value": 1}}}
        small = {
            "contentVersion": "1.0.0.0",
            "resources": [],
            "outputs": {"o": {"type": "int", "value": "[add(1, 2)]"}},
        }
        what_if = {"properties": {**properties, "whatIfSettings": {"resultFormat": "FullResourcePayloads"}}}
        return [
            Call("PUT", f"{path}/d", ARM, {"properties": properties}),
            Call("PUT", f"{path}/e", ARM, {"properties": {"mode": "Complete", "template": small}, "tags": {"a": "b"}}),
            Call("POST", f"{path}/d/validate", ARM, {"properties": properties}),
            Call("POST", f"{path}/d/validate", ARM, {"properties": {"mode": "Incremental", "template": small}}),
            Call("POST", f"{path}/d/whatIf", ARM, what_if),
            Call("POST", f"{path}/d/exportTemplate", ARM),
            Call("POST", f"{path}/d/cancel", ARM),
            Call("GET", f"{path}/d", ARM),
            Call("GET", f"{path}/d/operations", ARM, query={"$top": "5"}),
            Call("GET", path, ARM, query={"$filter": "provisioningState eq 'Failed'", "$top": "5"}),
        ]

    def sign_in(self):
        known = {"client_id": self.malachite.endpoints["clientId"], "scope": RESOURCE + ".default"}
        bearer = {"Authorization": f"Bearer {self.token}"}
        forms = [
            {**known, "grant_type": "client_credentials", "client_secret": "malachite"},
            {**known, "grant_type": "client_credentials", "client_assertion": self.token},
            {**known, "grant_type": "password", "username": "me@example.org", "password": "x", "resource": RESOURCE},
            {**known, "grant_type": "refresh_token", "refresh_token": self.token},
            {**known, "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": self.token},
            {**known, "grant_type": "authorization_code", "code": "x", "redirect_uri": "http://localhost:1/"},
        ]
        identity = {"resource": RESOURCE, "client_id": known["client_id"]}
        return [
            *(Call("POST", "/common/oauth2/v2.0/token", form=form) for form in forms),
            Call("POST", "/common/oauth2/token", form=forms[2]),
            Call("POST", "/adfs/oauth2/v2.0/devicecode", form=known),
            Call("GET", "/common/oauth2/v2.0/authorize", query={**known, "response_type": "code"}),
            Call("GET", "/common/discovery/instance", "1.1", query={"authorization_endpoint": RESOURCE}),
            Call("GET", "/common/userrealm/me@example.org", "1.0"),
            Call("GET", "/metadata/endpoints", "2022-09-01"),
            Call("GET", "/metadata/identity/oauth2/token", "2018-02-01", query=identity, headers={"Metadata": "true"}),
            Call("GET", "/subscriptions", ARM, headers=bearer),
            Call("GET", "/_malachite/requests", headers=bearer),
        ]
