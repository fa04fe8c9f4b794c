import type { Cursor } from './cursor.js'
import { SELECT_CLAUSES } from './keyword.js'
import { misplaced } from './misplaced-clause.js'
import { entities, limit, order, source, where } from './parse-clauses.js'
import { expression } from './parse-expression.js'
import { range, time } from './parse-time.js'
import type * as Tree from './statement.js'

const NO_ORDER: readonly Tree.OrderKey[] = []

/** Select : `SELECT` Columns { Source | Entities | AsOf | Range | Where | Order | Limit } */
export function select(c: Cursor): Tree.Select {
  const { start } = c.advance()
  c.clauses = SELECT_CLAUSES
  const selected = columns(c)
  let from: Tree.Identifier | undefined
  let who: Tree.Entities | undefined
  let moment: Tree.Time | undefined
  let window: Tree.Range | undefined
  let filter: Tree.Expression | undefined
  let keys: readonly Tree.OrderKey[] | undefined
  let rows: Tree.Limit | undefined
  while (!c.isAtEnd()) {
    switch (c.token.keyword) {
      case 'from':
        from = c.once(from, source)
        break
      case 'for':
        who = c.once(who, entities)
        break
      case 'as':
        moment = c.once(moment, asOf)
        break
      case 'between':
      case 'last':
      case 'since':
      case 'until':
        window = c.once(window, range)
        break
      case 'where':
        filter = c.once(filter, where)
        break
      case 'order':
        keys = c.once(keys, order)
        break
      case 'limit':
        rows = c.once(rows, limit)
        break
      default:
        throw misplaced(c, 'SELECT')
    }
  }
  return {
    kind: 'select',
    start,
    end: c.lastEnd,
    columns: selected,
    source: from,
    entities: who,
    asOf: moment,
    range: window,
    where: filter,
    order: keys ?? NO_ORDER,
    limit: rows,
  }
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
