import { useState } from 'preact/hooks'

import { time } from '../format.js'
import { useBusy } from '../hooks.js'
import { asksForRestart, databasesOf, decide, isCancelable, sourceOf, stateOf, substateOf } from '../migrations.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Confirm, ErrorBox, Marked, TextField } from '../ui.jsx'
import { ChooseDatabases } from './choose.jsx'

/** A button that sends a decision; what is refused is shown beside it. */
function Decision({ path, properties, done, children, primary = true, onDone }) {
    const [busy, run] = useBusy()
    const [error, setError] = useState(null)
    const send = () =>
        run(async () => {
            setError(null)
            try {
                await decide(path, properties)
                notify('good', done)
                onDone()
            } catch (caught) {
                setError(caught)
            }
        })
    return (
        <>
            <Button primary={primary} busy={busy} disabled={busy} onClick={send}>
                {children}
            </Button>
            <ErrorBox error={error} />
        </>
    )
}

function Replication({ migration, path, onDone, cancelButton }) {
    const [asking, setAsking] = useState(false)
    const source = sourceOf(migration).name
    const start = async () => {
        await decide(path, { setupLogicalReplicationOnSourceDbIfNeeded: 'True' })
        notify('good', 'Logical replication is being set up', source)
        onDone()
    }
    if (asksForRestart(migration)) {
        return (
            <Box tone="warning" title="Restart the source server" live>
                <p class="message">{migration.properties.currentStatus.error}</p>
                <p class="buttons">{cancelButton}</p>
            </Box>
        )
    }
    return (
        <Box tone="warning" title="The source is not ready for logical replication">
            <p>
                An online migration needs <code>wal_level = logical</code> and a free replication slot for each database on{' '}
                <strong class="wrap">{source}</strong>. Malachite can set the parameters. They take effect when the source server
                is <strong>restarted</strong>: a server that Malachite started is restarted at once, any other one by its owner.
            </p>
            <p class="buttons">
                <Button primary onClick={() => setAsking(true)}>
                    Set up logical replication
                </Button>
                {cancelButton}
            </p>
            {asking && (
                <Confirm title="Set up logical replication on the source?" onYes={start} onClose={() => setAsking(false)}>
                    <p>
                        All connections to <strong class="wrap">{source}</strong> are interrupted while it restarts. If you have
                        set the parameters by hand already, nothing is changed and nothing is restarted.
                    </p>
                </Confirm>
            )}
        </Box>
    )
}

/** Which they are, as the service has said when the wait began. */
const foundOf = (events) => [...(events ?? [])].reverse().find(({ text }) => text?.startsWith('Already present'))?.text

function Overwrite({ migration, events, path, onDone, cancelButton }) {
    const [asking, setAsking] = useState(false)
    const names = databasesOf(migration).join(', ')
    const found = foundOf(events)
    const start = async () => {
        await decide(path, { overwriteDbsInTarget: 'True' })
        notify('good', 'The databases will be overwritten', names)
        onDone()
    }
    return (
        <Box tone="warning" title="Databases of these names are on the target already">
            <p>
                {found ? (
                    <span class="wrap">
                        <Marked text={found} />
                    </span>
                ) : (
                    <>
                        At least one of <strong class="wrap">{names}</strong> exists on the target server and is not empty.
                    </>
                )}{' '}
                Nothing on the target has been touched.
            </p>
            <p class="buttons">
                <Button primary onClick={() => setAsking(true)}>
                    Overwrite
                </Button>
                {cancelButton}
            </p>
            {asking && (
                <Confirm title="Overwrite the databases on the target?" onYes={start} onClose={() => setAsking(false)}>
                    <p>
                        Those of <strong class="wrap">{names}</strong> that exist on the target server are dropped there with all
                        their data, and then migrated. This cannot be undone.
                    </p>
                </Confirm>
            )}
        </Box>
    )
}

const startNow = { startDataMigration: 'True' }

function Schedule({ path, onDone, cancelButton }) {
    const [at, setAt] = useState('')
    const instant = at ? new Date(`${at}Z`) : null
    return (
        <Box tone="warning" title="The migration waits for its start">
            <p>
                It was created with <code>startDataMigration</code> set to false. Start it now, or give a time.
            </p>
            <TextField label="Start at (UTC)" name="window" type="datetime-local" value={at} onInput={setAt} />
            <p class="buttons">
                <Decision path={path} properties={startNow} done="The data migration starts" onDone={onDone}>
                    Start now
                </Decision>
                {instant && (
                    <Decision
                        primary={false}
                        path={path}
                        properties={{ migrationWindowStartTimeInUtc: instant.toISOString() }}
                        done={`Start scheduled for ${time(instant.toISOString())}`}
                        onDone={onDone}
                    >
                        Schedule
                    </Decision>
                )}
                {cancelButton}
            </p>
        </Box>
    )
}

function Window({ migration, path, onDone }) {
    return (
        <Box title="Scheduled">
            <p>
                The data migration starts at <strong>{time(migration.properties.migrationWindowStartTimeInUtc)}</strong>.
            </p>
            <p class="buttons">
                <Decision path={path} properties={startNow} done="The data migration starts" onDone={onDone}>
                    Start now
                </Decision>
            </p>
        </Box>
    )
}

function Cutover({ onCutover, cancelButton }) {
    return (
        <Box tone="warning" title="Ready for the cutover">
            <p>
                All rows have been copied, and changes of the source arrive on the target as they happen. When{' '}
                <strong>Pending changes (Bytes)</strong> of every database is nearly 0, stop the writes to the source, wait until
                it is 0, compare data and schema yourself, and start the cutover.
            </p>
            <p class="buttons">
                <Button primary onClick={onCutover}>
                    Cutover
                </Button>
                {cancelButton}
            </p>
        </Box>
    )
}

/** What the migration waits for, and the buttons that end the wait. */
export function Waiting({ migration, events, path, onDone, onCancel, onCutover }) {
    const cancelButton = (
        <Button disabled={!isCancelable(migration)} onClick={onCancel}>
            Cancel migration
        </Button>
    )
    const common = { migration, events, path, onDone, cancelButton }
    const waits = stateOf(migration) === 'WaitingForUserAction'
    switch (substateOf(migration)) {
        case 'WaitingForLogicalReplicationSetupRequestOnSourceDB':
            return waits && <Replication {...common} />
        case 'WaitingForTargetDBOverwriteConfirmation':
            return waits && <Overwrite {...common} />
        case 'WaitingForDBsToMigrateSpecification':
            return waits && <ChooseDatabases {...common} />
        case 'WaitingForDataMigrationScheduling':
            return waits && <Schedule {...common} />
        case 'WaitingForDataMigrationWindow':
            return <Window {...common} />
        case 'WaitingForCutoverTrigger':
            return waits && <Cutover {...common} onCutover={onCutover} />
        default:
            return null
    }
}
