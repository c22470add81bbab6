import { Component } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'

import { parseServerId } from '../api.js'
import { Feedback } from '../feedback.jsx'
import { between, plural, time, unknown } from '../format.js'
import { useBusy, usePoll } from '../hooks.js'
import { State } from '../icons.jsx'
import {
    cancel,
    databasesOf,
    isActive,
    isCancelable,
    loadMigration,
    loadMigrations,
    migrationPath,
    sourceOf,
    stateOf,
    STATES,
    substateOf,
} from '../migrations.js'
import { Link, paths } from '../router.jsx'
import { loadServers } from '../servers.js'
import { notify } from '../toasts.jsx'
import { Box, Button, Command, CommandLink, Dialog, ErrorBox, Loading, Scroll, Toolbar, Words } from '../ui.jsx'

const startOf = (migration) => migration.properties.migrationWindowStartTimeInUtc ?? ''
const endOf = (migration) => migration.properties.migrationWindowEndTimeInUtc ?? 'not known'

const TYPES = { Validate: 'Validate', Migrate: 'Migrate', ValidateAndMigrate: 'Validate and migrate' }
const typeOf = (migration) => TYPES[migration.properties.migrationOption] ?? unknown

/** The cells of a row. Compared as a whole, so that unchanged rows are not rendered again. */
function rowOf(migration, facts, others) {
    const metadata = migration.properties.sourceDbServerMetadata ?? others.get(migration.name)
    const known = facts.get((migration.properties.sourceDbServerResourceId ?? '').toLowerCase().replace(/^\//, ''))
    return {
        name: migration.name,
        state: stateOf(migration),
        substate: substateOf(migration) ?? '',
        source: sourceOf(migration).name,
        region: metadata?.location ?? known?.location ?? unknown,
        version: metadata?.version ?? known?.properties.version ?? unknown,
        databases: databasesOf(migration).join(', ') || unknown,
        start: time(startOf(migration)),
        started: startOf(migration),
        mode: migration.properties.migrationMode ?? unknown,
        type: typeOf(migration),
        sourceType: migration.properties.sourceType ?? unknown,
        duration: between(startOf(migration), isActive(migration) ? undefined : endOf(migration)),
        active: isActive(migration),
        cancelable: isCancelable(migration),
    }
}

const sameRow = (a, b) =>
    a.ticked === b.ticked && a.error === b.error && Object.keys(a.row).every((key) => a.row[key] === b.row[key])

class Row extends Component {
    shouldComponentUpdate(next) {
        return !sameRow(this.props, next)
    }

    render({ row, href, ticked, error, onTick }) {
        return (
            <tr class={ticked ? 'selected' : undefined}>
                <td class="cell-check">
                    <input type="checkbox" aria-label={`Select ${row.name}`} checked={ticked} onChange={() => onTick(row.name)} />
                </td>
                <td>
                    <Link href={href}>{row.name}</Link>
                </td>
                <td>
                    <State state={row.state} />
                    {row.active && row.substate && (
                        <span class="second-line">
                            <Words text={row.substate} />
                        </span>
                    )}
                    {error && <span class="second-line note-error">{error}</span>}
                </td>
                <td class="wrap">{row.source}</td>
                <td>{row.region}</td>
                <td>{row.version}</td>
                <td class="cell-names" title={row.databases}>
                    {row.databases}
                </td>
                <td class="nowrap">{row.start}</td>
                <td>{row.mode}</td>
                <td class="nowrap">{row.type}</td>
                <td class="nowrap">{row.sourceType}</td>
                <td class="nowrap">{row.duration}</td>
            </tr>
        )
    }
}

function CancelDialog({ names, onClose, onDone, pathOf }) {
    const [busy, run] = useBusy()
    const cancelAll = () =>
        run(async () => {
            const results = await Promise.all(
                names.map(async (name) => {
                    try {
                        await cancel(pathOf(name))
                        return [name, null]
                    } catch (error) {
                        return [name, error.message]
                    }
                }),
            )
            onDone(new Map(results.filter(([, error]) => error)), results.filter(([, error]) => !error).length)
        })
    return (
        <Dialog
            title={names.length === 1 ? 'Cancel this migration?' : `Cancel ${names.length} migrations?`}
            onClose={onClose}
            busy={busy}
            footer={
                <>
                    <Button primary busy={busy} disabled={busy} onClick={cancelAll}>
                        Yes
                    </Button>
                    <Button disabled={busy} onClick={onClose}>
                        No
                    </Button>
                </>
            }
        >
            <ul class="names">
                {names.map((name) => (
                    <li key={name}>{name}</li>
                ))}
            </ul>
            <p>
                Canceling stops all further activity. It does not roll back or drop anything on the target server. Delete the
                databases of a canceled migration there yourself.
            </p>
        </Dialog>
    )
}

const OTHERS_AT_ONCE = 20

/** name -> metadata of sources given by host and port: only the single migration has their region and version. */
function useOthers(migrations, group, server) {
    const [others, setOthers] = useState(() => new Map())
    useEffect(() => {
        const unknownOnes = (migrations ?? []).filter(
            (migration) => !parseServerId(migration.properties.sourceDbServerResourceId) && !others.has(migration.name),
        )
        if (unknownOnes.length === 0) return
        let unmounted = false
        Promise.all(
            unknownOnes.slice(0, OTHERS_AT_ONCE).map(({ name }) => loadMigration(group, server, name).catch(() => null)),
        ).then((loaded) => {
            const found = loaded.filter((one) => one?.properties.sourceDbServerMetadata?.version || (one && !isActive(one)))
            if (!unmounted && found.length > 0)
                setOthers(
                    (before) =>
                        new Map([...before, ...found.map((one) => [one.name, one.properties.sourceDbServerMetadata ?? {}])]),
                )
        })
        return () => (unmounted = true)
    }, [migrations, others])
    return others
}

function useGridData(group, server) {
    const list = usePoll(
        () => loadMigrations(group, server),
        [group, server],
        (migrations) => (migrations.some(isActive) ? 2000 : 10_000),
    )
    // The list of migrations lacks region and version of a source that is a resource; the server has them.
    const servers = usePoll(loadServers, [], 30_000)
    const facts = useMemo(() => {
        const all = [...(servers.data?.single ?? []), ...(servers.data?.flexible ?? [])]
        return new Map(all.map((one) => [one.id.toLowerCase().replace(/^\//, ''), one]))
    }, [servers.data])
    const others = useOthers(list.data, group, server)
    const rows = useMemo(() => (list.data ?? []).map((migration) => rowOf(migration, facts, others)), [list.data, facts, others])
    return { ...list, rows }
}

function Filters({ filter, onFilter, status, onStatus }) {
    return (
        <div class="filters">
            <label class="filter">
                <span class="hidden">Filter by name</span>
                <input
                    class="input"
                    type="search"
                    placeholder="Filter by name"
                    value={filter}
                    onInput={(event) => onFilter(event.currentTarget.value)}
                />
            </label>
            <label class="filter">
                <span>Status</span>
                <select class="input" value={status} onChange={(event) => onStatus(event.currentTarget.value)}>
                    <option value="">All</option>
                    {STATES.map((state) => (
                        <option key={state} value={state}>
                            {state}
                        </option>
                    ))}
                </select>
            </label>
        </div>
    )
}

const COLUMNS = {
    name: 'Name',
    state: 'Status',
    source: 'Source server name',
    region: 'Region',
    version: 'Version',
    databases: 'Database names',
    start: 'Migration start time',
    mode: 'Migration mode',
    type: 'Migration type',
    sourceType: 'Source server type',
    duration: 'Duration',
}
const NEWEST_FIRST = { column: 'start', down: true }

const text = new Intl.Collator('en', { numeric: true })

function sortRows(rows, { column, down }) {
    const sign = down ? -1 : 1
    const key = column === 'start' ? 'started' : column // which has fractions of a second
    return [...rows].sort((a, b) => sign * text.compare(a[key], b[key]) || text.compare(a.name, b.name))
}

function ColumnHead({ column, sort, onSort }) {
    const sorted = sort.column === column
    return (
        <th scope="col" aria-sort={sorted ? (sort.down ? 'descending' : 'ascending') : undefined}>
            <button type="button" class="sort" onClick={() => onSort({ column, down: sorted ? !sort.down : column === 'start' })}>
                {COLUMNS[column]}
            </button>
        </th>
    )
}

function Table({ rows, sort, ticked, errors, group, server, onSort, onTick, onTickAll }) {
    const all = rows.length > 0 && rows.every(({ name }) => ticked.has(name))
    return (
        <Scroll label="Migrations">
            <table class="table grid" aria-label="Migrations">
                <thead>
                    <tr>
                        <th scope="col" class="cell-check">
                            <input
                                type="checkbox"
                                aria-label="Select all migrations"
                                checked={all}
                                disabled={rows.length === 0}
                                onChange={onTickAll}
                            />
                        </th>
                        {Object.keys(COLUMNS).map((column) => (
                            <ColumnHead key={column} column={column} sort={sort} onSort={onSort} />
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <Row
                            key={row.name}
                            row={row}
                            href={paths.migration(group, server, row.name)}
                            ticked={ticked.has(row.name)}
                            error={errors.get(row.name)}
                            onTick={onTick}
                        />
                    ))}
                </tbody>
            </table>
        </Scroll>
    )
}

/** All migrations to this server, newest first unless the user sorts them. */
export function Grid({ group, server: { name: server } }) {
    const { data, rows, error, loading, reload } = useGridData(group, server)
    const [filter, setFilter] = useState('')
    const [status, setStatus] = useState('')
    const [sort, setSort] = useState(NEWEST_FIRST)
    const [ticked, setTicked] = useState(() => new Set())
    const [errors, setErrors] = useState(() => new Map())
    const [asking, setAsking] = useState(false)

    const wanted = filter.trim().toLowerCase()
    const sorted = useMemo(() => sortRows(rows, sort), [rows, sort])
    const shown = sorted.filter((row) => row.name.toLowerCase().includes(wanted) && (status === '' || row.state === status))
    const chosen = rows.filter((row) => ticked.has(row.name))
    const cancelable = chosen.filter((row) => row.cancelable)
    const blocked = chosen.length - cancelable.length

    const tick = useMemo(
        () => (name) =>
            setTicked((before) => {
                const after = new Set(before)
                if (!after.delete(name)) after.add(name)
                return after
            }),
        [],
    )
    const tickAll = () =>
        setTicked(shown.every(({ name }) => ticked.has(name)) ? new Set() : new Set(shown.map(({ name }) => name)))
    const canceled = (failed, count) => {
        setErrors(failed)
        setTicked(new Set(failed.keys()))
        setAsking(false)
        if (count > 0) notify('good', 'Cancel requested', plural(count, 'migration'))
        if (failed.size > 0)
            notify('error', `${plural(failed.size, 'migration')} could not be canceled`, 'See the reasons in the grid.')
        reload()
    }

    return (
        <>
            <Toolbar>
                <CommandLink icon="add" href={paths.wizard(group, server)}>
                    Migrate from Single Server
                </CommandLink>
                <Command
                    icon="close"
                    disabled={cancelable.length === 0}
                    onClick={() => setAsking(true)}
                    title={blocked > 0 ? `${plural(blocked, 'selected migration')} can no longer be canceled` : undefined}
                >
                    Cancel
                </Command>
                <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>
                    Refresh
                </Command>
                <Feedback facts={[['Migrations', data && String(data.length)]]} />
            </Toolbar>
            <h2>Single Server to Flexible Server migration tool</h2>
            <p>This migration tool enables you to migrate databases from Single Server PostgreSQL to this Flexible Server.</p>
            <Filters filter={filter} onFilter={setFilter} status={status} onStatus={setStatus} />
            <ErrorBox error={error} />
            {!data && !error && <Loading what="Loading the migrations" />}
            {data && (
                <>
                    <Table
                        rows={shown}
                        sort={sort}
                        onSort={setSort}
                        ticked={ticked}
                        errors={errors}
                        group={group}
                        server={server}
                        onTick={tick}
                        onTickAll={tickAll}
                    />
                    <p class="grid-foot" role="status">
                        {chosen.length > 0 && `${chosen.length} selected. `}
                        {data.length > 0 &&
                            (shown.length === data.length
                                ? plural(data.length, 'migration')
                                : `${shown.length} of ${plural(data.length, 'migration')}`)}
                        {blocked > 0 &&
                            `. Cancel concerns ${cancelable.length} of those selected: only migrations that are InProgress or WaitingForUserAction can be canceled.`}
                    </p>
                    {data.length === 0 && (
                        <Box>No migration configured or in progress. Click Migrate from Single Server to begin.</Box>
                    )}
                    {data.length > 0 && shown.length === 0 && <Box>No migration matches the filter.</Box>}
                </>
            )}
            {asking && (
                <CancelDialog
                    names={cancelable.map(({ name }) => name)}
                    pathOf={(name) => migrationPath(group, server, name)}
                    onClose={() => setAsking(false)}
                    onDone={canceled}
                />
            )}
        </>
    )
}
