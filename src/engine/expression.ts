import { described } from '../errors.js'
import { addIntervals, type Interval } from '../interval.js'
import { compareText } from '../text-order.js'
import { parseTimestamp } from '../timestamp.js'
import type { ValueBinder } from './bind-values.js'
import type { Evaluate } from './bound.js'
import { matchesLike } from './like.js'
import type { Binary, Expression, InList } from './statement.js'

/** What an expression may yield. A time is a number of kind 'time'; `json` is known only row by row. */
export type Kind = 'text' | 'number' | 'boolean' | 'time' | 'interval' | 'vector' | 'json' | 'null'

export interface Compiled {
  readonly kind: Kind
  readonly evaluate: Evaluate
  /** Set when it is the same for every row. */
  readonly constant?: { readonly value: unknown }
}

/** The columns that expressions of one clause may name. */
export interface Scope {
  readonly names: readonly string[]
  /** In words, for messages: `a column of PREDICT`. */
  readonly what: string
  /** @param name  In lower case. */
  column(name: string): Compiled | undefined
  /** `payload` or `attributes`, whole. */
  root(name: 'payload' | 'attributes'): Compiled | undefined
}

/** Compiles an expression to a function of a row. Comparisons with NULL, or of things that cannot be compared, are NULL. */
export function compile(node: Expression, scope: Scope, values: ValueBinder): Compiled {
  switch (node.kind) {
    case 'text':
    case 'number':
    case 'boolean':
    case 'null':
    case 'parameter':
      return constantOf(values.value(node), () => values.mistakes.type(node, `${described(values.value(node))} cannot stand in an expression.`))
    case 'vector':
      return constant('vector', Float32Array.from(node.values))
    case 'interval':
      return constant('interval', values.interval(node))
    case 'now':
      return constant('time', values.now)
    case 'column-reference': {
      const column = scope.column(node.name.toLowerCase())
      if (column === undefined) throw values.mistakes.unknown(node, `no ${scope.what}`, node.name, scope.names)
      return column
    }
    case 'path':
      return path(node, scope, values)
    case 'call':
      return call(node, scope, values)
    case 'unary':
      return node.operator === 'not' ? not(test(node.operand, scope, values)) : negative(node, scope, values)
    case 'binary':
      return binary(node, scope, values)
    case 'in':
      return inList(node, scope, values)
    case 'like':
      return like(node, scope, values)
    case 'between':
      return between(node, scope, values)
    case 'null-test': {
      const { evaluate } = compile(node.operand, scope, values)
      return { kind: 'boolean', evaluate: (row) => (evaluate(row) === null) !== node.negated }
    }
  }
}

/** Compiles what WHERE takes: something that is true, false or NULL. */
export function test(node: Expression, scope: Scope, values: ValueBinder): Compiled {
  const compiled = compile(node, scope, values)
  if (compiled.kind === 'boolean' || compiled.kind === 'null') return compiled
  if (compiled.kind === 'json') return { kind: 'boolean', evaluate: (row) => asBoolean(compiled.evaluate(row)) }
  throw values.mistakes.type(node, `A condition is true, false or NULL; this is a ${compiled.kind}. Compare it with something.`)
}

function asBoolean(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}

function constant(kind: Kind, value: unknown): Compiled {
  return { kind, evaluate: () => value, constant: { value } }
}

function constantOf(value: unknown, mistake: () => Error): Compiled {
  if (value === null) return constant('null', null)
  if (value instanceof Date) return constant('time', value.getTime())
  if (value instanceof Float32Array) return constant('vector', value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return constant('vector', Float32Array.from(value))
  if (typeof value === 'string') return constant('text', value)
  if (typeof value === 'number' && Number.isFinite(value)) return constant('number', value)
  if (typeof value === 'boolean') return constant('boolean', value)
  throw mistake()
}

function path({ root, names, ...span }: Extract<Expression, { kind: 'path' }>, scope: Scope, values: ValueBinder): Compiled {
  const whole = scope.root(root)
  if (whole === undefined) throw values.mistakes.type(span, `${root} cannot be used here: ${scope.what} is one of ${scope.names.join(', ')}.`)
  return {
    kind: 'json',
    evaluate(row) {
      let value: unknown = whole.evaluate(row)
      for (const name of names) {
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
        value = (value as Readonly<Record<string, unknown>>)[name]
      }
      return value ?? null
    },
  }
}

const FUNCTIONS: Readonly<Record<string, (vector: Float32Array) => number>> = {
  dimension: (vector) => vector.length,
  norm: (vector) => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)),
}

/** Known words of the language, for a later version. */
const AGGREGATES = new Set(['count', 'min', 'max', 'avg', 'distance', 'dot', 'cosine'])

