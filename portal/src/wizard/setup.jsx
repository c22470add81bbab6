import { useState } from 'preact/hooks'

import { api, VERSIONS } from '../api.js'
import { useBusy, usePoll } from '../hooks.js'
import { providersPath, register } from '../providers.js'
import { Link, paths } from '../router.jsx'
import { notify } from '../toasts.jsx'
import { Box, Button, Dialog, ErrorBox, External, Field, SelectField, TextField } from '../ui.jsx'
import { isUuid } from './model.js'
import { NewGroup } from './new-group.jsx'

const HELP = {
    app: [
        'Create an application',
        <p>
            Malachite has one built-in application, which clients sign in as. The options <code>--client-id</code> and{' '}
            <code>--tenant-id</code> set its client ID and tenant ID. Select it below, or enter the client ID and tenant ID of
            another application.
        </p>,
    ],
    secret: [
        'Create a client secret',
        <p>
            The option <code>--client-secret-file</code> sets the secret of the built-in application; the default is{' '}
            <code>malachite</code>. Select the application, then enter its secret. Malachite stores it encrypted and never shows
            it.
        </p>,
    ],
    roles: [
        'Assign contributor roles',
        <p>
            Malachite has no role assignments, so there is nothing to do here. In Azure, the application needs the role
            Contributor on both servers, on the migration resource group and, with private access, on the virtual networks.
        </p>,
    ],
}

function HowTo({ what }) {
    const [open, setOpen] = useState(false)
    const [title, text] = HELP[what]
    return (
        <>
            <button type="button" class="link" aria-label={`How to do? ${title}`} onClick={() => setOpen(true)}>
                How to do?
            </button>
            {open && (
                <Dialog
                    title={title}
                    onClose={() => setOpen(false)}
                    footer={
                        <Button primary onClick={() => setOpen(false)}>
                            Close
                        </Button>
                    }
                >
                    {text}
                </Dialog>
            )}
        </>
    )
}

/** Registers the subscription, which migrations require. */
function Registration() {
    const { data, reload } = usePoll(() => api.get(`${providersPath()}/Microsoft.DataMigration`, VERSIONS.resources), [], 5000)
    const [busy, run] = useBusy()
    if (!data || data.registrationState === 'Registered') return null
    const registerNow = () =>
        run(async () => {
            try {
                await register('Microsoft.DataMigration')
                notify('good', 'Resource provider registered', 'Microsoft.DataMigration')
            } catch (error) {
                notify('error', 'Registration failed', error.message)
            }
            reload()
        })
    return (
        <Box tone="warning" title="Microsoft.DataMigration is not registered">
            <p>
                Register the subscription for the Database Migration Service before you create a migration. Register it here, or
                under <Link href={paths.providers()}>Resource providers</Link>.
            </p>
            <p class="buttons">
                <Button busy={busy} disabled={busy} onClick={registerNow}>
                    Register
                </Button>
            </p>
        </Box>
    )
}

function OtherApp({ onChoose }) {
    const [app, setApp] = useState({ name: '', clientId: '', tenantId: '' })
    const field = (name) => ({ value: app[name], onInput: (value) => setApp({ ...app, [name]: value.trim() }) })
    const wrong = (name) => (app[name] && !isUuid(app[name]) ? 'Enter a valid UUID.' : null)
    const complete = isUuid(app.clientId) && isUuid(app.tenantId)
    return (
        <section>
            <h3>Another application</h3>
            <TextField label="Name" name="app-name" {...field('name')} />
            <TextField label="Application (client) ID" name="app-client" {...field('clientId')} error={wrong('clientId')} />
            <TextField label="Directory (tenant) ID" name="app-tenant" {...field('tenantId')} error={wrong('tenantId')} />
            <Button disabled={!complete} onClick={() => onChoose({ ...app, name: app.name || app.clientId })}>
                Select this application
            </Button>
        </section>
    )
}

function AppPicker({ onChoose, onClose }) {
    const { data, error } = usePoll(() => api.list('/_malachite/applications', VERSIONS.resources), [])
    const [filter, setFilter] = useState('')
    const apps = (data ?? []).filter((app) => `${app.displayName} ${app.appId}`.toLowerCase().includes(filter.toLowerCase()))
    return (
        <Dialog side title="Select an application" onClose={onClose}>
            <input
                class="input"
                type="search"
                aria-label="Search applications"
                placeholder="Search by name or ID"
                value={filter}
                onInput={(event) => setFilter(event.currentTarget.value)}
            />
            <ErrorBox error={error} />
            <ul class="picks">
                {apps.map((app) => (
                    <li key={app.appId}>
                        <button
                            type="button"
                            class="pick"
                            onClick={() => onChoose({ name: app.displayName, clientId: app.appId, tenantId: app.tenantId })}
                        >
                            <strong>{app.displayName}</strong>
                            <span class="second-line">{app.appId}</span>
                        </button>
                    </li>
                ))}
            </ul>
            <OtherApp onChoose={onChoose} />
        </Dialog>
    )
}

