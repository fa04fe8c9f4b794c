import type { Cursor } from './cursor.js'
import { SELECT_CLAUSES } from './keyword.js'
import { misplaced, rejectBareAlias } from './misplaced-clause.js'
import { entities, limit, order, source, where } from './parse-clauses.js'
import { expression } from './parse-expression.js'
import { interval, range, time } from './parse-time.js'
import type * as Tree from './statement.js'

const SECOND_RANGE = 'This statement already has a range of time. It is either BETWEEN t AND u, or LAST n, SINCE t and UNTIL u, one behind another.'
const NO_ORDER: readonly Tree.OrderKey[] = []

/** Select : `SELECT` Columns { Clause } */
export function select(c: Cursor): Tree.Select {
  const { start } = c.advance()
  c.clauses = SELECT_CLAUSES
  const selected = columns(c)
  const {
    source: from,
    entities: who,
    asOf: moment,
    range: window,
    sample: grid,
    where: condition,
    group: groups,
    order: keys,
    limit: rows,
  } = clauses(c)
  return {
    kind: 'select',
    start,
    end: c.lastEnd,
    columns: selected,
    source: from,
    entities: who,
    asOf: moment,
    range: window,
    sample: grid,
    where: condition,
    group: groups,
    order: keys ?? NO_ORDER,
    limit: rows,
  }
}

type Clauses = { -readonly [Name in Exclude<keyof Tree.Select, 'kind' | 'start' | 'end' | 'columns'>]?: Tree.Select[Name] }

/** Clause : Source | Entities | AsOf | Range | Sample | Where | Group | Order | Limit; in any order, each at most once */
function clauses(c: Cursor): Clauses {
  const read: Clauses = {}
  while (!c.isAtEnd()) {
    switch (c.token.keyword) {
      case 'from':
        read.source = c.once(read.source, source)
        break
      case 'for':
        read.entities = c.once(read.entities, entities)
        break
      case 'as':
        read.asOf = c.once(read.asOf, asOf)
        break
      case 'between':
      case 'last':
      case 'since':
      case 'until':
        if (read.range !== undefined) throw c.error(c.token, SECOND_RANGE)
        read.range = range(c)
        break
      case 'sample':
        read.sample = c.once(read.sample, sample)
        break
      case 'where':
        read.where = c.once(read.where, where)
        break
      case 'group':
        read.group = c.once(read.group, group)
        break
      case 'order':
        read.order = c.once(read.order, order)
        break
      case 'limit':
        read.limit = c.once(read.limit, limit)
        break
      default:
        throw misplaced(c, 'SELECT')
    }
  }
  return read
}

/** Columns : `*` | Column { `,` Column } */
function columns(c: Cursor): Tree.Columns {
  const { start, end, keyword } = c.token
  if (c.acceptSymbol('*')) {
    if (c.isSymbol(',')) throw c.error(c.token, '* stands alone: it is all columns.')
    return { kind: 'columns', start, end, list: undefined }
  }
  if (c.isAtEnd() || (keyword !== undefined && SELECT_CLAUSES.has(keyword))) {
    throw c.unexpected('columns after SELECT, such as entity, timestamp, vector, or *')
  }
  c.betweenIsClause = true
  const list = c.list(column)
  c.betweenIsClause = false
  rejectBareAlias(c)
  return { kind: 'columns', start, end: c.lastEnd, list }
}

/** Column : Expression [ `AS` Name ]; `AS OF` is the clause */
function column(c: Cursor): Tree.Column {
  const { start } = c.token
  const what = expression(c)
  const hasAlias = c.token.keyword === 'as' && c.following().keyword !== 'of'
  if (hasAlias) c.advance()
  const alias = hasAlias ? c.name('a name after AS') : undefined
  return { kind: 'column', start, end: c.lastEnd, expression: what, alias }
}

/** AsOf : `AS` `OF` Time */
function asOf(c: Cursor): Tree.Time {
  c.advance()
  c.expect('of', 'OF and a time after AS')
  return time(c, 'a time after AS OF')
}

const FILLS: readonly string[] = ['none', 'null', 'previous', 'linear', 'predict'] satisfies Tree.Fill[]

/** Sample : `SAMPLE` `BY` Interval [ `FILL` `(` ( `NONE` | `NULL` | `PREVIOUS` | `LINEAR` | `PREDICT` ) `)` ] */
function sample(c: Cursor): Tree.Sample {
  const { start } = c.advance()
  c.expect('by', 'BY and the length of a bucket after SAMPLE')
  const step = interval(c, 'a span of time after SAMPLE BY')
  const fill = c.token.keyword === 'fill' ? fillOf(c) : undefined
  return { kind: 'sample', start, end: c.lastEnd, step, fill }
}

function fillOf(c: Cursor): Tree.Fill {
  c.advance()
  const words = FILLS.map((word) => word.toUpperCase())
  c.expectSymbol('(', `"(" and one of ${words.join(', ')} after FILL`)
  const { keyword } = c.token
  if (keyword === undefined || !FILLS.includes(keyword)) throw c.unexpected(`one of ${words.join(', ')} in FILL`, words)
  c.advance()
  c.expectSymbol(')', '")" after what buckets are filled with')
  return keyword as Tree.Fill
}

/** Group : `GROUP` `BY` `entity` [ `HAVING` Expression ] */
function group(c: Cursor): Tree.Group {
  const { start } = c.advance()
  c.expect('by', 'BY after GROUP')
  if (c.token.kind !== 'word' || c.token.keyword !== 'entity')
    throw c.error(
      c.here(),
      `Expected entity after GROUP BY, the only thing that rows are grouped by; found ${c.found()}. For groups in time write SAMPLE BY.`,
    )
  c.advance()
  if (c.isSymbol(',')) throw c.error(c.token, 'GROUP BY takes entity alone. For groups in time add SAMPLE BY.')
  const having = c.accept('having') ? expression(c) : undefined
  return { kind: 'group', start, end: c.lastEnd, having }
}
