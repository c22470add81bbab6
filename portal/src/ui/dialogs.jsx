// The browser's own <dialog>, as a window or as a panel at the side.
import { useEffect, useId, useRef, useState } from 'preact/hooks'

import { useBusy } from '../hooks.js'
import { Icon } from '../icons.jsx'
import { Button, ErrorBox } from './basics.jsx'

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
                <h2 id={id} class="wrap">
                    {title}
                </h2>
                <button type="button" class="icon-button" aria-label="Close" onClick={onClose} disabled={busy}>
                    <Icon name="close" />
                </button>
            </div>
            <div
                class="dialog-body"
                tabIndex={side ? 0 : undefined}
                role={side ? 'group' : undefined}
                aria-label={side ? title : undefined}
            >
                {children}
            </div>
            {footer && <div class="dialog-foot">{footer}</div>}
        </dialog>
    )
}

/** A question with Yes and No. `onYes` may be asynchronous; the dialog shows the error that it throws. */
export function Confirm({ title, children, onYes, onClose, yes = 'Yes', no = 'No' }) {
    const [busy, run] = useBusy()
    const [error, setError] = useState(null)
    const accept = () =>
        run(async () => {
            setError(null)
            try {
                await onYes()
                onClose()
            } catch (caught) {
                setError(caught)
            }
        })
    return (
        <Dialog
            title={title}
            onClose={onClose}
            busy={busy}
            footer={
                <>
                    <Button primary busy={busy} disabled={busy} onClick={accept}>
                        {yes}
                    </Button>
                    <Button disabled={busy} onClick={onClose}>
                        {no}
                    </Button>
                </>
            }
        >
            {children}
            <ErrorBox error={error} />
        </Dialog>
    )
}
