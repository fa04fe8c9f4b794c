import { Cursor } from './cursor.js'
import type { Keyword } from './keyword.js'
import { expression } from './parse-expression.js'
import type { Expression } from './statement.js'

/** Words behind a condition that would begin another clause of a statement. */
const CLAUSES: ReadonlySet<Keyword> = new Set(['order', 'limit', 'for', 'from', 'as', 'within', 'per', 'return', 'with', 'using', 'context', 'group'])

/**
 * Reads a condition that stands alone, as a typed request has it. The grammar is that of WHERE, without the word.
 *
 * @throws {QuerySyntaxError | QueryLimitError} with their place in this text.
 */
export function parseCondition(text: string): Expression {
  const c = new Cursor(text, 'condition')
  const first = c.token
  if (first.kind === 'end') throw c.error(c.here(), "The condition is empty. Write one, such as attributes.topic = 'oil', or leave it out.")
  if (first.keyword === 'where') throw c.error(first, 'The condition stands without the word WHERE here.')
  const condition = expression(c)
  const { kind, keyword } = c.token
  if (kind === 'end') return condition
  if (keyword !== undefined && CLAUSES.has(keyword))
    throw c.error(c.token, `A condition stands alone; ${c.found()} begins another clause. Those are members of the request.`)
  throw c.unexpected('AND, OR or the end of the condition')
}
