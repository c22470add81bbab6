// The single server's Replication page: the guide's prerequisite of an online migration is LOGICAL.
import { useState } from 'preact/hooks'

import { api } from '../api.js'
import { useBusy, usePoll } from '../hooks.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Command, ErrorBox, Loading, Toolbar } from '../ui.jsx'
import { ViewAs } from '../view-as/view-as.jsx'
import { calls, perform } from './calls.js'
import { PowerDialog } from './commands.jsx'

const NAME = 'azure.replication_support'
const CHOICES = [
    ['OFF', 'No replication'],
    ['REPLICA', 'Read replicas'],
    ['LOGICAL', 'Logical decoding, which online migrations need'],
]

function Choice({ value, onChange }) {
    return (
        <fieldset class="kinds">
            <legend>Azure replication support</legend>
            {CHOICES.map(([key, text]) => (
                <label key={key} class="check">
                    <input type="radio" name="replication" value={key} checked={value === key} onChange={() => onChange(key)} />
                    <span>
                        <strong>{key}</strong>
                        <span class="second-line">{text}</span>
                    </span>
                </label>
            ))}
        </fieldset>
    )
}

export function Replication({ server, at, reload: reloadServer }) {
    const { data, error, loading, reload } = usePoll(
        () => api.get(`${at.path}/configurations/${NAME}`, at.version),
        [server.id],
        15_000,
    )
    const [chosen, setChosen] = useState(null)
    const [busy, run] = useBusy()
    const [refused, setRefused] = useState(null)
    const [restarting, setRestarting] = useState(false)
    const now = data?.properties.value
    const value = chosen ?? now
    const call = calls.parameter(at, NAME, { value, source: 'user-override' })
    const save = () =>
        run(async () => {
            setRefused(null)
            try {
                await perform(call)
                setChosen(null)
                notify('good', 'Replication support saved', `${server.name}: ${value}`)
            } catch (caught) {
                setRefused(caught)
            }
            reload()
        })
    const changed = () => {
        reload()
        reloadServer()
    }
    return (
        <>
            <Toolbar>
                <Command icon="check" busy={busy} disabled={busy || !data || value === now} onClick={save}>
                    Save
                </Command>
                <Command icon="close" disabled={busy || value === now} onClick={() => setChosen(null)}>
                    Discard
                </Command>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <ErrorBox error={error} title="Cannot show the replication support" />
            {!data && !error && <Loading what="Loading" />}
            {data && <Choice value={value} onChange={setChosen} />}
            <ErrorBox error={refused} title="Cannot save the replication support" />
            {data?.properties.isConfigPendingRestart && (
                <Box tone="warning" title="The change takes effect with the next restart" live>
                    <p class="buttons">
                        <Button icon="restart" onClick={() => setRestarting(true)}>
                            Restart
                        </Button>
                    </p>
                </Box>
            )}
            {data && <ViewAs call={call} />}
            {restarting && (
                <PowerDialog verb="restart" server={server} at={at} onDone={changed} onClose={() => setRestarting(false)} />
            )}
        </>
    )
}