function call(node: Extract<Expression, { kind: 'call' }>, scope: Scope, values: ValueBinder): Compiled {
  const name = node.name.name.toLowerCase()
  if (AGGREGATES.has(name))
    throw values.mistakes.syntax(
      node.name,
      `${node.name.name} is not in this version of Chronode, which has ${Object.keys(FUNCTIONS).join(' and ')}.`,
    )
  if (!Object.hasOwn(FUNCTIONS, name)) throw values.mistakes.unknown(node.name, 'no function', node.name.name, Object.keys(FUNCTIONS))
  const apply = FUNCTIONS[name]!
  if (node.arguments.length !== 1) throw values.mistakes.type(node, `${name} takes one vector; it was given ${node.arguments.length} arguments.`)
  const operand = compile(node.arguments[0]!, scope, values)
  if (operand.kind !== 'vector') throw values.mistakes.type(node.arguments[0]!, `${name} takes a vector; this is a ${operand.kind}.`)
  return { kind: 'number', evaluate: (row) => apply(operand.evaluate(row) as Float32Array) }
}

function not({ evaluate }: Compiled): Compiled {
  return {
    kind: 'boolean',
    evaluate(row) {
      const value = evaluate(row)
      return value === null ? null : !value
    },
  }
}

function negative(node: Extract<Expression, { kind: 'unary' }>, scope: Scope, values: ValueBinder): Compiled {
  const operand = numeric(node.operand, scope, values)
  return { kind: 'number', evaluate: (row) => map(operand.evaluate(row), (value) => -value) }
}

function map(value: unknown, apply: (value: number) => number): number | null {
  return typeof value === 'number' ? apply(value) : null
}

function numeric(node: Expression, scope: Scope, values: ValueBinder): Compiled {
  const compiled = compile(node, scope, values)
  if (compiled.kind === 'number' || compiled.kind === 'json' || compiled.kind === 'null') return compiled
  throw values.mistakes.type(node, `A number is needed here; this is a ${compiled.kind}.`)
}

function binary(node: Binary, scope: Scope, values: ValueBinder): Compiled {
  switch (node.operator) {
    case 'and':
    case 'or':
      return logical(node.operator, test(node.left, scope, values), test(node.right, scope, values))
    case '+':
    case '-':
    case '*':
    case '/':
      return arithmetic(node, compile(node.left, scope, values), compile(node.right, scope, values), values)
    default:
      return comparison(node, scope, values)
  }
}

/** Three-valued: what is decided by one side alone needs nothing of the other. */
function logical(operator: 'and' | 'or', left: Compiled, right: Compiled): Compiled {
  const decisive = operator === 'or'
  return {
    kind: 'boolean',
    evaluate(row) {
      const a = left.evaluate(row)
      if (a === decisive) return decisive
      const b = right.evaluate(row)
      if (b === decisive) return decisive
      return a === null || b === null ? null : !decisive
    },
  }
}

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}

function arithmetic(node: Binary, left: Compiled, right: Compiled, values: ValueBinder): Compiled {
  const { operator } = node
  if (right.kind === 'interval' && (left.kind === 'time' || left.kind === 'json') && (operator === '+' || operator === '-')) {
    const interval = right.constant!.value as Interval
    const sign = operator === '+' ? 1 : -1
    return { kind: 'time', evaluate: (row) => finite(map(left.evaluate(row), (at) => addIntervals(at, interval, sign))) }
  }
  if (left.kind === 'time' && right.kind === 'time' && operator !== '-')
    throw values.mistakes.type(node, `Two times can be subtracted, not combined with ${operator}.`)
  for (const side of [left, right]) {
    if (side.kind === 'number' || side.kind === 'time' || side.kind === 'json' || side.kind === 'null') continue
    throw values.mistakes.type(side === left ? node.left : node.right, `${operator} needs numbers here; this is a ${side.kind}.`)
  }
  const apply = ARITHMETIC[operator]!
  const kind = left.kind === 'time' && right.kind !== 'time' ? 'time' : 'number'
  return {
    kind,
    evaluate(row) {
      const a = left.evaluate(row)
      const b = right.evaluate(row)
      return typeof a === 'number' && typeof b === 'number' ? finite(apply(a, b)) : null
    },
  }
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function comparison(node: Binary, scope: Scope, values: ValueBinder): Compiled {
  const [left, right] = comparable(node.left, node.right, scope, values)
  const holds = COMPARISONS[node.operator]!
  return {
    kind: 'boolean',
    evaluate(row) {
      const order = compareValues(left.evaluate(row), right.evaluate(row))
      return order === null ? null : holds(order)
    },
  }
}

/** Both sides of a comparison; text beside a time becomes one, an interval beside a number its milliseconds. */
function comparable(leftNode: Expression, rightNode: Expression, scope: Scope, values: ValueBinder): readonly [Compiled, Compiled] {
  const left = compile(leftNode, scope, values)
  const right = compile(rightNode, scope, values)
  const pair = [adapted(left, right, leftNode, values), adapted(right, left, rightNode, values)] as const
  const kinds = pair.map(({ kind }) => (kind === 'time' ? 'number' : kind)).filter((kind) => kind !== 'json' && kind !== 'null')
  if (kinds.length === 2 && kinds[0] !== kinds[1]) {
    throw values.mistakes.type({ start: leftNode.start, end: rightNode.end }, `A ${left.kind} and a ${right.kind} cannot be compared.`)
  }
  if (kinds.includes('vector')) throw values.mistakes.type(leftNode, 'Vectors cannot be compared with each other.')
  return pair
}

function adapted(side: Compiled, other: Compiled, node: Expression, values: ValueBinder): Compiled {
  if (side.kind === 'text' && other.kind === 'time') {
    if (side.constant === undefined) return { kind: 'time', evaluate: (row) => asTime(side.evaluate(row)) }
    return constant('time', values.moment(side.constant.value, node))
  }
  if (side.kind === 'json' && other.kind === 'time') return { kind: 'time', evaluate: (row) => asTime(side.evaluate(row)) }
  if (side.kind === 'interval' && (side.constant!.value as Interval).months === 0) return constant('number', (side.constant!.value as Interval).ms)
  return side
}

function asTime(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return null
  const parsed = parseTimestamp(value)
  return typeof parsed === 'number' ? parsed : null
}

/** @returns null when either is NULL or they are of different kinds: neither equal nor different. */
export function compareValues(a: unknown, b: unknown): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  return null
}

