import type { Cursor } from './cursor.js'
import { expression } from './parse-expression.js'
import { count, parameter, value } from './parse-value.js'
import { excerpt } from './query-place.js'
import type { Count, Entities, Expression, Identifier, Limit, OrderKey, Value } from './statement.js'

const AN_ENTITY = 'the id of an entity as text, or a parameter, after ENTITY'

/** Entities : `FOR` ( `ENTITY` Value | `ENTITIES` ( Parameter | `(` Value { `,` Value } `)` ) | `EACH` `ENTITY` ) */
export function entities(c: Cursor): Entities {
  const { start } = c.advance()
  if (c.accept('entity')) {
    if (c.isSymbol('(')) throw c.error(c.token, 'ENTITY takes one id. For a list of them write ENTITIES.')
    const id = value(c, AN_ENTITY)
    if (c.isSymbol(',')) throw c.error(c.token, "ENTITY takes one id. For several write FOR ENTITIES ('a', 'b').")
    return { kind: 'entities', start, end: c.lastEnd, quantity: 'one', values: [id], lone: false }
  }
  if (c.accept('entities')) return entityList(c, start)
  if (c.accept('each')) {
    c.expect('entity', 'ENTITY after FOR EACH')
    return { kind: 'entities', start, end: c.lastEnd, quantity: 'each', values: [], lone: false }
  }
  if (c.token.kind === 'text') {
    const worded = `ENTITY ${c.found()}`
    throw c.error(c.token, `Expected ENTITY before the id; found ${c.found()}. Write FOR ${worded}.`, [worded])
  }
  throw c.unexpected('ENTITY, ENTITIES or EACH ENTITY after FOR', ['ENTITY', 'ENTITIES', 'EACH'])
}

function entityList(c: Cursor, start: number): Entities {
  const lone = c.token.kind === 'index' || c.token.kind === 'label'
  const values = lone ? [parameter(c)] : listedValues(c)
  return { kind: 'entities', start, end: c.lastEnd, quantity: 'list', values, lone }
}

function listedValues(c: Cursor): Value[] {
  c.expectSymbol('(', `"(" and the ids, or a parameter that holds a list, after ENTITIES`)
  const values = c.list((item) => value(item, 'the id of an entity as text, or a parameter'))
  c.expectSymbol(')', '"," or ")" in the list of entities')
  return values
}

/** Source : `FROM` Name */
export function source(c: Cursor): Identifier {
  c.advance()
  const name = c.name('the name of a collection after FROM')
  if (c.isSymbol(',')) throw c.error(c.token, 'A statement reads one collection. Ask a second one for the other.')
  return name
}

/** Where : `WHERE` Expression */
export function where(c: Cursor): Expression {
  c.advance()
  return expression(c)
}

/** Order : `ORDER` `BY` Key { `,` Key } */
export function order(c: Cursor): OrderKey[] {
  c.advance()
  c.expect('by', 'BY after ORDER')
  c.betweenIsClause = true
  const keys = c.list(orderKey)
  c.betweenIsClause = false
  return keys
}

/** Key : Expression [ `ASC` | `DESC` ] */
function orderKey(c: Cursor): OrderKey {
  const { start } = c.token
  const key = expression(c)
  const descending = c.accept('desc')
  if (!descending) c.accept('asc')
  return { kind: 'order-key', start, end: c.lastEnd, expression: key, descending }
}

/** MySQL's `LIMIT m, n`. */
function twoLimits(c: Cursor, first: Count): Error {
  const { kind, start, end } = c.following()
  const [skipped, rows] = [c.text.slice(first.start, first.end), kind === 'end' ? 'n' : excerpt(c.text.slice(start, end))]
  return c.error(c.token, `LIMIT takes the number of rows alone. To leave out the first ${skipped} write LIMIT ${rows} OFFSET ${skipped}.`, [
    `LIMIT ${rows} OFFSET ${skipped}`,
  ])
}

/** Limit : `LIMIT` Count [ `OFFSET` Count ] */
export function limit(c: Cursor): Limit {
  const { start } = c.advance()
  const rows = count(c, 'a whole number, zero or more, or a parameter after LIMIT')
  if (c.isSymbol(',')) throw twoLimits(c, rows)
  const offset = c.accept('offset') ? count(c, 'a whole number, zero or more, or a parameter after OFFSET') : undefined
  return { kind: 'limit', start, end: c.lastEnd, count: rows, offset }
}
