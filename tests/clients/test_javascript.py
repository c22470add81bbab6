"""The JavaScript SDK with its own sign-in, over HTTPS with Malachite's own authority."""

import shutil
import subprocess

from arm import patience
from conftest import INSTALLED, ROOT, client_settings, server_milliseconds
from malachite import environment

# What issue and design promise for a sign-in and a PUT together, on the server's side.
SIGN_IN_AND_PUT_MS = 100


def test_the_sdk_runs_a_whole_migration(strict, node_modules):
    # Modules are looked for beside the file that imports them.
    script = shutil.copy(ROOT / "tests/clients/sdk.test.mjs", INSTALLED)
    settings = client_settings(strict, "node")
    done = subprocess.run(
        ["node", "--test", script],
        env=environment(**settings),
        cwd=INSTALLED,
        text=True,
        capture_output=True,
        timeout=patience(200),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # The first sign-in is the harness's own, which may have waited for the key of a first start.
    sign_in = max(server_milliseconds(strict, "SignIn_TokenV2")[1:])
    put = max(server_milliseconds(strict, "Migrations_Create"))
    print(f"server side: sign-in {sign_in:.2f} ms, PUT of a migration {put:.2f} ms")
    assert sign_in + put < patience(SIGN_IN_AND_PUT_MS)
