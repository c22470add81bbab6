import { useState } from 'preact/hooks'

import { api } from '../api.js'
import { duration, time } from '../format.js'
import { usePoll } from '../hooks.js'
import { Button, ErrorBox, Essentials, TextField } from '../ui.jsx'
import { Status, useChange } from './parts.jsx'

const CLOCK = '/_malachite/clock'
const STEPS = [1, 72, 168]

export function ClockPart({ subscription }) {
    const poll = usePoll(() => api.get(`${CLOCK}?subscription=${encodeURIComponent(subscription)}`), [subscription], 2000)
    const { busy, failure, act } = useChange(poll.reload)
    const [free, setFree] = useState('')
    const advance = (by) => act(() => api.post(CLOCK, undefined, { advance: by, subscription }), 'Clock advanced', by)
    const submit = (event) => {
        event.preventDefault()
        if (free.trim()) advance(free.trim())
    }
    return (
        <>
            <p>
                Advancing the clock moves every stored instant of the subscription into the past: schedules, windows and limits
                come due at once. Leases, logs and timeouts keep the real time.
            </p>
            <Status poll={poll} what="clock" />
            {poll.data && (
                <>
                    <Essentials
                        items={[
                            ['Time of the subscription', time(poll.data.now)],
                            [
                                'Advanced by',
                                <span data-advanced={poll.data.advanced}>
                                    {poll.data.advanced} ({duration(poll.data.advancedSeconds * 1000)})
                                </span>,
                            ],
                        ]}
                    />
                    <h2>Advance</h2>
                    <p class="buttons">
                        {STEPS.map((hours) => (
                            <Button key={hours} icon="clock" disabled={busy} onClick={() => advance(`PT${hours}H`)}>
                                {`+${hours} h`}
                            </Button>
                        ))}
                    </p>
                    <form class="narrow-form" onSubmit={submit} noValidate>
                        <TextField
                            label="Duration"
                            name="advance"
                            hint="An ISO 8601 duration of weeks, days, hours, minutes and seconds, such as P7D or PT90M. POST /_malachite/reset returns to the real time."
                            placeholder="PT90M"
                            value={free}
                            onInput={setFree}
                            after={
                                <p class="buttons">
                                    <Button primary type="submit" busy={busy} disabled={busy || !free.trim()}>
                                        Advance
                                    </Button>
                                </p>
                            }
                        />
                    </form>
                    <ErrorBox error={failure} title="The clock was not advanced" />
                </>
            )}
        </>
    )
}
