import { describe, expect, test } from 'vitest'
import { parse } from '../../src/engine/syntax/parse.js'
import { print } from '../../src/engine/syntax/print.js'
import type { Nearest } from '../../src/engine/syntax/statement.js'

const nearest = (text: string) => parse(text) as Nearest

describe('what is read', () => {
  test.each([
    ["NEAREST 3 TO ENTITY 'a' AT '1960'", { target: { kind: 'target-entity', at: { base: { value: '1960' } } }, scope: undefined }],
    ["NEAREST 3 TO ENTITY 'a' FROM words AT '1960'", { target: { at: undefined }, scope: { kind: 'at', tolerance: undefined } }],
    ["NEAREST 3 TO ENTITY 'a' AT '1960' AT '1970' TOLERANCE 5d", { target: { at: {} }, scope: { kind: 'at', tolerance: { value: { amount: 5 } } } }],
    ['NEAREST $1 TO $2 AS OF $3', { count: { key: 1 }, target: { kind: 'parameter', key: 2 }, scope: { kind: 'as-of', at: { base: { key: 3 } } } }],
    ['NEAREST 3 TO [0.5, -1] BETWEEN 0 AND 10', { target: { kind: 'vector', values: [0.5, -1] }, scope: { kind: 'window' } }],
    ['NEAREST 3 TO $1 PREDICTED AT now() + 7d USING linear CONTEXT LAST 5', { scope: { kind: 'predicted' }, using: {}, context: {} }],
    ['NEAREST 3 TO $1 WHERE a = 1 BETWEEN 0 AND 10', { where: { kind: 'binary' }, scope: { kind: 'window' } }],
    ['NEAREST 3 TO $1 WHERE a BETWEEN 0 AND 10', { where: { kind: 'between' }, scope: undefined }],
    ['NEAREST 3 TO $1 RETURN vector AS OF 5', { items: { list: [{ name: { name: 'vector' }, alias: undefined }] }, scope: { kind: 'as-of' } }],
    [
      'NEAREST 3 TO $1 RETURN vector AS v, payload WITHIN -0.5 PER ENTITY 2',
      { items: { list: [{ alias: { name: 'v' } }, {}] }, within: { value: -0.5 } },
    ],
    ['NEAREST 3 TO $1 FROM at AT 5', { source: { name: 'at' }, scope: { kind: 'at' } }],
    ['NEAREST 3 TO $1 WITH (at = 5, alpha = $2) LIMIT 1', { options: [{ name: { name: 'at' } }, { name: { name: 'alpha' } }], limit: {} }],
    [
      "NEAREST 3 TO (PREDICT vector AT 5 FOR ENTITY 'a' WHERE x = (1) LIMIT 1) WHERE y = 2 LIMIT 2",
      { target: { kind: 'predict', limit: { count: { value: 1 } } }, where: { left: { name: 'y' } }, limit: { count: { value: 2 } } },
    ],
  ])('%s', (text, tree) => {
    expect(nearest(text)).toMatchObject(tree)
  })

  test('keywords of NEAREST are names elsewhere', () => {
    expect(parse('SELECT within, per, "return", tolerance, predicted FROM nearest')).toMatchObject({ kind: 'select', source: { name: 'nearest' } })
    expect(nearest('NEAREST 1 TO $1 WHERE within = per AND predicted > tolerance')).toMatchObject({ where: { operator: 'and' } })
  })
})

test.each([
  ["nearest 10 to entity 'a' at 1 as of 1 from words", "NEAREST 10 TO ENTITY 'a' AT 1 FROM words AS OF 1"],
  ["NEAREST 10 TO ENTITY 'a' LIMIT 3 AT 1 TOLERANCE 2D", "NEAREST 10 TO ENTITY 'a' LIMIT 3 AT 1 TOLERANCE 2d"],
  [
    "nearest :k to (predict vector at '2030' for entity :id) with (alpha = 0.7) return * per entity 1 within 3 using last context last 2 where x for each entity predicted at '2031'",
    "NEAREST :k TO (PREDICT vector AT '2030' FOR ENTITY :id) FOR EACH ENTITY PREDICTED AT '2031' WHERE x CONTEXT LAST 2 USING last WITHIN 3 PER ENTITY 1 RETURN * WITH (alpha = 0.7)",
  ],
  ['NEAREST 1 TO [1] BETWEEN 1 AND 2 WHERE (a BETWEEN 1 AND 2)', 'NEAREST 1 TO [1] BETWEEN 1 AND 2 WHERE a BETWEEN 1 AND 2'],
  ['NEAREST 1 TO [1] RETURN vector AS "of" AS OF 1', 'NEAREST 1 TO [1] AS OF 1 RETURN vector AS "of"'],
  ['EXPLAIN ANALYZE NEAREST 1 TO [1];', 'EXPLAIN ANALYZE NEAREST 1 TO [1]'],
])('%s is printed as one', (text, canonical) => {
  expect(print(parse(text))).toBe(canonical)
})
