// The REST API for people: where it is, its versions, each call as curl, and files for other clients.
import { useState } from 'preact/hooks'

import { api, VERSIONS } from '../api.js'
import { plural } from '../format.js'
import { usePoll, useTitle } from '../hooks.js'
import { Icon } from '../icons.jsx'
import { paths } from '../router.jsx'
import { subscriptionId } from '../servers.js'
import { session } from '../session.js'
import { Button, Crumbs, ErrorBox, Essentials, Loading, PageTitle } from '../ui.jsx'
import { callOf, callsOf } from '../view-as/openapi.js'
import { Forms } from '../view-as/view-as.jsx'

const ROWS_MAX = 40

// Their addresses are in the page, because the build names files by their content.
const FILES = [
    ['malachite.postman_collection.json', 'Postman collection: an offline migration from sign-in to clean-up'],
    ['malachite.postman_environment.json', 'Postman environment: set base to the endpoint above'],
    ['malachite.http', 'Requests for the HTTP clients of editors (VS Code, JetBrains)'],
]
const addressOfFile = (name) => document.querySelector(`link[title="${name}"]`)?.href

function Files() {
    return (
        <section>
            <h2>Files</h2>
            <ul class="files">
                {FILES.map(([name, text]) => (
                    <li key={name}>
                        <a href={addressOfFile(name)} download={name}>
                            {name}
                        </a>
                        <span class="second-line">{text}</span>
                    </li>
                ))}
            </ul>
        </section>
    )
}

function Versions({ versions, chosen, onChoose }) {
    return (
        <section>
            <h2>Versions</h2>
            <div class="filters">
                <label class="filter">
                    Api-version
                    <select class="input" name="version" value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
                        {versions.map((version) => (
                            <option key={version}>{version}</option>
                        ))}
                    </select>
                </label>
                <a class="filter" href={`/_malachite/openapi/${chosen}.json`} target="_blank" rel="noreferrer">
                    <span>
                        OpenAPI document of {chosen} <Icon name="external" size={13} />
                        <span class="hidden">(opens in a new tab)</span>
                    </span>
                </a>
            </div>
        </section>
    )
}

function Call({ row, document, version }) {
    const [open, setOpen] = useState(false)
    return (
        <li>
            <details onToggle={(event) => setOpen(event.currentTarget.open)}>
                <summary>
                    <code class="verb">{row.method}</code> {row.id} <span class="quiet">{row.summary}</span>
                </summary>
                {open && (
                    <>
                        <p class="wrap quiet">{row.path}</p>
                        <Forms call={callOf(row, document, version)} what={row.id} first="curl" />
                    </>
                )}
            </details>
        </li>
    )
}

function Calls({ document, version }) {
    const [search, setSearch] = useState('')
    const [all, setAll] = useState(false)
    const wanted = search.trim().toLowerCase()
    const found = callsOf(document).filter(({ id, method, summary, path }) =>
        `${method} ${id} ${summary} ${path}`.toLowerCase().includes(wanted),
    )
    const shown = all ? found : found.slice(0, ROWS_MAX)
    return (
        <section>
            <h2>Calls</h2>
            <p>Names in angle brackets are yours to fill in.</p>
            <div class="filters">
                <label class="filter">
                    Search
                    <input
                        class="input"
                        type="search"
                        value={search}
                        placeholder="Name, path or purpose"
                        onInput={(event) => setSearch(event.currentTarget.value)}
                    />
                </label>
            </div>
            <p class="quiet" role="status">
                {plural(found.length, 'call')}
                {shown.length < found.length && `, the first ${shown.length} are shown`}
            </p>
            <ul class="calls">
                {shown.map((row) => (
                    <Call key={`${version} ${row.id}`} row={row} document={document} version={version} />
                ))}
            </ul>
            {shown.length < found.length && (
                <p class="buttons">
                    <Button onClick={() => setAll(true)}>Show all {found.length}</Button>
                </p>
            )}
        </section>
    )
}

export function ApiPage() {
    useTitle('API')
    const [version, setVersion] = useState(VERSIONS.flexible)
    const list = usePoll(() => api.get('/_malachite/openapi'), [])
    const document = usePoll(() => api.get(`/_malachite/openapi/${version}.json`), [version])
    return (
        <div class="page">
            <Crumbs items={[['Home', paths.home()]]} />
            <PageTitle
                icon="code"
                title="API"
                subtitle="The REST calls that this page, Azure's clients and yours make"
                close={paths.home()}
            />
            <h2>Endpoint</h2>
            <Essentials
                items={[
                    ['Endpoint', location.origin],
                    ['Subscription ID', subscriptionId()],
                    ['Sign-in', session.application?.auth === 'none' ? 'Not required' : 'Required'],
                    ['Tenant ID', session.application?.tenantId],
                ]}
            />
            <Files />
            <ErrorBox error={list.error ?? document.error} title="Cannot show the API" />
            {list.data && (
                <Versions versions={list.data.value.map(({ apiVersion }) => apiVersion)} chosen={version} onChoose={setVersion} />
            )}
            {document.data ? (
                <Calls document={document.data} version={version} />
            ) : (
                !document.error && <Loading what="Loading the calls" />
            )}
        </div>
    )
}
