// The newer portal's wizard: Setup, Runtime server, Source, Target, Databases, Summary.
import { groupOf, sameRegion, subscriptionId, subscriptionName } from '../../servers.js'
import { Box, Button, SelectField, TextField } from '../../ui.jsx'
import { isGood } from '../checks.js'
import { PasswordField } from '../password.jsx'
import { DatabasesField, Mode, OtherServer, SingleServer, useNames } from '../source.jsx'
import { TargetTab } from '../target.jsx'
import { Summary } from './summary.jsx'
import { OPTIONS, SINGLE, SOURCE_TYPES, sourceTypeOf } from './words.js'

export { startText } from './words.js'

function Setup({ values, set, problem, facts }) {
    const { nameCheck } = facts
    const available = nameCheck.for === values.name && !nameCheck.problem && !nameCheck.busy
    const chooseType = (type) =>
        set({ databases: [], ...(type === SINGLE ? { sourceKind: 'single' } : { sourceKind: 'other', sourceType: type }) })
    return (
        <>
            <h2>Migration details</h2>
            <TextField
                label="Migration name"
                name="name"
                required
                keepLine
                placeholder="Enter migration name"
                value={values.name}
                onInput={(name) => set({ name })}
                error={problem('name')}
                hint="Identifies the migration on this flexible server. Use letters, digits and hyphens."
                busy={nameCheck.busy ? 'Checking the name' : null}
                good={available ? 'The name is available.' : null}
                mark={available}
            />
            <SelectField
                label="Source server type"
                name="sourceType"
                required
                value={sourceTypeOf(values)}
                onChange={chooseType}
                options={SOURCE_TYPES}
            />
            <SelectField
                label="Migration option"
                name="option"
                required
                value={values.option}
                onChange={(option) => set({ option })}
                options={OPTIONS}
                hint="Validation checks source and target and changes neither."
            />
            <Mode {...{ values, set, problem }} />
        </>
    )
}

function Runtime({ values, set, problem, target, flexible }) {
    const others = flexible.filter(({ id }) => id.toLowerCase() !== target.id.toLowerCase())
    return (
        <>
            <h2>Runtime server</h2>
            <p>
                On Azure, a runtime server does the work of the migration where source and target cannot reach each other.
                Malachite does the work itself: it checks that the server exists and keeps its ID.
            </p>
            <SelectField
                label="Use runtime server"
                name="useRuntime"
                value={values.useRuntime}
                onChange={(useRuntime) => set({ useRuntime })}
                options={[
                    ['No', 'No'],
                    ['Yes', 'Yes'],
                ]}
            />
            {values.useRuntime === 'Yes' && (
                <>
                    <SelectField
                        label="Subscription"
                        name="runtime-subscription"
                        value={subscriptionId()}
                        onChange={() => {}}
                        options={[[subscriptionId(), subscriptionName()]]}
                    />
                    <SelectField
                        label="Server name"
                        name="runtimeId"
                        required
                        value={values.runtimeId}
                        placeholder={others.length > 0 ? 'Select a server' : 'There is no other flexible server'}
                        disabled={others.length === 0}
                        onChange={(runtimeId) => set({ runtimeId })}
                        error={problem('runtimeId')}
                        options={others.map((one) => [one.id, `${one.name} (${groupOf(one)}, ${one.location})`])}
                    />
                </>
            )}
        </>
    )
}

const SSL_MODES = ['Prefer', 'Require', 'VerifyCA', 'VerifyFull'].map((mode) => [mode, mode])

const Test = ({ text, busy, onTest }) => (
    <p class="buttons">
        <Button busy={busy} disabled={busy} onClick={onTest}>
            {text}
        </Button>
    </p>
)

function Source({ values, set, problem, servers, groups, source, target, facts, ask }) {
    const { sourceCheck, sourceKey } = facts
    const good = isGood(sourceCheck, sourceKey)
    return (
        <>
            <h2>Source server details</h2>
            {values.sourceKind === 'single' ? (
                <SingleServer {...{ values, set, problem, servers, groups, source }} />
            ) : (
                <>
                    <OtherServer {...{ values, set, problem }} version={good ? sourceCheck.version : null} />
                    <SelectField
                        label="SSL mode"
                        name="sslMode"
                        value={values.sslMode}
                        onChange={(sslMode) => set({ sslMode })}
                        options={SSL_MODES}
                        hint="How Malachite connects to the source, as libpq's sslmode."
                    />
                </>
            )}
            {source && !sameRegion(source.location, target.location) && (
                <Box>
                    Source and target are in different regions. The migration works, but the service recommends the same region.
                </Box>
            )}
            <PasswordField
                side="source"
                {...{ values, set, problem }}
                check={sourceCheck}
                checkKey={sourceKey}
                onTest={ask.source}
            />
            <Test text="Connect to source" busy={sourceCheck.busy} onTest={ask.source} />
        </>
    )
}

function Databases({ values, set, problem, facts }) {
    const { names, error } = useNames(values, facts.sourceCheck, facts.sourceKey)
    return (
        <>
            <h2>Databases to validate or migrate</h2>
            <DatabasesField {...{ values, set, problem, names, error }} />
        </>
    )
}

/** The panel of one of the newer portal's tabs. */
export function NewerPanel({ tab, ...props }) {
    const { facts, ask, error, incomplete } = props
    const { targetCheck, targetKey } = facts
    if (tab === 'setup') return <Setup {...props} />
    if (tab === 'runtime') return <Runtime {...props} />
    if (tab === 'source') return <Source {...props} />
    if (tab === 'target')
        return (
            <>
                <TargetTab {...props} {...{ targetCheck, targetKey }} onTest={ask.target} />
                <Test text="Connect to target" busy={targetCheck.busy} onTest={ask.target} />
            </>
        )
    if (tab === 'databases') return <Databases {...props} />
    return <Summary facts={facts} error={error} incomplete={incomplete} />
}