export function SetupTab({ values, set, problem, nameCheck, groups, reloadGroups, target }) {
    const [picking, setPicking] = useState(false)
    const [making, setMaking] = useState(false)
    const available = nameCheck.for === values.name && !nameCheck.problem && !nameCheck.busy
    return (
        <>
            <p>
                The migration tool helps move workloads from single server to flexible server.
                <br />
                It offers two modes of migration: Online &amp; Offline.{' '}
                <External href="https://learn.microsoft.com/azure/postgresql/migrate/concepts-single-to-flexible">
                    Learn more
                </External>
            </p>
            <div class="prose">
                <h2>Pre-requisites -</h2>
                <ol>
                    <li>
                        Create an Azure Active Directory application. <HowTo what="app" />
                    </li>
                    <li>
                        Create a new client secret for your Azure Active Directory application. <HowTo what="secret" />
                        <p>
                            We will be using a Migration Resource group. This is the resource group where all the migration
                            related components will be created. By default it is the resource group of the target flexible server,
                            and all the components will be cleaned up automatically once the migration completes.
                        </p>
                    </li>
                    <li>
                        Assign contributor roles to source server, target server, migration resource group. Note in case of
                        private access for source/target server, add Contributor privileges to the corresponding VNet.{' '}
                        <HowTo what="roles" />
                    </li>
                </ol>
            </div>
            <Registration />
            <TextField
                label="Migration name"
                name="name"
                required
                keepLine
                placeholder="Enter migration name"
                value={values.name}
                onInput={(name) => set({ name })}
                error={problem('name')}
                hint="Identifies the migration on this flexible server. Use letters, digits and hyphens. It must not begin with a hyphen, and you cannot reuse the name of an earlier migration."
                busy={nameCheck.busy ? 'Checking the name' : null}
                good={available ? 'The name is available.' : null}
                mark={available}
            />
            <SelectField
                label="Migration Resource Group"
                name="migrationGroup"
                required
                value={values.migrationGroup}
                onChange={(migrationGroup) => set({ migrationGroup })}
                options={groups.map(({ name }) => [name, name])}
                error={problem('migrationGroup')}
                hint="The resource group for all migration components. They are cleaned up when the migration ends."
                after={
                    <button type="button" class="link" onClick={() => setMaking(true)}>
                        Create new
                    </button>
                }
            />
            <Field
                label="Azure Active Directory App"
                name="app"
                required
                hint="The application from the prerequisites above."
                error={problem('app')}
                control={({ id, name, ...attributes }) => (
                    <span class="chosen">
                        {values.app && (
                            <span class="wrap">
                                <strong>{values.app.name}</strong> <span class="quiet">{values.app.clientId}</span>
                            </span>
                        )}
                        <button
                            type="button"
                            id={id}
                            name={name}
                            aria-describedby={attributes['aria-describedby']}
                            aria-label={`${values.app ? 'Change' : 'Select'} Azure Active Directory App`}
                            class="link"
                            onClick={() => setPicking(true)}
                        >
                            {values.app ? 'Change' : 'Select'}
                        </button>
                    </span>
                )}
            />
            {values.app && (
                <TextField
                    label="Azure Active Directory Client Secret"
                    name="secret"
                    type="password"
                    required
                    value={values.secret}
                    onInput={(secret) => set({ secret })}
                    error={problem('secret')}
                    hint="The value of the application's client secret, not its ID."
                    mark={values.secret !== ''}
                />
            )}
            {picking && (
                <AppPicker
                    onChoose={(app) => {
                        set({ app })
                        setPicking(false)
                    }}
                    onClose={() => setPicking(false)}
                />
            )}
            {making && (
                <NewGroup
                    location={target.location}
                    onMade={(name) => {
                        reloadGroups()
                        set({ migrationGroup: name })
                        notify('good', 'Resource group created', name)
                    }}
                    onClose={() => setMaking(false)}
                />
            )}
        </>
    )
}
