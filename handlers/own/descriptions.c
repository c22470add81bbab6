/* SPDX-License-Identifier: MIT */
/* The bodies of Malachite's own calls. */
#include "core/attr.h"
#include "handlers/arm/property.h"
#include "handlers/own/own.h"

#define DOC PROPERTY_DOC
#define WO  (ACCESS_PUT | ACCESS_PATCH)
#define ANY (ACCESS_PUT | ACCESS_PATCH | ACCESS_SHOWN)
#define REQ (ANY | ACCESS_REQUIRED)

/* clang-format off */
static const struct property logged_rows[] = {
    DOC("number", "integer", ANY, "Sequence number, from 1."), DOC("time", "date-time", ANY, NULL),
    DOC("operation", "string", ANY, "operationId of the route; absent if no route matched."),
    DOC("method", "string", ANY, NULL), DOC("path", "string", ANY, "Path without the query."), DOC("apiVersion", "string", ANY, NULL),
    DOC("status", "integer", ANY, NULL), DOC("durationMs", "number", ANY, NULL), DOC("sent", "boolean", ANY, "The client received the whole answer."),
    DOC("requestId", "string", ANY, NULL), DOC("correlationRequestId", "string", ANY, NULL), DOC("clientRequestId", "string", ANY, NULL),
    DOC("notUnderstood", "[]NotUnderstood", ANY, NULL),
};
static const struct property noted_rows[] = {
    DOC("path", "string", ANY, "The property that Malachite ignored."), DOC("reason", "unknown|misplaced", ANY, NULL),
    DOC("belongs", "string", ANY, "Path at which Malachite supports this property."),
};
static const struct property log_rows[] = {
    DOC("count", "integer", ANY, "Entries that pass the filters."), DOC("total", "integer", ANY, "Requests so far."),
    DOC("evicted", "integer", ANY, "Requests that are no longer stored."), DOC("capacity", "integer", ANY, NULL),
    DOC("value", "[]LoggedRequest", ANY, "Newest first."),
};
static const struct property verification_rows[] = {
    DOC("verified", "boolean", ANY, NULL), DOC("matched", "[]LoggedRequest", ANY, "The calls of the sequence that came, in order."),
    DOC("missing", "object", ANY, "The first expected call that did not come: index, operation, status (0: any)."),
    DOC("instead", "LoggedRequest", ANY, "The call that came in its place."),
    DOC("nearest", "object", ANY, "The closest call, and how it differs: status, order or operation; missing: none came."),
};
static const struct property recording_rows[] = {
    DOC("migration", "string", ANY, NULL), DOC("migrationId", "string", ANY, NULL), DOC("mode", "string", ANY, NULL),
    DOC("recordedOn", "date-time", ANY, NULL), DOC("databases", "[]string", REQ, NULL),
    DOC("timeline", "[]object", REQ, "What changed, oldest first; at: seconds since the start. Entries with database are of that database."),
};
static const struct property coverage_rows[] = {
    DOC("subscription", "string", ANY, NULL), DOC("states", "CoverageOf", ANY, NULL), DOC("substates", "CoverageOf", ANY, NULL),
    DOC("transitions", "CoverageOf", ANY, "Named FROM>TO, by substate."), DOC("errorCodes", "CoverageOf", ANY, NULL),
    DOC("apiVersions", "CoverageOf", ANY, "Named TYPE@VERSION."), DOC("operations", "CoverageOf", ANY, "By operationId."),
};
static const struct property coverage_of_rows[] = {
    DOC("seen", "integer", ANY, NULL), DOC("of", "integer", ANY, NULL), DOC("value", "[]object", ANY, "All that exist: name and count."),
};
static const struct property own_migration_rows[] = {
    DOC("migrationId", "string", ANY, NULL), DOC("name", "string", ANY, NULL), DOC("id", "string", ANY, NULL),
    DOC("targetServer", "string", ANY, NULL), DOC("source", "string", ANY, NULL), DOC("state", "string", ANY, NULL),
    DOC("substate", "string", ANY, NULL), DOC("error", "string", ANY, NULL), DOC("errorCode", "string", ANY, NULL),
    DOC("createdAt", "date-time", ANY, NULL), DOC("endedAt", "date-time", ANY, NULL), DOC("deleted", "boolean", ANY, NULL), DOC("databases", "[]object", ANY, NULL),
    DOC("events", "[]object", ANY, NULL), DOC("tables", "[]object", ANY, NULL),
    DOC("points", "[]SeriesPoint", ANY, "Of its time series; only with pointsAfter."), DOC("resource", "object", ANY, "As the service shows it in the api-version of the query parameter resource."),
};
static const struct property series_rows[] = {
    DOC("migrationId", "string", ANY, NULL), DOC("name", "string", ANY, NULL), DOC("points", "[]SeriesPoint", ANY, "Oldest first; old points are longer."),
};
static const struct property point_rows[] = {
    DOC("from", "date-time", ANY, "Begin of the interval; a gap before it: Malachite did not run."), DOC("at", "date-time", ANY, "Its end."),
    DOC("bytesPerSecond", "number", ANY, "Copied."), DOC("rowsPerSecond", "number", ANY, "Copied."), DOC("changesPerSecond", "number", ANY, "Applied."),
    DOC("pendingBytes", "integer", ANY, "The most in the interval, over all databases."), DOC("lagSeconds", "integer", ANY, "The longest in the interval."),
};
static const struct property source_rows[] = {
    DOC("migrationId", "string", ANY, NULL), DOC("name", "string", ANY, NULL), DOC("askedOn", "date-time", ANY, NULL), DOC("databases", "[]DatabaseUse", ANY, NULL),
};
static const struct property use_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("pendingBytes", "integer", ANY, "WAL of the source that is not applied yet."),
    DOC("lastChangeOn", "date-time", ANY, "Commit of the last change that was applied, by the source's clock; absent: none yet."),
    DOC("secondsSinceLastChange", "integer", ANY, "The same as a duration."),
    DOC("sessions", "integer", ANY, "Connected to the database, without Malachite's own."), DOC("clients", "[]object", ANY, "user, application, sessions"),
};
static const struct property evidence_rows[] = {
    DOC("migrationId", "string", ANY, NULL), DOC("name", "string", ANY, NULL), DOC("databases", "[]DatabaseEvidence", ANY, "Databases that were cut over."),
};
static const struct property database_evidence_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("takenOn", "date-time", ANY, NULL),
    DOC("positionAtTrigger", "string", ANY, "WAL position of the source; all earlier commits were applied."),
    DOC("positionApplied", "string", ANY, NULL),
    DOC("sourceQuiet", "boolean", ANY, "Nothing was written to the source since then: the row counts must be equal."),
    DOC("tables", "[]TableEvidence", ANY, NULL), DOC("sequences", "[]SequenceEvidence", ANY, NULL),
    DOC("losses", "[]string", ANY, "Data that differs from the source, or could not be compared. The migration failed."),
    DOC("warnings", "[]string", ANY, "Objects that were not migrated, without loss of data."), DOC("notes", "[]string", ANY, NULL),
};
static const struct property table_evidence_rows[] = {
    DOC("schema", "string", ANY, NULL), DOC("name", "string", ANY, NULL),
    DOC("sourceRows", "integer", ANY, "null: not counted within --evidence-ms."), DOC("targetRows", "integer", ANY, NULL),
};
static const struct property sequence_evidence_rows[] = {
    DOC("schema", "string", ANY, NULL), DOC("name", "string", ANY, NULL), DOC("sourceValue", "integer", ANY, NULL),
    DOC("targetValue", "integer", ANY, NULL),
};
static const struct property health_rows[] = {
    DOC("status", "string", ANY, NULL), DOC("version", "string", ANY, NULL), DOC("uptimeSeconds", "integer", ANY, NULL),
    DOC("signIn", "SignIn", ANY, NULL),
};
static const struct property sign_in_rows[] = {
    DOC("auth", "none|any|strict", ANY, "Required authentication (--auth)."), DOC("appId", "string", ANY, "Client id of the application."),
    DOC("tenantId", "string", ANY, NULL),
};
static const struct property application_rows[] = {
    DOC("displayName", "string", ANY, NULL), DOC("appId", "string", ANY, "Client id of the application."), DOC("tenantId", "string", ANY, NULL),
    DOC("auth", "none|any|strict", ANY, "Required authentication (--auth)."),
};
static const struct property connection_rows[] = {
    DOC("server", "string", REQ, "Resource id, or host:port@user."), DOC("password", "string", WO | ACCESS_REQUIRED, NULL),
    DOC("login", "string", ANY, "Default: the server's administrator."),
    DOC("sslMode", "Prefer|Require|VerifyCA|VerifyFull", ANY, "TLS mode of the connection."),
};
static const struct property database_size_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("charset", "string", ANY, NULL), DOC("collation", "string", ANY, NULL),
    DOC("sizeBytes", "integer", ANY, "Absent if the login may not connect to the database."),
};
static const struct property connection_result_rows[] = {
    DOC("version", "string", ANY, "Server version, such as 15.18."), DOC("login", "string", ANY, NULL),
    DOC("databases", "[]DatabaseSize", ANY, "Databases that can be migrated."),
};
static const struct property fault_rows[] = {
    DOC("server", "string", ANY, NULL),
    DOC("action", "crash|restart|stop|diskFull|walFull|readOnly|reject|password|connections|dropSlot", ANY, NULL),
};
static const struct property snapshot_rows[] = {
    DOC("name", "string", ANY, NULL), DOC("subscription", "string", ANY, NULL), DOC("createdOn", "date-time", ANY, NULL),
    DOC("servers", "[]object", ANY, "Name and major version."), DOC("migrations", "[]object", ANY, "Name, state and substate."),
};

