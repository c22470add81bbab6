import { useState } from 'preact/hooks'

import { api, ApiError, followOperation, ids, versionOf, VERSIONS } from '../api.js'
import { useBusy, usePoll, useSettled, useTitle } from '../hooks.js'
import { navigate, paths, setQuery } from '../router.jsx'
import { loadGroups, subscriptionId } from '../servers.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Crumbs, ErrorBox, Loading, PageTitle, SelectField, TextField } from '../ui.jsx'
import { ViewAs } from '../view-as/view-as.jsx'

const NEW_GROUP = '\0new'
const KINDS = { flexible: 'flexibleServers', single: 'servers' }
const NAMES = { flexible: 'flexible server', single: 'single server' }

const loadChoices = async () => {
    const [groups, locations] = await Promise.all([
        loadGroups(),
        api.list(`${ids.subscription(subscriptionId())}/locations`, VERSIONS.resources),
    ])
    const capabilities = await api
        .list(`${ids.location(subscriptionId(), 'eastus')}/capabilities`, VERSIONS.flexible)
        .catch(() => [])
    const versions = (capabilities[0]?.supportedServerVersions ?? []).map(({ name }) => name)
    return { groups, locations, versions: [...new Set(versions)].sort((a, b) => b - a) }
}

const NAME_RULE = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/

