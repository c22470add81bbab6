import { useState } from 'preact/hooks'

import { api } from '../api.js'
import { bytes } from '../format.js'
import { usePoll } from '../hooks.js'
import { Icon } from '../icons.jsx'
import { notify } from '../toasts.jsx'
import { Command, ErrorBox, Loading, Scroll, TextField, Toolbar } from '../ui.jsx'
import { ViewAs } from '../view-as/view-as.jsx'
import { Ask } from './ask.jsx'
import { calls, listOf } from './calls.js'

const SYSTEM = ['postgres', 'azure_sys', 'azure_maintenance']

/** The service's list, with Malachite's own answer about sizes beside it: the list is there without them, too. */
async function load(at, id) {
    const [databases, sizes] = await Promise.all([
        listOf(at, 'databases'),
        api.get(`/_malachite/databases?server=${encodeURIComponent(id)}`).catch(() => ({ value: [] })),
    ])
    return { databases, sizeOf: new Map(sizes.value.map(({ name, sizeBytes }) => [name, sizeBytes])) }
}

function Create({ at, onDone, onClose }) {
    const [name, setName] = useState('')
    const [collation, setCollation] = useState('')
    const properties = { charset: 'UTF8', ...(collation ? { collation } : {}) }
    return (
        <Ask
            title="Create a database"
            yes="Create"
            ready={name !== ''}
            call={calls.child(at, 'databases', name || '<name>', properties)}
            onClose={onClose}
            onDone={() => {
                notify('good', 'Database created', name)
                onDone()
            }}
        >
            <TextField label="Name" name="database" required value={name} onInput={setName} />
            <TextField
                label="Collation"
                name="collation"
                value={collation}
                onInput={(text) => setCollation(text.trim())}
                placeholder="The server's default"
                hint="Such as en_US.utf8 or C. The character set is UTF8."
            />
        </Ask>
    )
}

function Rows({ databases, sizeOf, onDrop }) {
    return (
        <Scroll label="Databases">
            <table class="table" aria-label="Databases">
                <thead>
                    <tr>
                        <th scope="col">Name</th>
                        <th scope="col">Character set</th>
                        <th scope="col">Collation</th>
                        <th scope="col" class="cell-number">
                            Size
                        </th>
                        <th scope="col">
                            <span class="hidden">Commands</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {databases.map(({ name, properties }) => (
                        <tr key={name}>
                            <td class="wrap">{name}</td>
                            <td>{properties.charset}</td>
                            <td class="wrap">{properties.collation}</td>
                            <td class="cell-number nowrap">{bytes(sizeOf.get(name))}</td>
                            <td class="cell-end">
                                {!SYSTEM.includes(name) && (
                                    <button
                                        type="button"
                                        class="command"
                                        aria-label={`Delete ${name}`}
                                        onClick={() => onDrop(name)}
                                    >
                                        <Icon name="trash" />
                                        Delete
                                    </button>
                                )}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Scroll>
    )
}

export function Databases({ server, at }) {
    const { data, error, loading, reload } = usePoll(() => load(at, server.id), [server.id], 10_000)
    const [open, setOpen] = useState(null) // 'create', or {drop: name}
    return (
        <>
            <Toolbar>
                <Command icon="add" onClick={() => setOpen('create')}>
                    Create
                </Command>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <ErrorBox error={error} title="Cannot list the databases" />
            {!data && !error && <Loading what="Loading the databases" />}
            {data && <Rows {...data} onDrop={(name) => setOpen({ drop: name })} />}
            {data && <ViewAs call={calls.list(at, 'databases')} json={{ value: data.databases }} what="the list" />}
            {open === 'create' && <Create at={at} onDone={reload} onClose={() => setOpen(null)} />}
            {open?.drop && (
                <Ask
                    title={`Delete the database ${open.drop}?`}
                    yes="Delete"
                    danger
                    call={calls.removeChild(at, 'databases', open.drop)}
                    onClose={() => setOpen(null)}
                    onDone={() => {
                        notify('good', 'Database deleted', open.drop)
                        reload()
                    }}
                >
                    <p>
                        All its data on <strong>{server.name}</strong> will be lost.
                    </p>
                </Ask>
            )}
        </>
    )
}
