import { Cursor } from './cursor.js'
import type { Keyword } from './keyword.js'
import { source } from './parse-clauses.js'
import { nearest } from './parse-nearest.js'
import { predict } from './parse-predict.js'
import { select } from './parse-select.js'
import { parameter, signed, textLiteral } from './parse-value.js'
import type { Describe, Identifier, Query, Show, Statement, Value } from './statement.js'

const VERBS = ['PREDICT', 'SELECT', 'NEAREST', 'SHOW', 'DESCRIBE', 'EXPLAIN', 'ANALYZE']
const WRITING = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'UPSERT', 'MERGE', 'CREATE', 'DROP', 'ALTER', 'TRUNCATE'])
const FROM_ONLY: ReadonlySet<Keyword> = new Set(['from'])

/**
 * Reads one statement of the query language; docs/language.md has the grammar.
 *
 * @throws {QuerySyntaxError} with line, column, frame and suggestions.
 * @throws {QueryLimitError} too long, too deep, too many items or operators.
 * Cost: linear in the length of the text.
 */
export function parse(text: string): Statement {
  const c = new Cursor(text)
  const parsed = statement(c)
  if (c.acceptSymbol(';')) {
    if (c.token.kind !== 'end') throw c.error(c.token, 'A call takes one statement; another one begins here. Ask it in a call of its own.')
  } else if (c.token.kind !== 'end') {
    throw c.unexpected('the end of the query')
  }
  return parsed
}

/** Statement : [ `EXPLAIN` [ `ANALYZE` ] ] Query [ `;` ] */
function statement(c: Cursor): Statement {
  const { start, kind, keyword } = c.token
  if (kind === 'end') throw c.error(c.here(), `The query is empty. Write a statement, such as PREDICT vector AT '2030-12-31' FOR ENTITY 'id'.`)
  if (keyword !== 'explain') return query(c, 'PREDICT, SELECT, NEAREST, SHOW, DESCRIBE or EXPLAIN')
  c.advance()
  const analyze = c.accept('analyze')
  const expected = analyze ? '' : 'ANALYZE, '
  const explained = query(c, `${expected}PREDICT, SELECT, NEAREST, SHOW or DESCRIBE after EXPLAIN`)
  return { kind: 'explain', start, end: c.lastEnd, analyze, query: explained }
}

/** Query : Predict | Select | Nearest | Show | Describe */
function query(c: Cursor, expected: string): Query {
  switch (c.token.keyword) {
    case 'predict':
      return predict(c)
    case 'select':
      return select(c)
    case 'nearest':
      return nearest(c)
    case 'show':
      return show(c)
    case 'describe':
      return describe(c)
    default:
      throw noQuery(c, expected)
  }
}

function noQuery(c: Cursor, expected: string): Error {
  if (c.token.keyword === 'backtest') {
    return c.error(c.token, 'BACKTEST is not in this version of Chronode, which has PREDICT, SELECT, NEAREST, SHOW, DESCRIBE and EXPLAIN.')
  }
  if (c.token.kind === 'word' && WRITING.has(c.token.text.toUpperCase())) {
    return c.error(c.token, 'Queries only read. Write with createCollection(), insert(), setAttributes(), delete() and dropCollection().')
  }
  return c.unexpected(expected, VERBS)
}

/** Show : `SHOW` ( `COLLECTIONS` | `MODELS` | `PREDICTORS` | `SETTINGS` ) [ Source ] */
function show(c: Cursor): Show {
  const { start } = c.advance()
  const { keyword } = c.token
  if (keyword !== 'collections' && keyword !== 'models' && keyword !== 'predictors' && keyword !== 'settings') {
    if (keyword === 'backtests') throw c.error(c.token, 'SHOW BACKTESTS is not in this version of Chronode.')
    throw c.unexpected('COLLECTIONS, MODELS, PREDICTORS or SETTINGS after SHOW', ['COLLECTIONS', 'MODELS', 'PREDICTORS', 'SETTINGS'])
  }
  c.advance()
  const from = c.token.keyword === 'from' ? source(c) : undefined
  return { kind: 'show', start, end: c.lastEnd, what: keyword, source: from }
}

/** Describe : `DESCRIBE` ( `COLLECTION` | `MODEL` | `ENTITY` ) ( Text | Number | Parameter | Name ) [ Source ] */
function describe(c: Cursor): Describe {
  const { start } = c.advance()
  c.clauses = FROM_ONLY
  const { keyword } = c.token
  if (keyword !== 'collection' && keyword !== 'model' && keyword !== 'entity') throw withoutKind(c)
  c.advance()
  const name = described(c, keyword)
  const from = c.token.keyword === 'from' ? source(c) : undefined
  return { kind: 'describe', start, end: c.lastEnd, what: keyword, name, source: from }
}

function withoutKind(c: Cursor): Error {
  const following = c.token.kind === 'end' ? undefined : c.following()
  const worded = `COLLECTION ${c.found()}`
  if (following?.kind === 'end' && c.token.kind === 'word') {
    return c.error(c.token, `Expected COLLECTION, MODEL or ENTITY after DESCRIBE; found ${c.found()}. For a collection write DESCRIBE ${worded}.`, [
      worded,
    ])
  }
  return c.unexpected('COLLECTION, MODEL or ENTITY after DESCRIBE', ['COLLECTION', 'MODEL', 'ENTITY'])
}

function described(c: Cursor, what: Describe['what']): Value | Identifier {
  const { kind } = c.token
  if (kind === 'text') return textLiteral(c.advance())
  if (kind === 'index' || kind === 'label') return parameter(c)
  const number = signed(c)
  return number?.kind === 'number' ? number : c.name(`a name, text or a parameter after ${what.toUpperCase()}`)
}
