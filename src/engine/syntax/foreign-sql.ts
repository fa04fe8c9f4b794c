import type { QuerySyntaxError } from '../../errors.js'
import type { Cursor } from './cursor.js'
import type { Keyword } from './keyword.js'

const LIMITED = 'Write LIMIT n behind the other clauses.'
const ONE_COLLECTION =
  'A statement reads one collection. Ask a second one for the other, or join both in SQL of your own with the functions of docs/embedding.md.'
const ONE_QUERY = 'Ask each in a call of its own, and put their rows together in the app.'

/** What SQL has elsewhere and this language has not, and what to write instead. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['DISTINCT', 'There is no DISTINCT. One row an entity is GROUP BY entity: SELECT entity, count(*) GROUP BY entity.'],
  ['CASE', 'There is no CASE. Choose rows by WHERE, a statement for each case, or tell them apart in the app.'],
  ['CAST', 'There is no CAST. Members of payload and attributes are taken as they are: a number, text, true, false.'],
  ['EXISTS', 'There is no EXISTS, and no statement inside of another. Ask the inner one first, and pass what it answers as a parameter: IN $1.'],
  ['ILIKE', 'There is no ILIKE. LIKE tells capitals from small letters; several ways of writing are joined by OR.'],
  ['GLOB', 'There is no GLOB. In LIKE, % is any text and _ one character.'],
  ['REGEXP', 'There is no REGEXP. In LIKE, % is any text and _ one character.'],
  ['COALESCE', 'There is no COALESCE. Choose rows by IS NULL, or replace what is missing in the app.'],
  ['TOP', `There is no TOP. ${LIMITED}`],
  ['FETCH', `There is no FETCH. ${LIMITED}`],
  ['UNION', `There is no UNION. ${ONE_QUERY}`],
  ['INTERSECT', `There is no INTERSECT. ${ONE_QUERY}`],
  ['EXCEPT', `There is no EXCEPT. ${ONE_QUERY}`],
  ...['JOIN', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'NATURAL'].map((word) => [word, ONE_COLLECTION] as const),
  ['OVER', 'There are no windows. For groups in time write SAMPLE BY, for groups of an entity GROUP BY entity.'],
])
const CALLED: ReadonlySet<string> = new Set(['DISTINCT', 'CASE', 'CAST', 'EXISTS', 'COALESCE', 'TOP'])
/** Words that a value may begin with. */
const VALUE_WORDS: ReadonlySet<Keyword> = new Set(['entity', 'payload', 'attributes', 'now', 'null', 'true', 'false', 'not', 'interval'])
const VALUES: ReadonlySet<string> = new Set(['text', 'number', 'duration', 'index', 'label', 'name'])

/** The next token, which cannot stand where it does: something that SQL has elsewhere. */
export function foreignHere(c: Cursor): QuerySyntaxError | undefined {
  const advice = c.token.kind === 'word' ? ADVICE.get(c.token.text.toUpperCase()) : undefined
  return advice === undefined ? undefined : c.error(c.token, advice)
}

/** The same where a value begins, in which the word could be the name of a column or function, but for what follows: `DISTINCT entity`, `CAST(...)`. */
export function foreignValue(c: Cursor): QuerySyntaxError | undefined {
  const word = c.token.text.toUpperCase()
  if (c.token.kind !== 'word' || !ADVICE.has(word)) return undefined
  const { kind, keyword, text } = c.following()
  const isValue = VALUES.has(kind) || (kind === 'word' && (keyword === undefined || VALUE_WORDS.has(keyword)))
  return isValue || (text === '(' && CALLED.has(word)) ? foreignHere(c) : undefined
}
