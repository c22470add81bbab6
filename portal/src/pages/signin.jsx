import { useState } from 'preact/hooks'

import { useBusy, useTitle } from '../hooks.js'
import { session, signIn } from '../session.js'
import { Box, Button, ErrorBox, FixedField, TextField } from '../ui.jsx'

/** For --auth strict and any: exchanges the application's secret for a token, which lives as long as the tab. */
export function SignIn() {
    useTitle('Sign in')
    const [clientId, setClientId] = useState(session.application.appId)
    const [secret, setSecret] = useState('')
    const [busy, run] = useBusy()
    const [error, setError] = useState(null)
    const submit = (event) => {
        event.preventDefault()
        run(async () => {
            setError(null)
            try {
                await signIn(clientId.trim(), secret)
            } catch (caught) {
                setError(caught)
            }
        })
    }
    return (
        <div class="page narrow">
            <h1>Sign in</h1>
            <p>
                This Malachite requires a token. Sign in with the application that the options <code>--client-id</code> and{' '}
                <code>--client-secret-file</code> define.
            </p>
            {session.expired && <Box tone="warning">Your token has expired. Sign in again to continue where you left off.</Box>}
            <form onSubmit={submit}>
                <FixedField label="Tenant ID">
                    <code>{session.application.tenantId}</code>
                </FixedField>
                <TextField label="Client ID" name="client_id" required value={clientId} onInput={setClientId} />
                <TextField
                    label="Client secret"
                    name="client_secret"
                    required
                    type="password"
                    value={secret}
                    onInput={setSecret}
                />
                <ErrorBox error={error} title="Sign-in failed" />
                <p>
                    <Button primary type="submit" busy={busy} disabled={busy || !secret}>
                        Sign in
                    </Button>
                </p>
            </form>
        </div>
    )
}