function inList(node: InList, scope: Scope, values: ValueBinder): Compiled {
  const operand = compile(node.operand, scope, values)
  const pairs = members(node, scope, values).map(
    ({ member, at }) => [adapted(operand, member, node.operand, values), adapted(member, operand, at, values)] as const,
  )
  return negatedIf(node.negated, (row) => {
    let unknown = false
    for (const [left, right] of pairs) {
      const order = compareValues(left.evaluate(row), right.evaluate(row))
      if (order === 0) return true
      if (order === null) unknown = true
    }
    return unknown ? null : false
  })
}

/** What is written in the list, or held by its lone parameter. */
function members(node: InList, scope: Scope, values: ValueBinder): { readonly member: Compiled; readonly at: Expression }[] {
  if (node.lone) return loneList(node, values).map((member) => ({ member, at: node.list[0]! }))
  return node.list.map((at) => ({ member: compile(at, scope, values), at }))
}

function loneList(node: InList, values: ValueBinder): Compiled[] {
  const [only] = node.list
  const list = only?.kind === 'parameter' ? values.value(only) : undefined
  if (!Array.isArray(list)) throw values.mistakes.type(only ?? node, `IN takes a list; this parameter holds ${described(list)}.`)
  return list.map((value: unknown) => constantOf(value, () => values.mistakes.type(node, `${described(value)} cannot be in a list of IN.`)))
}

function like(node: Extract<Expression, { kind: 'like' }>, scope: Scope, values: ValueBinder): Compiled {
  const operand = compile(node.operand, scope, values)
  const pattern = compile(node.pattern, scope, values)
  for (const [side, at] of [
    [operand, node.operand],
    [pattern, node.pattern],
  ] as const) {
    if (side.kind !== 'text' && side.kind !== 'json' && side.kind !== 'null')
      throw values.mistakes.type(at, `LIKE compares text; this is a ${side.kind}.`)
  }
  return negatedIf(node.negated, (row) => {
    const text = operand.evaluate(row)
    const wanted = pattern.evaluate(row)
    return typeof text === 'string' && typeof wanted === 'string' ? matchesLike(text, wanted) : null
  })
}

function between(node: Extract<Expression, { kind: 'between' }>, scope: Scope, values: ValueBinder): Compiled {
  const [overLow, low] = comparable(node.operand, node.low, scope, values)
  const [underHigh, high] = comparable(node.operand, node.high, scope, values)
  return negatedIf(node.negated, (row) => {
    const above = compareValues(overLow.evaluate(row), low.evaluate(row))
    const below = compareValues(underHigh.evaluate(row), high.evaluate(row))
    if ((above !== null && above < 0) || (below !== null && below > 0)) return false
    return above === null || below === null ? null : true
  })
}

function negatedIf(negated: boolean, evaluate: (row: never) => boolean | null): Compiled {
  return negated ? not({ kind: 'boolean', evaluate }) : { kind: 'boolean', evaluate }
}
