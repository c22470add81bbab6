import { Fragment } from 'preact'
import { useState } from 'preact/hooks'

import { bytes, number, plural, timeLeft, unknown } from '../format.js'
import { State } from '../icons.jsx'
import { databasesOf, isActive, isCancelable, isOnline, substateOf } from '../migrations.js'
import { Box, Button, Dialog, Marked, Progress, Scroll } from '../ui.jsx'
import { fractionOf, fractionOfTable, secondsLeft } from './rates.js'
import { detailsOf } from './table.jsx'
import { Stacked } from './total.jsx'
import { Treemap } from './treemap.jsx'

const TABLES_SHOWN = 200
const ORDER = { Loading: 0, Errored: 1, Queued: 2, Completed: 3 }

function Figures({ name, details, online }) {
    const count = (field) => (details ? number(details[field]) : unknown)
    const rows = [
        ['Source database name', name],
        ['Target database name', name],
        ['Database Status', details?.migrationState ? <State state={details.migrationState} /> : unknown],
        ['Number of tables copied', count('fullLoadCompletedTables')],
        ['Number of tables queued', count('fullLoadQueuedTables')],
        ['Number of tables copying', count('fullLoadLoadingTables')],
        ['Tables in error state', count('fullLoadErroredTables')],
        ...(online
            ? [
                  ['Incremental updates', count('cdcUpdateCounter')],
                  ['Incremental inserts', count('cdcInsertCounter')],
                  ['Incremental deletes', count('cdcDeleteCounter')],
                  ['Pending changes (Bytes)', count('incomingChanges')],
                  ['Applied changes', count('appliedChanges')],
              ]
            : []),
    ]
    return (
        <dl class="figures">
            {rows.map(([label, value]) => (
                <div key={label}>
                    <dt>{label}</dt>
                    <dd class="wrap">{value}</dd>
                </div>
            ))}
        </dl>
    )
}

/** A long table name, which may break after a dot or an underscore. */
const Breaking = ({ text }) =>
    text.split(/(?<=[._])/).map((part, index) => (
        <Fragment key={index}>
            {index > 0 && <wbr />}
            {part}
        </Fragment>
    ))

/** The columns by which the tables can be sorted: their text, what is compared, and whether large comes first. */
const COLUMNS = [
    { text: 'Table', key: (table) => `${table.schema}.${table.name}` },
    { text: 'Status', key: (table) => ORDER[table.state] * 1e18 - table.bytesTotal },
    { text: 'Progress', key: fractionOfTable, down: true },
    { text: 'Rows', key: (table) => table.rowsCopied, down: true, number: true },
    { text: 'Rows/s', key: (table, rates) => rates.table(table)?.rows ?? 0, down: true, number: true },
    { text: 'Speed', key: (table, rates) => rates.table(table)?.bytes ?? 0, down: true, number: true },
    { text: 'Time left' },
    { text: 'Size', key: (table) => table.bytesTotal, down: true, number: true },
]

const compare = (a, b) => (typeof a === 'string' ? a.localeCompare(b) : a - b)

function sortTables(tables, rates, { column, down }) {
    const { key } = COLUMNS[column]
    const keyed = tables.map((table) => [key(table, rates), table])
    return keyed.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b))).map(([, table]) => table)
}

function ColumnHead({ column, index, sort, onSort }) {
    const sorted = sort.column === index
    return (
        <th
            scope="col"
            class={column.number ? 'cell-number' : undefined}
            aria-sort={sorted ? (sort.down ? 'descending' : 'ascending') : undefined}
        >
            {column.key ? (
                <button
                    type="button"
                    class="sort"
                    onClick={() => onSort({ column: index, down: sorted ? !sort.down : Boolean(column.down) })}
                >
                    {column.text}
                    <span class="sort-mark" aria-hidden="true">
                        {sorted ? (sort.down ? '▾' : '▴') : ''}
                    </span>
                </button>
            ) : (
                column.text
            )}
        </th>
    )
}

