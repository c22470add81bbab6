import { useState } from 'preact/hooks'

import { api, VERSIONS } from '../api.js'
import { useBusy, usePoll, useTitle } from '../hooks.js'
import { Icon, State } from '../icons.jsx'
import { providersPath, register } from '../providers.js'
import { Link, paths } from '../router.jsx'
import { loadGroups, subscriptionName } from '../servers.js'
import { session } from '../session.js'
import { notify } from '../toasts.jsx'
import { Box, Command, Crumbs, ErrorBox, Essentials, Loading, Menu, PageTitle, Scroll, Toolbar } from '../ui.jsx'
import { NewGroup } from '../wizard/new-group.jsx'

/** Lists the resource providers, and registers the one that migrations need. */
function Providers() {
    const { data, error, loading, reload } = usePoll(() => api.list(providersPath(), VERSIONS.resources), [], 5000)
    const [filter, setFilter] = useState('')
    const [selected, setSelected] = useState('')
    const [failure, setFailure] = useState(null)
    const [busy, run] = useBusy()
    const rows = (data ?? []).filter((row) => row.namespace.toLowerCase().includes(filter.trim().toLowerCase()))
    const row = rows.find(({ namespace }) => namespace === selected)
    const registered = row?.registrationState === 'Registered'
    const ready = data?.some((one) => one.namespace === 'Microsoft.DataMigration' && one.registrationState === 'Registered')
    const free = row?.registrationPolicy === 'RegistrationFree'
    const change = (verb, done) =>
        run(async () => {
            setFailure(null)
            try {
                await register(row.namespace, verb)
                notify('good', done, row.namespace)
            } catch (caught) {
                setFailure(caught)
            }
            reload()
        })
    return (
        <>
            <Toolbar>
                <Command
                    icon="check"
                    disabled={!row || registered || busy}
                    onClick={() => change('register', 'Resource provider registered')}
                >
                    Register
                </Command>
                <Command
                    icon="close"
                    disabled={!row || !registered || free || busy}
                    onClick={() => change('unregister', 'Resource provider unregistered')}
                >
                    Unregister
                </Command>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            {data && (
                <Box tone={ready ? 'good' : 'info'}>
                    {ready ? (
                        <p>
                            <strong>Microsoft.DataMigration</strong> is registered. You can create migrations.
                        </p>
                    ) : (
                        <p>
                            Migrations require <strong>Microsoft.DataMigration</strong>. Select it and click Register.
                        </p>
                    )}
                </Box>
            )}
            <div class="filters">
                <label class="filter">
                    <span class="hidden">Filter by name</span>
                    <Icon name="search" />
                    <input
                        class="input"
                        type="search"
                        placeholder="Filter by name..."
                        value={filter}
                        onInput={(event) => setFilter(event.currentTarget.value)}
                    />
                </label>
            </div>
            <ErrorBox error={failure ?? error} />
            {!data && !error && <Loading what="Loading the resource providers" />}
            {data && (
                <Scroll label="Resource providers">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col" class="cell-check">
                                    <span class="hidden">Selected</span>
                                </th>
                                <th scope="col">Provider</th>
                                <th scope="col">Status</th>
                            </tr>
                        </thead>
                        <tbody>
                            {rows.map(({ namespace, registrationState }) => (
                                <tr key={namespace} class={namespace === selected ? 'selected' : undefined}>
                                    <td class="cell-check">
                                        <input
                                            type="radio"
                                            name="provider"
                                            aria-label={namespace}
                                            checked={namespace === selected}
                                            onChange={() => setSelected(namespace)}
                                        />
                                    </td>
                                    <td onClick={() => setSelected(namespace)}>{namespace}</td>
                                    <td>
                                        <State state={registrationState} />
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
            {data && rows.length === 0 && <p class="quiet">No resource provider matches the filter.</p>}
        </>
    )
}

function Overview() {
    const { subscriptionId: id, displayName, state, tenantId } = session.subscription
    return (
        <>
            <h2>Essentials</h2>
            <Essentials
                items={[
                    ['Subscription name', displayName],
                    ['Subscription ID', id],
                    ['Status', state],
                    ['Tenant ID', tenantId],
                ]}
            />
            <section class="card">
                <h2>Before a migration</h2>
                <p>
                    Register the subscription for the Database Migration Service: under{' '}
                    <Link href={paths.providers()}>Resource providers</Link>, select Microsoft.DataMigration and click Register.
                </p>
            </section>
        </>
    )
}

function Groups() {
    const { data, error, loading, reload } = usePoll(loadGroups, [], 10_000)
    const [making, setMaking] = useState(false)
    return (
        <>
            <Toolbar>
                <Command icon="add" onClick={() => setMaking(true)}>
                    Create
                </Command>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <ErrorBox error={error} />
            {!data && !error && <Loading what="Loading the resource groups" />}
            {data && (
                <Scroll label="Resource groups">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">Name</th>
                                <th scope="col">Location</th>
                            </tr>
                        </thead>
                        <tbody>
                            {data.map(({ name, location }) => (
                                <tr key={name}>
                                    <td>{name}</td>
                                    <td>{location}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
            {making && (
                <NewGroup
                    location="eastus"
                    onMade={(name) => {
                        notify('good', 'Resource group created', name)
                        reload()
                    }}
                    onClose={() => setMaking(false)}
                />
            )}
        </>
    )
}

const PARTS = { 'resource-providers': ['Resource providers', Providers], 'resource-groups': ['Resource groups', Groups] }
export const subscriptionParts = [undefined, ...Object.keys(PARTS)]

const menu = () => ({
    top: [['overview', 'Overview', paths.subscription()]],
    settings: [
        ['list', 'Resource providers', paths.providers()],
        ['overview', 'Resource groups', paths.groups()],
    ],
})

/** The pages of the subscription, with the menu at the left. */
export function Subscription({ part }) {
    const [title, Part] = PARTS[part] ?? [undefined, Overview]
    useTitle(title ? `${subscriptionName()} | ${title}` : subscriptionName())
    return (
        <div class="page">
            <Crumbs items={[['Home', paths.home()], ...(part ? [[subscriptionName(), paths.subscription()]] : [])]} />
            <PageTitle icon="list" title={subscriptionName()} part={title} subtitle="Subscription" close={paths.home()} />
            <div class="with-menu">
                <Menu label="Subscription" {...menu()} />
                <div class="content">
                    <Part />
                </div>
            </div>
        </div>
    )
}
