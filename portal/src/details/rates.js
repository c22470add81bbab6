// Speeds and time series, from samples taken every second.
import { useRef } from 'preact/hooks'

import { now } from '../clock.js'

const WINDOW_MS = 6000

const tableKey = (table) => `${table.schema}\0${table.name}`

function push(samples, key, at, rows, bytes) {
  const list = samples.get(key) ?? []
  if (list.length > 0 && list[list.length - 1].at >= at) return
  list.push({ at, rows, bytes })
  while (list.length > 2 && at - list[0].at > WINDOW_MS) list.shift()
  samples.set(key, list)
}

/** The speed over the last seconds, or over the whole copy if nothing moved in them. */
function speed(list, item, at) {
  const first = list?.[0]
  const last = list?.[list.length - 1]
  const seconds = first && !item.endedAt ? (last.at - first.at) / 1000 : 0
  if (seconds > 0 && last.bytes > first.bytes) {
    return { rows: (last.rows - first.rows) / seconds, bytes: (last.bytes - first.bytes) / seconds }
  }
  const whole = ((item.endedAt ? Date.parse(item.endedAt) : at) - Date.parse(item.startedAt ?? NaN)) / 1000
  return whole > 0 && item.bytesCopied > 0 ? { rows: item.rowsCopied / whole, bytes: item.bytesCopied / whole } : null
}

/** {database(row), table(row)}: rows and bytes per second, or null. The rows of a table are counted when its copy ends. */
export function useRates(data) {
  const samples = useRef(new Map()).current
  if (data) {
    for (const row of data.own.databases) push(samples, row.name, data.at, row.rowsCopied, row.bytesCopied)
    for (const table of data.own.tables ?? []) push(samples, tableKey(table), data.at, table.rowsCopied, table.bytesCopied)
  }
  const at = data?.at ?? now()
  return {
    database: (row) => speed(samples.get(row.name), row, at),
    table: (table) => speed(samples.get(tableKey(table)), table, at),
  }
}

const leftOf = (sizes) => sizes.copying + sizes.queued

/** The progress of a database, from 0 to 1: each table counts as much as its size on the source's disk. */
export function fractionOf(row) {
  if (row.state === 'Succeeded' || row.state === 'WaitingForCutoverTrigger') return 1
  const { sizes } = row
  const all = sizes ? sizes.copied + leftOf(sizes) + sizes.failed : 0
  return all > 0 ? Math.min(0.99, sizes.copied / all) : 0
}

/** Whether rows are being copied, so that a speed means something. */
export const isCopying = (row) => row.state === 'InProgress' && Boolean(row.sizes) && leftOf(row.sizes) > 0

export function fractionOfTable(table) {
  if (table.state === 'Completed') return 1
  return table.bytesTotal > 0 ? Math.min(0.99, table.bytesCopied / table.bytesTotal) : 0
}

/** Seconds until a table is copied, at this speed. */
export const secondsLeft = (table, rate) =>
  rate && rate.bytes > 0 ? Math.max(0, table.bytesTotal - table.bytesCopied) / rate.bytes : NaN

/**
 * Seconds until tables of these sizes are copied. Copied bytes and bytes on disk differ: what is left takes as long as its
 * share of what was copied.
 */
export const secondsLeftOf = (sizes, bytesCopied, bytesPerSecond) =>
  bytesPerSecond > 0 && sizes.copied > 0 ? ((leftOf(sizes) / sizes.copied) * bytesCopied) / bytesPerSecond : NaN
