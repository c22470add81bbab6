// Who may reach a server: public access, firewall rules, subnets and private endpoints, as the service keeps them.
import { useState } from 'preact/hooks'

import { parseSubnetId } from '../api.js'
import { unknown } from '../format.js'
import { usePoll } from '../hooks.js'
import { Icon } from '../icons.jsx'
import { notify } from '../toasts.jsx'
import { Box, Button, Command, ErrorBox, Essentials, Loading, Scroll, TextField, Toolbar } from '../ui.jsx'
import { ViewAs } from '../view-as/view-as.jsx'
import { Ask } from './ask.jsx'
import { calls, listOf } from './calls.js'

const publicOf = ({ properties }) => properties.publicNetworkAccess ?? properties.network?.publicNetworkAccess

const changeAccess = (at, publicNetworkAccess) =>
    calls.change(at, at.kind === 'single' ? { publicNetworkAccess } : { network: { publicNetworkAccess } })

function PublicAccess({ server, at, reload }) {
    const [asked, setAsked] = useState(false)
    const now = publicOf(server)
    const next = now === 'Disabled' ? 'Enabled' : 'Disabled'
    const subnet = parseSubnetId(server.properties.network?.delegatedSubnetResourceId)
    return (
        <>
            <h2>Access</h2>
            <Essentials
                items={[
                    ['Connectivity method', subnet ? 'Private access (virtual network)' : 'Public access (allowed IP addresses)'],
                    ['Public network access', now ?? unknown],
                    ...(subnet
                        ? [
                              ['Virtual network', subnet.network],
                              ['Subnet', subnet.subnet],
                          ]
                        : []),
                ]}
            />
            {!subnet && (
                <p class="buttons">
                    <Button onClick={() => setAsked(true)}>
                        {next === 'Enabled' ? 'Enable public access' : 'Disable public access'}
                    </Button>
                </p>
            )}
            {asked && (
                <Ask
                    title={`${next === 'Enabled' ? 'Enable' : 'Disable'} public access?`}
                    yes="Save"
                    call={changeAccess(at, next)}
                    onClose={() => setAsked(false)}
                    onDone={() => {
                        notify('good', `Public network access: ${next}`, server.name)
                        reload()
                    }}
                >
                    <p>
                        {next === 'Enabled'
                            ? 'The server counts as public. Its private endpoints stay.'
                            : 'With a private endpoint, the server then counts as private, and the wizard asks for a subnet.'}
                    </p>
                </Ask>
            )}
        </>
    )
}

function AddRule({ at, onDone, onClose }) {
    const [rule, setRule] = useState({ name: '', start: '', end: '' })
    const field = (key) => ({
        name: `rule-${key}`,
        value: rule[key],
        onInput: (text) => setRule({ ...rule, [key]: text.trim() }),
    })
    const properties = { startIpAddress: rule.start, endIpAddress: rule.end || rule.start }
    return (
        <Ask
            title="Add a firewall rule"
            yes="Add"
            ready={rule.name !== '' && rule.start !== ''}
            call={calls.child(at, 'firewallRules', rule.name || '<name>', properties)}
            onClose={onClose}
            onDone={() => {
                notify('good', 'Firewall rule added', rule.name)
                onDone()
            }}
        >
            <TextField label="Rule name" required {...field('name')} />
            <TextField label="Start IP address" required placeholder="203.0.113.7" {...field('start')} />
            <TextField label="End IP address" placeholder="As the start" {...field('end')} />
        </Ask>
    )
}

/** A list of what a server has: its heading, its columns as [title, value of a row], and a way to delete each. */
function Children({ title, what, type, columns, at, add, children }) {
    const { data, error, reload } = usePoll(() => listOf(at, type), [at.path, type], 15_000)
    const [open, setOpen] = useState(null) // 'add', or {remove: name}
    const close = () => setOpen(null)
    const Add = add
    return (
        <section>
            <h2>{title}</h2>
            {children}
            <ErrorBox error={error} title={`Cannot list: ${title}`} />
            {!data && !error && <Loading what={`Loading: ${title}`} />}
            {data && (
                <Scroll label={title}>
                    <table class="table" aria-label={title}>
                        <thead>
                            <tr>
                                <th scope="col">Name</th>
                                {columns.map(([name]) => (
                                    <th key={name} scope="col">
                                        {name}
                                    </th>
                                ))}
                                <th scope="col">
                                    <span class="hidden">Commands</span>
                                </th>
                            </tr>
                        </thead>
                        <tbody>
                            {data.map((row) => (
                                <tr key={row.name}>
                                    <td class="wrap">{row.name}</td>
                                    {columns.map(([name, value]) => (
                                        <td key={name} class="wrap">
                                            {value(row.properties) || unknown}
                                        </td>
                                    ))}
                                    <td class="cell-end">
                                        <button
                                            type="button"
                                            class="command"
                                            aria-label={`Delete ${row.name}`}
                                            onClick={() => setOpen({ remove: row.name })}
                                        >
                                            <Icon name="trash" />
                                            Delete
                                        </button>
                                    </td>
                                </tr>
                            ))}
                            {data.length === 0 && (
                                <tr>
                                    <td colSpan={columns.length + 2} class="quiet">
                                        None
                                    </td>
                                </tr>
                            )}
                        </tbody>
                    </table>
                </Scroll>
            )}
            {add && (
                <p class="buttons">
                    <Button icon="add" onClick={() => setOpen('add')}>
                        Add {what}
                    </Button>
                </p>
            )}
            {open === 'add' && <Add at={at} onDone={reload} onClose={close} />}
            {open?.remove && (
                <Ask
                    title={`Delete the ${what} ${open.remove}?`}
                    yes="Delete"
                    danger
                    call={calls.removeChild(at, type, open.remove)}
                    onClose={close}
                    onDone={() => {
                        notify('good', `Deleted the ${what}`, open.remove)
                        reload()
                    }}
                />
            )}
        </section>
    )
}

const subnetName = (id) => {
    const subnet = parseSubnetId(id)
    return subnet && `${subnet.network}/${subnet.subnet}`
}

export function Networking({ server, at, reload, loading }) {
    return (
        <>
            <Toolbar>
                <Command icon="refresh" busy={loading} onClick={reload}>
                    Refresh
                </Command>
            </Toolbar>
            <PublicAccess server={server} at={at} reload={reload} />
            <Children
                title="Firewall rules"
                what="firewall rule"
                type="firewallRules"
                at={at}
                add={AddRule}
                columns={[
                    ['Start IP address', (row) => row.startIpAddress],
                    ['End IP address', (row) => row.endIpAddress],
                ]}
            >
                <Box>Malachite keeps the rules for clients that read and write them. They have no effect on connections.</Box>
            </Children>
            {at.kind === 'single' && (
                <Children
                    title="Virtual network rules"
                    what="virtual network rule"
                    type="virtualNetworkRules"
                    at={at}
                    columns={[
                        ['Subnet', (row) => subnetName(row.virtualNetworkSubnetId)],
                        ['State', (row) => row.state],
                    ]}
                />
            )}
            <Children
                title="Private endpoint connections"
                what="private endpoint connection"
                type="privateEndpointConnections"
                at={at}
                columns={[
                    ['Status', (row) => row.privateLinkServiceConnectionState?.status],
                    ['Private endpoint', (row) => row.privateEndpoint?.id?.split('/').pop()],
                ]}
            />
            <ViewAs call={calls.show(at)} json={server} what="the server" />
        </>
    )
}
