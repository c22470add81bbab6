import { useEffect } from 'preact/hooks'

import { api, VERSIONS } from '../api.js'
import { unknown } from '../format.js'
import { usePoll } from '../hooks.js'
import { addressOf, groupOf, loginOf, sameRegion, subscriptionId, subscriptionName } from '../servers.js'
import { Box, ErrorBox, External, Field, FixedField, SelectField, TextField } from '../ui.jsx'
import { isGood } from './checks.js'
import { DatabaseChecks } from './databases.jsx'

const RESTRICTIONS = {
    Online: [
        'Recommended to use only for individual DBs <= 1 TB.',
        <>
            All logical replication{' '}
            <External href="https://www.postgresql.org/docs/current/logical-replication-restrictions.html">restrictions</External>{' '}
            in PostgreSQL apply. If any of these restrictions apply to your PostgreSQL server and cannot be addressed before the
            migration, we strongly encourage evaluating the offline migration mode which does not have these restrictions.
        </>,
        'You can migrate up to 8 databases from a server in a single activity. If you have more databases, create multiple migration activities.',
        'Logical replication has to be set up on the source. If it is not, the migration waits for you to allow it; the source server may have to be restarted.',
    ],
    Offline: [
        'What is written to the source after the migration has started is not migrated.',
        'Applications have to stay stopped from the start of the migration to its end.',
        'You can migrate up to 8 databases from a server in a single activity. If you have more databases, create multiple migration activities.',
    ],
}

function Kind({ value, onChange }) {
    const radio = (key, text) => (
        <label class="check">
            <input type="radio" name="sourceKind" value={key} checked={value === key} onChange={() => onChange(key)} />
            <span>{text}</span>
        </label>
    )
    return (
        <fieldset class="kinds">
            <legend>Source server type</legend>
            {radio('single', 'Azure Database for PostgreSQL Single Server')}
            {radio('other', 'Any other PostgreSQL (host and port)')}
        </fieldset>
    )
}

function SingleServer({ values, set, problem, servers, groups, source }) {
    const inGroup = servers.filter((one) => groupOf(one).toLowerCase() === values.sourceGroup.toLowerCase())
    return (
        <>
            <SelectField
                label="Subscription"
                name="subscription"
                required
                value={subscriptionId()}
                onChange={() => {}}
                options={[[subscriptionId(), subscriptionName()]]}
                hint="The subscription of the source server."
            />
            <SelectField
                label="Resource group"
                name="sourceGroup"
                required
                value={values.sourceGroup}
                placeholder="Select a resource group"
                error={problem('sourceGroup')}
                hint="The resource group of the source server."
                onChange={(sourceGroup) => set({ sourceGroup, sourceId: '', databases: [] })}
                options={groups.map(({ name }) => [name, name])}
            />
            <SelectField
                label="Server name"
                name="sourceId"
                required
                value={values.sourceId}
                placeholder={
                    values.sourceGroup && inGroup.length === 0 ? 'This resource group has no single server' : 'Select a server'
                }
                error={problem('sourceId')}
                hint="The single servers of the resource group, of all regions."
                disabled={!values.sourceGroup || inGroup.length === 0}
                onChange={(sourceId) => set({ sourceId, databases: [] })}
                options={inGroup.map((one) => [
                    one.id,
                    addressOf(one) === unknown ? one.name : `${one.name} (${addressOf(one)})`,
                ])}
            />
            <FixedField label="Location" hint="Filled in from the server.">
                {source?.location ?? unknown}
            </FixedField>
            <FixedField label="PostgreSQL version" hint="Filled in from the server.">
                {source?.properties.version ?? unknown}
            </FixedField>
            <FixedField label="Server admin login name" hint="The login that the server was created with.">
                {source ? loginOf(source) : unknown}
            </FixedField>
        </>
    )
}

