"""Settings that a database or its owner carries: functions that are declared immutable depend on them, and what the
target computes (generated columns, indexes, checks, partitions, materialized views) is computed as on the source."""

import contextlib
import shutil
import subprocess

import pytest

from arm import patience, unique
from binaries import binaries
from index_scans import count_indexes, index_differences
from malachite import MAJORS_CACHE, Pair, majors
from databases.mutate import mutate
from online import cut_over, differences, put_online, reach_wait
from postgres import Postgres, quoted
from samples import drop
from databases.zoo import TRANSACTION, load_zoo

pytestmark = [pytest.mark.timeout(patience(180)), pytest.mark.slow]

SETTINGS = """
ALTER DATABASE {name} SET timezone = 'America/New_York';
ALTER DATABASE {name} SET datestyle = 'SQL, DMY';
ALTER DATABASE {name} SET intervalstyle = 'sql_standard';
ALTER DATABASE {name} SET extra_float_digits = -8;
ALTER DATABASE {name} SET bytea_output = 'escape';
ALTER DATABASE {name} SET xmlbinary = 'hex';
ALTER DATABASE {name} SET search_path = "$user", lookup, public;
ALTER DATABASE {name} SET default_text_search_config = 'words_of_shop';
ALTER DATABASE {name} SET shop.tenant = 'blue';
ALTER DATABASE {name} SET array_nulls = off;
ALTER DATABASE {name} SET transform_null_equals = on;
"""

# A session finds it when it begins.
CONFIGURATION = """
CREATE SCHEMA lookup;
CREATE TEXT SEARCH CONFIGURATION lookup.words_of_shop (COPY = pg_catalog.english);
"""

# Everything is found by the search_path alone: nothing is qualified in the bodies.
SCRIPT = r"""
CREATE FUNCTION lookup.helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) || ''!''';
CREATE FUNCTION public.local_day(timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS 'SELECT $1::date';
CREATE FUNCTION public.shown(timestamptz, interval, float8, bytea) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$SELECT concat_ws('|', $1::text, $2::text, $3::text, $4::text, xmlelement(name b, $4)::text)$$;
CREATE FUNCTION public.read_day(text) RETURNS date LANGUAGE sql IMMUTABLE AS 'SELECT $1::date';
CREATE FUNCTION public.words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS 'SELECT to_tsvector($1)';
CREATE FUNCTION public.tenant(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT current_setting(''shop.tenant'') || $1';
CREATE FUNCTION public.by_path(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN helper($1); END';
CREATE FUNCTION public.swallows(text) RETURNS text LANGUAGE plpgsql IMMUTABLE
    AS 'BEGIN RETURN helper($1); EXCEPTION WHEN OTHERS THEN RETURN ''lost''; END';
CREATE DOMAIN public.short AS text CHECK (length(by_path(VALUE)) < 40);
CREATE TABLE event (id int PRIMARY KEY, at timestamptz NOT NULL, lasted interval, f float8, b bytea, t short, said text,
    day date NOT NULL CHECK (day = local_day(at)), CHECK (tenant(t) LIKE 'blue%'), CHECK (by_path(t) LIKE '%!'),
    local_day date GENERATED ALWAYS AS (local_day(at)) STORED,
    shown text GENERATED ALWAYS AS (shown(at, lasted, f, b)) STORED,
    said_day date GENERATED ALWAYS AS (read_day(said)) STORED,
    words tsvector GENERATED ALWAYS AS (words(t)) STORED,
    tenant text GENERATED ALWAYS AS (tenant(t)) STORED,
    looked text GENERATED ALWAYS AS (by_path(t)) STORED,
    swallowed text GENERATED ALWAYS AS (swallows(t)) STORED);
CREATE TABLE kept (at timestamptz NOT NULL, said text, t short) PARTITION BY RANGE (local_day(at));
CREATE TABLE kept_1 PARTITION OF kept FOR VALUES FROM (MINVALUE) TO ('10/03/2020');
CREATE TABLE kept_2 PARTITION OF kept FOR VALUES FROM ('10/03/2020') TO (MAXVALUE);
CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY, at timestamptz, t text,
    local_day date GENERATED ALWAYS AS (local_day(at)) STORED, looked text GENERATED ALWAYS AS (by_path(t)) STORED);
CREATE FUNCTION fill(low int, high int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO event (id, at, lasted, f, b, t, said, day) SELECT i, at, -i * interval '1 day 2 hours', i / 7.0,
        decode(to_hex(10000000 + i), 'hex'), 'Running Dogs ' || i, '0' || 1 + i % 9 || '/10/2020', at::date
    FROM (SELECT i, '2020-03-01 00:30+00'::timestamptz + i * interval '7 hours' AS at FROM generate_series(low, high) i) s;
    INSERT INTO kept SELECT at, said, t FROM event WHERE id BETWEEN low AND high;
    INSERT INTO fleeting SELECT id, at, t FROM event WHERE id BETWEEN low AND high$$;
SELECT fill(1, 300);
CREATE INDEX event_day ON event (local_day(at), id);
CREATE INDEX event_shown ON event (shown(at, lasted, f, b));
CREATE INDEX event_said ON event (id) WHERE read_day(said) > '05/10/2020';
CREATE INDEX event_words ON event USING gin (words(t));
CREATE INDEX event_tenant ON event USING hash (tenant(t));
CREATE UNIQUE INDEX event_path ON event (by_path(t));
ALTER TABLE event ADD CONSTRAINT event_excluded EXCLUDE (by_path(said || t) WITH =);
CREATE INDEX kept_day ON kept (local_day(at));
CREATE INDEX kept_path ON kept (by_path(t));
CREATE INDEX fleeting_day ON fleeting (local_day(at));
CREATE MATERIALIZED VIEW per_day AS SELECT at::date AS day, min(at)::text AS first, sum(lasted)::text AS lasted,
    tsvector_to_array(to_tsvector(min(t))) AS words, min(by_path(t)) AS looked FROM event GROUP BY 1;
CREATE UNIQUE INDEX per_day_first ON per_day (first);
"""

