import { describe, expect, test } from 'vitest'
import { answerTo, mistakeIn } from '../support/expression.js'

describe('three values', () => {
  const TRUTH = [true, false, null] as const
  const written = (value: boolean | null): string => String(value).toUpperCase()
  const pairs = TRUTH.flatMap((a) => TRUTH.map((b) => [a, b] as const))

  /** As SQL-92 has them: false < NULL < true; AND is the least of both, OR the greatest. */
  const rank = (value: boolean | null): number => (value === null ? 1 : value ? 2 : 0)
  const least = (a: boolean | null, b: boolean | null) => (rank(a) < rank(b) ? a : b)
  const greatest = (a: boolean | null, b: boolean | null) => (rank(a) < rank(b) ? b : a)

  test.each(pairs)('%s and %s', async (a, b) => {
    expect(await answerTo(`${written(a)} AND ${written(b)}`)).toBe(least(a, b))
    expect(await answerTo(`${written(a)} OR ${written(b)}`)).toBe(greatest(a, b))
    expect(await answerTo(`(NOT (${written(a)} AND ${written(b)})) = (NOT ${written(a)} OR NOT ${written(b)})`)).not.toBe(false) // De Morgan
  })

  test.each(TRUTH)('NOT %s', async (a) => {
    expect(await answerTo(`NOT ${written(a)}`)).toBe(a === null ? null : !a)
  })
})

describe('values', () => {
  test.each<[string, unknown, unknown[]?]>([
    ["'a' < 'b'", true],
    ["'B' < 'a'", true],
    ["'é' > 'z'", true],
    ["'\u{10000}' > '\uffff'", true], // by UTF-8 bytes: UTF-16 would say otherwise
    ["'' < 'a'", true],
    ["'a' <= 'a'", true],
    ['TRUE > FALSE', true],
    ['1 <> 2', true],
    ['1 = NULL', null],
    ['NULL = NULL', null],
    ['NULL <> 1', null],
    ['NULL IS NULL', true],
    ['1 IS NOT NULL', true],
    ['vector IS NULL', false],
    ['payload.t = 1', null],
    ['payload.t <> 1', null],
    ["payload.n = 'x'", null],
    ['payload.n = payload.t', null],
    ['payload.n = payload.n', true],
    ['payload.list = payload.list', null],
    ['payload.empty IS NULL', true],
    ['payload.deep IS NULL', false],
    ['payload.yes', true],
    ['payload.yes AND payload.n', null],
    ["payload.day < '2025'", true],
    ['payload.day > timestamp', true],
    ['payload.t > timestamp', null],
    ["timestamp = '2024-01-31'", true],
    ["timestamp BETWEEN '2024' AND '2025'", true],
    ['timestamp = 1706659200000', true],
    ['timestamp < now()', true],
    ['timestamp - recorded_at < 1d', true],
    ['1d = 86400000', true],
    ['1d > 23h', true],
    ['2 BETWEEN 1 AND 2', true],
    ['2 BETWEEN NULL AND 1', false],
    ['2 BETWEEN 3 AND NULL', false],
    ['2 BETWEEN 1 AND NULL', null],
    ['2 NOT BETWEEN 1 AND NULL', null],
    ['2 NOT BETWEEN 3 AND NULL', true],
    ['payload.n BETWEEN 1 AND payload.n', true],
    ["entity LIKE 'A'", false],
    ["entity LIKE '_'", true],
    ["payload.n LIKE '7'", null],
    ['NULL LIKE NULL', null],
    ["'50%' LIKE '50\\%'", true],
    ["'500' LIKE '50\\%'", false],
  ])('%s', async (expression, expected, values = []) => {
    expect(await answerTo(`(${expression})`, values)).toBe(expected)
  })
})

