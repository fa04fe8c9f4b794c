import { describe, expect, test } from 'vitest'
import { LIST_LENGTH_MAX, NESTING_MAX, OPERATOR_COUNT_MAX } from '../../src/engine/syntax/cursor.js'
import { parse } from '../../src/engine/syntax/parse.js'
import { print } from '../../src/engine/syntax/print.js'
import { TEXT_LENGTH_MAX, TOKEN_COUNT_MAX } from '../../src/engine/syntax/tokenize.js'
import { QueryLimitError, QuerySyntaxError } from '../../src/errors.js'

/** The mistake in a text, or undefined. Anything else than a mistake in the query is thrown. */
function mistakeIn(text: string): QuerySyntaxError | QueryLimitError | undefined {
  try {
    const statement = parse(text)
    expect(print(parse(print(statement)))).toBe(print(statement))
    return undefined
  } catch (error) {
    if (error instanceof QuerySyntaxError || error instanceof QueryLimitError) return error
    throw error
  }
}

function expectInside(text: string, { line, column, frame }: QuerySyntaxError | QueryLimitError): void {
  const written = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').split('\n')[line! - 1]
  expect(written).toBeDefined()
  expect(column).toBeGreaterThanOrEqual(1)
  expect(column).toBeLessThanOrEqual(written!.length + 1)
  expect(frame).toMatch(/^ *\d+ \|/)
  expect(frame!.length).toBeLessThan(1000)
}

/** The mistake in a text, found within so many milliseconds of processor time; the clock would count what else the machine does. */
function mistakeWithin(limitMs: number, text: string): QuerySyntaxError | QueryLimitError | undefined {
  const first = timed(text)
  if (first.ms > limitMs) expect(timed(text).ms, text.slice(0, 1000)).toBeLessThan(limitMs) // the first may have met a garbage collection
  return first.error
}

function timed(text: string): { readonly error: QuerySyntaxError | QueryLimitError | undefined; readonly ms: number } {
  const before = process.cpuUsage()
  const error = mistakeIn(text)
  const { user, system } = process.cpuUsage(before)
  return { error, ms: (user + system) / 1000 }
}

