import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../support/documents.js'
import { atLeast, atMost, type Finding, finding, row } from './finding.js'
import { compare } from './measure.js'

const run = promisify(execFile)

/** What `npm run bench -- ARGS` prints, cell by cell. Ratios of so small runs say nothing, and nothing is expected of them. */
async function bench(...args: readonly string[]): Promise<string[][]> {
  const { stdout } = await run(process.execPath, ['tests/bench/main.ts', ...args], { cwd: ROOT })
  const rows = stdout.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

describe('the benchmarks', () => {
  test('of writing measure every load against plain rows', async () => {
    const rows = await bench('--quick', 'bulk', 'live')
    expect(rows.filter(([, against]) => against === 'prepared one-row-each inserts')).toHaveLength(2)
    for (const [, , , ratio] of rows) expect(Number.parseFloat(ratio!)).toBeGreaterThan(0)
  })

  test('of reading get every row they ask for, or say so', async () => {
    const rows = await bench('--quick', 'reads', 'opening')
    expect(rows.map(([work]) => work!.split(' ')[0])).toEqual(['trajectory', 'last', 'AS', 'AS', 'AS', 'opening', 'opening'])
    for (const [, , , ratio] of rows) expect(Number.parseFloat(ratio!)).toBeGreaterThan(0)
  })

  test('of nearest neighbours look at every candidate they speak of, or say so', async () => {
    const rows = await bench('--quick', 'nearest')
    expect(rows.filter(([work]) => work!.startsWith('NEAREST')).map(([, against]) => against)).toEqual(Array(3).fill('one streaming pass'))
    expect(rows.map(([work]) => work!.split(' ')[0])).toEqual(['the', 'its', 'NEAREST,', 'a', 'a', 'the', 'NEAREST', 'NEAREST,'])
    for (const [, , , ratio] of rows) expect(Number.parseFloat(ratio!)).toBeGreaterThanOrEqual(0)
  })

  test('of functions inside SQL get every row they ask for, or say so', async () => {
    const rows = await bench('--quick', 'sql')
    expect(rows.map(([work]) => work!.split(' ')[0])).toEqual(['chronode_as_of', 'chronode_predict,', 'chronode_nearest'])
    for (const [, , , ratio] of rows) expect(Number.parseFloat(ratio!)).toBeGreaterThan(0)
  })

  test('name the suites there are when one is asked for that is not', async () => {
    await expect(bench('bukl')).rejects.toThrow('There is no suite "bukl"; there are footprint, predict, neural, bulk')
  })
})

describe('a comparison', () => {
  const sleeping = (ms: number) => ({ name: `${ms} ms`, calls: 1, run: () => new Promise<void>((done) => setTimeout(done, ms)) })

  test('is of the first over the second', async () => {
    const { median, firstUs, secondUs } = await compare(sleeping(60), sleeping(5), 1)
    expect(median).toBeCloseTo(firstUs / secondUs)
    expect(median).toBeGreaterThan(1)
  })

  test('holds or breaks its budget by the median of elapsed time', () => {
    const ratio = { median: 2, min: 0.5, max: 9, cpu: { median: 0.1, min: 0.1, max: 0.1 }, firstUs: 2, secondUs: 1 }
    const line = (budget?: ReturnType<typeof atLeast>): Finding => finding('a', 'b', ratio, 'c', budget)
    expect([atLeast(2), atLeast(2.1), atMost(2), atMost(1.9), undefined].map((budget) => line(budget).holds)).toEqual([
      true,
      false,
      true,
      false,
      undefined,
    ])
    expect(row(line(atLeast(3, 4)))).toBe('| a | b | at least 3, goal 4 | 2.00 (0.50 to 9.00) | 0.10 (0.10 to 0.10) | **no** | c |')
  })
})
