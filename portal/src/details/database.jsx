import { Fragment } from 'preact'
import { useState } from 'preact/hooks'

import { bytes, number, plural, timeLeft, unknown } from '../format.js'
import { State } from '../icons.jsx'
import { databasesOf, isActive, isCancelable, isOnline, substateOf } from '../migrations.js'
import { Box, Button, Dialog, Marked, Progress, Scroll } from '../ui.jsx'
import { fractionOf, fractionOfTable, secondsLeft } from './rates.js'
import { detailsOf } from './table.jsx'

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

function Tables({ tables, rates, active }) {
    const [filter, setFilter] = useState('')
    const wanted = filter.toLowerCase()
    const found = tables.filter((table) => `${table.schema}.${table.name}`.toLowerCase().includes(wanted))
    const sorted = [...found].sort((a, b) => ORDER[a.state] - ORDER[b.state] || b.bytesTotal - a.bytesTotal)
    return (
        <section>
            <h3>Tables</h3>
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
                            <th scope="col">Table</th>
                            <th scope="col">Status</th>
                            <th scope="col">Progress</th>
                            <th scope="col" class="cell-number">
                                Rows
                            </th>
                            <th scope="col" class="cell-number">
                                Rows/s
                            </th>
                            <th scope="col" class="cell-number">
                                Speed
                            </th>
                            <th scope="col">Time left</th>
                        </tr>
                    </thead>
                    <tbody>
                        {sorted.slice(0, TABLES_SHOWN).map((table) => {
                            const rate = rates.table(table)
                            const loading = active && table.state === 'Loading'
                            const full = `${table.schema}.${table.name}`
                            return (
                                <tr key={full}>
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
                                </tr>
                            )
                        })}
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
                    <Progress value={fractionOf(row)} label={`Progress of ${name}`} />
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
