// Fields: a label, a control, and notes about its value.
import { useId, useState } from 'preact/hooks'

import { Icon } from '../icons.jsx'
import { Spinner } from './basics.jsx'

/** The circled i behind a label; its text is available to keyboard, pointer and screen reader. */
function Hint({ text, label }) {
    const [open, setOpen] = useState(false)
    const id = useId()
    return (
        <span class="hint" onMouseEnter={() => setOpen(true)} onMouseLeave={() => setOpen(false)}>
            <button
                type="button"
                class="hint-button"
                aria-label={`About ${label}`}
                aria-expanded={open}
                aria-controls={id}
                onClick={() => setOpen(!open)}
                onBlur={() => setOpen(false)}
                onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}
            >
                <Icon name="info" size={15} />
            </button>
            <span id={id} class="hint-text" hidden={!open}>
                {text}
            </span>
        </span>
    )
}

function Label({ id, label, required, hint, fixed }) {
    return (
        <div class="field-label">
            {fixed ? (
                <span id={id}>{label}</span>
            ) : (
                <label for={id}>
                    {label}
                    {required && (
                        <span class="required" aria-hidden="true">
                            {' '}
                            *
                        </span>
                    )}
                </label>
            )}
            {hint && <Hint text={hint} label={label} />}
        </div>
    )
}

// A note that appears and disappears while the user types has its line reserved, so that nothing moves under the pointer.
function Notes({ id, error, good, busy, keepLine }) {
    return (
        <div id={id} class={keepLine ? 'notes keep-line' : 'notes'} aria-live="polite">
            {busy ? (
                <span class="note">
                    <Spinner /> {busy}
                </span>
            ) : error ? (
                <span class="note note-error">
                    <Icon name="error" size={14} /> {error}
                </span>
            ) : good ? (
                <span class="note note-good">
                    <Icon name="check" size={14} /> {good}
                </span>
            ) : null}
        </div>
    )
}

/** A label, a control, and notes about the value below it. `control` gets id and aria attributes. */
export function Field({ label, required, hint, error, good, busy, name, control, after, keepLine }) {
    const id = useId()
    const notes = `${id}-notes`
    const attributes = {
        id,
        name,
        'aria-describedby': notes,
        'aria-required': required ? 'true' : undefined,
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
        <Field
            {...field}
            control={(attributes) => (
                <span class="with-mark">
                    <input
                        {...attributes}
                        class="input"
                        type={type}
                        value={value}
                        placeholder={placeholder}
                        disabled={disabled}
                        inputMode={inputMode}
                        autocomplete={type === 'password' ? 'new-password' : 'off'}
                        spellcheck={false}
                        autocapitalize="off"
                        onInput={(event) => onInput(event.currentTarget.value)}
                        onBlur={onBlur}
                    />
                    {mark && <Icon name="check" class="mark" />}
                </span>
            )}
        />
    )
}

/** options: [value, text] */
export function SelectField({ value, onChange, options, placeholder, disabled, ...field }) {
    return (
        <Field
            {...field}
            control={(attributes) => (
                <select
                    {...attributes}
                    class="input"
                    value={value}
                    disabled={disabled}
                    onChange={(event) => onChange(event.currentTarget.value)}
                >
                    {placeholder !== undefined && (
                        <option value="" disabled selected={value === ''}>
                            {placeholder}
                        </option>
                    )}
                    {options.map(([key, text]) => (
                        <option key={key} value={key}>
                            {text}
                        </option>
                    ))}
                </select>
            )}
        />
    )
}

/** A value that cannot be changed: text, not a control. */
export function FixedField({ label, hint, children }) {
    const id = useId()
    return (
        <div class="field">
            <Label id={id} label={label} hint={hint} fixed />
            <div class="field-control fixed" role="group" aria-labelledby={id}>
                {children}
            </div>
        </div>
    )
}
