import { describe, expect, test } from 'vitest'
import { openWith } from '../support/database.js'
import { answerTo, mistakeIn } from '../support/expression.js'

describe('functions of vectors', () => {
  // The vector of the row is [3, 4], its collection's metric l2.
  test.each<[string, unknown, unknown[]?]>([
    ['norm(vector)', 5],
    ['NORM([6, 8])', 10],
    ['norm(payload.v)', 5],
    ['norm(payload.t)', null],
    ['norm(NULL)', null],
    ['dimension(vector)', 2],
    ['dimension([1, 2, 3])', 3],
    ['dot(vector, [1, 2])', 11],
    ['dot(vector, vector)', 25],
    ['cosine(vector, [30, 40])', 1],
    ['cosine(vector, [-4, 3])', 0],
    ['cosine(vector, [-3, -4])', -1],
    ['cosine(vector, [0, 0])', 0],
    ['distance(vector, [0, 0])', 5],
    ['distance($1, vector)', 5, [[0, 8]]],
    ['distance($1, vector)', 0, [Float32Array.of(3, 4)]],
    ['distance(vector, payload.v)', 0],
    ['distance(vector, payload.list) + payload.n', Math.sqrt(4 + 4) + 7],
    ['distance(vector, payload.deep)', null],
    ['distance([1], [4])', 3],
    ['dot(vector, payload.nothing)', null],
  ])('%s', async (expression, expected, values = []) => {
    expect(await answerTo(expression, values)).toBe(expected)
  })

  test('distance is that of the collection', async () => {
    const results = new Map<string, unknown>()
    for (const metric of ['cosine', 'l2', 'dot'] as const) {
      const db = await openWith({ a: [[0, [3, 4]]] }, {}, { metric })
      results.set(metric, (await db.query('SELECT distance(vector, [6, 8]) AS d')).rows[0]!['d'])
    }
    expect(Object.fromEntries(results)).toEqual({ cosine: 0, l2: 5, dot: -50 })
  })

  test('a row of a prediction without a vector has no norm', async () => {
    const db = await openWith({ a: [[0, [3, 4]]] })

    const { rows } = await db.query("PREDICT entity AT 5 FOR ENTITIES ('x', 'a') ORDER BY norm(vector)")

    expect(rows.map(({ entity }) => entity)).toEqual(['a', 'x'])
  })
})

describe('mistakes', () => {
  // biome-ignore format: the carets stand below what they mean
  test.each<[string, string, string, string]>([
    ['norm(entity)',
     '     ^^^^^^', 'QUERY_TYPE', 'norm takes a vector; this is a text.'],
    ['norm(vector, vector)',
     '^^^^^^^^^^^^^^^^^^^^', 'QUERY_TYPE', 'norm takes one vector; it was given 2.'],
    ['distance(vector)',
     '^^^^^^^^^^^^^^^^', 'QUERY_TYPE', 'distance takes two vectors; it was given 1.'],
    ['distance(vector, [1, 2, 3])',
     '                 ^^^^^^^^^', 'QUERY_TYPE', 'Two vectors of one length are compared: this one has 3 numbers, and collection "one" stores vectors of 2.'],
    ['dot([1], [1, 2])',
     '    ^^^', 'QUERY_TYPE', 'Two vectors of one length are compared: this one has 1 numbers, and the other one has 2.'],
    ['norm(*)',
     '^^^^^^^', 'QUERY_SYNTAX', 'Only count takes *; norm takes vectors.'],
    ['cosin(vector, vector)',
     '^^^^^', 'QUERY_UNKNOWN_NAME', "There is no function \"cosin\". Did you mean 'cosine'?"],
  ])('%s', async (expression, carets, code, message) => {
    expect(await mistakeIn(expression)).toEqual({ code, message, carets })
  })
})
