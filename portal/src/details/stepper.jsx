import { duration } from '../format.js'
import { StateIcon } from '../icons.jsx'
import { isActive, isOnline, stateOf, substateOf } from '../migrations.js'
import { Words } from '../ui.jsx'

const PREPARE = 'Prerequisites'
const WAIT = 'Waiting'
const MIGRATE = 'Migrating data'
const CUTOVER = 'Cutover'
const END = 'Completed'

function stepOf(substate, online) {
    switch (substate) {
        case 'PerformingPreRequisiteSteps':
        case 'ValidationInProgress':
            return PREPARE
        case 'MigratingData':
            return MIGRATE
        case 'WaitingForCutoverTrigger':
            return CUTOVER
        case 'CompletingMigration':
            return online ? CUTOVER : MIGRATE
        case 'Completed':
            return END
        default:
            // A cancelation ends the step in which it was asked for.
            return substate?.startsWith('Waiting') ? WAIT : null
    }
}

/** Milliseconds in each step so far, from the history; it repeats a substate with every note. */
function timesOf(events, online, now) {
    const times = new Map()
    let step = null
    for (const [index, event] of events.entries()) {
        step = stepOf(event.substate, online) ?? step
        const until = index + 1 < events.length ? Date.parse(events[index + 1].at) : now
        if (step) times.set(step, (times.get(step) ?? 0) + Math.max(0, until - Date.parse(event.at)))
    }
    return { times, last: step }
}

function stepsOf(migration, times) {
    const validates = migration.properties.migrationOption === 'Validate'
    return [
        PREPARE,
        ...(times.has(WAIT) ? [WAIT] : []),
        ...(validates ? [] : [MIGRATE, ...(isOnline(migration) ? [CUTOVER] : [])]),
        END,
    ]
}

const LAST_TITLE = { Failed: 'Failed', ValidationFailed: 'Failed', Canceled: 'Canceled' }

/** Where the migration is, and how long each step took. */
export function Stepper({ migration, events, now }) {
    const active = isActive(migration)
    const state = stateOf(migration)
    const { times, last } = timesOf(events, isOnline(migration), now)
    const steps = stepsOf(migration, times)
    const at = active ? steps.indexOf(last ?? PREPARE) : steps.length - 1
    const iconOf = (step, index) => {
        if (!active && index === steps.length - 1) return state
        if (index < at) return times.has(step) ? 'Succeeded' : null
        return index === at ? (state === 'WaitingForUserAction' ? state : 'InProgress') : null
    }
    return (
        <ol class="stepper" aria-label="Steps of the migration">
            {steps.map((step, index) => {
                const icon = iconOf(step, index)
                const here = active && index === at
                const title = index === steps.length - 1 ? (LAST_TITLE[state] ?? step) : step
                return (
                    <li
                        key={step}
                        class={icon ? `step${here ? ' step-now' : ''}` : 'step step-later'}
                        aria-current={here ? 'step' : undefined}
                    >
                        {icon ? <StateIcon state={icon} /> : <span class="step-dot" />}
                        <span>
                            <strong>{title}</strong>
                            {step !== END && times.has(step) && <span class="step-time">{duration(times.get(step))}</span>}
                            {here && (
                                <span class="step-time">
                                    <Words text={substateOf(migration)} />
                                </span>
                            )}
                        </span>
                    </li>
                )
            })}
        </ol>
    )
}
