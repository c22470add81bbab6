import { useEffect, useMemo, useState } from 'preact/hooks'

import { link } from '../api.js'
import { Charts } from '../details/chart.jsx'
import { CutoverDialog } from '../details/cutover.jsx'
import { DatabasePanel } from '../details/database.jsx'
import { Evidence } from '../details/evidence.jsx'
import { History } from '../details/history.jsx'
import { EndHints, ErrorHelp } from '../details/hints.jsx'
import { useMigrationLoader } from '../details/load.js'
import { useRates } from '../details/rates.js'
import { Stepper } from '../details/stepper.jsx'
import { DatabaseTable } from '../details/table.jsx'
import { Total } from '../details/total.jsx'
import { Validation } from '../details/validation.jsx'
import { Waiting } from '../details/waiting.jsx'
import { Feedback } from '../feedback.jsx'
import { unknown } from '../format.js'
import { useKeptFocus, usePoll, useTitle } from '../hooks.js'
import { State } from '../icons.jsx'
import {
    cancel,
    databasesOf,
    decide,
    isActive,
    isCancelable,
    isOnline,
    migrationPath,
    sourceOf,
    stateOf,
    substateOf,
} from '../migrations.js'
import { paths, setQuery } from '../router.jsx'
import { subscriptionName, useServers } from '../servers.js'
import { notify } from '../toasts.jsx'
import { Command, Confirm, Crumbs, ErrorBox, Essentials, Loading, PageTitle, Toolbar, Words } from '../ui.jsx'
import { ViewMigrationAs } from '../view-as/migration.jsx'
import { seen } from '../watch.js'

const POLL_MS = 1000

function CancelDialog({ path, name, databases, onClose, onDone }) {
    const some = databases !== null
    const run = async () => {
        await (some ? decide(path, { cancel: 'True', dbsToCancelMigrationOn: databases }) : cancel(path))
        notify('good', 'Cancel requested', some ? databases.join(', ') : name)
        onDone()
    }
    return (
        <Confirm
            title={some ? `Cancel the migration of ${databases.join(', ')}?` : `Cancel the migration ${name}?`}
            onYes={run}
            onClose={onClose}
        >
            <p>
                Canceling stops all further activity. It does not roll back or drop anything on the target server. Delete the
                databases of a canceled migration there yourself.
            </p>
        </Confirm>
    )
}

function essentials(migration, group, server, servers) {
    const source = sourceOf(migration)
    const { sourceDbServerMetadata: from, targetDbServerMetadata: to } = migration.properties
    const target = servers?.flexible.find((one) => one.name === server)
    const isResource = source.group !== undefined
    return [
        ['Source Server Name', <span class="wrap">{source.name}</span>],
        ['Target Server Name', server],
        ['Source Server Subscription', isResource ? subscriptionName() : unknown],
        ['Target Server Subscription', subscriptionName()],
        ['Source Server Resource Group', source.group ?? unknown],
        ['Target Server Resource Group', group],
        [
            'Source Server Location',
            from?.location ?? servers?.single.find((one) => one.name === source.name)?.location ?? unknown,
        ],
        ['Target Server Location', to?.location ?? target?.location ?? unknown],
        ['Source Server Version', from?.version ?? unknown],
        ['Target Server Version', to?.version ?? target?.properties.version ?? unknown],
        ['Selected databases to migrate', <span class="wrap">{databasesOf(migration).join(', ') || unknown}</span>],
        ['Migration mode', migration.properties.migrationMode ?? unknown],
        ['Status', <State state={stateOf(migration)} />],
        ['Migration Details', <Words text={substateOf(migration) ?? unknown} />],
    ]
}

function Commands({ migration, loading, onCutover, onCancel, onRefresh }) {
    return (
        <Toolbar>
            {substateOf(migration) === 'WaitingForCutoverTrigger' && (
                <Command icon="play" onClick={onCutover}>
                    Cutover
                </Command>
            )}
            {isActive(migration) && (
                <Command icon="close" disabled={!isCancelable(migration)} onClick={onCancel}>
                    Cancel Migration
                </Command>
            )}
            <Command icon="refresh" busy={loading} onClick={onRefresh}>
                Refresh
            </Command>
            <Feedback
                facts={[
                    ['Migration', migration.properties.migrationId],
                    ['Mode', migration.properties.migrationMode],
                    ['State', `${stateOf(migration)} / ${substateOf(migration) ?? unknown}`],
                    ['Error', migration.properties.currentStatus?.error],
                ]}
            />
        </Toolbar>
    )
}