describe('limits', () => {
  const limitOf = (text: string): QueryLimitError => {
    const error = mistakeIn(text)
    if (!(error instanceof QueryLimitError)) throw new Error(`No limit was met: ${String(error?.message)}`)
    expectInside(text, error)
    return error
  }

  test('a query has at most 1,048,576 characters', () => {
    const error = limitOf(' '.repeat(TEXT_LENGTH_MAX + 1))
    expect(error.message).toContain('A query has at most 1048576 characters; this one has 1048577. Pass long lists and vectors as parameters.')
    expect(error).toMatchObject({ code: 'QUERY_LIMIT', limit: TEXT_LENGTH_MAX, estimate: TEXT_LENGTH_MAX + 1 })
    expect(mistakeIn(`SHOW MODELS${' '.repeat(TEXT_LENGTH_MAX - 11)}`)).toBeUndefined()
  })

  test('10,000 parentheses do not overflow the stack', () => {
    const error = limitOf(`SELECT * WHERE ${'('.repeat(10_000)}a${')'.repeat(10_000)}`)
    expect(error.message).toMatch(/^A query is nested at most 100 levels deep\.\n\n1 \| …/)
    expect(error).toMatchObject({ limit: NESTING_MAX, line: 1, column: 'SELECT * WHERE '.length + NESTING_MAX + 2 })
  })

  test('as many parentheses as the limit allows are read and printed', () => {
    expect(mistakeIn(`SELECT * WHERE ${'('.repeat(NESTING_MAX)}a${')'.repeat(NESTING_MAX)}`)).toBeUndefined()
  })

  test.each([
    ['NOT', 'NOT '],
    ['minus', '- '],
    ['calls', 'f('],
    ['lists', 'a IN ('],
    ['vectors in calls', 'f(['],
    ['payload', 'payload.'],
    ['names', `payload${'.a'.repeat(10_000)} `],
  ])('%s 10,000 times is a mistake with its place', (_, piece) => {
    const text = `SELECT * WHERE ${piece.repeat(piece.length > 100 ? 1 : 10_000)}`
    const error = mistakeIn(text)
    expect(error).toBeDefined()
    expectInside(text, error!)
  })

  test('a tree cannot be deepened by operators without end', () => {
    const chain = (count: number, operator: string): string => `SELECT * WHERE a${` ${operator} a`.repeat(count)}`
    for (const operator of ['AND', 'OR', '+', '-', '*', '/']) {
      expect(mistakeIn(chain(OPERATOR_COUNT_MAX, operator))).toBeUndefined()
      expect(limitOf(chain(OPERATOR_COUNT_MAX + 1, operator)).message).toContain(
        'A query has at most 1000 operators. Compare with many values by IN and a parameter.',
      )
    }
    expect(limitOf(`SELECT * SINCE now()${' + 1d'.repeat(10_000)}`)).toMatchObject({ limit: OPERATOR_COUNT_MAX })
  })

  test('a list has at most 10,000 items', () => {
    const list = (count: number): string => Array.from({ length: count }, (_, i) => `'word ${i}'`).join(', ')
    expect(mistakeIn(`SELECT * FOR ENTITIES (${list(LIST_LENGTH_MAX)})`)).toBeUndefined()
    for (const text of [
      `SELECT * FOR ENTITIES (${list(50_000)})`,
      `SELECT * WHERE entity IN (${list(50_000)})`,
      `SELECT f(${list(50_000)})`,
      `SELECT ${list(50_000)}`,
      `SELECT * ORDER BY ${list(50_000)}`,
      `PREDICT vector AT (${list(50_000)}) FOR EACH ENTITY`,
      `PREDICT ${'a,'.repeat(50_000)}a AT '2030' FOR EACH ENTITY`,
      `PREDICT a AT '2030' FOR EACH ENTITY USING ${'a,'.repeat(50_000)}a`,
    ]) {
      expect(limitOf(text)).toMatchObject({ limit: LIST_LENGTH_MAX })
    }
    expect(limitOf(`SELECT * FOR ENTITIES (${list(10_001)})`).message).toContain(
      'A list in a query has at most 10000 items. Pass a longer one as a parameter.',
    )
  })

  test('100,000 items are refused in a moment', () => {
    const text = `SELECT * WHERE entity IN (${'1,'.repeat(99_999)}1)`
    expect(mistakeWithin(200, text)).toBeInstanceOf(QueryLimitError)
  })

  test('a vector of the greatest dimension fits, and 200,000 tokens do not', () => {
    expect(mistakeIn(`SELECT [${'0.25, '.repeat(65_535)}1]`)).toBeUndefined()
    expect(limitOf(`SELECT [${'1,'.repeat(150_000)}1]`)).toMatchObject({ limit: TOKEN_COUNT_MAX })
  })
})

describe('a megabyte', () => {
  const quotes = ["'", '"', "''", "'a'", '(', ')', '[', '--\n', '/*', '/**/', '\u00a0', '\n', '\t', '\r']
  const literals = ['1', '1a', '1e', '2030-', '2030-12', '$', '$1', ':', '+1d', '- ', 'é', '\ud800', '\0']
  const words = ['a ', 'a,', 'a.', '.', ';', '<', '> ', 'NOT ', 'AND ', 'IN(', 'now(', 'INTERVAL ', 'payload.a,']

  test.each([...quotes, ...literals, ...words])('of %j is read or refused at once', (piece) => {
    for (const start of ['', 'SELECT * WHERE a ', 'PREDICT vector AT ']) {
      const text = (start + piece.repeat(TEXT_LENGTH_MAX / piece.length)).slice(0, TEXT_LENGTH_MAX)
      const error = mistakeWithin(500, text)
      if (error !== undefined) expectInside(text, error)
    }
  })
})
