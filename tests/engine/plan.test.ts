import { expect, test } from 'vitest'
import { bind } from '../../src/engine/bind/bind.js'
import { type Plan, plan } from '../../src/engine/plan.js'
import { parse } from '../../src/engine/syntax/parse.js'
import type { Query } from '../../src/engine/syntax/statement.js'

const WORDS = { key: 1, name: 'words', dimension: 2, metric: 'cosine', normalized: false, observationCount: 5, entityCount: 2 } as const
const CATALOG = { collection: () => WORDS, collections: () => [WORDS], methodNames: () => ['linear', 'last'] }

function planned(text: string, vectors: 'float32' | 'none' = 'float32'): Plan {
  return plan(bind(parse(text) as Query, text, undefined, CATALOG, 0), { maxRows: 1000, vectors })
}

/** The kinds of its operators, from the outside in. */
function kinds(node: Plan): string[] {
  return [node.kind, ...('input' in node ? kinds(node.input) : [])]
}

function readOf(node: Plan): { readonly vectors: boolean; readonly payloads: boolean } {
  if ('input' in node) return readOf(node.input)
  if (node.kind !== 'scan' && node.kind !== 'sample') throw new Error(`${node.kind} reads by other rules`)
  const { vectors, payloads } = node.query.reads
  return { vectors, payloads }
}

test.each<[string, string[]]>([
  ['SELECT entity', ['project', 'scan']],
  ['SELECT entity WHERE timestamp > 1', ['project', 'filter', 'scan']],
  ["SELECT entity WHERE entity LIKE 'a%' AND attributes.x = 1", ['project', 'scan']], // tested once an entity
  [
    'SELECT count(payload) GROUP BY entity HAVING count(*) > 1 ORDER BY count(*) LIMIT 1',
    ['project', 'limit', 'sort', 'filter', 'aggregate', 'scan'],
  ],
  ['SELECT count(*) GROUP BY entity HAVING count(*) > 1', ['project', 'filter', 'record-aggregate']],
  ['SELECT count(*) SAMPLE BY 1d WHERE timestamp > 1', ['project', 'aggregate', 'filter', 'scan']],
  ['SELECT vector SAMPLE BY 1d WHERE timestamp > 1', ['project', 'sample']],
])('%s', (text, expected) => {
  expect(kinds(planned(text))).toEqual(expected)
})

test.each<[string, boolean, boolean]>([
  ['SELECT entity, timestamp, recorded_at, attributes', false, false],
  ['SELECT *', true, true],
  ['SELECT vector', true, false],
  ['SELECT payload.x', false, true],
  ['SELECT entity WHERE norm(vector) > 1', true, false],
  ['SELECT entity ORDER BY payload.x', false, true],
  ['SELECT count(*) SINCE 0', false, false],
  ['SELECT count(payload)', false, true],
  ['SELECT max(norm(vector)) GROUP BY entity', true, false],
  ['SELECT entity GROUP BY entity HAVING max(norm(vector)) > 1', true, false],
  ['SELECT timestamp SAMPLE BY 1d FILL (LINEAR)', false, false],
  ['SELECT vector SAMPLE BY 1d', true, false],
])('%s reads what it looks at: vectors %s, payloads %s', (text, vectors, payloads) => {
  expect(readOf(planned(text))).toEqual({ vectors, payloads })
})

test('vectors that are not to be shown are not read, unless something is computed of them', () => {
  expect(readOf(planned('SELECT *', 'none'))).toEqual({ vectors: false, payloads: true })
  expect(readOf(planned('SELECT vector SAMPLE BY 1d FILL (LINEAR)', 'none'))).toEqual({ vectors: false, payloads: false })
  expect(readOf(planned('SELECT vector, norm(vector)', 'none'))).toEqual({ vectors: true, payloads: false })
  expect(readOf(planned('SELECT vector ORDER BY norm(vector)', 'none'))).toEqual({ vectors: true, payloads: false })
})
