import type { QuerySyntaxError } from '../../errors.js'
import type { Cursor } from './cursor.js'
import { foreignHere } from './foreign-sql.js'
import type { Keyword } from './keyword.js'

type Verb = 'PREDICT' | 'SELECT' | 'NEAREST'

const CLAUSES: Readonly<Record<Verb, readonly string[]>> = {
  PREDICT: ['FOR', 'FROM', 'WHERE', 'CONTEXT', 'USING', 'WITH', 'ORDER BY', 'LIMIT'],
  SELECT: ['FOR', 'FROM', 'AS OF', 'BETWEEN', 'LAST', 'SINCE', 'UNTIL', 'SAMPLE BY', 'WHERE', 'GROUP BY', 'ORDER BY', 'LIMIT'],
  NEAREST: ['AS OF', 'AT', 'BETWEEN', 'PREDICTED AT', 'FROM', 'FOR', 'WHERE', 'CONTEXT', 'USING', 'WITHIN', 'PER ENTITY', 'RETURN', 'WITH', 'LIMIT'],
}

const NEEDS_CONTEXT = 'In PREDICT a range stands directly behind CONTEXT: either BETWEEN t AND u, or LAST n, SINCE t and UNTIL u, one behind another.'

const NEEDS_LIMIT = 'OFFSET stands directly behind LIMIT and its number: LIMIT 10 OFFSET 5.'

/** What a clause that a statement does not have is mostly meant for. */
const ADVICE: Readonly<Record<Verb, Partial<Record<Keyword, string>>>> = {
  PREDICT: {
    as: 'PREDICT has no AS OF. To predict from what was known at a time, write CONTEXT UNTIL and the time.',
    at: "PREDICT has one AT. Several times stand in parentheses: AT ('2030', '2040').",
    between: NEEDS_CONTEXT,
    last: NEEDS_CONTEXT,
    since: NEEDS_CONTEXT,
    until: NEEDS_CONTEXT,
    sample: 'PREDICT has no SAMPLE BY. Several moments are a grid: AT FROM t TO u STEP 1d.',
    group: 'PREDICT has no GROUP BY: it gives one row an entity and time.',
    offset: NEEDS_LIMIT,
  },
  SELECT: {
    at: 'SELECT has no AT. For what held at a time write AS OF and the time; for a prediction begin with PREDICT.',
    context: 'SELECT has no CONTEXT. Write its range without that word: LAST 10, SINCE t, UNTIL t, BETWEEN t AND u.',
    using: 'SELECT has no USING; it reads what is stored. To predict, begin with PREDICT.',
    with: 'SELECT has no WITH. Options belong to PREDICT.',
    fill: 'FILL stands directly behind SAMPLE BY and its span: SAMPLE BY 1d FILL (linear).',
    having: 'HAVING stands directly behind GROUP BY entity. Conditions on single observations are WHERE.',
    offset: NEEDS_LIMIT,
  },
  NEAREST: {
    order: 'NEAREST has no ORDER BY: its rows come by rank, the nearest first.',
    tolerance: 'TOLERANCE stands directly behind AT and its time: AT t TOLERANCE 7d.',
    last: 'NEAREST has no LAST. The last observation of each entity is AS OF LATEST, which is also meant where nothing is written.',
    since: 'NEAREST has no SINCE. Write BETWEEN t AND u for every observation of a window, or AT u TOLERANCE 7d for the last one of each entity.',
    until: 'NEAREST has no UNTIL. For what was known at a time write AS OF and the time.',
    to: 'NEAREST has one TO. For the neighbours of another vector ask a statement of its own.',
    sample: 'NEAREST has no SAMPLE BY. Ask a statement for each moment, with AS OF.',
    group: 'NEAREST has no GROUP BY. To limit how many rows an entity may have, write PER ENTITY 1.',
    offset: NEEDS_LIMIT,
  },
}

/**
 * What stands where a clause should begin, and begins none.
 *
 * @param advised  What is known of this statement, by the clause's first word; instead of what is mostly meant.
 */
export function misplaced(c: Cursor, verb: Verb, advised: Partial<Record<Keyword, string>> = {}): QuerySyntaxError {
  const { keyword } = c.token
  const advice = keyword === undefined ? undefined : (advised[keyword] ?? ADVICE[verb][keyword])
  if (advice !== undefined) return c.error(c.token, advice)
  const foreign = foreignHere(c)
  if (foreign !== undefined) return foreign
  if (c.isSymbol(')') || c.isSymbol(']')) return c.error(c.token, `There is nothing open that this ${c.found()} could close.`)
  const words = CLAUSES[verb]
  return c.unexpected(`a clause of ${verb} (${words.join(', ')}) or ${c.isNested ? '")"' : 'the end of the query'}`, words)
}

/** A name directly behind columns, unless it is a misspelt clause: another name for the last of them, without its AS. */
export function rejectBareAlias(c: Cursor): void {
  const { kind, keyword } = c.token
  if (kind !== 'name' && (kind !== 'word' || keyword !== undefined || c.nearest(CLAUSES.SELECT).length > 0)) return
  const foreign = foreignHere(c)
  if (foreign !== undefined) throw foreign
  const alias = `AS ${c.found()}`
  throw c.error(c.token, `Expected "," or a clause behind the columns; found ${c.found()}. Another name for a column is written ${alias}.`, [alias])
}
