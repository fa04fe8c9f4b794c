import type { QuerySyntaxError } from '../errors.js'
import type { Cursor } from './cursor.js'
import type { Keyword } from './keyword.js'

type Verb = 'PREDICT' | 'SELECT'

const CLAUSES: Readonly<Record<Verb, readonly string[]>> = {
  PREDICT: ['FOR', 'FROM', 'WHERE', 'CONTEXT', 'USING', 'WITH', 'ORDER BY', 'LIMIT'],
  SELECT: ['FOR', 'FROM', 'AS OF', 'BETWEEN', 'LAST', 'SINCE', 'UNTIL', 'WHERE', 'ORDER BY', 'LIMIT'],
}

const NEEDS_CONTEXT = 'In PREDICT a range stands behind CONTEXT: CONTEXT LAST 10, CONTEXT SINCE t UNTIL u, CONTEXT BETWEEN t AND u.'

/** What a clause that a statement does not have is mostly meant for. */
const ADVICE: Readonly<Record<Verb, Partial<Record<Keyword, string>>>> = {
  PREDICT: {
    as: 'PREDICT has no AS OF. To predict from what was known at a time, write CONTEXT UNTIL and the time.',
    at: "PREDICT has one AT. Several times stand in parentheses: AT ('2030', '2040').",
    between: NEEDS_CONTEXT,
    last: NEEDS_CONTEXT,
    since: NEEDS_CONTEXT,
    until: NEEDS_CONTEXT,
  },
  SELECT: {
    at: 'SELECT has no AT. For what held at a time write AS OF and the time; for a prediction begin with PREDICT.',
    context: 'SELECT has no CONTEXT. Write its range without that word: LAST 10, SINCE t, UNTIL t, BETWEEN t AND u.',
    using: 'SELECT has no USING; it reads what is stored. To predict, begin with PREDICT.',
    with: 'SELECT has no WITH. Options belong to PREDICT.',
  },
}

/** Verbs and clauses that the language has, and this version has not. */
const LATER: ReadonlySet<Keyword> = new Set(['nearest', 'backtest', 'backtests', 'sample', 'group', 'having'])

/** What stands where a clause should begin, and begins none. */
export function misplaced(c: Cursor, verb: Verb): QuerySyntaxError {
  const { keyword } = c.token
  if (keyword !== undefined && LATER.has(keyword)) return later(c)
  const advice = keyword === undefined ? undefined : ADVICE[verb][keyword]
  if (advice !== undefined) return c.error(c.token, advice)
  const words = CLAUSES[verb]
  return c.unexpected(`a clause of ${verb} (${words.join(', ')}) or the end of the query`, words)
}

/** A word of the language that this version cannot answer yet. */
export function later(c: Cursor): QuerySyntaxError {
  const written = c.found().toUpperCase()
  return c.error(c.token, `${written} is not in this version of Chronode. It has PREDICT, SELECT, SHOW, DESCRIBE and EXPLAIN.`)
}

export function isLater(c: Cursor): boolean {
  return c.token.keyword !== undefined && LATER.has(c.token.keyword)
}
