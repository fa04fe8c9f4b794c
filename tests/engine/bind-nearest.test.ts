import { expect, test } from 'vitest'
import { bind } from '../../src/engine/bind/bind.js'
import type { BoundNearest } from '../../src/engine/bind/bound.js'
import { plan } from '../../src/engine/plan.js'
import { parse } from '../../src/engine/syntax/parse.js'
import type { Query } from '../../src/engine/syntax/statement.js'

const WORDS = {
  key: 1,
  name: 'words',
  dimension: 2,
  metric: 'cosine',
  normalized: false,
  observationCount: 9_000_000,
  entityCount: 1_000_001,
} as const
const CATALOG = { collection: () => WORDS, collections: () => [WORDS], methodNames: () => ['linear', 'last'] }

function bound(text: string): BoundNearest {
  return bind(parse(text) as Query, text, undefined, CATALOG, 0) as BoundNearest
}

test.each<[string, boolean, boolean, boolean, boolean]>([
  ["entity <> 'a'", true, false, false, false],
  ['attributes.x = 1 OR attributes.y = 2', true, false, false, false],
  ['attributes.x = 1 AND payload.y = 2', true, true, false, true],
  ['attributes.x = 1 OR payload.y = 2', false, true, false, true],
  ['norm(vector) > 1 AND timestamp > 5', false, true, true, false],
  ["entity LIKE 'a%' AND (timestamp > 5 OR recorded_at > 5) AND NOT attributes.x", true, true, false, false],
])('WHERE %s asks entities: %s, observations: %s, reading vectors: %s, payloads: %s', (where, ofEntity, ofObservation, vectors, payloads) => {
  const { scope } = bound(`NEAREST 1 TO [0, 0] WHERE ${where}`)
  if (scope.kind !== 'stored' || scope.where === undefined) throw new Error('a condition on stored observations was written')
  expect([scope.where.ofEntity !== undefined, scope.where.ofObservation !== undefined]).toEqual([ofEntity, ofObservation])
  expect(scope.where.needs).toEqual({ vectors, payloads })
})

test('columns read what they show', () => {
  const shows = (items: string) => bound(`NEAREST 1 TO [0, 0] ${items}`).shows
  expect(shows('')).toBeUndefined()
  expect(shows('RETURN score, attributes, entity')).toBeUndefined()
  expect(shows('RETURN recorded_at')).toEqual({ vectors: false, payloads: false })
  expect(shows('RETURN vector AS v')).toEqual({ vectors: true, payloads: false })
  expect(shows('RETURN *')).toEqual({ vectors: true, payloads: true })
  expect(shows('PREDICTED AT 5 RETURN *')).toBeUndefined()
})

test('PREDICTED AT refuses more entities than it can predict, as soon as that is known', () => {
  const planned = (text: string) => plan(bound(text), { maxRows: 10, vectors: 'float32' })
  expect(() => planned('NEAREST 1 TO [0, 0] PREDICTED AT 5')).toThrow(
    expect.objectContaining({
      code: 'QUERY_LIMIT',
      limit: 1_000_000,
      estimate: 1_000_001,
      message: 'PREDICTED AT predicts at most 1000000 entities, and this statement has more. Choose some with WHERE or FOR ENTITIES.',
    }),
  )
  expect(() => planned('NEAREST 1 TO [0, 0] PREDICTED AT 5 WHERE attributes.x = 1')).not.toThrow()
  expect(() => planned("NEAREST 1 TO [0, 0] PREDICTED AT 5 FOR ENTITY 'a'")).not.toThrow()
  expect(() => planned('NEAREST 1 TO [0, 0]')).not.toThrow()
})
