// Notifications. They survive a change of the page, and screen readers read them out. What is no longer shown stays in
// the list of notifications.
import { useEffect, useRef, useState } from 'preact/hooks'

import { now } from './clock.js'
import { time } from './format.js'
import { useChanges } from './hooks.js'
import { Icon } from './icons.jsx'
import { Link } from './router.jsx'

const SHOWN_MS = 10_000
const SHOWN_MAX = 4
const KEPT_MAX = 50
const listeners = new Set()
let last = 0

const toasts = {
    shown: [],
    kept: [],
    unread: 0,
    onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
    },
    set(changes) {
        Object.assign(this, changes)
        for (const listener of listeners) listener()
    },
}

const dismiss = (id) => toasts.set({ shown: toasts.shown.filter((item) => item.id !== id) })

/** tone: good, info, error. `href`: the page that it is about. */
export function notify(tone, title, text, href) {
    const item = { id: ++last, tone, title, text, href, at: new Date(now()).toISOString() }
    toasts.set({
        shown: [item, ...toasts.shown].slice(0, SHOWN_MAX),
        kept: [item, ...toasts.kept].slice(0, KEPT_MAX),
        unread: toasts.unread + 1,
    })
}

function Words({ item }) {
    return (
        <div>
            <strong>{item.href ? <Link href={item.href}>{item.title}</Link> : item.title}</strong>
            {item.text && <p class="wrap">{item.text}</p>}
        </div>
    )
}

/** It goes after some seconds in which neither the pointer nor the focus is on it. */
function Toast({ item }) {
    const [held, setHeld] = useState(false)
    useEffect(() => {
        if (held) return undefined
        const timer = setTimeout(() => dismiss(item.id), SHOWN_MS)
        return () => clearTimeout(timer)
    }, [held])
    return (
        <li
            class={`toast toast-${item.tone}`}
            onMouseEnter={() => setHeld(true)}
            onMouseLeave={() => setHeld(false)}
            onFocusIn={() => setHeld(true)}
            onFocusOut={() => setHeld(false)}
        >
            <Icon name={item.tone === 'good' ? 'check' : item.tone} size={18} />
            <Words item={item} />
            <button type="button" class="icon-button" aria-label="Dismiss notification" onClick={() => dismiss(item.id)}>
                <Icon name="close" size={13} />
            </button>
        </li>
    )
}

export function Toasts() {
    useChanges(toasts)
    return (
        <section class="toasts" aria-label="New notifications" aria-live="polite">
            <ul>
                {toasts.shown.map((item) => (
                    <Toast key={item.id} item={item} />
                ))}
            </ul>
        </section>
    )
}

function List({ onClose, onLeave }) {
    return (
        <section class="notices" aria-label="Notifications">
            <p class="notices-head">
                <strong>Notifications</strong>
                {toasts.kept.length > 0 && (
                    <button type="button" class="link" onClick={() => toasts.set({ shown: [], kept: [], unread: 0 })}>
                        Clear all
                    </button>
                )}
                <button type="button" class="icon-button" aria-label="Close the notifications" onClick={onClose}>
                    <Icon name="close" size={13} />
                </button>
            </p>
            {toasts.kept.length === 0 && <p class="quiet">None since this page was loaded.</p>}
            <ul onClick={(event) => event.target.closest('a') && onLeave()}>
                {toasts.kept.map((item) => (
                    <li key={item.id} class={`toast toast-${item.tone}`}>
                        <Icon name={item.tone === 'good' ? 'check' : item.tone} size={18} />
                        <div>
                            <Words item={item} />
                            <span class="second-line">{time(item.at)}</span>
                        </div>
                    </li>
                ))}
            </ul>
        </section>
    )
}

/** The button in the top bar that opens the list. */
export function NotificationList() {
    useChanges(toasts)
    const [open, setOpen] = useState(false)
    const button = useRef()
    const close = () => {
        setOpen(false)
        button.current?.focus()
    }
    const text = toasts.unread > 0 ? `Notifications, ${toasts.unread} new` : 'Notifications'
    return (
        <div
            class="notices-place"
            onKeyDown={(event) => {
                if (event.key === 'Escape' && open) close()
            }}
        >
            <button
                ref={button}
                type="button"
                class="top-button"
                aria-expanded={open}
                aria-label={text}
                title={text}
                onClick={() => {
                    toasts.set({ unread: 0 })
                    setOpen(!open)
                }}
            >
                <Icon name="bell" size={18} />
                {toasts.unread > 0 && <span class="notices-count">{toasts.unread}</span>}
            </button>
            {open && <List onClose={close} onLeave={() => setOpen(false)} />}
        </div>
    )
}
