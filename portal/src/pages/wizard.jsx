import { useMemo, useRef, useState } from 'preact/hooks'

import { api, ids, VERSIONS } from '../api.js'
import { useBusy, usePoll, useTitle } from '../hooks.js'
import { loadMigration } from '../migrations.js'
import { navigate, paths, setQuery } from '../router.jsx'
import { groupOf, loadGroups, loadNetworks, loadServers, subscriptionId } from '../servers.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Crumbs, ErrorBox, Loading, PageTitle } from '../ui.jsx'
import { connectionKey, useConnectionCheck, useNameCheck } from '../wizard/checks.js'
import {
    createCall,
    emptyValues,
    isNewer,
    prefilledSubnet,
    problemsOf,
    sourceText,
    tabOfTarget,
    tabsOf,
    valuesLike,
    withoutSecrets,
} from '../wizard/model.js'
import { NewerPanel, startText } from '../wizard/newer/panels.jsx'
import { NetworkingTab } from '../wizard/networking.jsx'
import { ReviewTab } from '../wizard/review.jsx'
import { SetupTab } from '../wizard/setup.jsx'
import { SourceTab } from '../wizard/source.jsx'
import { TargetTab } from '../wizard/target.jsx'

const TITLE = 'Migrate from single server into this PostgreSQL flexible server'

async function load(group, server, query) {
    const [target, servers, groups, networks] = await Promise.all([
        api.get(ids.server(subscriptionId(), group, 'flexibleServers', server), VERSIONS.flexible),
        loadServers(),
        loadGroups(),
        loadNetworks(),
    ])
    const like = query.get('like')
    const similar = like ? await loadMigration(group, server, like).catch(() => null) : null
    return { target, servers, groups, networks, similar }
}

// ---- the draft, which survives a reload --------------------------------------------------------------------------------

const draftKey = (target) => `malachite.wizard${target.id}`

function readDraft(target) {
    try {
        return JSON.parse(sessionStorage.getItem(draftKey(target)))
    } catch {
        return null
    }
}

function firstValues({ target, servers, similar }, query) {
    const start = emptyValues(groupOf(target))
    if (similar) return { ...start, ...valuesLike(similar, servers) }
    const source = servers.single.find((one) => one.id.toLowerCase() === (query.get('source') ?? '').toLowerCase())
    if (source) return { ...start, sourceId: source.id, sourceGroup: groupOf(source) }
    return { ...start, ...readDraft(target) }
}

// ---- tabs ------------------------------------------------------------------------------------------------------

function Tabs({ tabs, tab, marked, onChoose }) {
    const move = (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
        if (!step) return
        const at = tabs.findIndex(([key]) => key === tab)
        const [next] = tabs[(at + step + tabs.length) % tabs.length]
        onChoose(next)
        event.currentTarget.querySelector(`[data-tab=${next}]`).focus()
    }
    return (
        <div class="tabs" role="tablist" aria-label="Steps" onKeyDown={move}>
            {tabs.map(([key, text]) => (
                <button
                    key={key}
                    type="button"
                    role="tab"
                    id={`tab-${key}`}
                    data-tab={key}
                    class={marked.includes(key) ? 'tab wrong' : 'tab'}
                    aria-selected={key === tab}
                    aria-controls="tab-panel"
                    tabIndex={key === tab ? 0 : -1}
                    onClick={() => onChoose(key)}
                >
                    {text}
                    {marked.includes(key) && <span class="hidden"> (has errors)</span>}
                </button>
            ))}
        </div>
    )
}

/** Combines the values of the form with the service's checks of them. */
function useFacts({ target, servers, networks }, values) {
    const source = values.sourceKind === 'single' ? servers.single.find((one) => one.id === values.sourceId) : undefined
    const sourceKey = connectionKey(
        sourceText(values),
        values.sourcePassword,
        isNewer(values) && values.sourceKind === 'other' ? values.sslMode : undefined,
    )
    const targetKey = connectionKey(target.id, values.targetPassword)
    const [nameCheck, askName] = useNameCheck(target, values.name)
    const [sourceCheck, askSource] = useConnectionCheck(sourceKey)
    const [targetCheck, askTarget] = useConnectionCheck(targetKey)
    const network = values.network ?? prefilledSubnet(source, target, networks)
    const facts = { values, source, target, network, networks, nameCheck, sourceCheck, sourceKey, targetCheck, targetKey }
    return { facts, ask: { setup: () => askName(values.name), source: askSource, target: askTarget } }
}

