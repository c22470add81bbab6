// What the pages compute by themselves.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { fractionOf, fractionOfTable, secondsLeft } from '../../portal/src/details/rates.js'
import * as format from '../../portal/src/format.js'

test('times, durations, sizes and numbers as people read them', () => {
    assert.equal(format.time('2026-11-27T07:30:06.4157050Z'), '2026-11-27 07:30:06 UTC')
    for (const nothing of [undefined, null, '', 'soon']) assert.equal(format.time(nothing), '--')
    assert.equal(format.duration(0), '00:00:00')
    assert.equal(format.duration(3_723_999), '01:02:03')
    assert.equal(format.duration(360_000_000), '100:00:00')
    assert.equal(format.duration(NaN), '--')
    assert.deepEqual([0, 999, 1000, 99_999, 100_000, 1_500_000_000, 7e18].map(format.bytes), [
        '0 B',
        '999 B',
        '1.0 kB',
        '100.0 kB',
        '100 kB',
        '1.5 GB',
        '7000 PB',
    ])
    assert.equal(format.bytes(undefined), '--')
    assert.equal(format.number(1234567), '1,234,567')
    assert.deepEqual([0, 59, 60, 5399, 5400, NaN].map(format.timeLeft), ['1 s', '59 s', '1 min', '90 min', '1.5 h', '--'])
    assert.deepEqual([format.plural(1, 'migration'), format.plural(0, 'migration')], ['1 migration', '0 migrations'])
    assert.equal(format.sqlName('a"b; DROP'), '"a""b; DROP"')
})

test('progress is complete at the end only, and never more', () => {
    const row = {
        state: 'InProgress',
        tablesQueued: 0,
        tablesLoading: 0,
        tablesCompleted: 3,
        tablesErrored: 0,
        bytesCopied: 500,
        bytesTotal: 100,
    }
    assert.equal(fractionOf(row), 0.99)
    assert.equal(fractionOf({ ...row, state: 'Succeeded' }), 1)
    assert.equal(fractionOf({ ...row, tablesCompleted: 0, tablesQueued: 3, bytesCopied: 20 }), 0.2)
    assert.equal(
        fractionOf({
            state: 'InProgress',
            tablesQueued: 0,
            tablesLoading: 0,
            tablesCompleted: 0,
            tablesErrored: 0,
            bytesCopied: 0,
            bytesTotal: 0,
        }),
        0,
    )
    assert.equal(fractionOfTable({ state: 'Loading', bytesCopied: 200, bytesTotal: 100 }), 0.99)
    assert.equal(fractionOfTable({ state: 'Completed', bytesCopied: 0, bytesTotal: 0 }), 1)
    assert.equal(secondsLeft({ bytesCopied: 50, bytesTotal: 100 }, { bytes: 10 }), 5)
    assert.ok(Number.isNaN(secondsLeft({ bytesCopied: 50, bytesTotal: 100 }, null)))
})
