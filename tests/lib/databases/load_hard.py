"""Loads the hard test database (tests/data/hard/*.sql) into a server.

    load_hard(server.dsn(), "hard")                 # as a library
    PYTHONPATH=tests/lib tests/lib/databases/load_hard.py 'host=... user=postgres' hard    # from the command line

`load_roles` brings the roles alone, for a target whose ownership shall be able to arrive.
"""

import argparse
import pathlib
import subprocess
import sys

import psycopg2
from psycopg2.extensions import make_dsn, quote_ident

from binaries import client, client_environment

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "data" / "hard"
ROWS = 100000


def load_hard(dsn, name="hard", rows=ROWS, read_only=False, subscription=False, lz4=True):
    """Creates database `name` and fills it; `dsn` is a superuser's. Returns the database's own dsn.

    lz4=False is for copies to servers built without it: they refuse a column that wants such compression.
    """
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    try:
        connection.cursor().execute(
            f"CREATE DATABASE {quote_ident(name, connection)} TEMPLATE template0 ENCODING 'UTF8'"
            " LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
        )
    finally:
        connection.close()
    variables = {"rows": rows, "lz4": lz4}
    if read_only:
        variables["read_only"] = True
    if subscription:
        variables["subscription"] = True
    database = make_dsn(dsn, dbname=name)
    _run_scripts(database, sorted(SCRIPTS.glob("*.sql")), variables)
    return database


def load_roles(dsn):
    """Creates the roles of the hard database on a server, unless they are there."""
    _run_scripts(dsn, [SCRIPTS / "00_roles.sql"], {})


def _run_scripts(dsn, scripts, variables):
    command = [client("psql"), "-Xq", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", dsn]
    for variable, value in variables.items():
        command += ["-v", f"{variable}={value}"]
    for script in scripts:
        command += ["-f", str(script)]
    environment = client_environment(PGOPTIONS="-c client_min_messages=warning", PGCLIENTENCODING="UTF8")
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"loading the hard database failed: {done.stderr}")


def main():
    parser = argparse.ArgumentParser(description="Loads the hard test database into a PostgreSQL server.")
    parser.add_argument("dsn", help="a superuser's connection string")
    parser.add_argument("name", nargs="?", default="hard", help="database to create (default: hard)")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"rows of the large table (default: {ROWS})")
    parser.add_argument("--read-only", action="store_true", help="make the database's sessions read-only by default")
    parser.add_argument("--subscription", action="store_true", help="add a subscription (which never connects)")
    parser.add_argument("--no-lz4", action="store_true", help="no column with lz4 compression")
    parser.add_argument("--roles-only", action="store_true", help="create the roles, no database")
    options = parser.parse_args()
    if options.roles_only:
        load_roles(options.dsn)
    else:
        load_hard(options.dsn, options.name, options.rows, options.read_only, options.subscription, not options.no_lz4)


if __name__ == "__main__":
    sys.exit(main())
