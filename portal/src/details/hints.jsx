import { sqlName } from '../format.js'
import { databasesOf, isOnline, sourceOf, stateOf, substateOf } from '../migrations.js'
import { Link, paths } from '../router.jsx'
import { Box, Copy, Marked } from '../ui.jsx'

/** What to do, by the code of the error: the service's, or PostgreSQL's SQLSTATE. */
const ADVICE = [
    [['603100', '28P01'], 'Check the administrator login and its password on the server that the message names.'],
    [
        ['603000', '603001', '08001', '08006'],
        'Check that the server is running, and that this machine can reach its host and port.',
    ],
    [['603102'], 'Check the spelling of the database names on the source.'],
    [['603101'], 'Delete the databases on the target, or authorize Malachite to overwrite them.'],
    [
        ['603104', '603105', '603106', '603107'],
        'Set up logical replication on the source: wal_level = logical, and enough replication slots and WAL senders.',
    ],
    [
        ['603108', '603405', '603406', '603407', '603408'],
        'Make the extension available on the target, or remove it from the source database.',
    ],
    [['53100'], 'Free disk space on the server that the message names.'],
    [
        ['603110', '603115', '603116', '603117', '42501'],
        'Grant the privilege that the message names to the login of the migration, on that server.',
    ],
]

const adviceFor = (code) => ADVICE.find(([known]) => known.includes(code))?.[1]

const similar = (migration, group, server) => `${paths.wizard(group, server)}?like=${encodeURIComponent(migration.name)}`

/** The error of a running migration, which resumes when the cause is removed. */
function Obstacle({ migration, error, code }) {
    // The box of this wait shows the same error.
    if (substateOf(migration) === 'WaitingForLogicalReplicationSetupRequestOnSourceDB') return null
    const advice = adviceFor(code)
    return (
        <Box tone="warning" title="Migration paused" live>
            <p class="message">
                <Marked text={error} />
            </p>
            <p>
                {advice && (
                    <>
                        <strong>What to do:</strong> {advice}{' '}
                    </>
                )}
                The migration resumes automatically when the problem is solved.
            </p>
        </Box>
    )
}

/** The error, and what to do. A failed migration cannot be retried: a new one needs another name. */
export function ErrorHelp({ migration, code, group, server }) {
    const error = migration.properties.currentStatus?.error
    const failed = ['Failed', 'ValidationFailed'].includes(stateOf(migration))
    if (!failed) return error ? <Obstacle migration={migration} error={error} code={code} /> : null
    return (
        <Box tone="error" title="Migration failed" live>
            <p class="message">
                <Marked text={error ?? 'Validation found problems that would make the migration fail. See below.'} />
            </p>
            <p>
                <strong>What to do:</strong> {adviceFor(code) ?? 'Fix the problem that the message describes.'} Then create a new
                migration with another name: a failed migration cannot be retried.
            </p>
            <p class="buttons">
                <Link class="button" href={similar(migration, group, server)}>
                    Create a similar migration
                </Link>
            </p>
        </Box>
    )
}

function Canceled({ migration, group, server }) {
    const names = databasesOf(migration)
    return (
        <Box tone="warning" title="Databases to delete">
            <p>
                The migration was canceled, and nothing was rolled back. On{' '}
                <Link href={paths.databases(group, server)}>{server}</Link>, delete the following databases if the migration
                created them:
            </p>
            <Copy what="the commands" text={names.map((name) => `DROP DATABASE IF EXISTS ${sqlName(name)};`).join('\n')} />
            <p class="buttons">
                <Link class="button" href={similar(migration, group, server)}>
                    Create a similar migration
                </Link>
            </p>
        </Box>
    )
}

function Succeeded({ migration, group, server }) {
    const source = sourceOf(migration).name
    const roles = migration.properties.migrateRoles === 'True'
    return (
        <section class="card">
            <h2>Post-migration steps</h2>
            <ol class="steps">
                <li>Read the message of each database. It names objects that could not be migrated unchanged.</li>
                {!roles && <li>Create users and roles on the target, and grant their privileges: they were not migrated.</li>}
                <li>Set server parameters, firewall rules, tags and alerts on the target as on the source.</li>
                {isOnline(migration) && (
                    <li>The cutover set the sequences. Check those that your applications have changed since.</li>
                )}
                <li>
                    Point your applications to <Link href={paths.connect(group, server)}>{server}</Link>. The user name there is{' '}
                    <code>user</code>, no longer <code>user@server</code>.
                </li>
                <li>Compare data and schema of source and target. Then enable high availability and choose the server size.</li>
                <li>Delete the application's client secret if you created it only for the migration.</li>
                <li>
                    When everything works, delete the source server <strong class="wrap">{source}</strong>.
                </li>
            </ol>
        </section>
    )
}

/** A validation has copied nothing, so no step that follows a migration applies. */
function Validated({ migration, group, server }) {
    return (
        <section class="card">
            <h2>No data was migrated</h2>
            <p>
                This migration only validated: nothing was copied to <Link href={paths.databases(group, server)}>{server}</Link>.
                Read the results below. To migrate the databases, create a migration with the option Migrate.
            </p>
            <p class="buttons">
                <Link class="button" href={similar(migration, group, server)}>
                    Create a similar migration
                </Link>
            </p>
        </section>
    )
}

/** What the user has to do after the migration. */
export function EndHints(props) {
    switch (stateOf(props.migration)) {
        case 'Succeeded':
            return props.migration.properties.migrationOption === 'Validate' ? <Validated {...props} /> : <Succeeded {...props} />
        case 'Canceled':
            return <Canceled {...props} />
        default:
            return null
    }
}
