import type { Cursor } from './cursor.js'
import { PREDICT_CLAUSES } from './keyword.js'
import { misplaced } from './misplaced-clause.js'
import { entities, limit, order, source, where } from './parse-clauses.js'
import { interval, range, time } from './parse-time.js'
import { count, unquoted, value } from './parse-value.js'
import type * as Tree from './statement.js'

const EXAMPLE = "PREDICT vector AT '2030-12-31' FOR ENTITY 'id'"
const A_TIME = 'a time after AT'
const NO_OPTIONS: readonly Tree.Option[] = []
const NO_ORDER: readonly Tree.OrderKey[] = []

/** Predict : `PREDICT` Items `AT` Times { Clause } */
export function predict(c: Cursor): Tree.Predict {
  const { start } = c.advance()
  c.clauses = PREDICT_CLAUSES
  const columns = items(c)
  if (!c.accept('at')) throw withoutAt(c)
  const at = times(c)
  const { entities: who, source: from, where: condition, context, using: methods, options, order: keys, limit: rows } = clauses(c)
  if (who === undefined) {
    throw c.unexpected("FOR ENTITY 'id', FOR ENTITIES ('a', 'b') or FOR EACH ENTITY, which PREDICT cannot do without")
  }
  return {
    kind: 'predict',
    start,
    end: c.lastEnd,
    items: columns,
    times: at,
    entities: who,
    source: from,
    where: condition,
    context,
    using: methods,
    options: options ?? NO_OPTIONS,
    order: keys ?? NO_ORDER,
    limit: rows,
  }
}

type Clauses = { -readonly [Name in Exclude<keyof Tree.Predict, 'kind' | 'start' | 'end' | 'items' | 'times'>]?: Tree.Predict[Name] }

/** Clause : Entities | Source | Where | Context | Using | With | Order | Limit; in any order, each at most once */
function clauses(c: Cursor): Clauses {
  const read: Clauses = {}
  while (!c.isAtEnd()) {
    switch (c.token.keyword) {
      case 'for':
        read.entities = c.once(read.entities, entities)
        break
      case 'from':
        read.source = c.once(read.source, source)
        break
      case 'where':
        read.where = c.once(read.where, where)
        break
      case 'context':
        read.context = c.once(read.context, contextClause)
        break
      case 'using':
        read.using = c.once(read.using, using)
        break
      case 'with':
        read.options = c.once(read.options, withOptions)
        break
      case 'order':
        read.order = c.once(read.order, order)
        break
      case 'limit':
        read.limit = c.once(read.limit, limit)
        break
      default:
        throw misplaced(c, 'PREDICT')
    }
  }
  return read
}

/** Items : `*` | Item { `,` Item } */
function items(c: Cursor): Tree.Items {
  const { start, end } = c.token
  if (c.acceptSymbol('*')) return { kind: 'items', start, end, list: undefined }
  if (c.token.keyword === 'at' && !isItem(c)) throw c.error(c.token, `PREDICT needs columns before AT: ${EXAMPLE}.`, ['vector AT', '* AT'])
  const list = c.list((column) => item(column, 'a column of the prediction, such as vector, or *'))
  return { kind: 'items', start, end: c.lastEnd, list }
}

/** Whether `AT` is the name of a column, because what follows it can only follow one. */
function isItem(c: Cursor): boolean {
  const { text, keyword } = c.following()
  return text === ',' || keyword === 'at' || keyword === 'as'
}

/** Item : Name [ `AS` Name ] */
export function item(c: Cursor, expected: string): Tree.Item {
  const { start } = c.token
  const name = c.name(expected)
  const isClause = c.clauses.has('as') && c.following().keyword === 'of'
  const alias = !isClause && c.accept('as') ? c.name('a name after AS') : undefined
  return { kind: 'item', start, end: c.lastEnd, name, alias }
}

function withoutAt(c: Cursor): Error {
  if (c.isAtEnd()) return c.unexpected(`AT and a time: ${EXAMPLE}`)
  if (c.token.keyword !== undefined && PREDICT_CLAUSES.has(c.token.keyword)) {
    return c.error(c.token, `AT and its time come first, before ${c.found().toUpperCase()}: ${EXAMPLE}.`)
  }
  return c.unexpected('"," or AT after the columns of PREDICT', ['AT'])
}

