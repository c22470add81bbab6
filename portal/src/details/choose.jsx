import { useState } from 'preact/hooks'

import { api, versionOf } from '../api.js'
import { useBusy, usePoll } from '../hooks.js'
import { decide, sourceOf } from '../migrations.js'
import { notify } from '../toasts.jsx'
import { Box, Button, ErrorBox, TextField } from '../ui.jsx'
import { DatabaseChecks } from '../wizard/databases.jsx'

/** Asks for the databases of a migration that was created without any. */
export function ChooseDatabases({ migration, path, onDone, cancelButton }) {
    const source = sourceOf(migration)
    const isResource = source.group !== undefined
    const list = usePoll(
        async () =>
            isResource
                ? (await api.list(`${migration.properties.sourceDbServerResourceId}/databases`, versionOf(source.kind))).map(
                      (row) => row.name,
                  )
                : null,
        [path],
    )
    const [chosen, setChosen] = useState([])
    const [typed, setTyped] = useState('')
    const [error, setError] = useState(null)
    const names = list.data
        ? chosen
        : typed
              .split(',')
              .map((name) => name.trim())
              .filter(Boolean)
    const [busy, run] = useBusy()
    const send = () =>
        run(async () => {
            setError(null)
            try {
                await decide(path, { dbsToMigrate: names })
                notify('good', 'Databases chosen', names.join(', '))
                onDone()
            } catch (caught) {
                setError(caught)
            }
        })
    return (
        <Box tone="warning" title="Choose the databases to migrate">
            <p>The migration was created without database names. Choose up to 8 databases.</p>
            {list.data ? (
                <DatabaseChecks names={list.data} chosen={chosen} onChange={setChosen} />
            ) : (
                <TextField
                    label="Database names"
                    name="databases"
                    value={typed}
                    onInput={setTyped}
                    placeholder="Separated by commas"
                />
            )}
            <ErrorBox error={error} />
            <p class="buttons">
                <Button primary busy={busy} disabled={busy || names.length === 0} onClick={send}>
                    Migrate selected databases
                </Button>
                {cancelButton}
            </p>
        </Box>
    )
}
