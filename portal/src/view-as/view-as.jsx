// "View as": what a page shows, or what a button sends, as JSON, curl and az.
import { useId, useState } from 'preact/hooks'

import { session } from '../session.js'
import { Copy } from '../ui.jsx'
import { asJson, azText, curlText } from './texts.js'

const AZ_NOTE = 'az reaches Malachite after: eval "$(malachite env az)"'
const TOKEN_NOTE = "$TOKEN is a token of Malachite's sign-in."

function formsOf(call, json) {
    const shown = json ?? call.body
    return [
        ...(shown === undefined ? [] : [['json', 'JSON', asJson(shown)]]),
        ['curl', 'curl', curlText(call)],
        ['az', 'az', azText(call)],
    ]
}

/** call: {method, path, version, body, az: words of az's own command}; json: shown instead of the call's body; first: the tab that is open. */
export function Forms({ call, json, what = 'the call', first = 'json' }) {
    const forms = formsOf(call, json)
    const id = useId()
    const [wanted, setWanted] = useState(first)
    const at = Math.max(
        0,
        forms.findIndex(([key]) => key === wanted),
    )
    const [chosen, title, text] = forms[at]
    const move = (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
        if (!step) return
        event.preventDefault()
        const [next] = forms[(at + step + forms.length) % forms.length]
        setWanted(next)
        event.currentTarget.querySelector(`[data-form=${next}]`).focus()
    }
    return (
        <>
            <div class="tabs" role="tablist" aria-label="View as" onKeyDown={move}>
                {forms.map(([key, name]) => (
                    <button
                        key={key}
                        type="button"
                        role="tab"
                        id={`${id}-${key}`}
                        data-form={key}
                        class="tab"
                        aria-selected={key === chosen}
                        aria-controls={`${id}-panel`}
                        tabIndex={key === chosen ? 0 : -1}
                        onClick={() => setWanted(key)}
                    >
                        {name}
                    </button>
                ))}
            </div>
            <div class="view-as-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
                <Copy what={`${what} as ${title}`} text={text} />
                {chosen === 'curl' && session.token && <p class="quiet">{TOKEN_NOTE}</p>}
                {chosen === 'az' && <p class="quiet">{AZ_NOTE}</p>}
            </div>
        </>
    )
}

/** Folded, so that it costs nothing until somebody wants it. */
export function ViewAs(props) {
    const [open, setOpen] = useState(false)
    return (
        <details class="view-as" onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>View as JSON, curl or az</summary>
            {open && <Forms {...props} />}
        </details>
    )
}
