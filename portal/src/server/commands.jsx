// Start, stop, restart, reset password, delete: the commands above a server's overview.
import { useState } from 'preact/hooks'

import { navigate, paths } from '../router.jsx'
import { stateOf } from '../servers.js'
import { notify } from '../toasts.jsx'
import { Box, Command, TextField } from '../ui.jsx'
import { Ask } from './ask.jsx'
import { calls } from './calls.js'

const isAttached = (server) => Boolean(server.tags?.['malachite.host'])

const POWER = {
    start: { title: 'Start', done: 'Server started', text: 'PostgreSQL starts with the data and the parameters that it had.' },
    stop: {
        title: 'Stop',
        done: 'Server stopped',
        danger: true,
        text: 'All connections end, also those of active migrations. The data stay.',
    },
    restart: {
        title: 'Restart',
        done: 'Server restarted',
        danger: true,
        text: 'All connections end, also those of active migrations. Parameters that wait for a restart take effect.',
    },
}

export function PowerDialog({ verb, server, at, onDone, onClose }) {
    const { title, done, danger, text } = POWER[verb]
    return (
        <Ask
            title={`${title} ${server.name}?`}
            yes={title}
            danger={danger}
            call={calls.power(at, verb)}
            onClose={onClose}
            onDone={() => {
                notify('good', done, server.name)
                onDone()
            }}
        >
            <p>{text}</p>
        </Ask>
    )
}

function PasswordDialog({ server, at, onDone, onClose }) {
    const [password, setPassword] = useState('')
    const [again, setAgain] = useState('')
    const differs = again !== '' && again !== password
    return (
        <Ask
            title="Reset admin password"
            yes="Save"
            ready={password !== '' && again === password}
            call={calls.password(at, password)}
            onClose={onClose}
            onDone={() => {
                notify('good', 'Password changed', `${server.properties.administratorLogin} on ${server.name}`)
                onDone()
            }}
        >
            <p>
                {isAttached(server)
                    ? 'Malachite stores this password and connects with it. The PostgreSQL is yours: change its password there first.'
                    : 'Open connections stay. Active migrations keep the passwords that they were created with.'}
            </p>
            <TextField label="New password" name="password" type="password" required value={password} onInput={setPassword} />
            <TextField
                label="Confirm password"
                name="again"
                type="password"
                required
                keepLine
                value={again}
                onInput={setAgain}
                error={differs ? 'The passwords differ.' : null}
            />
        </Ask>
    )
}

function DeleteDialog({ server, at, onClose }) {
    const [typed, setTyped] = useState('')
    return (
        <Ask
            title={`Delete ${server.name}?`}
            yes="Delete"
            danger
            ready={typed === server.name}
            call={calls.remove(at)}
            onClose={onClose}
            onDone={() => {
                notify('good', 'Server deleted', server.name)
                navigate(paths.home())
            }}
        >
            <Box tone="warning">
                {isAttached(server)
                    ? 'Malachite forgets this server. The PostgreSQL itself and its data are not touched.'
                    : 'The server and all its databases are lost. This cannot be undone.'}
                {at.kind === 'flexible' && ' The list of migrations to this server goes with it.'}
            </Box>
            <TextField
                label={`Type the server's name, ${server.name}, to confirm`}
                name="confirm"
                required
                value={typed}
                onInput={setTyped}
            />
        </Ask>
    )
}

const DIALOGS = { password: PasswordDialog, remove: DeleteDialog }

/** The service starts only stopped servers, and stops and restarts only those that run. */
export function ServerCommands({ server, at, reload }) {
    const [open, setOpen] = useState(null)
    const state = stateOf(server)
    const Shown = DIALOGS[open] ?? PowerDialog
    const verbs = [
        ...(at.kind === 'flexible' ? [['start', 'play', ['Stopped', 'Inaccessible'].includes(state)]] : []),
        ...(at.kind === 'flexible' ? [['stop', 'stop', state === 'Ready']] : []),
        ['restart', 'restart', ['Ready', 'Inaccessible'].includes(state)],
    ]
    return (
        <>
            {verbs.map(([verb, icon, can]) => (
                <Command key={verb} icon={icon} disabled={!can} onClick={() => setOpen(verb)}>
                    {POWER[verb].title}
                </Command>
            ))}
            <Command icon="key" onClick={() => setOpen('password')}>
                Reset password
            </Command>
            <Command icon="trash" onClick={() => setOpen('remove')}>
                Delete
            </Command>
            {open && <Shown verb={open} server={server} at={at} onDone={reload} onClose={() => setOpen(null)} />}
        </>
    )
}
