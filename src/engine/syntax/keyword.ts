const WORDS = [
  ...['explain', 'analyze', 'predict', 'select', 'show', 'describe', 'nearest', 'backtest'],
  ...['at', 'from', 'to', 'step', 'between', 'and', 'horizon', 'for', 'entity', 'entities', 'each', 'where', 'context', 'last', 'since', 'until'],
  ...['using', 'model', 'with', 'order', 'by', 'asc', 'desc', 'limit', 'offset', 'as', 'of'],
  ...['tolerance', 'predicted', 'within', 'per', 'return'],
  ...['sample', 'fill', 'none', 'previous', 'linear', 'group', 'having'],
  ...['collections', 'models', 'predictors', 'backtests', 'settings', 'collection'],
  ...['or', 'not', 'in', 'like', 'is', 'null', 'true', 'false', 'interval', 'now', 'latest', 'first', 'payload', 'attributes'],
] as const

/** A word with a meaning of its own at some place in the grammar, in lower case. Elsewhere it is a name like any other. */
export type Keyword = (typeof WORDS)[number]

// Both usual spellings are keys, so that most words are found without changing their case.
const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(WORDS.flatMap((word) => [[word, word] as const, [word.toUpperCase(), word] as const]))
const LENGTH_MAX = Math.max(...WORDS.map((word) => word.length))

/** The keyword that a word is, whatever its case. */
export function keywordOf(word: string): Keyword | undefined {
  return word.length > LENGTH_MAX ? undefined : (KEYWORDS.get(word) ?? KEYWORDS.get(word.toLowerCase()))
}

/** The words that begin a clause after `PREDICT ... AT ...`. */
export const PREDICT_CLAUSES: ReadonlySet<Keyword> = new Set(['for', 'from', 'where', 'context', 'using', 'with', 'order', 'limit'])

/** The words that begin a clause after `SELECT ...`. */
export const SELECT_CLAUSES: ReadonlySet<Keyword> = new Set([
  'for',
  'from',
  'as',
  'between',
  'last',
  'since',
  'until',
  'where',
  'order',
  'limit',
  'sample',
  'group',
])

/** The words that begin a clause after `NEAREST ... TO ...`. */
export const NEAREST_CLAUSES: ReadonlySet<Keyword> = new Set([
  'as',
  'at',
  'between',
  'predicted',
  'from',
  'for',
  'where',
  'context',
  'using',
  'within',
  'per',
  'return',
  'with',
  'limit',
])

/** The words that an expression cannot have as the name of a column, unless they are quoted. */
export const EXPRESSION_WORDS: ReadonlySet<Keyword> = new Set([
  ...PREDICT_CLAUSES,
  ...SELECT_CLAUSES,
  ...(['and', 'or', 'not', 'in', 'like', 'is', 'asc', 'desc', 'null', 'true', 'false', 'interval', 'having'] as const),
])
