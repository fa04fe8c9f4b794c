import { expect, test } from 'vitest'
import { KnownMembers } from '../../src/engine/expression/known-members.js'
import { openForTest } from '../support/database.js'
import { Random, seedOfRun } from '../support/random.js'

const ANYTHING = [0, -0, 1, -1, 61, 122, -61, 0.5, 1e300, 86_400_000, '', 'a', 'b', 'ab', 'ba', 'é', '\u{10000}', '61', true, false, null] as const

/** By its definition: equal to one, else NULL when one of them cannot be compared. */
function isIn(value: unknown, list: readonly unknown[]): boolean | null {
  const answers = list.map((member) => (value === null || typeof value !== typeof member ? null : value === member))
  return answers.includes(true) ? true : answers.includes(null) ? null : false
}

const seed = seedOfRun()

test(`members are found as the definition of IN says (seed ${seed})`, () => {
  const random = new Random(seed)
  for (let i = 0; i < 2000; i++) {
    const list = random.list(0, 12, () => random.pick(ANYTHING))
    const members = new KnownMembers(list.slice(0, 5))
    for (const value of list.slice(5)) members.add(value)
    for (const value of ANYTHING) expect(members.has(value), `${String(value)} in ${JSON.stringify(list)}`).toBe(isIn(value, list))
  }
})

test('IN with a parameter says what IN says with the values written out', async () => {
  const db = await openForTest()
  const things = await db.createCollection('things', { dimension: 1 })
  const payloads = [...ANYTHING.filter((value) => value !== 0 || Object.is(value, 0)), [1], { n: 1 }]
  await things.insert(payloads.map((x, timestamp) => ({ entity: `e${timestamp % 3}`, timestamp, vector: [timestamp], payload: { x } })))
  const random = new Random(seed)
  const literal = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value))
  const timestamps = async (where: string, values: unknown[] = []) =>
    (await db.query<{ timestamp: number }>(`SELECT timestamp WHERE ${where}`, values)).rows.map(({ timestamp }) => timestamp)

  for (const operand of ['payload.x', 'norm(vector)', 'timestamp', 'attributes.t']) {
    const fitting = ANYTHING.filter((value) => operand === 'payload.x' || typeof value === 'number' || value === null)
    for (let i = 0; i < 20; i++) {
      const list = random.list(1, 6, () => random.pick(fitting))
      const written = list.map(literal).join(', ')
      for (const test of [`${operand} IN`, `${operand} NOT IN`])
        expect(await timestamps(`${test} $1`, [list]), `${test} ${written}`).toEqual(await timestamps(`${test} (${written})`))
    }
  }
  await expect(timestamps('norm(vector) IN $1', [[1, 'a']])).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  await expect(timestamps('payload.x IN $1', [[1, Number.NaN]])).rejects.toMatchObject({ code: 'QUERY_TYPE' })
  await expect(timestamps('payload.x IN $1', [new Array(100_001).fill(1)])).rejects.toThrow('A list may hold 100000 values')
  expect(await timestamps("timestamp IN $1 AND entity IN ('e0', 'e1')", [['1970-01-01T00:00:00.003Z', '1970-01-01T00:00:00.002Z']])).toEqual([3])
})
