import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

import { DownError, link } from './api.js'

const NOTHING = { data: undefined, error: null, loading: true }

/**
 * Polls: {data, error, loading, reload}. `load` restarts when `keys` change; `every` is the pause in milliseconds, or a
 * function of the data that returns it (0: stop polling). The data stay while the next load runs, and while Malachite is
 * unreachable. A hidden tab does not poll.
 */
export function usePoll(load, keys, every = 0) {
  // Never show data of earlier keys, not even for one frame.
  const of = JSON.stringify(keys)
  const [held, setState] = useState({ ...NOTHING, of })
  const state = held.of === of ? held : NOTHING
  const current = useRef({})
  const latest = useRef({ load, every })
  latest.current = { load, every }

  const run = useCallback(async (turn, quiet) => {
    clearTimeout(turn.timer)
    if (!quiet) setState((before) => ({ ...before, loading: true }))
    let data
    let error = null
    const asked = (turn.asked = (turn.asked ?? 0) + 1)
    try {
      data = await latest.current.load()
    } catch (caught) {
      error = caught
    }
    if (current.current !== turn || asked !== turn.asked) return
    if (error instanceof DownError) {
      setState((before) => ({ ...before, loading: false }))
      return // the link's change restarts it when Malachite is reachable
    }
    if (error) setState((before) => ({ ...before, error, loading: false }))
    else setState({ data, error: null, loading: false, of: turn.of })
    const { every: wait } = latest.current
    const pause = error ? 3000 : typeof wait === 'function' ? wait(data) : wait
    if (pause > 0) turn.timer = setTimeout(() => (document.hidden ? (turn.missed = true) : run(turn, true)), pause)
  }, [])

  useEffect(() => {
    const turn = { of }
    current.current = turn
    setState({ ...NOTHING, of })
    run(turn, true)
    const stopListening = link.onChange((up) => up && run(turn, true))
    const shown = () => {
      if (document.hidden || !turn.missed) return
      turn.missed = false
      run(turn, true)
    }
    document.addEventListener('visibilitychange', shown)
    return () => {
      current.current = {}
      clearTimeout(turn.timer)
      stopListening()
      document.removeEventListener('visibilitychange', shown)
    }
  }, [of])

  const reload = useCallback(() => run(current.current, false), [])
  return { ...state, reload }
}

/** The value as it was before the last `ms` milliseconds without a change. */
export function useSettled(value, ms) {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} - Malachite` : 'Malachite'
  }, [title])
}

/** When a change of `key` removes the focused button, moves the focus to the main part, not to the top of the document. */
export function useKeptFocus(key) {
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('main')?.focus({ preventScroll: true })
  }, [key])
}

/** Renders again whenever `source` (with onChange) reports a change. */
export function useChanges(source) {
  const [, set] = useState(0)
  useEffect(() => source.onChange(() => set((count) => count + 1)), [source])
}

/** [busy, run]: run(work) does nothing while earlier work runs, even before the next render. */
export function useBusy() {
  const running = useRef(false)
  const [busy, setBusy] = useState(false)
  const run = async (work) => {
    if (running.current) return
    running.current = true
    setBusy(true)
    try {
      await work()
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return [busy, run]
}