const struct description own_descriptions[] = {
    DESCRIPTION("LoggedRequest", logged_rows, NULL),
    DESCRIPTION("NotUnderstood", noted_rows, NULL),
    DESCRIPTION("RequestLog", log_rows, NULL),
    DESCRIPTION("Coverage", coverage_rows, NULL),
    DESCRIPTION("CoverageOf", coverage_of_rows, NULL),
    DESCRIPTION("Recording", recording_rows, "What a client could see of a migration."),
    DESCRIPTION("Verification", verification_rows, NULL),
    DESCRIPTION("MigrationDetail", own_migration_rows, "A migration with details that the service's answers lack."),
    DESCRIPTION("MigrationSeries", series_rows, NULL),
    DESCRIPTION("SeriesPoint", point_rows, "What happened in an interval."),
    DESCRIPTION("MigrationSource", source_rows, "What to know before the cutover."),
    DESCRIPTION("DatabaseUse", use_rows, NULL),
    DESCRIPTION("MigrationEvidence", evidence_rows, "Comparison of source and target at the cutover."),
    DESCRIPTION("DatabaseEvidence", database_evidence_rows, NULL),
    DESCRIPTION("TableEvidence", table_evidence_rows, NULL),
    DESCRIPTION("SequenceEvidence", sequence_evidence_rows, NULL),
    DESCRIPTION("Health", health_rows, NULL),
    DESCRIPTION("SignIn", sign_in_rows, "What a client needs to know before it can sign in."),
    DESCRIPTION("Application", application_rows, NULL),
    DESCRIPTION("Connection", connection_rows, "A server resource by its id, or any other server by host and port."),
    DESCRIPTION("ConnectionResult", connection_result_rows, NULL),
    DESCRIPTION("DatabaseSize", database_size_rows, NULL),
    DESCRIPTION("Snapshot", snapshot_rows, "A subscription as it was: data of its provisioned servers, migrations, all resources."),
    DESCRIPTION("Fault", fault_rows, "A fault of a provisioned server; crash, restart and dropSlot have no end."),
};
/* clang-format on */
const size_t own_description_count = ARRAY_LEN(own_descriptions);