CHANGES = """
SELECT fill(301, 400);
UPDATE event SET at = at + interval '3 hours', day = (at + interval '3 hours')::date, t = 'Walked ' || id, f = f * 1.1
    WHERE id % 5 = 0;
UPDATE event SET said = '07/10/2020' WHERE id % 7 = 0;
DELETE FROM event WHERE id % 11 = 0;
UPDATE kept SET at = at + interval '5 hours' WHERE said LIKE '01%';
DELETE FROM kept WHERE said LIKE '02%';
"""

PLAIN_LOGIN, ADMINISTRATOR, SUPERUSER = "ordinary login", "administrator", "superuser"


@pytest.fixture(params=[PLAIN_LOGIN, ADMINISTRATOR, SUPERUSER])
def owner_and_pair(request, malachite):
    """A pair of servers, and who owns the databases there."""
    if request.param == ADMINISTRATOR:
        pair = request.getfixturevalue("provisioned")
        yield pair.source.login, pair
    elif request.param == SUPERUSER:
        pair = request.getfixturevalue("attached")
        yield pair.source.postgres.superuser, pair
    else:
        servers = request.getfixturevalue("postgres_source"), request.getfixturevalue("postgres_target")
        with plain_login(*servers) as login:
            yield login, Pair(
                malachite,
                *(
                    malachite.attach(unique("plain"), server, kind, login=login, password="plain-password")
                    for server, kind in zip(servers, ("servers", "flexibleServers"))
                ),
            )


@contextlib.contextmanager
def plain_login(*servers):
    login = unique("plain")
    for server in servers:
        server.psql(f"CREATE ROLE {login} LOGIN CREATEDB REPLICATION PASSWORD 'plain-password'")
    try:
        yield login
    finally:
        for server in servers:
            server.psql(f"DROP ROLE {login}")


def run_as(postgres, login, script, name):
    """In a session that has the settings of that login."""
    postgres.run(
        "psql",
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        postgres.dsn(name, user=login, password="plain-password", tcp=True),
        stdin=script,
    )


