import { useRef, useState } from 'preact/hooks'

import { api } from '../api.js'
import { useBusy } from '../hooks.js'
import { notify } from '../toasts.jsx'
import { Button, ErrorBox, SelectField, TextField } from '../ui.jsx'
import { ACTIONS, bodyOf, fieldsOf, problemsOf } from './actions.js'

const ATTRIBUTES = {
    subscription: ['Subscription', 'The id of a subscription.'],
    migration: ['Migration', 'The name of a migration.'],
    server: ['Server', 'The name of a server.'],
    database: ['Database', 'The name of a database.'],
    table: ['Table', 'With its schema: sales.orders.'],
    substate: ['Substate', 'A substate such as MigratingData.'],
    operation: ['Operation', 'An operation such as Migrations_Get.'],
    client: ['Client', 'The beginning of x-ms-client-request-id.'],
}

const FIRST = { name: '', at: '', action: '', skip: '', times: '', ttlSeconds: '', values: {} }

function ActionFields({ rule, field, setValue }) {
    return fieldsOf(rule.action, rule.at).map(({ key, label, required, number, options, texts, hint }) => {
        const path = `do.${rule.action}.${key}`
        const common = { ...field(path), label, required, hint }
        if (!options)
            return (
                <TextField
                    key={path}
                    {...common}
                    inputMode={number ? 'numeric' : undefined}
                    value={rule.values[path] ?? ''}
                    onInput={(text) => setValue(path, text)}
                />
            )
        return (
            <SelectField
                key={path}
                {...common}
                value={rule.values[path] ?? options[0]}
                onChange={(text) => setValue(path, text)}
                options={options.map((one) => [one, texts?.[one] ?? (one || 'Default')])}
            />
        )
    })
}

/** The same rule at another point, with an action that exists there. */
const movedTo = (rule, point) => ({
    ...rule,
    at: point.name,
    action: point.actions.includes(rule.action) ? rule.action : point.actions[0],
})

/** Makes a rule, or replaces the one of the same name. */
export function RuleForm({ points, onMade }) {
    const [rule, setRule] = useState(() => movedTo(FIRST, points[0]))
    const [tried, setTried] = useState(false)
    const [error, setError] = useState(null)
    const [busy, run] = useBusy()
    const form = useRef()
    const point = points.find(({ name }) => name === rule.at)
    const problems = tried ? problemsOf(rule, point) : {}
    const set = (changes) => {
        setError(null)
        setRule((before) => ({ ...before, ...changes }))
    }
    const setValue = (path, text) => set({ values: { ...rule.values, [path]: text } })
    const field = (name) => ({ name, error: problems[name] ?? (error?.target === name ? error.message : null) })
    const focusProblem = () => setTimeout(() => form.current?.querySelector('[aria-invalid=true]')?.focus(), 50)
    const save = () =>
        run(async () => {
            setTried(true)
            setError(null)
            if (Object.keys(problemsOf(rule, point)).length > 0) return focusProblem()
            try {
                const { status } = await api.put(
                    `/_malachite/rules/${encodeURIComponent(rule.name)}`,
                    undefined,
                    bodyOf(rule, point),
                )
                notify('good', status === 201 ? 'Rule created' : 'Rule replaced', rule.name)
                setTried(false)
                setRule((before) => ({ ...before, name: '' }))
            } catch (caught) {
                setError(caught)
                focusProblem()
            }
            onMade()
        })
    const submit = (event) => {
        event.preventDefault()
        save()
    }
    const count = (name, label, hint, placeholder) => (
        <TextField
            {...field(name)}
            label={label}
            hint={hint}
            placeholder={placeholder}
            inputMode="numeric"
            value={rule[name]}
            onInput={(text) => set({ [name]: text })}
        />
    )
    return (
        <form ref={form} onSubmit={submit} noValidate aria-labelledby="new-rule">
            <h2 id="new-rule">New rule</h2>
            <TextField
                {...field('name')}
                label="Rule name"
                required
                hint="A rule of the same name is replaced."
                value={rule.name}
                onInput={(name) => set({ name })}
            />
            <SelectField
                {...field('at')}
                label="Point"
                required
                value={rule.at}
                onChange={(name) =>
                    setRule((before) =>
                        movedTo(
                            before,
                            points.find((one) => one.name === name),
                        ),
                    )
                }
                options={points.map(({ name }) => [name, name])}
                after={
                    <p class="quiet">
                        {point.description} One hit is {point.counts}.
                    </p>
                }
            />
            {point.attributes.map((name) => (
                <TextField
                    {...field(`match.${name}`)}
                    key={name}
                    label={ATTRIBUTES[name]?.[0] ?? name}
                    hint={`${ATTRIBUTES[name]?.[1] ?? name} Empty matches everything.`}
                    value={rule.values[`match.${name}`] ?? ''}
                    onInput={(text) => setValue(`match.${name}`, text)}
                />
            ))}
            {count('skip', 'Skip', `How many hits pass first. One hit is ${point.counts}.`, '0')}
            {count('times', 'Times', 'How often the rule acts after that; 0 is unlimited.', rule.action === 'slow' ? '0' : '1')}
            {count('ttlSeconds', 'Expires after (seconds)', 'What it holds is released then.', '600')}
            <SelectField
                {...field('do')}
                label="Action"
                required
                value={rule.action}
                onChange={(action) => set({ action })}
                options={point.actions.map((name) => [name, ACTIONS[name]?.label ?? name])}
            />
            <ActionFields rule={rule} field={field} setValue={setValue} />
            <p class="buttons">
                <Button primary type="submit" busy={busy} disabled={busy}>
                    Save rule
                </Button>
            </p>
            <ErrorBox error={error} title="The rule was not saved" />
        </form>
    )
}
