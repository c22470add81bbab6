import { subscriptionId, subscriptionName } from '../servers.js'
import { Box, SelectField, TextField } from '../ui.jsx'
import { needsSubnet } from './model.js'

export function NetworkingTab({ problem, source, target, network, setNetwork, groups }) {
    if (!needsSubnet(source, target)) {
        return (
            <>
                <h2>Networking</h2>
                <Box tone="good" title="You are all set">
                    Both servers use public access, so there is nothing to do on this tab. Click Next to review and create the
                    migration.
                </Box>
            </>
        )
    }
    const change = (name) => (value) => setNetwork({ ...network, [name]: value.trim() })
    return (
        <>
            <h2>Networking</h2>
            <p>
                At least one of the servers uses private access. The migration components are deployed into the subnet below,
                which is filled in from the private server. Choose another subnet only if it can reach source and target.
            </p>
            <SelectField
                label="Subscription"
                name="network-subscription"
                required
                value={subscriptionId()}
                onChange={() => {}}
                options={[[subscriptionId(), subscriptionName()]]}
            />
            <SelectField
                label="Resource group"
                name="network-group"
                required
                value={network.group}
                placeholder="Select a resource group"
                onChange={change('group')}
                error={problem('network-group')}
                options={[...new Set([network.group, ...groups.map(({ name }) => name)].filter(Boolean))].map((name) => [
                    name,
                    name,
                ])}
            />
            <TextField
                label="Virtual network"
                name="network-network"
                required
                value={network.network}
                onInput={change('network')}
                error={problem('network-network')}
            />
            <TextField
                label="Subnet"
                name="network-subnet"
                required
                value={network.subnet}
                onInput={change('subnet')}
                error={problem('network-subnet')}
            />
        </>
    )
}