/** The essentials, in one line until they are wanted. */
const Folded = ({ migration, server, facts }) => (
    <details class="folded">
        <summary>
            <h2>Essentials</h2>{' '}
            <span class="quiet wrap">
                {sourceOf(migration).name} to {server}, {migration.properties.migrationMode}
            </span>
        </summary>
        <Essentials items={facts} />
    </details>
)

/** Everything about one migration, refreshed every second. */
export function Details({ group, server, name, database }) {
    useTitle(`${name} | ${server}`)
    const path = migrationPath(group, server, name)
    const [dialog, setDialog] = useState(null) // {kind, databases}
    const load = useMigrationLoader({ group, server, name, database, asksSource: dialog?.kind === 'cutover' })
    const { data, error, loading, reload } = usePoll(load, [path, database], ({ migration }) =>
        isActive(migration) ? POLL_MS : 0,
    )
    useEffect(() => data && seen({ group, server, name }, data.migration), [data])
    const servers = useServers(0).data
    useKeptFocus(data && `${stateOf(data.migration)} ${substateOf(data.migration)}`)
    const rates = useRates(data)
    const [kept, setKept] = useState(null) // shown until the panel has loaded its own data
    if (data && data !== kept) setKept(data)
    const shown = data ?? kept
    const crumbs = [
        ['Home', paths.home()],
        [`${server} | Migration (preview)`, paths.migrations(group, server)],
    ]
    const open = (kind, databases = null) => setDialog({ kind, databases })
    const close = () => setDialog(null)
    const facts = useMemo(() => shown && essentials(shown.migration, group, server, servers), [shown, servers])

    if (!shown) {
        return (
            <div class="page">
                <Crumbs items={crumbs} />
                <PageTitle icon="migration" title={name} subtitle="Migration" close={paths.migrations(group, server)} />
                {error ? <ErrorBox error={error} title="Cannot show the migration" /> : <Loading what="Loading the migration" />}
            </div>
        )
    }
    const { migration, own, points } = shown
    const online = isOnline(migration)
    const following =
        online &&
        own.databases.some((row) => row.state === 'WaitingForCutoverTrigger' || row.appliedChanges > 0 || row.pendingBytes > 0)
    return (
        <div class="page">
            <Crumbs items={crumbs} />
            <PageTitle icon="migration" title={name} subtitle="Migration" close={paths.migrations(group, server)} />
            <Commands
                migration={migration}
                loading={loading}
                onCutover={() => open('cutover')}
                onCancel={() => open('cancel')}
                onRefresh={reload}
            />
            <p class="hidden" role="status">{`${stateOf(migration)}, ${substateOf(migration) ?? ''}`}</p>
            <ErrorBox error={error} />
            <Waiting
                migration={migration}
                events={own.events}
                path={path}
                onDone={reload}
                onCancel={() => open('cancel')}
                onCutover={() => open('cutover')}
            />
            <ErrorHelp migration={migration} code={own.errorCode} group={group} server={server} />
            <section aria-label="Progress" class="picture">
                <Stepper migration={migration} events={own.events} now={shown.at} />
                <Total migration={migration} own={own} points={points} />
            </section>
            <h2>Databases</h2>
            <DatabaseTable migration={migration} own={own} rates={rates} onOpen={(row) => setQuery('database', row)} />
            <Charts points={points} following={following} live={isActive(migration) && link.up} />
            <EndHints migration={migration} group={group} server={server} />
            <Evidence migration={migration} own={own} />
            <Validation migration={migration} />
            <History events={own.events} ended={!isActive(migration)} />
            <Folded migration={migration} server={server} facts={facts} />
            <ViewMigrationAs migration={migration} group={group} server={server} />
            {database !== null && (
                <DatabasePanel
                    name={database}
                    migration={migration}
                    own={own}
                    rates={rates}
                    onCutover={() => open('cutover', [database])}
                    onCancel={() => open('cancel', [database])}
                    onClose={() => setQuery('database', null)}
                />
            )}
            {dialog?.kind === 'cutover' && (
                <CutoverDialog
                    path={path}
                    own={own}
                    source={shown.source}
                    databases={dialog.databases}
                    onClose={close}
                    onDone={reload}
                />
            )}
            {dialog?.kind === 'cancel' && (
                <CancelDialog path={path} name={name} databases={dialog.databases} onClose={close} onDone={reload} />
            )}
        </div>
    )
}
