import { api } from '../api.js'
import { ClockPart } from '../bench/clock.jsx'
import { CoveragePart } from '../bench/coverage.jsx'
import { RequestsPart } from '../bench/requests.jsx'
import { RulesPart } from '../bench/rules.jsx'
import { SnapshotsPart } from '../bench/snapshots.jsx'
import { usePoll, useTitle } from '../hooks.js'
import { paths, setQuery } from '../router.jsx'
import { subscriptionId } from '../servers.js'
import { Crumbs, Menu, PageTitle, SelectField } from '../ui.jsx'

const PARTS = {
    clock: ['Clock', ClockPart],
    snapshots: ['Snapshots', SnapshotsPart],
    requests: ['Requests', RequestsPart],
    coverage: ['Coverage', CoveragePart],
}
export const benchParts = [undefined, ...Object.keys(PARTS)]

const menu = (search) => ({
    top: [
        ['flask', 'Rules', paths.bench()],
        ['clock', 'Clock', paths.bench('clock')],
        ['database', 'Snapshots', paths.bench('snapshots')],
        ['list', 'Requests', paths.bench('requests')],
        ['check', 'Coverage', paths.bench('coverage')],
    ].map(([icon, text, path]) => [icon, text, path + search]),
})

/** Which subscription to look at. With only one there is nothing to choose. */
function Universe({ chosen }) {
    const { data } = usePoll(() => api.get('/_malachite/subscriptions'), [], 10_000)
    const ids = new Set([subscriptionId(), ...(data?.value ?? []).map((row) => row.subscription), chosen])
    if (ids.size < 2) return null
    return (
        <SelectField
            label="Subscription"
            name="subscription"
            value={chosen}
            onChange={(id) => setQuery('subscription', id, { replace: true })}
            options={[...ids].map((id) => [id, id])}
        />
    )
}

/** What tests can do to Malachite: rules, time, snapshots; and what they sent. */
export function TestBench({ part, query }) {
    const [title, Part] = PARTS[part] ?? ['Rules', RulesPart]
    const subscription = query.get('subscription') || subscriptionId()
    useTitle(`Test bench | ${title}`)
    return (
        <div class="page">
            <Crumbs items={[['Home', paths.home()]]} />
            <PageTitle
                icon="flask"
                title="Test bench"
                part={title}
                subtitle="Hold, fail and slow migrations down, move time, and see what your program sent"
                close={paths.home()}
            />
            <div class="with-menu">
                <Menu label="Test bench" {...menu(query.get('subscription') ? location.search : '')} />
                <div class="content">
                    <Universe chosen={subscription} />
                    <Part key={subscription} subscription={subscription} />
                </div>
            </div>
        </div>
    )
}
