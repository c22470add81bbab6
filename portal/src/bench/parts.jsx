// What the parts of the test bench share.
import { useState } from 'preact/hooks'

import { useBusy } from '../hooks.js'
import { notify } from '../toasts.jsx'
import { Box, ErrorBox, Loading } from '../ui.jsx'

/** {busy, failure, act}: act(work, done) runs a change, reports it, and keeps its error for the page. */
export function useChange(reload) {
    const [failure, setFailure] = useState(null)
    const [busy, run] = useBusy()
    const act = (work, done, text) =>
        run(async () => {
            setFailure(null)
            try {
                await work()
                notify('good', done, text)
            } catch (caught) {
                setFailure(caught)
            }
            reload()
        })
    return { busy, failure, act }
}

/** While a call has no data: why. A Malachite without the call says so in one line. */
export function Status({ poll, what, verb = 'has' }) {
    if (poll.error?.status === 404)
        return (
            <Box>
                This Malachite {verb} no {what}.
            </Box>
        )
    if (poll.error) return <ErrorBox error={poll.error} title={`Cannot show the ${what}`} />
    return poll.data ? null : <Loading what={`Loading the ${what}`} />
}

/** A table that scrolls sideways on its own. Headings: a text each; an empty one is read out as Commands. */
export const Headings = ({ names }) => (
    <thead>
        <tr>
            {names.map((name) => (
                <th key={name} scope="col">
                    {name || <span class="hidden">Commands</span>}
                </th>
            ))}
        </tr>
    </thead>
)