/** The API's rule for passwords of provisioned servers, in its words; null if the password keeps it. */
export function passwordProblem(password, login) {
    const kinds = [/[A-Z]/, /[a-z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length
    const length = new TextEncoder().encode(password).length
    const named = login.length >= 3 && password.toLowerCase().includes(login.toLowerCase())
    return length >= 8 && length <= 128 && kinds >= 3 && !named
        ? null
        : "The administrator's password must have 8 to 128 characters of at least three of the kinds upper-case letter, " +
              "lower-case letter, digit and other character, and must not contain the administrator's login."
}

function problemsOf(values, taken) {
    const empty = 'The value should not be empty.'
    const problems = {}
    if (!NAME_RULE.test(values.name))
        problems.name = 'Use 3 to 63 lowercase letters, digits and hyphens, with no hyphen at either end.'
    else if (taken) problems.name = taken
    if (values.group === NEW_GROUP ? !values.newGroup : !values.group)
        problems[values.group === NEW_GROUP ? 'newGroup' : 'group'] = empty
    if (values.how === 'attached' && !values.host) problems.host = empty
    if (values.how === 'attached' && !/^\d{1,5}$/.test(values.port)) problems.port = 'Enter a number from 1 to 65535.'
    if (!values.login) problems.login = empty
    const weak = values.how === 'attached' ? null : passwordProblem(values.password, values.login)
    if (!values.password) problems.password = empty
    else if (weak) problems.password = weak
    return problems
}

/** The reason why the name cannot be used, checked while the user types; null if it can. */
function useTaken(kind, name) {
    const settled = useSettled(name, 300)
    const { data } = usePoll(async () => {
        if (!NAME_RULE.test(settled)) return null
        const answer = await api.post(
            `${ids.subscription(subscriptionId())}/providers/Microsoft.DBforPostgreSQL/checkNameAvailability`,
            versionOf(KINDS[kind]),
            { name: settled, type: `Microsoft.DBforPostgreSQL/${KINDS[kind]}` },
        )
        return answer.nameAvailable ? null : (answer.message ?? 'This name is already in use.')
    }, [settled, kind])
    return settled === name ? data : null
}

const groupOfForm = (values) => (values.group === NEW_GROUP ? values.newGroup : values.group)

/** The PUT of the server that the form describes. */
function createCall(kind, values) {
    const attached = values.how === 'attached'
    const body = {
        location: values.location,
        ...(attached ? { tags: { 'malachite.host': values.host, 'malachite.port': values.port } } : {}),
        sku:
            kind === 'flexible'
                ? { name: 'Standard_D4ds_v5', tier: 'GeneralPurpose' }
                : { name: 'GP_Gen5_2', tier: 'GeneralPurpose' },
        properties: {
            administratorLogin: values.login,
            administratorLoginPassword: values.password,
            ...(kind === 'single' ? { createMode: 'Default' } : {}),
            ...(attached ? {} : { version: values.version }),
        },
    }
    return {
        method: 'PUT',
        path: ids.server(subscriptionId(), groupOfForm(values) || '<group>', KINDS[kind], values.name || '<name>'),
        version: versionOf(KINDS[kind]),
        body,
    }
}

const isMissing = (error) => error instanceof ApiError && error.status === 404

/** Whether there is nothing at this path. */
async function isFree(path, version) {
    try {
        await api.get(path, version)
        return false
    } catch (error) {
        if (isMissing(error)) return true
        throw error
    }
}

/** Not a server that works: by now it may be somebody else's. */
async function removeFailed(path, version) {
    try {
        const { properties } = await api.get(path, version)
        if ((properties.state ?? properties.userVisibleState) === 'Ready') return
        await followOperation(await api.delete(path, version))
    } catch (error) {
        if (!isMissing(error)) throw error
    }
}

/**
 * `leftOver`: the path of a server that an earlier attempt of this form created, and that failed. It is deleted first, so
 * that nothing of that attempt stays. onBegin(path) is called when the server is about to be made.
 */
async function create(kind, values, leftOver, onBegin) {
    const group = groupOfForm(values)
    const { path, version, body } = createCall(kind, values)
    if (values.group === NEW_GROUP)
        await api.put(ids.group(subscriptionId(), group), VERSIONS.resources, { location: values.location })
    if (leftOver) await removeFailed(leftOver, version)
    if (await isFree(path, version)) onBegin(path)
    await followOperation(await api.put(path, version, body))
    return group
}

function Fields({ values, set, problem, choices }) {
    const field = (name) => ({ name, value: values[name], onInput: (value) => set({ [name]: value }), error: problem(name) })
    return (
        <>
            <SelectField
                label="Resource group"
                name="group"
                required
                value={values.group}
                placeholder="Select a resource group"
                onChange={(group) => set({ group })}
                error={problem('group')}
                options={[...choices.groups.map(({ name }) => [name, name]), [NEW_GROUP, 'Create new...']]}
            />
            {values.group === NEW_GROUP && <TextField label="New resource group" required {...field('newGroup')} />}
            <TextField
                label="Server name"
                required
                {...field('name')}
                hint="Must be unique among all servers of this Malachite."
            />
            <SelectField
                label="Region"
                name="location"
                required
                value={values.location}
                onChange={(location) => set({ location })}
                options={choices.locations.map(({ name, displayName }) => [name, displayName])}
            />
            <SelectField
                label="PostgreSQL"
                name="how"
                required
                value={values.how}
                onChange={(how) => set({ how })}
                hint="Malachite starts and stops a new server together with itself. It never starts or stops an attached server."
                options={[
                    ['provisioned', 'Start a new PostgreSQL'],
                    ['attached', 'Attach a running PostgreSQL'],
                ]}
            />
            {values.how === 'attached' ? (
                <>
                    <TextField label="Host" required {...field('host')} />
                    <TextField label="Port" required inputMode="numeric" {...field('port')} />
                </>
            ) : (
                <SelectField
                    label="PostgreSQL version"
                    name="version"
                    required
                    value={values.version}
                    onChange={(version) => set({ version })}
                    options={choices.versions.map((name) => [name, name])}
                    hint="The versions installed on this machine."
                />
            )}
            <TextField label="Admin login name" required {...field('login')} />
            <TextField label="Password" type="password" required {...field('password')} />
        </>
    )
}

function Form({ kind, choices }) {
    const [values, setValues] = useState({
        name: '',
        group: choices.groups[0]?.name ?? NEW_GROUP,
        newGroup: '',
        location: 'eastus',
        how: kind === 'single' ? 'attached' : 'provisioned',
        host: '127.0.0.1',
        port: '5432',
        version: choices.versions[0] ?? '',
        login: '',
        password: '',
    })
    const [tried, setTried] = useState(false)
    const [busy, run] = useBusy()
    const [error, setError] = useState(null)
    // The server that this form has begun to create: nobody else's. It may have failed.
    const [ours, setOurs] = useState(null)
    const someone = useTaken(kind, values.name)
    const taken = ours === createCall(kind, values).path ? null : someone
    const problems = problemsOf(values, taken)
    const submit = (event) => {
        event.preventDefault()
        setTried(true)
        if (Object.keys(problems).length > 0) return
        run(async () => {
            setError(null)
            try {
                const group = await create(kind, values, ours, setOurs)
                notify('good', 'Server created', values.name)
                navigate(paths[kind](group, values.name))
            } catch (caught) {
                setError(caught)
            }
        })
    }
    return (
        <form onSubmit={submit} noValidate class="narrow-form">
            <Fields
                values={values}
                set={(changes) => setValues({ ...values, ...changes })}
                choices={choices}
                problem={(name) => (tried || (name === 'name' && taken) ? problems[name] : null)}
            />
            <ErrorBox error={error} title="Cannot create the server" />
            <p class="buttons">
                <Button primary type="submit" busy={busy} disabled={busy}>
                    Create
                </Button>
                <Button disabled={busy} onClick={() => navigate(paths.home())}>
                    Cancel
                </Button>
            </p>
            <ViewAs call={createCall(kind, values)} what="the server" />
        </form>
    )
}

export function CreateServer({ kind: asked }) {
    const kind = asked === 'single' ? 'single' : 'flexible'
    useTitle(`Create a ${NAMES[kind]}`)
    const { data, error } = usePoll(loadChoices, [])
    return (
        <div class="page">
            <Crumbs items={[['Home', paths.home()]]} />
            <PageTitle
                icon="database"
                title={`Create a ${NAMES[kind]}`}
                subtitle={`Azure Database for PostgreSQL ${NAMES[kind]}`}
                close={paths.home()}
            />
            {kind === 'single' ? (
                <Box>
                    A single server is the source of a migration. It is usually an existing PostgreSQL: attach it by its host and
                    port.{' '}
                    <button type="button" class="link" onClick={() => setQuery('kind', 'flexible')}>
                        Create a flexible server instead
                    </button>
                </Box>
            ) : (
                <Box>
                    A flexible server is the target of migrations: a new PostgreSQL with its own address.{' '}
                    <button type="button" class="link" onClick={() => setQuery('kind', 'single')}>
                        Add a single server instead
                    </button>
                </Box>
            )}
            <ErrorBox error={error} />
            {!data && !error && <Loading />}
            {data && <Form key={kind} kind={kind} choices={data} />}
        </div>
    )
}
