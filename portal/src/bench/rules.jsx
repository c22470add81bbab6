import { api } from '../api.js'
import { number, time } from '../format.js'
import { useKeptFocus, usePoll } from '../hooks.js'
import { Icon } from '../icons.jsx'
import { ErrorBox, Scroll } from '../ui.jsx'
import { actionText, matchText } from './actions.js'
import { Headings, Status, useChange } from './parts.jsx'
import { RuleForm } from './rule-form.jsx'

const RULES = '/_malachite/rules'
// Each subscription may have a rule of one name.
const pathOf = ({ name, match }, action = '') => {
    const of = match?.subscription ? `?subscription=${encodeURIComponent(match.subscription)}` : ''
    return `${RULES}/${encodeURIComponent(name)}${action}${of}`
}

/** What the rule holds, each with the time since when. */
function Held({ held }) {
    if (held.length === 0) return 'Nothing'
    return (
        <ul class="held">
            {held.map((one, index) => (
                <li key={index}>
                    {[one.migration, one.database, one.table, one.operation].filter(Boolean).join(' / ') || 'Held'}
                    <span class="second-line">since {time(one.since)}</span>
                </li>
            ))}
        </ul>
    )
}

function Row({ rule, busy, act }) {
    const { name, at, hits = 0, fired = 0, held = [], expires, trouble } = rule
    const release = () => act(() => api.post(pathOf(rule, '/release'), undefined, {}), 'Rule released', name)
    const remove = () => act(() => api.delete(pathOf(rule)), 'Rule deleted', name)
    return (
        <tr>
            <td class="wrap rule-name">{name}</td>
            <td>{at}</td>
            <td class="wrap rule-text">{matchText(rule)}</td>
            <td class="wrap rule-text">
                {actionText(rule)}
                {trouble && <span class="second-line note-error">{trouble}</span>}
            </td>
            <td class="cell-number">{number(hits)}</td>
            <td class="cell-number">{number(fired)}</td>
            <td>
                <Held held={held} />
            </td>
            <td>{time(expires)}</td>
            <td class="cell-end">
                <button
                    type="button"
                    class="command"
                    aria-label={`Release ${name}`}
                    disabled={busy || held.length === 0}
                    onClick={release}
                >
                    <Icon name="play" />
                    Release
                </button>
                <button type="button" class="command" aria-label={`Delete ${name}`} disabled={busy} onClick={remove}>
                    <Icon name="trash" />
                    Delete
                </button>
            </td>
        </tr>
    )
}

export function RulesPart() {
    const points = usePoll(async () => (await api.get('/_malachite/points')).value, [])
    const rules = usePoll(async () => (await api.get(RULES)).value, [], 1000)
    const { busy, failure, act } = useChange(rules.reload)
    const rows = rules.data ?? []
    useKeptFocus(rows.map((rule) => `${rule.name} ${rule.held?.length > 0}`).join())
    return (
        <>
            <p>A rule holds, fails, cuts or slows what reaches a point of a migration or request, until it expires.</p>
            <Status poll={rules} what="rules" />
            <ErrorBox error={failure} />
            {rules.data && rows.length === 0 && <p class="quiet">No active rules.</p>}
            {rows.length > 0 && (
                <Scroll label="Active rules">
                    <table class="table">
                        <Headings names={['Name', 'Point', 'Match', 'Action', 'Hits', 'Fired', 'Holds', 'Expires', '']} />
                        <tbody>
                            {rows.map((rule) => (
                                <Row key={pathOf(rule)} rule={rule} busy={busy} act={act} />
                            ))}
                        </tbody>
                    </table>
                </Scroll>
            )}
            {points.data?.length > 0 && <RuleForm points={points.data} onMade={rules.reload} />}
        </>
    )
}
