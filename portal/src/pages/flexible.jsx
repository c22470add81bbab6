import { useState } from 'preact/hooks'

import { api, followOperation, ids, VERSIONS } from '../api.js'
import { time, unknown } from '../format.js'
import { usePoll, useTitle } from '../hooks.js'
import { Icon, State } from '../icons.jsx'
import { Link, paths } from '../router.jsx'
import { addressOf, stateOf, subscriptionId, subscriptionName } from '../servers.js'
import { notify } from '../toasts.jsx'
import {
    Box,
    Command,
    CommandLink,
    Confirm,
    Copy,
    Crumbs,
    ErrorBox,
    Essentials,
    Loading,
    Menu,
    PageTitle,
    Scroll,
    Toolbar,
} from '../ui.jsx'
import { Grid } from './grid.jsx'

const PRODUCT = 'Azure Database for PostgreSQL flexible server'

const menuOf = (group, name) => ({
    top: [
        ['overview', 'Overview', paths.flexible(group, name)],
        ['migration', 'Migration (preview)', paths.migrations(group, name)],
    ],
    settings: [
        ['database', 'Databases', paths.databases(group, name)],
        ['plug', 'Connect', paths.connect(group, name)],
    ],
})

function Overview({ group, server, reload, loading }) {
    const { properties, sku } = server
    return (
        <>
            <Toolbar>
                <CommandLink icon="migration" href={paths.wizard(group, server.name)}>
                    Migrate from Single Server
                </CommandLink>
                <Command icon="refresh" busy={loading} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <h2>Essentials</h2>
            <Essentials
                items={[
                    ['Subscription', <Link href={paths.subscription()}>{subscriptionName()}</Link>],
                    ['Server name', addressOf(server)],
                    ['Subscription ID', subscriptionId()],
                    ['Server admin login name', properties.administratorLogin],
                    ['Resource group', group],
                    [
                        'Configuration',
                        [sku?.tier, sku?.name, properties.storage && `${properties.storage.storageSizeGB} GiB storage`]
                            .filter(Boolean)
                            .join(', '),
                    ],
                    ['Status', <State state={stateOf(server)} />],
                    [
                        'PostgreSQL version',
                        properties.version ? [properties.version, properties.minorVersion].filter(Boolean).join('.') : unknown,
                    ],
                    ['Location', server.location],
                    ['Created on', time(server.systemData?.createdAt)],
                ]}
            />
            {properties.stateMessage && <Box tone="warning">{properties.stateMessage}</Box>}
            <section class="card">
                <h2>Migrate databases to this server</h2>
                <p>
                    Migrate databases from a single server, or from any other PostgreSQL, to this server: offline, or online with
                    a cutover at a time you choose.
                </p>
                <p>
                    <Link class="button primary" href={paths.migrations(group, server.name)}>
                        Migration (preview)
                    </Link>
                </p>
            </section>
        </>
    )
}

function Databases({ group, server }) {
    const base = `${ids.server(subscriptionId(), group, 'flexibleServers', server.name)}/databases`
    const { data, error, loading, reload } = usePoll(() => api.list(base, VERSIONS.flexible), [server.name], 10_000)
    const [asked, setAsked] = useState(null)
    const drop = async () => {
        await followOperation(await api.delete(`${base}/${encodeURIComponent(asked)}`, VERSIONS.flexible))
        notify('good', 'Database deleted', asked)
        reload()
    }
    return (
        <>
            <Toolbar>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <ErrorBox error={error} />
            {!data && !error && <Loading what="Loading the databases" />}
            {data && (
                <Scroll label="Databases">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">Name</th>
                                <th scope="col">Character set</th>
                                <th scope="col">Collation</th>
                                <th scope="col">
                                    <span class="hidden">Commands</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {data.map(({ name, properties }) => (
                                <tr key={name}>
                                    <td class="wrap">{name}</td>
                                    <td>{properties.charset}</td>
                                    <td>{properties.collation}</td>
                                    <td class="cell-end">
                                        {name !== 'postgres' && (
                                            <button
                                                type="button"
                                                class="command"
                                                aria-label={`Delete ${name}`}
                                                onClick={() => setAsked(name)}
                                            >
                                                <Icon name="trash" />
                                                Delete
                                            </button>
                                        )}
                                    </td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
            {asked !== null && (
                <Confirm title={`Delete the database ${asked}?`} onYes={drop} onClose={() => setAsked(null)}>
                    <p>
                        All its data on <strong>{server.name}</strong> will be lost. The source of a migration is not affected.
                    </p>
                </Confirm>
            )}
        </>
    )
}

function Connect({ server }) {
    const { fullyQualifiedDomainName: host, port = 5432, administratorLogin: login } = server.properties
    return (
        <>
            <p>
                Connect to this server like to any other PostgreSQL. After a migration, applications sign in as{' '}
                <code>{login}</code> and no longer as <code>user@server</code>.
            </p>
            <h2>psql</h2>
            <Copy what="the psql command" text={`psql "host=${host} port=${port} user=${login} dbname=postgres"`} />
            <h2>JDBC</h2>
            <Copy what="the JDBC address" text={`jdbc:postgresql://${host}:${port}/postgres?user=${login}`} />
            <h2>URI</h2>
            <Copy what="the URI" text={`postgresql://${login}@${host}:${port}/postgres`} />
        </>
    )
}

const TITLES = { migrations: 'Migration (preview)', databases: 'Databases', connect: 'Connect' }

/** The pages of a flexible server, with the menu at the left. */
export function Flexible({ group, name, part }) {
    useTitle(TITLES[part] ? `${name} | ${TITLES[part]}` : name)
    const {
        data: server,
        error,
        loading,
        reload,
    } = usePoll(
        () => api.get(ids.server(subscriptionId(), group, 'flexibleServers', name), VERSIONS.flexible),
        [group, name],
        (data) => (stateOf(data) === 'Ready' ? 15_000 : 1500),
    )
    const crumbs = [['Home', paths.home()], ...(part ? [[name, paths.flexible(group, name)]] : [])]
    return (
        <div class="page">
            <Crumbs items={crumbs} />
            <PageTitle
                icon={part === 'migrations' ? 'migration' : 'database'}
                title={name}
                part={TITLES[part]}
                subtitle={PRODUCT}
                close={paths.home()}
            />
            <div class="with-menu">
                <Menu label="Server" {...menuOf(group, name)} />
                <div class="content">
                    {!server && <ErrorBox error={error} title="Cannot show the server" />}
                    {!server && !error && <Loading what="Loading the server" />}
                    {server && part === undefined && <Overview group={group} server={server} reload={reload} loading={loading} />}
                    {server && part === 'migrations' && <Grid group={group} server={server} />}
                    {server && part === 'databases' && <Databases group={group} server={server} />}
                    {server && part === 'connect' && <Connect server={server} />}
                </div>
            </div>
        </div>
    )
}
