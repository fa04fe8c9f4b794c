import type { Cursor } from './cursor.js'
import { foreignValue } from './foreign-sql.js'
import { EXPRESSION_WORDS, keywordOf } from './keyword.js'
import { now, wordedInterval } from './parse-time.js'
import { durationLiteral, numberLiteral, parameter, signed, textLiteral, value } from './parse-value.js'
import { excerpt } from './query-place.js'
import type { BinaryOperator, Call, ColumnReference, Expression, PathReference, VectorLiteral } from './statement.js'

/** Of what is looked at for the number of an item. */
const INDEX_LENGTH_MAX = 40

/** Expression : Conjunction { `OR` Conjunction } */
export function expression(c: Cursor): Expression {
  const { start } = c.token
  let left = conjunction(c)
  while (c.token.keyword === 'or') {
    c.takeOperator()
    const right = conjunction(c)
    left = { kind: 'binary', start, end: c.lastEnd, operator: 'or', left, right }
  }
  return left
}

/** Conjunction : Negation { `AND` Negation } */
function conjunction(c: Cursor): Expression {
  const { start } = c.token
  let left = negation(c)
  while (c.token.keyword === 'and') {
    c.takeOperator()
    const right = negation(c)
    left = { kind: 'binary', start, end: c.lastEnd, operator: 'and', left, right }
  }
  return left
}

/** Negation : `NOT` Negation | Comparison */
function negation(c: Cursor): Expression {
  if (c.token.keyword !== 'not') return comparison(c)
  const { start } = c.advance()
  c.enter()
  const operand = negation(c)
  c.leave()
  return { kind: 'unary', start, end: c.lastEnd, operator: 'not', operand }
}

/** Comparison : Sum [ Comparator Sum | [ `NOT` ] Test | `IS` [ `NOT` ] `NULL` ]; comparisons do not chain */
function comparison(c: Cursor): Expression {
  const { start } = c.token
  const left = sum(c)
  const compared = comparisonOf(c, start, left)
  if (compared !== left && (comparator(c) !== undefined || isTest(c))) {
    throw c.error(c.token, 'Comparisons do not chain. Join two of them with AND, or put one in parentheses.')
  }
  return compared
}

function comparisonOf(c: Cursor, start: number, left: Expression): Expression {
  const operator = comparator(c)
  if (operator !== undefined) {
    c.takeOperator()
    const right = sum(c)
    return { kind: 'binary', start, end: c.lastEnd, operator, left, right }
  }
  switch (c.token.keyword) {
    case 'is':
      return nullTest(c, start, left)
    case 'not':
      c.takeOperator()
      return test(c, start, left, true)
    case 'in':
    case 'like':
      return test(c, start, left, false)
    case 'between':
      return c.betweenIsClause || isCondition(left) ? left : test(c, start, left, false)
    default:
      return left
  }
}

function comparator(c: Cursor): BinaryOperator | undefined {
  if (c.token.kind !== 'symbol') return undefined
  switch (c.token.text) {
    case '=':
    case '<>':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return c.token.text
    default:
      return undefined
  }
}

/** A `BETWEEN` is none here: behind a comparison it begins the range clause. */
function isTest(c: Cursor): boolean {
  const { keyword } = c.token
  return keyword === 'is' || keyword === 'in' || keyword === 'like' || keyword === 'not'
}

/** True or false have no order, so that a `BETWEEN` behind them is the range clause, too. */
function isCondition(node: Expression): boolean {
  switch (node.kind) {
    case 'in':
    case 'like':
    case 'between':
    case 'null-test':
      return true
    case 'unary':
      return node.operator === 'not'
    case 'binary':
      return !'+-*/'.includes(node.operator)
    default:
      return false
  }
}

/** `IS` [ `NOT` ] `NULL` */
function nullTest(c: Cursor, start: number, operand: Expression): Expression {
  c.takeOperator()
  const negated = c.accept('not')
  c.expect('null', negated ? 'NULL after IS NOT' : 'NULL or NOT NULL after IS')
  return { kind: 'null-test', start, end: c.lastEnd, operand, negated }
}