/** Checks name and passwords that have not been checked yet, and adds the results to the facts. */
async function refresh(tab, facts, ask) {
    const result = await ask[tab]?.()
    const field = { setup: 'nameCheck', source: 'sourceCheck', target: 'targetCheck' }[tab]
    return field && result?.for ? { ...facts, [field]: result } : facts
}

function Foot({ tabs, tab, create, busy, onReview, onPrevious }) {
    const at = tabs.findIndex(([key]) => key === tab)
    const last = tab === 'review'
    const previous = at > 0 && (
        <Button disabled={busy} onClick={onPrevious}>
            &lt; Previous
        </Button>
    )
    return (
        <div class="wizard-foot">
            {last ? (
                <>
                    <Button primary type="submit" busy={busy} disabled={busy}>
                        {create}
                    </Button>
                    {previous}
                </>
            ) : (
                <>
                    <Button primary disabled={busy} onClick={onReview}>
                        {tabs[tabs.length - 1][1]}
                    </Button>
                    {previous}
                    <Button type="submit" busy={busy} disabled={busy}>
                        Next : {tabs[at + 1][1]} &gt;
                    </Button>
                </>
            )}
        </div>
    )
}

/** The panel of one of the guide's tabs. */
function GuidePanel({ tab, facts, ask, reloadGroups, error, incomplete, ...common }) {
    const { sourceCheck, sourceKey, targetCheck, targetKey } = facts
    if (tab === 'setup') return <SetupTab {...common} nameCheck={facts.nameCheck} reloadGroups={reloadGroups} />
    if (tab === 'source') return <SourceTab {...common} {...{ sourceCheck, sourceKey }} onTest={ask.source} />
    if (tab === 'target') return <TargetTab {...common} {...{ targetCheck, targetKey }} onTest={ask.target} />
    if (tab === 'networking')
        return <NetworkingTab {...common} network={facts.network} setNetwork={(network) => common.set({ network })} />
    return <ReviewTab facts={facts} error={error} incomplete={incomplete} />
}

/** Changes the tabs, not the values. */
function FlowSwitch({ values, set }) {
    const newer = isNewer(values)
    return (
        <p class="flow-switch">
            {newer ? "These are the newer portal's tabs. " : "These are the guide's five tabs. "}
            <button type="button" class="link" onClick={() => set({ flow: newer ? 'guide' : 'newer' })}>
                {newer ? "Use the guide's tabs" : "Use the newer portal's tabs"}
            </button>
        </p>
    )
}

