import { useEffect, useRef, useState } from 'preact/hooks'

import { DownError, api, link, VERSIONS } from './api.js'
import { useChanges, useTitle } from './hooks.js'
import { Icon } from './icons.jsx'
import { ApiPage } from './pages/api.jsx'
import { CreateServer } from './pages/create-server.jsx'
import { Dashboard } from './pages/dashboard.jsx'
import { Details } from './pages/details.jsx'
import { Flexible, flexibleParts } from './pages/flexible.jsx'
import { SignIn } from './pages/signin.jsx'
import { Single, singleParts } from './pages/single.jsx'
import { Subscription, subscriptionParts } from './pages/subscription.jsx'
import { TestBench, benchParts } from './pages/test-bench.jsx'
import { Wizard } from './pages/wizard.jsx'
import { Link, paths, useLocation } from './router.jsx'
import { session } from './session.js'
import { isDark, theme, toggleTheme } from './theme.js'
import { NotificationList, Toasts } from './toasts.jsx'
import { Box, ErrorBox, Loading } from './ui.jsx'
import { useWatch } from './watch.js'

function ThemeSwitch() {
    useChanges(theme)
    const dark = isDark()
    return (
        <button
            type="button"
            class="top-button"
            aria-pressed={dark}
            aria-label="Dark theme"
            title="Dark theme"
            onClick={toggleTheme}
        >
            <Icon name={dark ? 'sun' : 'moon'} size={18} />
        </button>
    )
}

function TopBar() {
    return (
        <header class="top">
            <Link class="brand" href={paths.home()}>
                <img src={document.querySelector('link[rel=icon]').href} alt="" width="26" height="26" />
                Malachite
            </Link>
            <span class="top-note">PostgreSQL migrations</span>
            <nav aria-label="Main" class="top-nav">
                <Link class="top-button" href={paths.home()}>
                    Dashboard
                </Link>
                <Link class="top-button" href={paths.subscription()}>
                    Subscription
                </Link>
                <Link class="top-button" href={paths.bench()}>
                    Test bench
                </Link>
                <Link class="top-button" href={paths.api()}>
                    API
                </Link>
            </nav>
            <NotificationList />
            <ThemeSwitch />
            {session.token && (
                <button
                    type="button"
                    class="top-button"
                    aria-label="Sign out"
                    title="Sign out"
                    onClick={() => session.keep(null)}
                >
                    <Icon name="person" size={18} />
                </button>
            )}
        </header>
    )
}

function NotFound() {
    useTitle('Not found')
    return (
        <div class="page">
            <h1>Page not found</h1>
            <p>
                <Link href={paths.home()}>Go to the dashboard</Link>
            </p>
        </div>
    )
}

/** The page of a path that names a server. */
function PageOfServer({ kind, group, name, part, item, query }) {
    const key = `${group}/${name}`
    if (kind === 'single' && !item && singleParts.includes(part))
        return <Single key={key} group={group} name={name} part={part} />
    if (kind !== 'flexible') return <NotFound />
    if (part === 'migrations' && item)
        return <Details key={`${key}/${item}`} group={group} server={name} name={item} database={query.get('database')} />
    if (part === 'migrate' && !item) return <Wizard key={key} group={group} server={name} query={query} />
    if (!item && flexibleParts.includes(part)) return <Flexible key={key} group={group} name={name} part={part} />
    return <NotFound />
}

/** The page of the current path. */
function Page() {
    const { parts, query } = useLocation()
    const [kind, group, name, part, item, ...rest] = parts
    if (!kind) return <Dashboard />
    if (kind === 'subscription' && !name && subscriptionParts.includes(group)) return <Subscription part={group} />
    if (kind === 'test-bench' && !name && benchParts.includes(group)) return <TestBench key={group} part={group} query={query} />
    if (kind === 'api' && !group) return <ApiPage />
    if (kind === 'create-server' && !group) return <CreateServer kind={query.get('kind')} />
    if (rest.length > 0 || !group || !name) return <NotFound />
    return <PageOfServer {...{ kind, group, name, part, item, query }} />
}

/** Moves the focus to the new page, as loading a document would, so that screen readers start there. */
function useFocusOnChange(main) {
    const { parts } = useLocation()
    const first = useRef(true)
    const path = parts.join('/')
    useEffect(() => {
        if (first.current) {
            first.current = false
            return
        }
        scrollTo(0, 0)
        main.current?.focus({ preventScroll: true })
    }, [path])
}

function Down() {
    return (
        <div class="down" role="alert">
            <Icon name="warning" size={20} />
            <div>
                <strong>Malachite is unreachable at {location.host}.</strong> This page may be out of date. Start Malachite with{' '}
                <code>malachite serve</code>. This page then reconnects automatically, and running migrations resume.
            </div>
        </div>
    )
}

/** Loads what every page needs first: how to sign in, and the subscription. */
function useStart() {
    const [state, setState] = useState({ ready: false, error: null })
    useChanges(session)
    useEffect(() => {
        let unmounted = false
        const load = async () => {
            try {
                session.application ??= (await api.get('/_malachite/health')).signIn
                if (!session.needsSignIn) session.subscription ??= (await api.list('/subscriptions', VERSIONS.resources))[0]
                if (!unmounted) setState({ ready: true, error: null })
            } catch (error) {
                if (!unmounted && !(error instanceof DownError))
                    setState({ ready: session.needsSignIn, error: session.needsSignIn ? null : error })
            }
        }
        load()
        const stop = link.onChange((up) => up && load())
        return () => {
            unmounted = true
            stop()
        }
    }, [session.token])
    return state
}

export function App() {
    const { ready, error } = useStart()
    useChanges(link)
    useWatch()
    const main = useRef()
    useFocusOnChange(main)
    let page = <Page />
    if (error)
        page = (
            <div class="page">
                <ErrorBox error={error} title="The portal could not start" />
            </div>
        )
    else if (!ready)
        page = (
            <div class="page">
                {link.up ? <Loading what="Starting" /> : <Box tone="info">Waiting for Malachite to start.</Box>}
            </div>
        )
    else if (session.needsSignIn) page = <SignIn />
    else if (!session.subscription)
        page = (
            <div class="page">
                <Loading what="Signing in" />
            </div>
        )
    return (
        <>
            <a
                class="skip"
                href="#main"
                onClick={(event) => {
                    event.preventDefault()
                    main.current.focus()
                }}
            >
                Skip to content
            </a>
            <TopBar />
            {!link.up && <Down />}
            <main id="main" ref={main} tabIndex={-1}>
                {page}
            </main>
            <Toasts />
        </>
    )
}
