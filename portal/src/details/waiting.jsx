import { useState } from 'preact/hooks'

import { time } from '../format.js'
import { useBusy } from '../hooks.js'
import { asksForRestart, databasesOf, decide, isCancelable, sourceOf, stateOf, substateOf } from '../migrations.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Confirm, ErrorBox, Marked, TextField } from '../ui.jsx'
import { ChooseDatabases } from './choose.jsx'

/** A button that sends a decision, and shows the error if the service refuses it. */
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
        notify('good', 'Setting up logical replication', source)
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
                <strong class="wrap">{source}</strong>. Malachite can set the parameters. They take effect when the source server{' '}
                <strong>restarts</strong>. Malachite restarts a server that it provisioned; you have to restart any other server
                yourself.
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
                        A restart interrupts all connections to <strong class="wrap">{source}</strong>. If the parameters are
                        already set, Malachite changes nothing and restarts nothing.
                    </p>
                </Confirm>
            )}
        </Box>
    )
}

const OVERWRITE = 'WaitingForTargetDBOverwriteConfirmation'

/** The event of the wait names the databases that exist on the target. */
const foundOf = (events) => [...(events ?? [])].reverse().find(({ substate }) => substate === OVERWRITE)?.text

function Overwrite({ migration, events, path, onDone, cancelButton }) {
    const [asking, setAsking] = useState(false)
    const names = databasesOf(migration).join(', ')
    const found = foundOf(events)
    const start = async () => {
        await decide(path, { overwriteDbsInTarget: 'True' })
        notify('good', 'Overwrite confirmed', names)
        onDone()
    }
    return (
        <Box tone="warning" title="Databases with these names already exist on the target">
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
                Malachite has not changed anything on the target.
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
                        Malachite drops those of <strong class="wrap">{names}</strong> that exist on the target server, with all
                        their data, and then migrates them. This cannot be undone.
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
        <Box tone="warning" title="Ready to start the data migration">
            <p>
                The migration was created with <code>startDataMigration</code> set to false. Start the data migration now, or
                schedule it.
            </p>
            <TextField label="Start at (UTC)" name="window" type="datetime-local" value={at} onInput={setAt} />
            <p class="buttons">
                <Decision path={path} properties={startNow} done="Data migration started" onDone={onDone}>
                    Start now
                </Decision>
                {instant && (
                    <Decision
                        primary={false}
                        path={path}
                        properties={{ migrationWindowStartTimeInUtc: instant.toISOString() }}
                        done={`Data migration scheduled for ${time(instant.toISOString())}`}
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
                <Decision path={path} properties={startNow} done="Data migration started" onDone={onDone}>
                    Start now
                </Decision>
            </p>
        </Box>
    )
}

function Cutover({ onCutover, cancelButton }) {
    return (
        <Box tone="good" title="Ready for the cutover">
            <p>
                The base copy is complete, and Malachite replicates changes to the target as they happen. When{' '}
                <strong>Pending changes (Bytes)</strong> is close to 0 for every database, stop writes to the source and wait
                until it is 0. Then compare data and schema, and start the cutover.
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

/** Names the decision that the migration waits for, and offers the buttons that make it. */
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
        case OVERWRITE:
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
