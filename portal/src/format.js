import { now } from './clock.js'

const two = (number) => String(number).padStart(2, '0')

export const unknown = '--'

/** 2026-11-27 07:30:06 UTC */
export function time(text) {
  const at = new Date(text ?? NaN)
  return Number.isNaN(at.getTime()) ? unknown : at.toISOString().slice(0, 19).replace('T', ' ') + ' UTC'
}

/** hh:mm:ss from milliseconds */
export function duration(ms) {
  if (!(ms >= 0)) return unknown
  const seconds = Math.floor(ms / 1000)
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

export const between = (start, end) => duration((end ? Date.parse(end) : now()) - Date.parse(start ?? NaN))

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
export function bytes(count) {
  if (!(count >= 0)) return unknown
  let unit = 0
  while (count >= 1000 && unit < UNITS.length - 1) {
    count /= 1000
    unit++
  }
  return `${unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)} ${UNITS[unit]}`
}

const numbers = new Intl.NumberFormat('en-US')
export const number = (value) => (Number.isFinite(value) ? numbers.format(value) : unknown)

/** "about 3 min" */
export function timeLeft(seconds) {
  if (!Number.isFinite(seconds)) return unknown
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

export const plural = (count, one, many = one + 's') => `${number(count)} ${count === 1 ? one : many}`

/** An identifier for SQL, whatever it holds. */
export const sqlName = (name) => `"${name.replaceAll('"', '""')}"`
