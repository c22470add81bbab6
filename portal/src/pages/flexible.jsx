import { time, unknown } from '../format.js'
import { State } from '../icons.jsx'
import { Link, paths } from '../router.jsx'
import { ServerCommands } from '../server/commands.jsx'
import { commonParts, ServerPage } from '../server/page.jsx'
import { addressOf, stateOf, subscriptionId, subscriptionName } from '../servers.js'
import { Box, Command, CommandLink, Essentials, Toolbar } from '../ui.jsx'
import { Grid } from './grid.jsx'

function Overview({ group, server, at, reload, loading }) {
    const { properties, sku } = server
    return (
        <>
            <Toolbar>
                <CommandLink icon="migration" href={paths.wizard(group, server.name)}>
                    Migrate from Single Server
                </CommandLink>
                <ServerCommands server={server} at={at} reload={reload} />
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

const TOP = {
    overview: { icon: 'overview', title: 'Overview', show: Overview },
    migrations: { icon: 'migration', title: 'Migration (preview)', show: Grid },
}
export const flexibleParts = [undefined, 'migrations', ...commonParts]

/** The pages of a flexible server, with the menu at the left. */
export const Flexible = (props) => (
    <ServerPage {...props} kind="flexible" product="Azure Database for PostgreSQL flexible server" top={TOP} settings={{}} />
)
