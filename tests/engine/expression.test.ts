import { describe, expect, test } from 'vitest'
import { openForTest } from '../support/database.js'

/** Ids of the entities for which a condition is true; the others are false or NULL. */
async function kept(attributes: Readonly<Record<string, object | null>>, condition: string, values: unknown[] = []): Promise<string[]> {
  const db = await openForTest()
  const things = await db.createCollection('things', { dimension: 1 })
  await things.insert(Object.keys(attributes).map((entity, i) => ({ entity, timestamp: i * 1000, vector: [i] })))
  for (const [entity, value] of Object.entries(attributes)) if (value !== null) await things.setAttributes(entity, value as never)
  const { rows } = await db.query(`SELECT entity WHERE ${condition}`, values)
  return rows.map((row) => row['entity'] as string)
}

const THINGS = { a: { n: 1, t: 'x', b: true }, b: { n: 2, t: 'y' }, c: { n: '3', deep: { list: [1] } }, d: null }

describe('conditions', () => {
  test.each([
    ['attributes.n = 1', ['a']],
    ['attributes.n <> 1', ['b']],
    ['attributes.n + 1 >= 3', ['b']],
    ['attributes.n * 2 - 1 = 3', ['b']],
    ['-attributes.n < -1', ['b']],
    ['attributes.n / 0 IS NULL', ['a', 'b', 'c', 'd']],
    ['attributes.b', ['a']],
    ['NOT attributes.b', []],
    ['attributes.b IS NOT NULL', ['a']],
    ["attributes.t IN ('x', 'z')", ['a']],
    ["attributes.t NOT IN ('x', 'z')", ['b']],
    ["attributes.t NOT IN ('x', NULL)", []],
    ['attributes.n BETWEEN 1 AND 2', ['a', 'b']],
    ['attributes.n NOT BETWEEN 2 AND 3', ['a']],
    ["attributes.t LIKE '_' OR attributes.n = '3'", ['a', 'b', 'c']],
    ["entity > 'a' AND entity <= 'c'", ['b', 'c']],
    ["timestamp = '1970-01-01T00:00:02Z'", ['c']],
    ['timestamp - 1s = 0', ['b']],
    ['timestamp > recorded_at - 1d', []],
    ['recorded_at - timestamp > 1d', ['a', 'b', 'c', 'd']],
    ['norm(vector) = 3', ['d']],
    ['dimension(vector) = 1 AND TRUE', ['a', 'b', 'c', 'd']],
    ['NULL', []],
  ])('%s', async (condition, expected) => {
    expect(await kept(THINGS, condition)).toEqual(expected)
  })

  test('a row is kept by a condition, by its negation, or by its being NULL, and by only one of them', async () => {
    for (const condition of ['attributes.n > 1', "attributes.t = 'x'", 'attributes.b', "attributes.n IN (1, 'x', NULL)"]) {
      const parts = [await kept(THINGS, condition), await kept(THINGS, `NOT (${condition})`), await kept(THINGS, `(${condition}) IS NULL`)]
      expect(parts.flat().sort(), condition).toEqual(['a', 'b', 'c', 'd'])
    }
  })

  test('a lone parameter of IN holds the list', async () => {
    expect(await kept(THINGS, 'entity IN $1', [['a', 'd']])).toEqual(['a', 'd'])
    expect(await kept(THINGS, 'entity NOT IN $1', [[]])).toEqual(['a', 'b', 'c', 'd'])
  })

  test.each([
    ['entity = 5', 'A text and a number cannot be compared.'],
    ["timestamp = 'yesterday'", "'yesterday' is not a time."],
    ['entity', 'A condition is true, false or NULL; this is a text. Compare it with something.'],
    ['norm(entity) = 1', 'norm takes a vector; this is a text.'],
    ["entity + 'x' = 'y'", '+ needs numbers here; this is a text.'],
    ['entity IN $1', 'IN takes a list; this parameter holds 7.'],
  ])('%s is QUERY_TYPE', async (condition, message) => {
    const asked = kept({ a: null }, condition, condition.includes('$1') ? [7] : [])

    await expect(asked).rejects.toMatchObject({ code: 'QUERY_TYPE', message: expect.stringContaining(message) as string })
  })

  test('an unknown column or function is named with what might be meant', async () => {
    await expect(kept({ a: null }, "entty = 'a'")).rejects.toMatchObject({ code: 'QUERY_UNKNOWN_NAME', suggestions: ['entity'] })
    await expect(kept({ a: null }, 'nrm(vector) = 1')).rejects.toMatchObject({ code: 'QUERY_UNKNOWN_NAME', suggestions: ['norm'] })
  })
})