function TableRow({ table, rate, active }) {
    const loading = active && table.state === 'Loading'
    const full = `${table.schema}.${table.name}`
    return (
        <tr>
            <td class="wrap cell-name">
                <Breaking text={full} />
                {table.message && <span class="second-line note-error">{table.message}</span>}
            </td>
            <td>
                <State state={table.state} />
            </td>
            <td class="cell-progress">
                <Progress
                    value={fractionOfTable(table)}
                    label={`Progress of ${full}`}
                    tone={table.state === 'Errored' ? 'bad' : ''}
                />
            </td>
            <td class="cell-number">{number(table.rowsCopied)}</td>
            <td class="cell-number">{rate?.rows > 0 ? number(Math.round(rate.rows)) : unknown}</td>
            <td class="cell-number nowrap">{rate ? `${bytes(rate.bytes)}/s` : unknown}</td>
            <td class="nowrap">{loading && rate ? timeLeft(secondsLeft(table, rate)) : unknown}</td>
            <td class="cell-number nowrap">{bytes(table.bytesTotal)}</td>
        </tr>
    )
}

function Tables({ tables, rates, active }) {
    const [filter, setFilter] = useState('')
    const [sort, setSort] = useState({ column: 1, down: false })
    const wanted = filter.toLowerCase()
    const found = tables.filter((table) => `${table.schema}.${table.name}`.toLowerCase().includes(wanted))
    const sorted = sortTables(found, rates, sort)
    return (
        <section>
            <h3>Tables</h3>
            <Treemap tables={found} fractionOf={fractionOfTable} />
            {tables.length > 10 && (
                <label class="filter">
                    <span class="hidden">Filter tables by name</span>
                    <input
                        class="input"
                        type="search"
                        placeholder="Filter by name"
                        value={filter}
                        onInput={(event) => setFilter(event.currentTarget.value)}
                    />
                </label>
            )}
            <Scroll label="Tables">
                <table class="table compact">
                    <thead>
                        <tr>
                            {COLUMNS.map((column, index) => (
                                <ColumnHead key={column.text} column={column} index={index} sort={sort} onSort={setSort} />
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {sorted.slice(0, TABLES_SHOWN).map((table) => (
                            <TableRow
                                key={`${table.schema}.${table.name}`}
                                table={table}
                                rate={rates.table(table)}
                                active={active}
                            />
                        ))}
                    </tbody>
                </table>
            </Scroll>
            {sorted.length > TABLES_SHOWN && (
                <p class="quiet">{plural(sorted.length - TABLES_SHOWN, 'more table')} not shown. Use the filter to find them.</p>
            )}
        </section>
    )
}

/** The side panel with all figures of one database. */
export function DatabasePanel({ name, migration, own, rates, onCutover, onCancel, onClose }) {
    const row = own.databases.find((one) => one.name === name)
    const details = detailsOf(migration, name)
    const online = isOnline(migration)
    const several = databasesOf(migration).length > 1
    const waits = details?.migrationState === 'WaitingForCutoverTrigger'
    const foot = several && online && isCancelable(migration) && (
        <>
            {waits && substateOf(migration) === 'WaitingForCutoverTrigger' && (
                <Button primary onClick={onCutover}>
                    Cut over this database
                </Button>
            )}
            {(waits || details?.migrationState === 'InProgress') && <Button onClick={onCancel}>Cancel this database</Button>}
        </>
    )
    return (
        <Dialog side title={name} onClose={onClose} footer={foot || null}>
            {databasesOf(migration).length > 0 && !databasesOf(migration).includes(name) && (
                <Box tone="warning">This migration has no database with this name.</Box>
            )}
            <Figures name={name} details={details} online={online} />
            {details?.message && (
                <Box
                    tone={details.migrationState === 'Failed' ? 'error' : 'info'}
                    title={details.migrationState === 'Failed' ? 'Error' : 'Message'}
                >
                    <p class="message">
                        <Marked text={details.message} />
                    </p>
                </Box>
            )}
            {row && (
                <section>
                    <h3>Base copy</h3>
                    <span class="progress">
                        <Stacked sizes={row.sizes ?? {}} label={`Progress of ${name}`} full={fractionOf(row) === 1} />
                        <span class="progress-text">{Math.floor(fractionOf(row) * 100)} %</span>
                    </span>
                    <p class="quiet">
                        {number(row.rowsCopied)} rows ({bytes(row.bytesCopied)}) copied. The database uses {bytes(row.bytesTotal)}{' '}
                        of disk space on the source.
                    </p>
                </section>
            )}
            {own.tables?.length > 0 && <Tables tables={own.tables} rates={rates} active={isActive(migration)} />}
        </Dialog>
    )
}
