import { useEffect } from 'preact/hooks'

import { api, VERSIONS } from '../api.js'
import { unknown } from '../format.js'
import { usePoll } from '../hooks.js'
import { addressOf, groupOf, loginOf, sameRegion, subscriptionId, subscriptionName } from '../servers.js'
import { Box, ErrorBox, External, Field, FixedField, SelectField, TextField } from '../ui.jsx'
import { isGood } from './checks.js'
import { DatabaseChecks } from './databases.jsx'
import { PasswordField } from './password.jsx'

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
        'The source needs logical replication. If it is not set up, the migration waits for your permission to set it up; the source server may need a restart.',
    ],
    Offline: [
        'Changes made on the source after the migration starts are not migrated.',
        'Keep your applications stopped from the start of the migration to its end.',
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

export function SingleServer({ values, set, problem, servers, groups, source }) {
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
                hint="All single servers of the resource group, in any region."
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

export function OtherServer({ values, set, problem, version }) {
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
                hint="The host name or address of the source, as seen from this machine."
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
                hint="A role that can read everything to be migrated."
            />
            <FixedField label="PostgreSQL version" hint="Filled in after Malachite has connected with your password.">
                {version ?? unknown}
            </FixedField>
        </>
    )
}

/** The databases to choose from: known at once for a resource, and after connecting for any other server. */
export function useNames(values, sourceCheck, sourceKey) {
    const single = values.sourceKind === 'single' && values.sourceId
    const list = usePoll(
        async () => (single ? (await api.list(`${values.sourceId}/databases`, VERSIONS.single)).map((row) => row.name) : null),
        [single],
    )
    const tested = sourceCheck.for === sourceKey && !sourceCheck.problem ? sourceCheck.databases : null
    return { names: tested ?? list.data ?? null, error: single && !tested ? list.error : null }
}

export function DatabasesField({ values, set, problem, names, error }) {
    // Deselect databases that the source does not have, so that the migration does not fail on them later.
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
                            : 'Enter host, port, login and password to list the databases.'}
                    </p>
                )
            }
            after={<ErrorBox error={error} />}
        />
    )
}

export function Mode({ values, set, problem }) {
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
            hint="Online: applications keep using the source until the cutover. Offline: a single copy, with applications stopped."
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
                    Source and target are in different regions. The migration works, but the service recommends the same region.
                </Box>
            )}
            <PasswordField side="source" {...{ values, set, problem, onTest }} check={sourceCheck} checkKey={sourceKey} />
            <DatabasesField {...{ values, set, problem, names, error }} />
            <Mode {...{ values, set, problem }} />
        </>
    )
}
