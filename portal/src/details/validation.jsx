import { between, time, unknown } from '../format.js'
import { State } from '../icons.jsx'
import { Marked } from '../ui.jsx'

function Rules({ items }) {
    return (
        <ul class="rules">
            {(items ?? []).map((item) => (
                <li key={item.type}>
                    <State state={item.state} /> <span>{item.type}</span>
                    {(item.messages ?? []).map(({ message }) => (
                        <p key={message} class="message">
                            <Marked text={message} />
                        </p>
                    ))}
                </li>
            ))}
        </ul>
    )
}

/** The findings of the validation rules, if the migration includes a validation. */
export function Validation({ migration }) {
    const found = migration.properties.currentStatus?.currentSubStateDetails?.validationDetails
    if (!found) return null
    return (
        <section class="card">
            <h2>Validation</h2>
            <p>
                <State state={found.status} />{' '}
                <span class="quiet">
                    {time(found.validationStartTimeInUtc)}, duration{' '}
                    {found.validationEndTimeInUtc
                        ? between(found.validationStartTimeInUtc, found.validationEndTimeInUtc)
                        : unknown}
                </span>
            </p>
            <h3>Validation details for instance</h3>
            <Rules items={found.serverLevelValidationDetails} />
            <h3>Validation details for databases</h3>
            {(found.dbLevelValidationDetails ?? []).map((row) => (
                <details key={row.databaseName} open={(row.summary ?? []).some((item) => item.state !== 'Succeeded')}>
                    <summary class="wrap">{row.databaseName}</summary>
                    <Rules items={row.summary} />
                </details>
            ))}
        </section>
    )
}