function OtherServer({ values, set, problem, version }) {
    return (
        <>
            <TextField
                label="Host"
                name="host"
                required
                value={values.host}
                onInput={(host) => set({ host: host.trim(), databases: [] })}
                error={problem('host')}
                placeholder="Name or address"
                hint="Where PostgreSQL can be reached from this machine."
            />
            <TextField
                label="Port"
                name="port"
                required
                inputMode="numeric"
                value={values.port}
                onInput={(port) => set({ port: port.trim(), databases: [] })}
                error={problem('port')}
            />
            <TextField
                label="Server admin login name"
                name="login"
                required
                value={values.login}
                onInput={(login) => set({ login: login.trim(), databases: [] })}
                error={problem('login')}
                hint="A role that may read everything that is migrated."
            />
            <FixedField label="PostgreSQL version" hint="Filled in when the password has been tested.">
                {version ?? unknown}
            </FixedField>
        </>
    )
}

/** The names to choose from: of a server of ours at once, of any other after the sign-in. */
function useNames(values, sourceCheck, sourceKey) {
    const single = values.sourceKind === 'single' && values.sourceId
    const list = usePoll(
        async () => (single ? (await api.list(`${values.sourceId}/databases`, VERSIONS.single)).map((row) => row.name) : null),
        [single],
    )
    const tested = sourceCheck.for === sourceKey && !sourceCheck.problem ? sourceCheck.databases : null
    return { names: tested ?? list.data ?? null, error: single && !tested ? list.error : null }
}

function Databases({ values, set, problem, names, error }) {
    // A name that was chosen before and is not there is not migrated silently.
    useEffect(() => {
        if (names && values.databases.some((name) => !names.includes(name)))
            set({ databases: values.databases.filter((name) => names.includes(name)) })
    }, [names])
    return (
        <Field
            label="Choose databases to migrate (up to 8)"
            name="databases"
            required
            error={problem('databases')}
            hint="The user databases of the source server."
            control={(attributes) =>
                names ? (
                    <DatabaseChecks
                        names={names}
                        chosen={values.databases}
                        onChange={(databases) => set({ databases })}
                        attributes={attributes}
                    />
                ) : (
                    <p id={attributes.id} class="quiet">
                        {values.sourceKind === 'single'
                            ? 'Select a server first.'
                            : 'Enter host, port, login and password; the databases are listed then.'}
                    </p>
                )
            }
            after={<ErrorBox error={error} />}
        />
    )
}

function Mode({ values, set, problem }) {
    return (
        <SelectField
            label="Migration mode"
            name="mode"
            required
            value={values.mode}
            placeholder="Select a migration mode"
            onChange={(mode) => set({ mode })}
            error={problem('mode')}
            options={[
                ['Online', 'Online'],
                ['Offline', 'Offline'],
            ]}
            hint="Online: the source stays in use until the cutover. Offline: one copy."
            after={
                values.mode && (
                    <Box tone="warning" title="Restrictions -" live>
                        <ol class="restrictions">
                            {RESTRICTIONS[values.mode].map((text, index) => (
                                <li key={index}>{text}</li>
                            ))}
                        </ol>
                    </Box>
                )
            }
        />
    )
}

export function SourceTab({ values, set, problem, servers, groups, source, target, sourceCheck, sourceKey, onTest }) {
    const { names, error } = useNames(values, sourceCheck, sourceKey)
    const good = isGood(sourceCheck, sourceKey)
    return (
        <>
            <h2>Source Database server details</h2>
            <Kind value={values.sourceKind} onChange={(sourceKind) => set({ sourceKind, databases: [] })} />
            {values.sourceKind === 'single' ? (
                <SingleServer {...{ values, set, problem, groups, source }} servers={servers} />
            ) : (
                <OtherServer {...{ values, set, problem }} version={good ? sourceCheck.version : null} />
            )}
            {source && !sameRegion(source.location, target.location) && (
                <Box>
                    Source and target are in different regions. The same region is recommended; the migration works nevertheless.
                </Box>
            )}
            <TextField
                label="Password"
                name="sourcePassword"
                type="password"
                required
                keepLine
                value={values.sourcePassword}
                onInput={(sourcePassword) => set({ sourcePassword })}
                onBlur={onTest}
                error={problem('sourcePassword')}
                busy={sourceCheck.busy ? 'Signing in to the source server' : null}
                mark={good}
                good={good ? `The password is right. PostgreSQL ${sourceCheck.version}.` : null}
                hint="Of the admin login. It is tested at once, kept encrypted and never shown."
            />
            <Databases {...{ values, set, problem, names, error }} />
            <Mode {...{ values, set, problem }} />
        </>
    )
}
