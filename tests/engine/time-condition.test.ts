import { describe, expect, test } from 'vitest'
import { bind } from '../../src/engine/bind/bind.js'
import type { BoundNearest, BoundSelect } from '../../src/engine/bind/bound.js'
import { parse } from '../../src/engine/syntax/parse.js'
import type { Query } from '../../src/engine/syntax/statement.js'

const WORDS = { key: 1, name: 'words', dimension: 2, metric: 'cosine', normalized: false, observationCount: 5, entityCount: 2 } as const
const CATALOG = { collection: () => WORDS, collections: () => [WORDS], methodNames: () => [] }
const NOW = 1000
const [LONG_AGO, FAR_AHEAD] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
const NEVER = [FAR_AHEAD, LONG_AGO] as const

const bound = (text: string, values: unknown[] = []) => bind(parse(text) as Query, text, values, CATALOG, NOW)

/** When the WHERE of a SELECT can be true. */
function windowOf(text: string, values?: unknown[]): readonly [number, number] {
  const { from, to } = (bound(`SELECT entity ${text}`, values) as BoundSelect).window
  return [from, to]
}

describe('what WHERE says of time is when it can be true', () => {
  test.each<[string, readonly [number, number], unknown[]?]>([
    ['timestamp >= 5', [5, FAR_AHEAD]],
    ['timestamp <= 5', [LONG_AGO, 5]],
    ['timestamp > 5', [5 + 2 ** -50, FAR_AHEAD]], // doubles from 4 to 8 are 2^-50 apart
    ['timestamp < 5', [LONG_AGO, 5 - 2 ** -50]],
    ['timestamp > -1', [-1 + 2 ** -53, FAR_AHEAD]],
    ['timestamp < 0', [LONG_AGO, -(2 ** -1074)]],
    ['timestamp > 0', [2 ** -1074, FAR_AHEAD]],
    ['"timestamp" = 5', [5, 5]],
    ['5 < TIMESTAMP', [5 + 2 ** -50, FAR_AHEAD]],
    ['5 >= timestamp', [LONG_AGO, 5]],
    ['5 = timestamp', [5, 5]],
    ["timestamp BETWEEN '2020' AND '2021'", [Date.UTC(2020), Date.UTC(2021)]],
    ['timestamp BETWEEN $1 AND $2', [Date.UTC(2020), 7e12], [new Date(Date.UTC(2020)), 7e12]],
    ["timestamp > now() - INTERVAL '1 s' AND timestamp <= now()", [2 ** -1074, NOW]],
    ["timestamp >= '2020' AND attributes.topic = 'x' AND (payload.n = 1 AND timestamp <= 2e12)", [Date.UTC(2020), 2e12]],
    ['timestamp >= 5 AND timestamp <= 4', NEVER],
    ['timestamp > NULL', NEVER],
    ['timestamp BETWEEN 5 AND $1', NEVER, [null]],
    ['timestamp >= 8.64e15', [8.64e15, FAR_AHEAD]],
    ['timestamp > 8.64e15', NEVER],
    ['timestamp = 1e300', NEVER],
    ['timestamp < -8.64e15', NEVER],
    ['timestamp > -1e300 AND timestamp < 1e300', [LONG_AGO, FAR_AHEAD]],
  ])('%s', (where, window, values) => {
    expect(windowOf(`WHERE ${where}`, values)).toEqual(window)
  })

  test.each([
    'timestamp <> 5',
    'NOT timestamp > 5',
    'timestamp NOT BETWEEN 1 AND 5',
    'timestamp > 5 OR timestamp < 2',
    'timestamp + 1 > 5',
    'timestamp > payload.since',
    'timestamp BETWEEN attributes.since AND 5',
    'recorded_at > 5',
    'timestamp IS NOT NULL',
    '(timestamp > 5) = TRUE',
  ])('%s says too little', (where) => {
    expect(windowOf(`WHERE ${where}`)).toEqual([LONG_AGO, FAR_AHEAD])
  })

  test('of the newest n it leaves the end open, which would choose others', () => {
    expect(windowOf('LAST 2 WHERE timestamp BETWEEN 3 AND 5')).toEqual([3, FAR_AHEAD])
    expect(windowOf('AS OF 9 WHERE timestamp BETWEEN 3 AND 5')).toEqual([3, FAR_AHEAD])
    expect(windowOf('LAST 2 WHERE timestamp BETWEEN 5 AND 3')).toEqual(NEVER)
    expect(windowOf('LAST 2ms WHERE timestamp BETWEEN 3 AND 5')).toEqual([3, 5])
    expect(windowOf('SINCE 1 UNTIL 9 WHERE timestamp BETWEEN 3 AND 5')).toEqual([3, 5])
  })
})

describe('a search is narrowed by what WHERE says of time, and asks for the rest', () => {
  test.each<[string, readonly [number, number], { entities?: true; observations?: true }]>([
    ['BETWEEN 0 AND 9 WHERE timestamp >= 3', [3, 9], {}],
    ["BETWEEN 0 AND 9 WHERE timestamp < 5 AND entity = 'a'", [0, 5 - 2 ** -50], { entities: true }],
    ['BETWEEN 0 AND 9 WHERE timestamp > 20', NEVER, {}],
    ['BETWEEN 0 AND 9 WHERE timestamp <> 5', [0, 9], { observations: true }],
    ['WHERE timestamp >= 3', [3, FAR_AHEAD], {}],
    ['WHERE timestamp <= 3', [LONG_AGO, FAR_AHEAD], { entities: true }],
    ['WHERE timestamp < 3 OR timestamp > 5 OR entity = attributes.a', [LONG_AGO, FAR_AHEAD], { entities: true }],
    ['WHERE timestamp < 3 OR recorded_at > 5', [LONG_AGO, FAR_AHEAD], { observations: true }],
    ['WHERE timestamp < payload.n', [LONG_AGO, FAR_AHEAD], { observations: true }],
    ['WHERE norm(vector) < timestamp', [LONG_AGO, FAR_AHEAD], { observations: true }],
    ['AS OF 9 WHERE timestamp BETWEEN 3 AND 5', [3, 9], { observations: true }], // whose last one up to 9 is later than 5 has none
    ['AS OF 9 WHERE timestamp BETWEEN 3 AND 20', [3, 9], {}],
    ['AS OF 9 WHERE timestamp > 9', NEVER, {}],
    ['AT 9 TOLERANCE 5ms WHERE timestamp > 3', [4, 9], {}],
    ['AT 9 TOLERANCE 5ms WHERE timestamp <= 5', [4, 9], { observations: true }],
    ['AT 9 WHERE timestamp <= 5', NEVER, {}],
  ])('%s', (clauses, window, { entities = false, observations = false }) => {
    const { scope } = bound(`NEAREST 1 TO [0, 1] ${clauses}`) as BoundNearest
    if (scope.kind !== 'stored') throw new Error('stored candidates were asked for')
    expect([scope.from, scope.to]).toEqual(window)
    expect([scope.where?.ofEntity !== undefined, scope.where?.ofObservation !== undefined]).toEqual([entities, observations])
  })
})
