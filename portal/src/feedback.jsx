// The service's Feedback button sends a form to its vendor. Malachite sends nothing: it lists the facts for you to copy.
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
                Malachite sends nothing. Copy these facts, add what you did, what you expected and what happened, and send them to
                the people who maintain your Malachite. The facts contain no passwords.
            </p>
            {!data && !error ? (
                <Loading />
            ) : (
                <Copy what="the facts" text={lines.map(([name, value]) => `${name}: ${value}`).join('\n')} />
            )}
        </Dialog>
    )
}

/** A toolbar command. facts: [name, value] pairs that the page shows. */
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
