// Notifications at the upper right. They survive a change of the page, and screen readers read them out.
import { useEffect } from 'preact/hooks'

import { useChanges } from './hooks.js'
import { Icon } from './icons.jsx'

const SHOWN_MS = 10_000
const listeners = new Set()
let last = 0

const toasts = {
    items: [],
    onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
    },
    set(items) {
        this.items = items
        for (const listener of listeners) listener()
    },
}

const dismiss = (id) => toasts.set(toasts.items.filter((item) => item.id !== id))

/** tone: good, info, error */
export function notify(tone, title, text) {
    toasts.set([{ id: ++last, tone, title, text }, ...toasts.items].slice(0, 4))
}

function Toast({ item }) {
    useEffect(() => {
        const timer = setTimeout(() => dismiss(item.id), SHOWN_MS)
        return () => clearTimeout(timer)
    }, [])
    return (
        <li class={`toast toast-${item.tone}`}>
            <Icon name={item.tone === 'good' ? 'check' : item.tone} size={18} />
            <div>
                <strong>{item.title}</strong>
                {item.text && <p class="wrap">{item.text}</p>}
            </div>
            <button type="button" class="icon-button" aria-label="Dismiss notification" onClick={() => dismiss(item.id)}>
                <Icon name="close" size={13} />
            </button>
        </li>
    )
}

export function Toasts() {
    useChanges(toasts)
    return (
        <section class="toasts" aria-label="Notifications" aria-live="polite">
            <ul>
                {toasts.items.map((item) => (
                    <Toast key={item.id} item={item} />
                ))}
            </ul>
        </section>
    )
}
