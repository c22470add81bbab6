// The parts that pages are made of.
import { Fragment } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'

import { useBusy } from './hooks.js'
import { Icon } from './icons.jsx'
import { Link } from './router.jsx'

export function Button({ primary, icon, busy, children, ...rest }) {
  return (
    <button type="button" class={primary ? 'button primary' : 'button'} aria-busy={busy ? 'true' : undefined} {...rest}>
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A row of commands above a page. */
export const Toolbar = ({ children, label = 'Commands' }) => <div class="toolbar" role="group" aria-label={label}>{children}</div>

export function Command({ icon, children, busy, ...rest }) {
  return (
    <button type="button" class="command" {...rest}>
      {busy ? <Spinner /> : <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

export function CommandLink({ icon, href, children }) {
  return <Link class="command" href={href}><Icon name={icon} /><span>{children}</span></Link>
}

export const Spinner = () => <span class="spinner" aria-hidden="true" />

export const Loading = ({ what = 'Loading' }) => <p class="loading" role="status"><Spinner /> {what}…</p>

/** tone: info, warning, error, good. Errors and warnings that appear are read out. */
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
  error ? <Box tone="error" title={title} live><p class="message">{error.message}{error.code && error.status ? <span class="code"> ({error.code})</span> : null}</p></Box> : null

export function Crumbs({ items }) {
  return (
    <nav aria-label="Breadcrumb" class="crumbs">
      <ol>{items.map(([text, href]) => <li key={href}><Link href={href}>{text}</Link><Icon name="chevron" size={11} /></li>)}</ol>
    </nav>
  )
}

export function PageTitle({ icon, title, part, subtitle, close }) {
  return (
    <div class="page-title">
      {icon && <span class="page-icon"><Icon name={icon} size={30} /></span>}
      <div>
        <h1><span class="wrap">{title}</span>{part && <span class="part"> | {part}</span>}</h1>
        {subtitle && <p class="subtitle">{subtitle}</p>}
      </div>
      {close && <Link class="icon-button page-close" href={close} aria-label="Close" title="Close"><Icon name="close" /></Link>}
    </div>
  )
}

/** The menu at the left of a resource's pages. Entries: [icon, text, path]. */
export function Menu({ label, top, settings }) {
  const { pathname } = location
  const entries = (list) => list.map(([icon, text, href]) => (
    <li key={href}><Link class="menu-item" href={href} aria-current={href === pathname ? 'page' : undefined}><Icon name={icon} />{text}</Link></li>
  ))
  return (
    <nav class="menu" aria-label={label}>
      <ul>{entries(top)}</ul>
      <h2 id="menu-settings">Settings</h2>
      <ul aria-labelledby="menu-settings">{entries(settings)}</ul>
    </nav>
  )
}

// ---- forms ----------------------------------------------------------------------------------------------------

/** The circled i behind a label; what it says can be reached with keyboard, pointer and screen reader. */
function Hint({ text, label }) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <span class="hint" onMouseEnter={() => setOpen(true)} onMouseLeave={() => setOpen(false)}>
      <button type="button" class="hint-button" aria-label={`About ${label}`} aria-expanded={open} aria-controls={id}
        onClick={() => setOpen(!open)} onBlur={() => setOpen(false)}
        onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
        <Icon name="info" size={15} />
      </button>
      <span id={id} class="hint-text" hidden={!open}>{text}</span>
    </span>
  )
}

function Label({ id, label, required, hint, fixed }) {
  return (
    <div class="field-label">
      {fixed ? <span id={id}>{label}</span> : <label for={id}>{label}{required && <span class="required" aria-hidden="true"> *</span>}</label>}
      {hint && <Hint text={hint} label={label} />}
    </div>
  )
}

// Where a note comes and goes by itself, its line is kept free: nothing may move away under the pointer.
function Notes({ id, error, good, busy, keepLine }) {
  return (
    <div id={id} class={keepLine ? 'notes keep-line' : 'notes'} aria-live="polite">
      {busy ? <span class="note"><Spinner /> {busy}</span>
        : error ? <span class="note note-error"><Icon name="error" size={14} /> {error}</span>
          : good ? <span class="note note-good"><Icon name="check" size={14} /> {good}</span> : null}
    </div>
  )
}

/** Label, control, and below it what is wrong or right with the value. `control` gets id and aria attributes. */
export function Field({ label, required, hint, error, good, busy, name, control, after, keepLine }) {
  const id = useId()
  const notes = `${id}-notes`
  const attributes = {
    id, name, 'aria-describedby': notes, 'aria-required': required ? 'true' : undefined,
    'aria-invalid': error ? 'true' : undefined,
  }
  return (
    <div class="field" data-field={name}>
      <Label id={id} label={label} required={required} hint={hint} />
      <div class="field-control">
        {control(attributes)}
        <Notes id={notes} error={error} good={good} busy={busy} keepLine={keepLine} />
        {after}
      </div>
    </div>
  )
}

export function TextField({ value, onInput, type = 'text', placeholder, onBlur, disabled, mark, inputMode, ...field }) {
  return (
    <Field {...field} control={(attributes) => (
      <span class="with-mark">
        <input {...attributes} class="input" type={type} value={value} placeholder={placeholder} disabled={disabled} inputMode={inputMode}
          autocomplete={type === 'password' ? 'new-password' : 'off'} spellcheck={false} autocapitalize="off"
          onInput={(event) => onInput(event.currentTarget.value)} onBlur={onBlur} />
        {mark && <Icon name="check" class="mark" />}
      </span>
    )} />
  )
}

/** options: [value, text] */
export function SelectField({ value, onChange, options, placeholder, disabled, ...field }) {
  return (
    <Field {...field} control={(attributes) => (
      <select {...attributes} class="input" value={value} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value)}>
        {placeholder !== undefined && <option value="" disabled>{placeholder}</option>}
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
    )} />
  )
}

/** What cannot be changed: text, not a control. */
export function FixedField({ label, hint, children }) {
  const id = useId()
  return (
    <div class="field">
      <Label id={id} label={label} hint={hint} fixed />
      <div class="field-control fixed" role="group" aria-labelledby={id}>{children}</div>
    </div>
  )
}

// ---- dialogs --------------------------------------------------------------------------------------------------

/** A modal dialog; `side`: a panel at the right edge. Escape and the cross call onClose. */
export function Dialog({ title, side, onClose, children, footer, busy }) {
  const ref = useRef()
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog.showModal()
    return () => {
      if (dialog.open) dialog.close()
      if (before?.isConnected) before.focus()
    }
  }, [])
  const cancel = (event) => {
    event.preventDefault()
    if (!busy) onClose()
  }
  const outside = (event) => event.target === ref.current && side && !busy && onClose()
  return (
    <dialog ref={ref} class={side ? 'dialog side' : 'dialog'} aria-labelledby={id} onCancel={cancel} onMouseDown={outside}>
      <div class="dialog-head">
        <h2 id={id} class="wrap">{title}</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={onClose} disabled={busy}><Icon name="close" /></button>
      </div>
      <div class="dialog-body" tabIndex={side ? 0 : undefined} role={side ? 'group' : undefined} aria-label={side ? title : undefined}>{children}</div>
      {footer && <div class="dialog-foot">{footer}</div>}
    </dialog>
  )
}

