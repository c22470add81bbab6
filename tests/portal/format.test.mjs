// What the pages compute by themselves.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { fractionOf, fractionOfTable, isCopying, secondsLeft, secondsLeftOf } from '../../portal/src/details/rates.js'
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

test('progress is complete at the end only, and each table counts by its size', () => {
    const sizes = { copied: 20, copying: 30, queued: 40, failed: 10 }
    const row = { state: 'InProgress', tablesCompleted: 30, tablesLoading: 1, bytesCopied: 500, bytesTotal: 100, sizes }
    assert.equal(fractionOf(row), 0.2)
    assert.equal(isCopying(row), true)
    const built = { ...row, sizes: { copied: 100, copying: 0, queued: 0, failed: 0 } }
    assert.equal(fractionOf(built), 0.99)
    assert.equal(isCopying(built), false)
    assert.equal(fractionOf({ ...built, state: 'Succeeded' }), 1)
    assert.equal(fractionOf({ ...row, state: 'Canceled' }), 0.2)
    assert.equal(fractionOf({ state: 'InProgress' }), 0)
    assert.equal(isCopying({ state: 'InProgress' }), false)
    assert.equal(secondsLeftOf(sizes, 40, 10), 14) // 70 bytes on disk are 140 to send
    assert.ok(Number.isNaN(secondsLeftOf({ ...sizes, copied: 0 }, 0, 10)))
    assert.equal(fractionOfTable({ state: 'Loading', bytesCopied: 200, bytesTotal: 100 }), 0.99)
    assert.equal(fractionOfTable({ state: 'Completed', bytesCopied: 0, bytesTotal: 0 }), 1)
    assert.equal(secondsLeft({ bytesCopied: 50, bytesTotal: 100 }, { bytes: 10 }), 5)
    assert.ok(Number.isNaN(secondsLeft({ bytesCopied: 50, bytesTotal: 100 }, null)))
})