function Form({ context, group, query, reloadGroups }) {
    const { target, servers, groups } = context
    const [values, setValues] = useState(() => firstValues(context, query))
    const tabs = tabsOf(values)
    const tab = tabs.some(([key]) => key === query.get('tab')) ? query.get('tab') : 'setup'
    const [restored] = useState(() => readDraft(target) !== null && !context.similar && !query.get('source'))
    const [tried, setTried] = useState([]) // tabs whose errors are shown
    const [busy, run] = useBusy()
    const [error, setError] = useState(null)
    const created = useRef(false)
    const form = useRef()
    const { facts, ask } = useFacts(context, values)
    const problems = useMemo(() => problemsOf(facts), [facts])
    const marked = tabs.filter(([key]) => tried.includes(key) && Object.keys(problems[key]).length > 0).map(([key]) => key)

    const latest = useRef(values)
    const set = (changes) => {
        latest.current = { ...latest.current, ...changes }
        if (!created.current) sessionStorage.setItem(draftKey(target), JSON.stringify(withoutSecrets(latest.current)))
        setValues(latest.current)
    }
    const problem = (name) => {
        const text = problems[tab][name] ?? null
        const early = (name === 'name' && values.name) || (/Password$/.test(name) && text && values[name])
        return tried.includes(tab) || early ? text : null
    }
    const panel = useRef()
    const open = (key) => {
        setQuery('tab', key)
        scrollTo(0, 0)
        panel.current.focus({ preventScroll: true })
    }
    const markTried = (keys) => setTried((before) => [...new Set([...before, ...keys])])

    const focusProblem = () =>
        setTimeout(
            () =>
                form.current
                    ?.querySelector('[aria-invalid=true], .note-error')
                    ?.closest('.field')
                    ?.querySelector('input, select, button.link')
                    ?.focus(),
            50,
        )

    const guarded = (work) =>
        run(() => {
            setError(null)
            return work()
        })

    const next = () =>
        guarded(async () => {
            const fresh = problemsOf(await refresh(tab, facts, ask))
            markTried([tab])
            if (Object.keys(fresh[tab]).length > 0) return focusProblem()
            open(tabs[tabs.findIndex(([key]) => key === tab) + 1][0])
        })

    /** Runs all checks and returns the first incomplete tab; undefined when every tab is complete. */
    const findIncomplete = async () => {
        let fresh = facts
        for (const key of ['setup', 'source', 'target']) fresh = await refresh(key, fresh, ask)
        const found = problemsOf(fresh)
        markTried(tabs.map(([key]) => key))
        return tabs.map(([key]) => key).find((key) => Object.keys(found[key]).length > 0)
    }

    const review = () =>
        guarded(async () => {
            const incomplete = await findIncomplete()
            open(incomplete ?? 'review')
            if (incomplete) focusProblem()
        })

    const create = () =>
        guarded(async () => {
            const incomplete = await findIncomplete()
            if (incomplete) return
            try {
                const { path, version, body } = createCall(facts)
                await api.put(path, version, body)
            } catch (caught) {
                setError(caught)
                const guilty = tabOfTarget(caught.target, values)
                if (guilty) markTried([guilty])
                return
            }
            created.current = true
            sessionStorage.removeItem(draftKey(target))
            notify('good', 'Migration created', `${values.name} was created on ${target.name}.`)
            navigate(paths.migrations(group, target.name))
        })

    const submit = (event) => {
        event.preventDefault()
        if (tab === 'review') create()
        else next()
    }
    const previous = () => open(tabs[tabs.findIndex(([key]) => key === tab) - 1][0])
    const panelProps = {
        ...{ tab, values, set, problem, groups, target, facts, ask, reloadGroups, error },
        source: facts.source,
        networks: context.networks,
        servers: servers.single,
        flexible: servers.flexible,
        incomplete: tabs.filter(([key]) => Object.keys(problems[key]).length > 0).map(([, text]) => text),
    }
    const Panel = isNewer(values) ? NewerPanel : GuidePanel
    return (
        <form ref={form} class="wizard" onSubmit={submit} noValidate>
            <FlowSwitch values={values} set={set} />
            <Tabs
                tabs={tabs}
                tab={tab}
                marked={marked}
                onChoose={(key) => {
                    if (key === 'review') markTried(tabs.map(([one]) => one))
                    setQuery('tab', key)
                }}
            />
            <div ref={panel} tabIndex={-1} class="wizard-body" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
                {restored && !values.sourcePassword && !values.targetPassword && tab !== 'networking' && (
                    <Box>Your entries were restored, except for secrets and passwords. Enter those again.</Box>
                )}
                <Panel {...panelProps} />
            </div>
            <Foot
                tabs={tabs}
                tab={tab}
                create={isNewer(values) ? startText(values) : 'Create'}
                busy={busy}
                onReview={review}
                onPrevious={previous}
            />
        </form>
    )
}

export function Wizard({ group, server, query }) {
    useTitle('Migrate from Single Server')
    const { data, error, reload } = usePoll(() => load(group, server, query), [group, server])
    const back = paths.migrations(group, server)
    return (
        <div class="page wizard-page">
            <Crumbs
                items={[
                    ['Home', paths.home()],
                    [`${server} | Migration (preview)`, back],
                ]}
            />
            <PageTitle title={TITLE} subtitle="Malachite - preview" close={back} />
            <ErrorBox error={error} title="Cannot show the wizard" />
            {!data && !error && <Loading what="Loading" />}
            {data && <Form context={data} group={group} query={query} reloadGroups={reload} />}
        </div>
    )
}
