import { useState } from 'preact/hooks'

import { api, ids, VERSIONS } from '../api.js'
import { subscriptionId } from '../servers.js'
import { Confirm, TextField } from '../ui.jsx'

/** A resource group, for the components of migrations or for servers. */
export function NewGroup({ location, onMade, onClose }) {
    const [name, setName] = useState('')
    const make = async () => {
        await api.put(ids.group(subscriptionId(), name), VERSIONS.resources, {
            location: location.replaceAll(' ', '').toLowerCase(),
        })
        onMade(name)
    }
    return (
        <Confirm title="Create a resource group" yes="Create" no="Cancel" onYes={make} onClose={onClose}>
            <TextField label="Name" name="new-group" required value={name} onInput={setName} />
            <p class="quiet">A resource group for migration components. Malachite does not delete it when the migrations end.</p>
        </Confirm>
    )
}