/** Test : `IN` ( Parameter | `(` Expression { `,` Expression } `)` ) | `LIKE` Sum | `BETWEEN` Sum `AND` Sum */
function test(c: Cursor, start: number, operand: Expression, negated: boolean): Expression {
  switch (c.token.keyword) {
    case 'in':
      return inList(c, start, operand, negated)
    case 'like': {
      c.takeOperator()
      const pattern = sum(c)
      return { kind: 'like', start, end: c.lastEnd, operand, pattern, negated }
    }
    case 'between': {
      c.takeOperator()
      const low = sum(c)
      c.expect('and', 'AND and the upper end after BETWEEN')
      const high = sum(c)
      return { kind: 'between', start, end: c.lastEnd, operand, low, high, negated }
    }
    default:
      throw c.unexpected('IN, LIKE or BETWEEN after NOT', ['IN', 'LIKE', 'BETWEEN'])
  }
}

function inList(c: Cursor, start: number, operand: Expression, negated: boolean): Expression {
  c.takeOperator()
  if (c.token.kind === 'index' || c.token.kind === 'label') {
    const list = [parameter(c)]
    return { kind: 'in', start, end: c.lastEnd, operand, list, lone: true, negated }
  }
  c.expectSymbol('(', `"(" and a list, or a parameter that holds one, after IN`)
  const list = enclosed(c, '"," or ")" in the list', (inner) => inner.list(expression))
  return { kind: 'in', start, end: c.lastEnd, operand, list, lone: false, negated }
}

/** What stands between parentheses, of which the first has been taken. A `BETWEEN` in there is a test. */
function enclosed<Inside>(c: Cursor, closing: string, read: (c: Cursor) => Inside): Inside {
  const { betweenIsClause } = c
  c.betweenIsClause = false
  c.enter()
  const inside = read(c)
  c.leave()
  c.betweenIsClause = betweenIsClause
  c.expectSymbol(')', closing)
  return inside
}

/** Sum : Product { ( `+` | `-` ) Product } */
function sum(c: Cursor): Expression {
  return leftToRight(c, product, '+', '-')
}

/** Product : Factor { ( `*` | `/` ) Factor } */
function product(c: Cursor): Expression {
  return leftToRight(c, factor, '*', '/')
}

function leftToRight<Operator extends '+' | '-' | '*' | '/'>(
  c: Cursor,
  operand: (c: Cursor) => Expression,
  one: Operator,
  other: Operator,
): Expression {
  const { start } = c.token
  let left = operand(c)
  while (c.isSymbol(one) || c.isSymbol(other)) {
    const operator = c.takeOperator().text as Operator
    const right = operand(c)
    left = { kind: 'binary', start, end: c.lastEnd, operator, left, right }
  }
  return left
}

/** Factor : Signed | `-` Factor | Primary */
function factor(c: Cursor): Expression {
  if (c.token.kind !== 'symbol') return primary(c)
  const { start } = c.token
  const number = signed(c)
  if (number?.kind === 'number') return number
  if (number !== undefined) return { kind: 'interval', start, end: c.lastEnd, value: number, worded: false }
  if (!c.acceptSymbol('-')) return primary(c)
  c.enter()
  const operand = factor(c)
  c.leave()
  return { kind: 'unary', start, end: c.lastEnd, operator: '-', operand }
}

/** Primary : Value | Vector | Interval | Now | `(` Expression `)` | Call | Path | Column */
function primary(c: Cursor): Expression {
  const { kind, start, end } = c.token
  switch (kind) {
    case 'text':
      return textLiteral(c.advance())
    case 'number':
      return numberLiteral(c.advance())
    case 'duration':
      return { kind: 'interval', start, end, value: durationLiteral(c.advance()), worded: false }
    case 'index':
    case 'label':
      return parameter(c)
    case 'word':
    case 'name':
      return named(c)
    default:
      if (c.acceptSymbol('(')) return enclosed(c, 'an operator or ")"', expression)
      if (c.acceptSymbol('[')) return vector(c, start)
      throw c.unexpected('a value, a column or a function')
  }
}

