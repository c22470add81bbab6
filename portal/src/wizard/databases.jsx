import { useState } from 'preact/hooks'

export const DATABASES_MAX = 8

/** Check boxes with a filter; the ninth cannot be checked. */
export function DatabaseChecks({ names, chosen, onChange, attributes = {} }) {
    const [filter, setFilter] = useState('')
    const full = chosen.length >= DATABASES_MAX
    const shown = names.filter((name) => name.toLowerCase().includes(filter.toLowerCase()))
    const toggle = (name) => onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])
    return (
        <div class="checks">
            <input
                {...attributes}
                class="input"
                type="search"
                placeholder="Filter by name..."
                aria-label="Filter databases by name"
                value={filter}
                onInput={(event) => setFilter(event.currentTarget.value)}
                onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
            />
            <ul class="check-list" aria-label="Databases">
                {shown.map((name) => (
                    <li key={name}>
                        <label class="check">
                            <input
                                type="checkbox"
                                name="database"
                                value={name}
                                checked={chosen.includes(name)}
                                disabled={full && !chosen.includes(name)}
                                onChange={() => toggle(name)}
                            />
                            <span class="wrap">{name}</span>
                        </label>
                    </li>
                ))}
            </ul>
            {shown.length === 0 && <p class="quiet">No databases match the filter.</p>}
            <p class="quiet" role="status">
                {`${chosen.length} of ${DATABASES_MAX} selected.`}
                {full && ' To migrate more databases, create another migration between the same servers.'}
            </p>
        </div>
    )
}
