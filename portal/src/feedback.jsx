// The service's Feedback sends a form somewhere. Nothing leaves this machine: the facts are put together to be copied.
import { useState } from 'preact/hooks'

import { api } from './api.js'
import { usePoll } from './hooks.js'
import { Button, Command, Copy, Dialog, Loading } from './ui.jsx'

function FeedbackDialog({ facts, onClose }) {
    const { data, error } = usePoll(() => api.get('/_malachite/health'), [])
    const lines = [
        ['Malachite', data?.version ?? 'unknown'],
        ['Page', location.pathname],
        ['Browser', navigator.userAgent],
        ...facts.filter(([, value]) => value),
    ]
    return (
        <Dialog
            title="Feedback"
            onClose={onClose}
            footer={
                <Button primary onClick={onClose}>
                    Close
                </Button>
            }
        >
            <p>
                Malachite sends nothing by itself. Copy this, say what you did, what you expected and what happened, and give it
                to whoever maintains your Malachite. There are no passwords in it.
            </p>
            {!data && !error ? (
                <Loading />
            ) : (
                <Copy what="the facts" text={lines.map(([name, value]) => `${name}: ${value}`).join('\n')} />
            )}
        </Dialog>
    )
}

/** A command of a toolbar. facts: [name, value] of what the page shows. */
export function Feedback({ facts = [] }) {
    const [open, setOpen] = useState(false)
    return (
        <>
            <Command icon="feedback" onClick={() => setOpen(true)}>
                Feedback
            </Command>
            {open && <FeedbackDialog facts={facts} onClose={() => setOpen(false)} />}
        </>
    )
}
