import { subscriptionId, subscriptionName } from '../servers.js'
import { Box, SelectField, TextField } from '../ui.jsx'
import { networkNamed, networksOf, needsSubnet, subnetsOf } from './model.js'

/** A choice where names are known, else free text. What was prefilled stays, even if nobody knows it. */
function NameField({ known, value, onChange, placeholder, ...field }) {
    if (known === null) return <TextField {...field} required value={value} onInput={onChange} />
    const exact = known.find((name) => name.toLowerCase() === value.toLowerCase())
    const names = value && !exact ? [value, ...known] : known
    return (
        <SelectField
            {...field}
            required
            value={exact ?? value}
            placeholder={known.length > 0 ? placeholder : 'There are none'}
            onChange={onChange}
            options={names.map((name) => [name, name])}
        />
    )
}

export function NetworkingTab({ problem, source, target, network, networks, setNetwork, groups }) {
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
    const known = networksOf(networks, network.group)
    const change = (changes) => setNetwork({ ...network, ...changes })
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
                onChange={(group) => change({ group, network: '', subnet: '' })}
                error={problem('network-group')}
                options={[...new Set([network.group, ...groups.map(({ name }) => name)].filter(Boolean))].map((name) => [
                    name,
                    name,
                ])}
            />
            <NameField
                label="Virtual network"
                name="network-network"
                known={known.length > 0 ? known.map(({ name }) => name) : null}
                value={network.network}
                placeholder="Select a virtual network"
                onChange={(name) => change({ network: name.trim(), ...(known.length > 0 ? { subnet: '' } : {}) })}
                error={problem('network-network')}
            />
            <NameField
                label="Subnet"
                name="network-subnet"
                known={known.length > 0 ? subnetsOf(networkNamed(networks, network)) : null}
                value={network.subnet}
                placeholder="Select a subnet"
                onChange={(name) => change({ subnet: name.trim() })}
                error={problem('network-subnet')}
            />
        </>
    )
}