/** Vector : `[` Number { `,` Number } `]` */
export function vector(c: Cursor, start: number): VectorLiteral {
  const values: number[] = []
  do {
    const number = signed(c)
    if (number?.kind !== 'number') throw c.unexpected('a number of the vector')
    values.push(number.value)
  } while (c.acceptSymbol(','))
  c.expectSymbol(']', '"," or "]" in the vector')
  return { kind: 'vector', start, end: c.lastEnd, values }
}

/** A column, a path, a call, or a word with a meaning of its own. */
function named(c: Cursor): Expression {
  const { kind, start, end, text } = c.token
  const keyword = kind === 'word' ? c.token.keyword : undefined
  if (keyword !== undefined && EXPRESSION_WORDS.has(keyword)) {
    if (keyword === 'interval') return wordedInterval(c)
    if (keyword === 'true' || keyword === 'false' || keyword === 'null') return value(c, '')
    throw reserved(c)
  }
  if (keyword === 'now' && c.following().text === '(') return now(c)
  const foreign = foreignValue(c)
  if (foreign !== undefined) throw foreign
  c.advance()
  if (c.isSymbol('(')) return call(c, start, end, text)
  const root = kind === 'name' ? keywordOf(text) : keyword
  if (root === 'payload' || root === 'attributes') return path(c, start, root)
  if (c.isSymbol('.'))
    throw c.error(c.token, `A column has no parts; found "." after ${c.text.slice(start, end)}. Only payload and attributes have them.`)
  return { kind: 'column-reference', start, end, name: text } satisfies ColumnReference
}

function reserved(c: Cursor): Error {
  const following = c.following()
  if (following.kind !== 'symbol' || following.text === '(') return c.unexpected('a value, a column or a function')
  const quoted = `"${c.found()}"`
  return c.error(c.token, `Expected a value, a column or a function; found ${c.found()}. As the name of a column it is written ${quoted}.`, [quoted])
}

/** Path : ( `payload` | `attributes` ) { `.` name } */
function path(c: Cursor, start: number, root: PathReference['root']): PathReference {
  const names: string[] = []
  while (c.acceptSymbol('.')) {
    if (c.token.kind !== 'word' && c.token.kind !== 'name') throw c.unexpected(`a name after "."`)
    names.push(c.advance().text)
    c.limitDepth(names.length)
  }
  rejectIndex(c, start)
  return { kind: 'path', start, end: c.lastEnd, root, names }
}

/** `.0`, `[0]` and `['name']`, which touch a path: an item of a list is a member like others. */
const INDEX = /^(?:\.(\d+)|\[\s*(\d+)\s*\]|\[\s*'([^'"]*)'\s*\])/

function rejectIndex(c: Cursor, start: number): void {
  const { token, lastEnd, text } = c
  const index = token.start !== lastEnd ? undefined : INDEX.exec(text.slice(lastEnd, lastEnd + INDEX_LENGTH_MAX))
  if (index === undefined || index === null) return
  const [all, afterDot, inBrackets, member] = index
  const worded = `${excerpt(text.slice(start, lastEnd))}."${afterDot ?? inBrackets ?? member}"`
  const claim = member === undefined ? 'An item of a list is a member with a number for its name' : 'A member is written behind a dot'
  throw c.error({ start: lastEnd, end: lastEnd + all.length }, `${claim}: ${worded}.`, [worded])
}

/** Call : name `(` [ `*` | Expression { `,` Expression } ] `)` */
function call(c: Cursor, start: number, end: number, name: string): Call {
  c.advance()
  const identifier = { kind: 'identifier', start, end, name } as const
  const star = c.isSymbol('*') && c.following().text === ')'
  if (star) c.advance()
  if (star || c.isSymbol(')')) {
    c.expectSymbol(')', '")"')
    return { kind: 'call', start, end: c.lastEnd, name: identifier, star, arguments: [] }
  }
  const list = enclosed(c, '"," or ")" in the arguments', (inner) => inner.list(expression))
  return { kind: 'call', start, end: c.lastEnd, name: identifier, star, arguments: list }
}
