import { expect, test } from 'vitest'
import { type KeyedRow, sortRows } from '../../src/engine/select/row-order.js'
import type { Expression } from '../../src/engine/syntax/statement.js'
import { Slice } from '../../src/slice.js'
import { Random, seedOfRun } from '../support/random.js'

const seed = seedOfRun()
const random = new Random(seed)
const noPause = () => undefined
const keyOf = (descending: boolean) => ({ expression: { kind: 'null', start: 0, end: 0 } as Expression, evaluate: () => null, descending })
const rowsOf = (values: readonly (readonly unknown[])[]): KeyedRow[] => values.map((keys, i) => ({ row: { i }, values: keys }))
const positions = (rows: readonly KeyedRow[]) => rows.map(({ row }) => (row as { i: number }).i)

test(`rows of any number are sorted as at once, equal ones in the order they came in (seed ${seed})`, async () => {
  for (const count of [0, 1, 2, 511, 512, 513, 1024, 1537, 5000]) {
    const values = Array.from({ length: count }, () => [random.below(9), random.pick([null, 1, 2])])
    const expected = [...values.keys()].sort((a, b) => {
      const [[x, n], [y, m]] = [values[a]! as [number, number | null], values[b]! as [number, number | null]]
      return y - x || Number(n === null) - Number(m === null) || (n ?? 0) - (m ?? 0) || a - b
    })

    const sorted = await sortRows(rowsOf(values), [keyOf(true), keyOf(false)], noPause)

    expect(positions(sorted), String(count)).toEqual(expected)
  }
})

test('sorting lets the event loop turn', async () => {
  const rows = rowsOf(Array.from({ length: 300_000 }, () => [random.next()]))
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)

  const slice = new Slice()
  await sortRows(rows, [keyOf(false)], () => slice.pause())
  isOver = true

  expect(turns).toBeGreaterThan(10)
})
