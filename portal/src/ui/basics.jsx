// Buttons, boxes, titles, and other small components.
import { Fragment } from 'preact'
import { useState } from 'preact/hooks'

import { Icon } from '../icons.jsx'
import { Link } from '../router.jsx'

export function Button({ primary, icon, busy, children, ...rest }) {
    return (
        <button type="button" class={primary ? 'button primary' : 'button'} aria-busy={busy ? 'true' : undefined} {...rest}>
            {busy ? <Spinner /> : icon && <Icon name={icon} />}
            {children}
        </button>
    )
}

/** A row of commands above a page. */
export const Toolbar = ({ children, label = 'Commands' }) => (
    <div class="toolbar" role="group" aria-label={label}>
        {children}
    </div>
)

export function Command({ icon, children, busy, ...rest }) {
    return (
        <button type="button" class="command" {...rest}>
            {busy ? <Spinner /> : <Icon name={icon} />}
            <span>{children}</span>
        </button>
    )
}

export function CommandLink({ icon, href, children }) {
    return (
        <Link class="command" href={href}>
            <Icon name={icon} />
            <span>{children}</span>
        </Link>
    )
}

export const Spinner = () => <span class="spinner" aria-hidden="true" />

export const Loading = ({ what = 'Loading' }) => (
    <p class="loading" role="status">
        <Spinner /> {what}…
    </p>
)

/** tone: info, warning, error, good. With `live`, screen readers read it out when it appears. */
export function Box({ tone = 'info', title, live, children }) {
    const icon = tone === 'good' ? 'check' : tone
    return (
        <div class={`box box-${tone}`} role={live ? (tone === 'error' ? 'alert' : 'status') : undefined}>
            <Icon name={icon} size={18} />
            <div>
                {title && <strong class="box-title">{title}</strong>}
                {children}
            </div>
        </div>
    )
}

export const ErrorBox = ({ error, title }) =>
    error ? (
        <Box tone="error" title={title} live>
            <p class="message">
                {error.message}
                {error.code && error.status ? <span class="code"> ({error.code})</span> : null}
            </p>
        </Box>
    ) : null

export function Crumbs({ items }) {
    return (
        <nav aria-label="Breadcrumb" class="crumbs">
            <ol>
                {items.map(([text, href]) => (
                    <li key={href}>
                        <Link href={href}>{text}</Link>
                        <Icon name="chevron" size={11} />
                    </li>
                ))}
            </ol>
        </nav>
    )
}

export function PageTitle({ icon, title, part, subtitle, close }) {
    return (
        <div class="page-title">
            {icon && (
                <span class="page-icon">
                    <Icon name={icon} size={30} />
                </span>
            )}
            <div>
                <h1>
                    <span class="wrap">{title}</span>
                    {part && <span class="part"> | {part}</span>}
                </h1>
                {subtitle && <p class="subtitle">{subtitle}</p>}
            </div>
            {close && (
                <Link class="icon-button page-close" href={close} aria-label="Close" title="Close">
                    <Icon name="close" />
                </Link>
            )}
        </div>
    )
}

/** The menu at the left of a resource's pages. Entries: [icon, text, path]; the settings may be left out. */
export function Menu({ label, top, settings }) {
    const { pathname } = location
    const entries = (list) =>
        list.map(([icon, text, href]) => (
            <li key={href}>
                <Link class="menu-item" href={href} aria-current={href.split('?')[0] === pathname ? 'page' : undefined}>
                    <Icon name={icon} />
                    {text}
                </Link>
            </li>
        ))
    return (
        <nav class="menu" aria-label={label}>
            <ul>{entries(top)}</ul>
            {settings && (
                <>
                    <h2 id="menu-settings">Settings</h2>
                    <ul aria-labelledby="menu-settings">{entries(settings)}</ul>
                </>
            )}
        </nav>
    )
}

/** LongWordsOfTheService may break before a capital. */
export function Words({ text }) {
    const parts = (text ?? '').split(/(?=[A-Z][a-z])/)
    return (
        <>
            {parts.map((part, index) => (
                <Fragment key={index}>
                    {index > 0 && <wbr />}
                    {part}
                </Fragment>
            ))}
        </>
    )
}

export function Progress({ value, label, tone = '' }) {
    const percent = Math.floor(Math.min(1, Math.max(0, value)) * 100)
    return (
        <span class="progress">
            <progress class={tone} max="100" value={percent} aria-label={label} />
            <span class="progress-text" aria-hidden="true">
                {percent} %
            </span>
        </span>
    )
}

/** A region that scrolls sideways, reachable with the keyboard. */
export const Scroll = ({ label, children }) => (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
        {children}
    </div>
)

/** Renders `names` in backquotes as code. */
export function Marked({ text }) {
    return (text ?? '').split(/`([^`\n]+)`/).map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}

/** A link to a page on the internet; the portal itself loads nothing from there. */
export const External = ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer">
        {children} <Icon name="external" size={13} />
        <span class="hidden">(opens in a new tab)</span>
    </a>
)

export function Copy({ text, what }) {
    const [copied, setCopied] = useState(false)
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text)
            setCopied(true)
            setTimeout(() => setCopied(false), 2000)
        } catch {
            // Without clipboard permission the user can still select the text.
        }
    }
    return (
        <div class="copy">
            <pre tabIndex={0} role="region" aria-label={what}>
                {text}
            </pre>
            <button type="button" class="icon-button" aria-label={`Copy ${what}`} onClick={copy}>
                <Icon name={copied ? 'check' : 'copy'} />
            </button>
            <span class="hidden" role="status">
                {copied ? 'Copied' : ''}
            </span>
        </div>
    )
}

/** Pairs of name and value in two columns. */
export function Essentials({ items }) {
    return (
        <dl class="essentials">
            {items.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    )
}
