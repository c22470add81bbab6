// Real paths below /portal, so that every page has an address of its own. ARM's paths begin with /subscriptions.
import { useEffect, useState } from 'preact/hooks'

const BASE = '/portal'
const listeners = new Set()
const changed = () => listeners.forEach((listener) => listener())
addEventListener('popstate', changed)

/** A path below the base from its parts; each part is encoded. */
export const to = (...parts) => BASE + parts.map((part) => '/' + encodeURIComponent(part)).join('')

export const paths = {
    home: () => '/',
    flexible: (group, name) => to('flexible', group, name),
    single: (group, name) => to('single', group, name),
    /** kind: flexible, single; part: as the menu at the left has them. */
    server: (kind, group, name, ...part) => to(kind, group, name, ...part),
    migrations: (group, name) => to('flexible', group, name, 'migrations'),
    databases: (group, name) => to('flexible', group, name, 'databases'),
    connect: (group, name) => to('flexible', group, name, 'connect'),
    wizard: (group, name) => to('flexible', group, name, 'migrate'),
    migration: (group, name, migration) => to('flexible', group, name, 'migrations', migration),
    subscription: () => to('subscription'),
    providers: () => to('subscription', 'resource-providers'),
    groups: () => to('subscription', 'resource-groups'),
    api: () => to('api'),
    bench: (...part) => to('test-bench', ...part),
    create: (kind) => `${to('create-server')}?kind=${kind}`,
}

export function navigate(path, { replace = false } = {}) {
    if (path === location.pathname + location.search) return
    history[replace ? 'replaceState' : 'pushState'](null, '', path)
    changed()
}

/** Changes one parameter of the query, without a new page. */
export function setQuery(name, value, options) {
    const url = new URL(location.href)
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
    navigate(url.pathname + url.search, options)
}

function readLocation() {
    const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : ''
    const decode = (part) => {
        try {
            return decodeURIComponent(part)
        } catch {
            return part
        }
    }
    return { parts: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(location.search) }
}

export function useLocation() {
    const [at, setAt] = useState(readLocation)
    useEffect(() => {
        const listener = () => setAt(readLocation())
        listeners.add(listener)
        return () => listeners.delete(listener)
    }, [])
    return at
}

export function Link({ href, children, ...rest }) {
    const follow = (event) => {
        if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
            return
        event.preventDefault()
        navigate(href)
    }
    return (
        <a href={href} onClick={follow} {...rest}>
            {children}
        </a>
    )
}