@contextlib.contextmanager
def made(pair, owner, script=SCRIPT, settings=SETTINGS):
    name = unique("set")
    source = pair.source.postgres
    source.create_database(name, owner=owner)
    source.psql(settings.format(name=name, owner=quoted(owner)))
    try:
        for part in (CONFIGURATION, script):
            source.psql(f"SET ROLE {quoted(owner)};" + part, name)
        yield name
    finally:
        for server in (pair.source.postgres, pair.target.postgres):
            drop(server, name)


def compare(pair, name):
    # PostgreSQL lets only a superuser store a setting that no extension has declared: a warning of the migration.
    pair.target.postgres.psql(f"ALTER DATABASE {name} SET shop.tenant = 'blue'")
    assert differences(pair, name, ignore=("extension.owner",)) == []
    target = pair.target.postgres.dsn(name)
    assert count_indexes(target) == count_indexes(pair.source.postgres.dsn(name)) > 10
    assert index_differences(pair.source.postgres.dsn(name)) == []
    assert index_differences(target) == []


def test_offline_everything_is_computed_as_on_the_source(owner_and_pair):
    owner, pair = owner_and_pair
    with made(pair, owner) as name:
        pair.put([name]).succeed()
        compare(pair, name)


def test_online_everything_is_computed_as_on_the_source(owner_and_pair):
    owner, pair = owner_and_pair
    with made(pair, owner) as name:
        migration = put_online(pair, [name])
        reach_wait(migration)
        pair.source.postgres.psql(CHANGES, name)
        cut_over(migration)
        compare(pair, name)


# -- majors -----------------------------------------------------------------------------------------------------------

# From 17 on PostgreSQL maintains indexes and materialized views under a search_path of its own.
NEEDS_PATH = (
    "CREATE UNIQUE INDEX event_path",
    "ALTER TABLE event ADD CONSTRAINT event_excluded",
    "CREATE INDEX kept_path",
)
WITHOUT_PATH = "\n".join(line for line in SCRIPT.split("\n") if not line.startswith(NEEDS_PATH)).replace(
    ", min(by_path(t)) AS looked FROM", " FROM"
)


def bindir(major):
    return binaries().get(major) or f"{MAJORS_CACHE}/{major}/bin"


@contextlib.contextmanager
def pair_of_majors(malachite, source_major, target_major):
    if not {source_major, target_major} <= set(majors()):
        pytest.skip("not installed here")
    with Postgres(bindir(source_major), name="src") as source, Postgres(bindir(target_major), name="dst") as target:
        yield Pair(
            malachite, malachite.attach(unique("src"), source, "servers"), malachite.attach(unique("dst"), target)
        )


def test_between_majors_everything_is_computed_as_on_the_source(malachite):
    with pair_of_majors(malachite, 12, 18) as pair, made(pair, "postgres", WITHOUT_PATH) as name:
        migration = put_online(pair, [name])
        reach_wait(migration)
        pair.source.postgres.psql(CHANGES, name)
        cut_over(migration)
        assert [line for line in differences(pair, name) if line.startswith("rows ")] == []
        assert index_differences(pair.target.postgres.dsn(name)) == []


def test_an_index_that_a_newer_major_refuses_is_named_with_its_reason(malachite):
    with pair_of_majors(malachite, 15, 18) as pair, made(pair, "postgres") as name:
        error = pair.put([name]).fail()
        for words in ("event_path", "event_excluded", "kept_1_by_path_idx", "function helper(text) does not exist"):
            assert words in error, error


# -- where settings come from ---------------------------------------------------------------------------------------

GERMAN = "de_DE.UTF-8"

OF_OWNER = """
ALTER ROLE {owner} IN DATABASE {name} SET extra_float_digits = -6;
ALTER ROLE {owner} IN DATABASE {name} SET search_path = lookup;
ALTER DATABASE {name} SET datestyle = 'SQL, MDY';
ALTER DATABASE {name} SET role = {owner};
"""

