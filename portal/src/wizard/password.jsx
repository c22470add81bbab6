import { TextField } from '../ui.jsx'
import { isGood } from './checks.js'

/** The password of one server ("source" or "target"), tested as soon as it has been entered. */
export function PasswordField({ side, values, set, problem, check, checkKey, onTest }) {
    const name = `${side}Password`
    const good = isGood(check, checkKey)
    return (
        <TextField
            label="Password"
            name={name}
            type="password"
            required
            keepLine
            value={values[name]}
            onInput={(password) => set({ [name]: password })}
            onBlur={onTest}
            error={problem(name)}
            busy={check.busy ? `Connecting to the ${side} server` : null}
            mark={good}
            good={good ? `Connected. PostgreSQL ${check.version}.` : null}
            hint="The password of the admin login. Malachite tests it immediately, stores it encrypted and never shows it."
        />
    )
}
