import { useState } from 'preact/hooks'

import { api } from '../api.js'
import { time } from '../format.js'
import { useKeptFocus, usePoll } from '../hooks.js'
import { Icon } from '../icons.jsx'
import { notify } from '../toasts.jsx'
import { Button, Confirm, ErrorBox, Scroll, TextField } from '../ui.jsx'
import { Headings, Status, useChange } from './parts.jsx'

const pathOf = (name, subscription, action = '') =>
    `/_malachite/snapshots/${encodeURIComponent(name)}${action}?subscription=${encodeURIComponent(subscription)}`

function Row({ snapshot, busy, onRestore, onDelete }) {
    const { name, createdOn, servers = [], migrations = [] } = snapshot
    return (
        <tr>
            <td class="wrap">{name}</td>
            <td class="nowrap">{time(createdOn)}</td>
            <td>{servers.map((server) => server.name).join(', ') || 'None'}</td>
            <td>{migrations.map((migration) => `${migration.name} (${migration.state})`).join(', ') || 'None'}</td>
            <td class="cell-end nowrap">
                <button type="button" class="command" aria-label={`Restore ${name}`} disabled={busy} onClick={onRestore}>
                    <Icon name="refresh" />
                    Restore
                </button>
                <button type="button" class="command" aria-label={`Delete ${name}`} disabled={busy} onClick={onDelete}>
                    <Icon name="trash" />
                    Delete
                </button>
            </td>
        </tr>
    )
}

function Take({ subscription, busy, act }) {
    const [name, setName] = useState('')
    const submit = (event) => {
        event.preventDefault()
        const wanted = name.trim()
        if (wanted) act(() => api.put(pathOf(wanted, subscription)), 'Snapshot taken', wanted)
    }
    return (
        <form class="narrow-form" onSubmit={submit} noValidate>
            <TextField
                label="Name"
                name="snapshot"
                hint="A snapshot with the same name is replaced."
                value={name}
                onInput={setName}
                after={
                    <p class="buttons">
                        <Button primary type="submit" busy={busy} disabled={busy || !name.trim()}>
                            Take snapshot
                        </Button>
                    </p>
                }
            />
        </form>
    )
}

export function SnapshotsPart({ subscription }) {
    const list = `/_malachite/snapshots?subscription=${encodeURIComponent(subscription)}`
    const poll = usePoll(async () => (await api.get(list)).value, [subscription], 3000)
    const { busy, failure, act } = useChange(poll.reload)
    const [asked, setAsked] = useState(null) // [what, name]
    const names = (poll.data ?? []).map((snapshot) => snapshot.name)
    useKeptFocus(names.join())
    const [what, name] = asked ?? []
    const accept = async () => {
        if (what === 'restore') await api.post(pathOf(name, subscription, '/restore'))
        else await api.delete(pathOf(name, subscription))
        notify('good', what === 'restore' ? 'Snapshot restored' : 'Snapshot deleted', name)
        poll.reload()
    }
    return (
        <>
            <p>
                A snapshot keeps the provisioned servers, databases and migrations of the subscription, also in the middle of an
                online migration.
            </p>
            <Status poll={poll} what="snapshots" />
            {poll.data && (
                <>
                    <Take subscription={subscription} busy={busy} act={act} />
                    <ErrorBox error={failure} title="The snapshot was not taken" />
                    {names.length === 0 ? (
                        <p class="quiet">No snapshots yet.</p>
                    ) : (
                        <Scroll label="Snapshots">
                            <table class="table">
                                <Headings names={['Name', 'Taken', 'Servers', 'Migrations', '']} />
                                <tbody>
                                    {poll.data.map((snapshot) => (
                                        <Row
                                            key={snapshot.name}
                                            snapshot={snapshot}
                                            busy={busy}
                                            onRestore={() => setAsked(['restore', snapshot.name])}
                                            onDelete={() => setAsked(['delete', snapshot.name])}
                                        />
                                    ))}
                                </tbody>
                            </table>
                        </Scroll>
                    )}
                </>
            )}
            {asked && (
                <Confirm
                    title={what === 'restore' ? `Restore the snapshot ${name}?` : `Delete the snapshot ${name}?`}
                    onYes={accept}
                    onClose={() => setAsked(null)}
                >
                    <p>
                        {what === 'restore'
                            ? 'Servers, databases and migrations of the subscription return to the state of the snapshot. All later changes are lost.'
                            : 'The servers and migrations themselves are not affected.'}
                    </p>
                </Confirm>
            )}
        </>
    )
}
