import { beforeEach, describe, expect, test } from 'vitest'
import { type Collection, DatabaseError } from '../src/index.js'
import { openForTest } from './support/database.js'

let drift: Collection
/** Rows of a statement on the same data. */
let rowsOf: (text: string, values?: unknown[]) => Promise<unknown[]>

beforeEach(async () => {
  const db = await openForTest({ storage: { path: ':memory:' } })
  drift = await db.createCollection('drift', { dimension: 2, metric: 'l2' })
  await drift.insert([
    { entity: 'a', timestamp: 0, vector: [0, 0], payload: { n: 1 } },
    { entity: 'a', timestamp: 10, vector: [1, 0], payload: { n: 2 } },
    { entity: 'b', timestamp: 10, vector: [0, 2] },
    { entity: 'c', timestamp: 20, vector: [3, 0], payload: { n: 2 } },
  ])
  await drift.setAttributes('a', { topic: 'x' })
  await drift.setAttributes('b', { topic: 'x' })
  rowsOf = async (text, values) => (await db.query(text, values)).rows
})

describe('where of a typed request is WHERE', () => {
  test('of nearest, before the choice', async () => {
    const near = await drift.nearest({
      k: 5,
      to: [0, 0],
      between: [0, 20],
      where: 'payload.n = $1 AND timestamp < $2',
      parameters: [2, new Date(20)],
    })
    expect(near).toEqual(await rowsOf('NEAREST 5 TO [0, 0] BETWEEN 0 AND 20 WHERE payload.n = 2 AND timestamp < 20'))
    expect(near.map(({ entity, timestamp }) => [entity, timestamp])).toEqual([['a', 10]])
    const ahead = await drift.nearest({
      k: 5,
      to: [0, 0],
      predictedAt: 30,
      using: 'last',
      where: 'attributes.topic = :topic',
      parameters: { topic: 'x' },
    })
    expect(ahead.map(({ entity }) => entity)).toEqual(['a', 'b'])
  })

  test('of predict, by entity and attributes', async () => {
    const rows = await drift.predict({ each: true, at: 30, using: 'last', where: "attributes.topic = 'x' OR entity = $1", parameters: ['c'] })
    expect(rows.map(({ entity }) => entity)).toEqual(['a', 'b', 'c'])
    expect(await drift.predict({ each: true, at: 30, where: "entity > 'b'" })).toMatchObject([{ entity: 'c' }])
  })

  test('of asOf, after the last observation of each entity was chosen', async () => {
    const rows = await drift.asOf(15, { where: 'payload.n >= 1 OR norm(vector) > $1', parameters: [1.5] })
    expect(rows).toEqual(await rowsOf('SELECT * AS OF 15 WHERE payload.n >= 1 OR norm(vector) > 1.5'))
    expect(rows.map(({ entity, timestamp }) => [entity, timestamp])).toEqual([
      ['a', 10],
      ['b', 10],
    ])
    expect(await drift.asOf(15, { where: 'payload.n = 1' })).toEqual([])
  })
})

describe('what is wrong with it is shown in its text', () => {
  const mistakeIn = async (where: unknown, more: object = {}) => {
    const error = await drift.nearest({ k: 1, to: [0, 0], where, ...more } as never).catch((error: unknown) => error)
    if (!(error instanceof DatabaseError)) throw new Error(`${String(where)} was accepted`, { cause: error })
    return [error.code, error.message]
  }

  test.each<[string, string, string]>([
    ["attributes.topic == 'x'", 'QUERY_SYNTAX', "Equality is written =.\n\n1 | attributes.topic == 'x'\n  |                  ^^"],
    ['', 'QUERY_SYNTAX', "The condition is empty. Write one, such as attributes.topic = 'oil', or leave it out.\n\n1 |\n  | ^"],
    ['WHERE entity = 1', 'QUERY_SYNTAX', 'The condition stands without the word WHERE here.\n\n1 | WHERE entity = 1\n  | ^^^^^'],
    [
      'payload.n = 1 LIMIT 5',
      'QUERY_SYNTAX',
      'A condition stands alone; LIMIT begins another clause. Those are members of the request.\n\n1 | payload.n = 1 LIMIT 5\n  |               ^^^^^',
    ],
    [
      'payload.n = 1 payload',
      'QUERY_SYNTAX',
      'Expected AND, OR or the end of the condition; found payload.\n\n1 | payload.n = 1 payload\n  |               ^^^^^^^',
    ],
    [
      'payload.n = ',
      'QUERY_SYNTAX',
      'Expected a value, a column or a function; found the end of the condition.\n\n1 | payload.n =\n  |            ^',
    ],
    [
      'tiemstamp > 5',
      'QUERY_UNKNOWN_NAME',
      'There is no column for WHERE of NEAREST "tiemstamp". Did you mean \'timestamp\'?\n\n1 | tiemstamp > 5\n  | ^^^^^^^^^',
    ],
    ['entity = 5', 'QUERY_TYPE', 'A text and a number cannot be compared.\n\n1 | entity = 5\n  | ^^^^^^^^^^'],
    [
      'entity = $1',
      'QUERY_PARAMETER',
      'Parameter $1 has no value: no values were passed. Pass one, or null where NULL is meant.\n\n1 | entity = $1\n  |          ^^',
    ],
  ])('%s', async (where, code, message) => {
    expect(await mistakeIn(where)).toEqual([code, message])
  })

  test('and what is wrong elsewhere is not', async () => {
    expect(await mistakeIn("entity = 'a'", { to: { entity: 'nobody' } })).toEqual([
      'NOT_FOUND',
      `There is no entity 'nobody' in collection "drift". Known: a, b, c.`,
    ])
    expect(await mistakeIn('entity = $1', { parameters: ['a', 'b'] })).toEqual([
      'QUERY_PARAMETER',
      'Values were passed that the statement does not use: $2. Leave them out, or use them.',
    ])
    expect(await mistakeIn(undefined, { parameters: [1] })).toEqual([
      'ARGUMENT_INVALID',
      '"parameters" should be absent without where; it is a list of 1.',
    ])
    expect(await mistakeIn(5)).toEqual(['ARGUMENT_INVALID', `"where" should be a condition as text, such as "attributes.topic = 'oil'"; it is 5.`])
  })
})