/** Times : Time | `(` Time { `,` Time } `)` | Grid | Horizon */
function times(c: Cursor): Tree.Times {
  const { start, keyword } = c.token
  if (keyword === 'from') return grid(c, false)
  if (keyword === 'between') return grid(c, true)
  if (keyword === 'horizon') return horizon(c)
  if (c.acceptSymbol('(')) {
    const list = c.list((moment) => time(moment, 'a time'))
    c.expectSymbol(')', '"," or ")" in the list of times')
    return { kind: 'times', start, end: c.lastEnd, list, parenthesised: true }
  }
  const list = [time(c, A_TIME)]
  if (c.isSymbol(',')) throw c.error(c.token, "Several times stand in parentheses: AT ('2030', '2040').")
  return { kind: 'times', start, end: c.lastEnd, list, parenthesised: false }
}

/** Grid : `FROM` Time `TO` Time `STEP` Interval | `BETWEEN` Time `AND` Time `STEP` Interval */
function grid(c: Cursor, endIncluded: boolean): Tree.Grid {
  const { start } = c.advance()
  const from = time(c, endIncluded ? 'a time after BETWEEN' : 'a time after FROM')
  if (endIncluded) c.expect('and', 'AND and the end of the grid')
  else c.expect('to', 'TO and the end of the grid')
  const to = time(c, endIncluded ? 'a time after AND' : 'a time after TO')
  c.expect('step', 'STEP and the span between two times, such as STEP 1d')
  const step = interval(c, 'a span of time after STEP')
  return { kind: 'grid', start, end: c.lastEnd, from, to, step, endIncluded }
}

/** Horizon : `HORIZON` Count `STEP` Interval */
function horizon(c: Cursor): Tree.Horizon {
  const { start } = c.advance()
  const steps = count(c, 'a whole number of steps, or a parameter, after HORIZON')
  c.expect('step', 'STEP and the span of one step, such as STEP 1d')
  const step = interval(c, 'a span of time after STEP')
  return { kind: 'horizon', start, end: c.lastEnd, count: steps, step }
}

/** Context : `CONTEXT` Range */
export function contextClause(c: Cursor): Tree.ContextClause {
  const { start } = c.advance()
  const { keyword } = c.token
  if (keyword !== 'between' && keyword !== 'last' && keyword !== 'since' && keyword !== 'until') {
    throw c.unexpected('BETWEEN, LAST, SINCE or UNTIL after CONTEXT', ['BETWEEN', 'LAST', 'SINCE', 'UNTIL'])
  }
  const bounds = range(c)
  return { kind: 'context', start, end: c.lastEnd, bounds }
}

/** Using : `USING` ( `MODEL` Value | Name { `,` Name } ) */
export function using(c: Cursor): Tree.Using {
  const { start } = c.advance()
  if (c.accept('model')) {
    const model = value(c, 'the name of a model as text, or a parameter, after MODEL')
    return { kind: 'using-model', start, end: c.lastEnd, model }
  }
  const methods = c.list((method) => method.name('MODEL or the name of a method after USING'))
  return { kind: 'using-methods', start, end: c.lastEnd, methods }
}

/** With : `WITH` `(` Option { `,` Option } `)` */
export function withOptions(c: Cursor): Tree.Option[] {
  c.advance()
  c.expectSymbol('(', `"(" and options after WITH, such as WITH (fallback = 'last')`)
  const names = new Set<string>()
  const options = c.list((cursor) => {
    const { token } = cursor
    const one = option(cursor)
    if (names.has(one.name.name)) throw cursor.error(token, `The option ${cursor.text.slice(token.start, token.end)} is given twice.`)
    names.add(one.name.name)
    return one
  })
  c.expectSymbol(')', '"," or ")" in the options')
  return options
}

/** Option : Name `=` ( Value | Time ) */
function option(c: Cursor): Tree.Option {
  const { start } = c.token
  const name = c.name('the name of an option')
  c.expectSymbol('=', `"=" and a value after the option ${name.name}`)
  const { kind, keyword, text } = c.token
  if (keyword === 'true' || keyword === 'false' || keyword === 'null') {
    return { kind: 'option', start, name, value: value(c, ''), end: c.lastEnd }
  }
  if ((kind === 'word' || kind === 'name') && keyword !== 'now' && keyword !== 'latest' && keyword !== 'first') {
    throw unquoted(c, 'a value', text)
  }
  const moment = time(c, 'a value')
  const isPlain = moment.shifts.length === 0 && (moment.base.kind === 'text' || moment.base.kind === 'number' || moment.base.kind === 'parameter')
  return { kind: 'option', start, end: c.lastEnd, name, value: isPlain ? (moment.base as Tree.Value) : moment }
}