PRICES = r"""
CREATE FUNCTION lookup.helper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1) || ''!''';
CREATE FUNCTION public.by_path(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN helper($1); END';
CREATE FUNCTION public.shown(timestamptz, interval, float8) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$SELECT concat_ws('|', $1::text, $2::text, $3::text)$$;
CREATE FUNCTION public.priced(money) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION public.words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS 'SELECT to_tsvector($1)';
CREATE TYPE public.offer AS (name text, price money);
CREATE TABLE public.price (id int PRIMARY KEY, at timestamptz, lasted interval, f float8, p money DEFAULT 1234.5::numeric::money,
    ps money[], o public.offer, place regclass DEFAULT 'public.price', t text, CHECK (p < '9.999.999,99 €'::money OR p IS NULL),
    shown text GENERATED ALWAYS AS (public.shown(at, lasted, f)) STORED,
    priced text GENERATED ALWAYS AS (public.priced(p)) STORED, looked text GENERATED ALWAYS AS (public.by_path(t)) STORED);
CREATE TABLE public.loose (p money, ps money[], o public.offer, d date, i interval, tz timetz);
CREATE TABLE public.by_money (p money) PARTITION BY RANGE (p);
CREATE TABLE public.by_money_1 PARTITION OF public.by_money FOR VALUES FROM (MINVALUE) TO (1000::numeric::money);
CREATE TABLE public.by_money_2 PARTITION OF public.by_money FOR VALUES FROM (1000::numeric::money) TO (MAXVALUE);
CREATE UNLOGGED TABLE public.recopied (id int, at timestamptz, lasted interval, p money,
    shown text GENERATED ALWAYS AS (public.shown(at, lasted, 1)) STORED);
CREATE INDEX recopied_shown ON public.recopied (public.shown(at, lasted, id)) WHERE public.priced(p) > '';
CREATE FUNCTION public.fill(low int, high int) RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.price SELECT i, '2020-03-01 00:30+00'::timestamptz + i * interval '7 hours', -i * interval '1 day 2 hours',
        i / 7.0, (i * -1234.56)::numeric::money, ARRAY[i::money, NULL], ROW('a,b', i::money)::public.offer, 'public.loose',
        'Running Dogs ' || i FROM generate_series(low, high) i;
    INSERT INTO public.loose SELECT p, ps, o, at::date, lasted, at::timetz FROM public.price WHERE id BETWEEN low AND high;
    INSERT INTO public.recopied SELECT id, at, lasted, p FROM public.price WHERE id BETWEEN low AND high;
    INSERT INTO public.by_money SELECT p FROM public.loose;
    INSERT INTO public.by_money SELECT p * -1 FROM public.loose$$;
SELECT public.fill(1, 200);
CREATE INDEX price_shown ON public.price (public.shown(at, lasted, f));
CREATE INDEX price_priced ON public.price (public.priced(p)) WHERE p < '-5.000,00 €'::money;
CREATE INDEX price_words ON public.price USING gin (public.words(t));
CREATE INDEX price_looked ON public.price (public.by_path(t));
CREATE MATERIALIZED VIEW public.totals AS SELECT at::date AS day, sum(p)::text AS p FROM public.price GROUP BY 1;
"""

PRICE_CHANGES = """
SELECT public.fill(201, 260);
UPDATE public.price SET p = p * 2, ps = ps || p, at = at + interval '90 minutes' WHERE id % 3 = 0;
UPDATE public.loose SET p = p + 0.01::numeric::money WHERE d > current_date - 100000 AND p < 0::money;
DELETE FROM public.loose WHERE (o).price > '100,00 €'::money;
DELETE FROM public.price WHERE id % 7 = 0;
"""


