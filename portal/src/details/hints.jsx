import { sqlName } from '../format.js'
import { databasesOf, isOnline, sourceOf, stateOf, substateOf } from '../migrations.js'
import { Link, paths } from '../router.jsx'
import { Box, Copy, Marked } from '../ui.jsx'

/** What to do, by what the error says; the first that fits. */
const ADVICE = [
    [
        /603100|28P01|password authentication failed/i,
        'Check the administrator login and its password on the server that the message names.',
    ],
    [
        /603000|08001|08006|could not connect|connection refused|timeout expired/i,
        'Check that the server runs, and that its host and port can be reached from this machine.',
    ],
    [/28000|pg_hba/i, "Allow this machine in the server's pg_hba.conf or firewall rules."],
    [/603102/i, 'Check the spelling of the database names on the source.'],
    [/603101/i, 'Delete the databases on the target, or authorize overwriting them.'],
    [
        /60310[4-7]|wal_level|replication slot|max_wal_senders/i,
        'Set up logical replication on the source: wal_level = logical, and enough replication slots and WAL senders.',
    ],
    [/603108|60340[5-8]|extension/i, 'Make the extension available on the target, or remove it from the source database.'],
    [/53100|No space left|disk full/i, 'Free space on the disk of the server that the message names.'],
    [
        /42501|permission denied|must be owner|must be superuser/i,
        'Give the login of the migration the privilege that the message names, on that server.',
    ],
]

const adviceFor = (text) => ADVICE.find(([pattern]) => pattern.test(text))?.[1]

const similar = (migration, group, server) => `${paths.wizard(group, server)}?like=${encodeURIComponent(migration.name)}`

/** What keeps a migration that is not over: it goes on by itself. */
function Obstacle({ migration, error }) {
    // The box of this wait says the same, in order.
    if (substateOf(migration) === 'WaitingForLogicalReplicationSetupRequestOnSourceDB') return null
    const advice = adviceFor(error)
    return (
        <Box tone="warning" title="The migration waits" live>
            <p class="message">
                <Marked text={error} />
            </p>
            <p>
                {advice && (
                    <>
                        <strong>What to do:</strong> {advice}{' '}
                    </>
                )}
                The migration goes on by itself as soon as this is solved.
            </p>
        </Box>
    )
}

/** The error, with what to do. A migration that has failed is not tried again: a new one takes another name. */
export function ErrorHelp({ migration, group, server }) {
    const error = migration.properties.currentStatus?.error
    const failed = ['Failed', 'ValidationFailed'].includes(stateOf(migration))
    if (!failed) return error ? <Obstacle migration={migration} error={error} /> : null
    return (
        <Box tone="error" title="The migration has failed" live>
            <p class="message">
                <Marked text={error ?? 'The validation found what would make the migration fail: see below.'} />
            </p>
            <p>
                <strong>What to do:</strong>{' '}
                {adviceFor(error ?? '') ?? 'Correct what the message names on the server that it names.'} Then create a new
                migration with another name: this one cannot be tried again.
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
                The migration was canceled; nothing was rolled back. Delete these databases on{' '}
                <Link href={paths.databases(group, server)}>{server}</Link> if they are there and were not there before:
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
                <li>Read what each database says: objects that could not be carried over as they were are named there.</li>
                {!roles && <li>Create users and roles on the target, and give them their privileges: they were not migrated.</li>}
                <li>Set server parameters, firewall rules, tags and alerts on the target as they were on the source.</li>
                {isOnline(migration) && (
                    <li>Sequences were set at the cutover. Check those that your applications changed afterwards.</li>
                )}
                <li>
                    Point your applications to <Link href={paths.connect(group, server)}>{server}</Link>. The user name is{' '}
                    <code>user</code> there, no longer <code>user@server</code>.
                </li>
                <li>Compare data and schema of both sides, then turn on high availability and choose the size that you need.</li>
                <li>Delete the application's client secret if it was only made for the migration.</li>
                <li>
                    When everything runs, delete the source server <strong class="wrap">{source}</strong>.
                </li>
            </ol>
        </section>
    )
}

/** What is left to do after the end. */
export function EndHints(props) {
    switch (stateOf(props.migration)) {
        case 'Succeeded':
            return <Succeeded {...props} />
        case 'Canceled':
            return <Canceled {...props} />
        default:
            return null
    }
}
