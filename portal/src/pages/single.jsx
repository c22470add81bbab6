import { useState } from 'preact/hooks'

import { unknown } from '../format.js'
import { State } from '../icons.jsx'
import { Link, navigate, paths } from '../router.jsx'
import { ServerCommands } from '../server/commands.jsx'
import { commonParts, ServerPage } from '../server/page.jsx'
import { Replication } from '../server/replication.jsx'
import { addressOf, connectionsOf, groupOf, loginOf, stateOf, subscriptionName, useServers } from '../servers.js'
import { Box, Button, Command, Dialog, Essentials, SelectField, Toolbar } from '../ui.jsx'

/** "Migrate now": chooses the flexible server whose wizard opens with this source. */
function ChooseTarget({ source, onClose }) {
    const { data } = useServers(0)
    const [target, setTarget] = useState('')
    const servers = data?.flexible ?? []
    const chosen = servers.find((server) => server.id === target)
    const go = () => navigate(`${paths.wizard(groupOf(chosen), chosen.name)}?source=${encodeURIComponent(source.id)}`)
    return (
        <Dialog
            title="Migrate single server to flexible server"
            onClose={onClose}
            footer={
                <>
                    <Button primary disabled={!chosen} onClick={go}>
                        Go to migration wizard
                    </Button>
                    <Button onClick={onClose}>Cancel</Button>
                </>
            }
        >
            {data && servers.length === 0 ? (
                <p>
                    No flexible servers yet. <Link href={paths.create('flexible')}>Create a flexible server</Link>
                </p>
            ) : (
                <SelectField
                    label="Flexible server"
                    name="target"
                    required
                    value={target}
                    onChange={setTarget}
                    placeholder="Select a server"
                    options={servers.map((server) => [server.id, server.name])}
                    after={
                        <p>
                            <Link href={paths.create('flexible')}>Create a new flexible server</Link>
                        </p>
                    }
                />
            )}
        </Dialog>
    )
}

function Overview({ group, server, at, reload, loading }) {
    const [choosing, setChoosing] = useState(false)
    return (
        <>
            <Toolbar>
                <ServerCommands server={server} at={at} reload={reload} />
                <Command icon="refresh" busy={loading} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <Box>
                <p>
                    Move the databases of this server to a flexible server.{' '}
                    <button type="button" class="link" onClick={() => setChoosing(true)}>
                        Migrate now
                    </button>
                </p>
            </Box>
            <h2>Essentials</h2>
            <Essentials
                items={[
                    ['Subscription', subscriptionName()],
                    ['Server name', addressOf(server)],
                    ['Resource group', group],
                    ['Server admin login name', loginOf(server)],
                    ['Status', <State state={stateOf(server)} />],
                    ['PostgreSQL version', server.properties.version ?? unknown],
                    ['Location', server.location],
                    ['Public network access', server.properties.publicNetworkAccess],
                    [
                        'Private endpoint connections',
                        connectionsOf(server)
                            .map((connection) => connection.name)
                            .join(', ') || 'None',
                    ],
                ]}
            />
            {server.properties.stateMessage && <Box tone="warning">{server.properties.stateMessage}</Box>}
            {choosing && <ChooseTarget source={server} onClose={() => setChoosing(false)} />}
        </>
    )
}

const TOP = { overview: { icon: 'overview', title: 'Overview', show: Overview } }
const SETTINGS = { replication: { icon: 'copy', title: 'Replication', show: Replication } }
export const singleParts = [undefined, ...commonParts, 'replication']

export const Single = (props) => (
    <ServerPage {...props} kind="single" product="Azure Database for PostgreSQL single server" top={TOP} settings={SETTINGS} />
)
