import { between, time, unknown } from '../format.js'
import { State } from '../icons.jsx'
import { Marked, Scroll, Words } from '../ui.jsx'

/** The states of the migration so far, with their times. */
export function History({ events }) {
    if (!events?.length) return null
    return (
        <section>
            <h2>History</h2>
            <Scroll label="History">
                <table class="table compact">
                    <thead>
                        <tr>
                            <th scope="col">Time</th>
                            <th scope="col">State</th>
                            <th scope="col">Substate</th>
                            <th scope="col">What happened</th>
                        </tr>
                    </thead>
                    <tbody>
                        {events.map((event, index) => (
                            <tr key={index}>
                                <td class="nowrap">{time(event.at)}</td>
                                <td>{event.state}</td>
                                <td>
                                    <Words text={event.substate} />
                                </td>
                                <td class="wrap message">
                                    <Marked text={event.text} />
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
        </section>
    )
}

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
