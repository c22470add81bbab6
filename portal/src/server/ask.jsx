// A dialog that asks before one call: its fields, what the service refused, and the call itself.
import { useState } from 'preact/hooks'

import { useBusy } from '../hooks.js'
import { Button, Dialog, ErrorBox } from '../ui.jsx'
import { ViewAs } from '../view-as/view-as.jsx'
import { perform } from './calls.js'

/** `onDone` runs after the call has succeeded; `ready`: the fields are complete; `danger`: data or sessions are lost. */
export function Ask({ title, yes, danger, ready = true, call, onDone, onClose, children }) {
    const [busy, run] = useBusy()
    const [error, setError] = useState(null)
    const send = (event) => {
        event.preventDefault()
        if (!ready) return
        run(async () => {
            setError(null)
            try {
                await perform(call)
            } catch (caught) {
                setError(caught)
                return
            }
            onClose()
            onDone()
        })
    }
    return (
        <Dialog title={title} onClose={onClose} busy={busy}>
            <form onSubmit={send} noValidate>
                {children}
                <ErrorBox error={error} />
                <p class="buttons">
                    <Button
                        class={danger ? 'button danger' : 'button primary'}
                        type="submit"
                        busy={busy}
                        disabled={busy || !ready}
                    >
                        {yes}
                    </Button>
                    <Button disabled={busy} onClick={onClose}>
                        Cancel
                    </Button>
                </p>
                <ViewAs call={call} />
            </form>
        </Dialog>
    )
}
