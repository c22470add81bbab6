import { api } from '../api.js'
import { time, unknown } from '../format.js'
import { usePoll, useTitle } from '../hooks.js'
import { State } from '../icons.jsx'
import { Link, paths } from '../router.jsx'
import { addressOf, groupOf, isSingle, stateOf, subscriptionId, subscriptionName, useServers } from '../servers.js'
import { Box, CommandLink, ErrorBox, Loading, PageTitle, Scroll, Toolbar, Command } from '../ui.jsx'

export const serverPath = (server) => (isSingle(server) ? paths.single : paths.flexible)(groupOf(server), server.name)

function ServerTable({ title, servers, empty }) {
    return (
        <section class="card">
            <h2>
                {title} <span class="count">{servers.length}</span>
            </h2>
            {servers.length === 0 ? (
                <p class="quiet">{empty}</p>
            ) : (
                <Scroll label={title}>
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">Name</th>
                                <th scope="col">Status</th>
                                <th scope="col">Address</th>
                                <th scope="col">Resource group</th>
                                <th scope="col">Location</th>
                                <th scope="col">Version</th>
                            </tr>
                        </thead>
                        <tbody>
                            {servers.map((server) => (
                                <tr key={server.id}>
                                    <td>
                                        <Link href={serverPath(server)}>{server.name}</Link>
                                    </td>
                                    <td>
                                        <State state={stateOf(server)} />
                                    </td>
                                    <td>{addressOf(server)}</td>
                                    <td>{groupOf(server)}</td>
                                    <td>{server.location}</td>
                                    <td>{server.properties.version ?? unknown}</td>
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
        </section>
    )
}

function pathOfMigration({ id, name }) {
    const match = /\/resourcegroups\/([^/]+)\/.*\/flexibleservers\/([^/]+)\//i.exec(id ?? '')
    return match && paths.migration(match[1], match[2], name)
}

function Recent() {
    const { data } = usePoll(() => api.get('/_malachite/migrations?limit=8'), [], 3000)
    const rows = (data?.value ?? []).filter((row) => !row.deleted && row.id)
    if (rows.length === 0) return null
    return (
        <section class="card">
            <h2>Recent migrations</h2>
            <Scroll label="Recent migrations">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">Name</th>
                            <th scope="col">Status</th>
                            <th scope="col">Target server</th>
                            <th scope="col">Created</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map((row) => (
                            <tr key={row.migrationId}>
                                <td>
                                    <Link href={pathOfMigration(row)}>{row.name}</Link>
                                </td>
                                <td>
                                    <State state={row.state} />
                                </td>
                                <td>{row.targetServer}</td>
                                <td class="nowrap">{time(row.createdAt)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
        </section>
    )
}

export function Dashboard() {
    useTitle('Dashboard')
    const { data, error, loading, reload } = useServers(5000)
    const none = data && data.flexible.length + data.single.length === 0
    return (
        <div class="page">
            <PageTitle
                title="Dashboard"
                subtitle={
                    <>
                        Subscription <Link href={paths.subscription()}>{subscriptionName()}</Link> ({subscriptionId()})
                    </>
                }
            />
            <Toolbar>
                <CommandLink icon="add" href={paths.create('flexible')}>
                    Create flexible server
                </CommandLink>
                <CommandLink icon="add" href={paths.create('single')}>
                    Add single server
                </CommandLink>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
                <CommandLink icon="list" href={paths.providers()}>
                    Resource providers
                </CommandLink>
            </Toolbar>
            <ErrorBox error={error} />
            {!data && !error && <Loading what="Loading the servers" />}
            {none && (
                <Box title="Start here">
                    <p>
                        A migration moves databases from a single server, or any other PostgreSQL, to a flexible server.{' '}
                        <Link href={paths.create('flexible')}>Create a flexible server</Link> first. Malachite starts a new
                        PostgreSQL for it, or attaches an existing one.
                    </p>
                </Box>
            )}
            {data && (
                <>
                    <ServerTable title="Flexible servers" servers={data.flexible} empty="No flexible servers yet." />
                    <ServerTable
                        title="Single servers"
                        servers={data.single}
                        empty="No single servers yet. You can also migrate from any other PostgreSQL by its host and port."
                    />
                    <Recent />
                </>
            )}
        </div>
    )
}