describe('IN', () => {
  test.each<[string, unknown, unknown[]?]>([
    ['entity IN $1', true, [['b', 'a']]],
    ['entity IN $1', false, [['b', 'c']]],
    ['entity IN $1', null, [['b', null]]],
    ['entity IN $1', true, [['a', null]]],
    ['entity NOT IN $1', null, [['b', null]]],
    ['entity IN $1', false, [[]]],
    ['NULL IN $1', false, [[]]],
    ['NULL IN $1', null, [['a']]],
    ['payload.n IN $1', true, [['7', 7]]],
    ['payload.n IN $1', null, [['7', 8]]],
    ['payload.n IN $1', false, [[8, 9]]],
    ['payload.list IN (1)', null],
    ["timestamp IN ('2023', '2024-01-31')", true],
    ["timestamp IN ('2023', payload.day)", false],
    ["payload.day IN ('2024-03-01', timestamp)", true],
    ['payload.day IN (timestamp, timestamp + 30d)', true],
    ['-0 IN (0)', true],
    ['payload.t IN (entity, payload.t)', true],
    ['TRUE IN (payload.yes)', true],
  ])('%s', async (expression, expected, values = []) => {
    expect(await answerTo(expression, values)).toBe(expected)
  })

  test('a list of 100,000 is looked up, not walked', async () => {
    const list = Array.from({ length: 100_000 }, (_, i) => `id ${i}`)
    const values = Array.from({ length: 1000 }, () => 'entity IN $1').join(' OR ')
    const before = process.cpuUsage()
    expect(await answerTo(`(${values.slice(0, 'entity IN $1 OR '.length * 20 - 4)})`, [list])).toBe(false)
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000)
  })
})

describe('mistakes', () => {
  // biome-ignore format: the carets stand below what they mean
  test.each<[string, string, string, unknown[]?]>([
    ['entity = 5',
     '^^^^^^^^^^', 'A text and a number cannot be compared.'],
    ['5 > (1 = 1)',
     '^^^^^^^^^^', 'A number and a condition cannot be compared.'],
    ['entity IN (1)',
     '^^^^^^^^^^^^', 'A text and a number cannot be compared.'],
    ['entity IN $1',
     '^^^^^^^^^^^^', 'A text and a number cannot be compared.', [['a', 1]]],
    ['timestamp > 1d',
     '^^^^^^^^^^^^^^', 'A time and a span of time cannot be compared.'],
    ["timestamp - now() > INTERVAL '1 month'",
     '                    ^^^^^^^^^^^^^^^^^^', 'Months and years have no fixed length. Add them to a time, or write days.'],
    ["timestamp = 'yesterday'",
     '            ^^^^^^^^^^^', "'yesterday' is not a time. Expected epoch milliseconds, a Date, or ISO-8601 text such as '2030', '2030-12-31' or '2030-12-31T08:00:00Z'."],
    ['vector = vector',
     '^^^^^^^^^^^^^^^', 'Vectors cannot be compared with each other. Compare their distance(a, b) with a number.'],
    ["1 LIKE 'x'",
     '^', 'LIKE compares text; this is a number.'],
    ['entity LIKE 1',
     '            ^', 'LIKE compares text; this is a number.'],
    ['entity AND TRUE',
     '^^^^^^', 'A condition is true, false or NULL; this is a text. Compare it with something.'],
    ['NOT 1',
     '    ^', 'A condition is true, false or NULL; this is a number. Compare it with something.'],
    ['payload.n IN ($1)',
     '              ^^', 'This parameter holds a list of 2. One that holds the list of IN stands without parentheses: IN $1.', [[1, 2]]],
    ['entity IN $1',
     '          ^^', 'IN takes a list; this parameter holds 7.', [7]],
    ['entity IN $1',
     '          ^^', 'an object cannot stand in an expression.', [[{ a: 1 }]]],
  ])('%s', async (expression, carets, message, values = []) => {
    expect(await mistakeIn(expression, values)).toEqual({ code: 'QUERY_TYPE', message, carets })
  })
})