@pytest.fixture(scope="module")
def german_servers(tmp_path_factory):
    """A source whose configuration file differs from the target's, both with a German locale of their own."""
    locales = tmp_path_factory.mktemp("locales", numbered=True)
    for directory in (locales, locales.parent, locales.parent.parent, locales.parent.parent.parent):
        with contextlib.suppress(PermissionError):
            directory.chmod(0o755)
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(locales / GERMAN)], check=True, capture_output=True)
    for charmap in ("C.utf8",):
        shutil.copytree(f"/usr/lib/locale/{charmap}", locales / charmap)
    conf = {
        "timezone": "America/New_York",
        "intervalstyle": "iso_8601",
        "lc_monetary": GERMAN,
        "default_text_search_config": "pg_catalog.english",
        "bytea_output": "escape",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCPATH", str(locales))
        with Postgres(conf=conf, name="german") as source, Postgres(name="plain") as target:
            for server in (source, target):
                server.psql("CREATE ROLE shopkeeper LOGIN CREATEDB REPLICATION PASSWORD 'plain-password'")
                # A login with settings of its own, which are nobody else's; "role" would take its rights away.
                server.psql(
                    "CREATE ROLE powerless; CREATE ROLE mover SUPERUSER LOGIN PASSWORD 'plain-password';"
                    "ALTER ROLE mover SET timezone = 'Asia/Tokyo'; ALTER ROLE mover SET intervalstyle = 'sql_standard';"
                    "ALTER ROLE mover SET search_path = nowhere; ALTER ROLE mover SET role = powerless"
                )
            # On the source alone: the role keeps it in the database that moves.
            source.psql("ALTER ROLE shopkeeper SET datestyle = 'German'")
            yield source, target


@pytest.mark.parametrize("mode", ["Offline", "Online"])
@pytest.mark.parametrize("login", ["shopkeeper", "mover"])
def test_settings_of_the_owner_and_of_the_server_hold(german_servers, malachite, login, mode):
    source, target = german_servers
    pair = Pair(
        malachite,
        *(
            malachite.attach(unique("german"), server, kind, login=login, password="plain-password")
            for server, kind in ((source, "servers"), (target, "flexibleServers"))
        ),
    )
    with made(pair, "shopkeeper", "", OF_OWNER) as name:
        run_as(source, "shopkeeper", PRICES, name)
        if mode == "Online":
            migration = put_online(pair, [name])
            reach_wait(migration)
            run_as(source, "shopkeeper", PRICE_CHANGES, name)
            cut_over(migration)
        else:
            pair.put([name]).succeed(60)
        for server in (source, target):
            assert server.query("SELECT current_user::text", dbname=name) == [("shopkeeper",)]
            server.psql(f"ALTER DATABASE {name} RESET role")
        left = [line for line in differences(pair, name) if not line.startswith("setting ")]
        assert left == []
        owner = {"user": "shopkeeper", "password": "plain-password", "tcp": True}
        for server in (source, target):
            assert count_indexes(server.dsn(name, **owner)) >= 6
            assert index_differences(server.dsn(name, **owner)) == []


# -- values ---------------------------------------------------------------------------------------------------------

STYLES = [
    """ALTER DATABASE {name} SET datestyle = 'SQL, DMY'; ALTER DATABASE {name} SET intervalstyle = 'sql_standard';
    ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'; ALTER DATABASE {name} SET extra_float_digits = -8;
    ALTER DATABASE {name} SET bytea_output = 'escape'; ALTER DATABASE {name} SET search_path = zoo, public""",
    """ALTER DATABASE {name} SET datestyle = 'German'; ALTER DATABASE {name} SET intervalstyle = 'postgres_verbose';
    ALTER DATABASE {name} SET timezone = 'America/St_Johns'; ALTER DATABASE {name} SET array_nulls = off;
    ALTER DATABASE {name} SET search_path = zoo, pg_catalog""",
]


@pytest.mark.parametrize("styles", STYLES, ids=["SQL", "German"])
def test_values_of_every_type_arrive_under_every_style(attached, database, postgres_source, styles):
    """Copied in binary and as text, applied, and recopied."""
    name = load_zoo(postgres_source, database("zoo"))
    postgres_source.psql(styles.format(name=name))
    migration = put_online(attached, [name])
    reach_wait(migration)
    changed, refused = mutate(postgres_source, name)
    for n in range(1, 6):
        postgres_source.psql(TRANSACTION % {"n": n, "m": n - 1}, name, "-1", "-o", "/dev/null")
    cut_over(migration)
    assert differences(attached, name) == []
    assert index_differences(attached.target.postgres.dsn(name)) == []
    assert changed["zoo.odd"]["update"] and changed["zoo.odd_keyless"]["update"], refused