/** A question with Yes and No. `onYes` may take time; what it throws is shown. */
export function Confirm({ title, children, onYes, onClose, yes = 'Yes', no = 'No' }) {
  const [busy, run] = useBusy()
  const [error, setError] = useState(null)
  const accept = () => run(async () => {
    setError(null)
    try {
      await onYes()
      onClose()
    } catch (caught) {
      setError(caught)
    }
  })
  return (
    <Dialog title={title} onClose={onClose} busy={busy} footer={
      <>
        <Button primary busy={busy} disabled={busy} onClick={accept}>{yes}</Button>
        <Button disabled={busy} onClick={onClose}>{no}</Button>
      </>
    }>
      {children}
      <ErrorBox error={error} />
    </Dialog>
  )
}

/** LongWordsOfTheService may break before a capital. */
export function Words({ text }) {
  const parts = (text ?? '').split(/(?=[A-Z][a-z])/)
  return <>{parts.map((part, index) => <Fragment key={index}>{index > 0 && <wbr />}{part}</Fragment>)}</>
}

// ---- small things ---------------------------------------------------------------------------------------------

export function Progress({ value, label, tone = '' }) {
  const percent = Math.floor(Math.min(1, Math.max(0, value)) * 100)
  return (
    <span class="progress">
      <progress class={tone} max="100" value={percent} aria-label={label} />
      <span class="progress-text" aria-hidden="true">{percent} %</span>
    </span>
  )
}

/** A region that scrolls sideways, reachable with the keyboard. */
export const Scroll = ({ label, children }) => <div class="scroll" role="region" aria-label={label} tabIndex={0}>{children}</div>

export function Copy({ text, what }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 2000)
    } catch {
      // Without permission the text can still be selected.
    }
  }
  return (
    <div class="copy">
      <pre tabIndex={0} role="region" aria-label={what}>{text}</pre>
      <button type="button" class="icon-button" aria-label={`Copy ${what}`} onClick={copy}><Icon name={copied ? 'check' : 'copy'} /></button>
      <span class="hidden" role="status">{copied ? 'Copied' : ''}</span>
    </div>
  )
}

/** Pairs of name and value in two columns. */
export function Essentials({ items }) {
  return (
    <dl class="essentials">
      {items.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  )
}
