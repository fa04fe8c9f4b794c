import { described } from '../../errors.js'
import { AGGREGATE_NAMES } from '../syntax/expression-parts.js'
import type { Binary, Call, ColumnReference, Expression, InList, PathReference } from '../syntax/statement.js'
import { arithmetic, negative } from './arithmetic.js'
import { between, comparison, inList, like, type Operand } from './comparison.js'
import { type Compiled, constant, constantOf, KIND_IN_WORDS, type Kind, type Scope, vectorOf } from './compiled.js'
import type { ValueBinder } from './value-binder.js'
import { VECTOR_FUNCTIONS, vectorFunction } from './vector-functions.js'

/** Compiles an expression to a function of a row. Comparisons with NULL, or of things that cannot be compared, are NULL. */
export function compile(node: Expression, scope: Scope, values: ValueBinder): Compiled {
  const operand = (at: Expression): Operand => ({ at, value: compile(at, scope, values) })
  switch (node.kind) {
    case 'text':
    case 'number':
    case 'boolean':
    case 'null':
    case 'parameter':
      return constantOf(values.value(node), node, values)
    case 'vector':
      return vectorOf(node.values, node, values)
    case 'interval':
      return constant('interval', values.interval(node))
    case 'now':
      return constant('time', values.now)
    case 'column-reference':
      return column(node, scope, values)
    case 'path':
      return path(node, scope, values)
    case 'call':
      return call(node, scope, values)
    case 'unary':
      if (node.operator === 'not') return not(test(node.operand, scope, values))
      return negative(node, compile(node.operand, scope, values), values)
    case 'binary':
      return binary(node, scope, values)
    case 'in':
      return negatedIf(node.negated, inOne(node, operand(node.operand), scope, values))
    case 'like':
      return negatedIf(node.negated, like(operand(node.operand), operand(node.pattern), values))
    case 'between':
      return negatedIf(node.negated, between(operand(node.operand), operand(node.low), operand(node.high), values))
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
  throw values.mistakes.type(node, `A condition is true, false or NULL; this is ${KIND_IN_WORDS[compiled.kind]}. Compare it with something.`)
}

function asBoolean(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null
}

function column(node: ColumnReference, scope: Scope, { mistakes }: ValueBinder): Compiled {
  const name = node.name.toLowerCase()
  const known = scope.column(name)
  if (known !== undefined) return known
  const refusal = scope.refusal?.(name)
  throw refusal === undefined ? mistakes.unknown(node, `no ${scope.what}`, node.name, scope.names) : mistakes.type(node, refusal)
}

function path({ root, names, ...span }: PathReference, scope: Scope, { mistakes }: ValueBinder): Compiled {
  const whole = scope.root(root)
  if (whole === undefined) {
    const others = `${root} cannot be used here: ${scope.what} is one of ${scope.names.join(', ')}.`
    throw mistakes.type(span, scope.refusal?.(root) ?? others)
  }
  return {
    kind: 'json',
    evaluate(row) {
      let value: unknown = whole.evaluate(row)
      for (const name of names) {
        if (typeof value !== 'object' || value === null || !isMember(value, name)) return null
        value = (value as Readonly<Record<string, unknown>>)[name]
      }
      return value ?? null
    },
  }
}

/** What JSON has written there, and not what JavaScript adds to a list: its length. */
function isMember(value: object, name: string): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, name)
}

function call(node: Call, scope: Scope, values: ValueBinder): Compiled {
  const name = node.name.name.toLowerCase()
  if (AGGREGATE_NAMES.includes(name)) {
    const taken = scope.aggregate(node, values)
    if ('refusal' in taken) throw values.mistakes.syntax(node, taken.refusal)
    return taken
  }
  if (!VECTOR_FUNCTIONS.includes(name))
    throw values.mistakes.unknown(node.name, 'no function', node.name.name, [...VECTOR_FUNCTIONS, ...AGGREGATE_NAMES])
  if (node.star) throw values.mistakes.syntax(node, `Only count takes *; ${name} takes vectors.`)
  return vectorFunction(
    node,
    node.arguments.map((argument) => compile(argument, scope, values)),
    scope.space,
    values,
  )
}

function binary(node: Binary, scope: Scope, values: ValueBinder): Compiled {
  const { operator, left, right } = node
  switch (operator) {
    case 'and':
    case 'or':
      return logical(operator, test(left, scope, values), test(right, scope, values))
    case '+':
    case '-':
    case '*':
    case '/':
      return arithmetic(node, compile(left, scope, values), compile(right, scope, values), values)
    default:
      return comparison(operator, { at: left, value: compile(left, scope, values) }, { at: right, value: compile(right, scope, values) }, values)
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

function not({ evaluate }: Compiled): Compiled {
  return {
    kind: 'boolean',
    evaluate(row) {
      const value = evaluate(row)
      return value === null ? null : !value
    },
  }
}

function negatedIf(negated: boolean, compiled: Compiled): Compiled {
  return negated ? not(compiled) : compiled
}

/** What can be compared with an operand as it is. */
const PLAIN: Readonly<Partial<Record<Kind, readonly string[]>>> = { text: ['string'], number: ['number'], json: ['string', 'number'] }

/** A long list in a parameter is only looked through, as long as all of it fits. */
function inOne(node: InList, operand: Operand, scope: Scope, values: ValueBinder): Compiled {
  const [only] = node.list
  const given = node.lone && only?.kind === 'parameter' ? values.value(only) : undefined
  const types = PLAIN[operand.value.kind]
  const isPlain = (value: unknown) => types!.includes(typeof value) && (typeof value !== 'number' || Number.isFinite(value))
  if (!Array.isArray(given) || types === undefined || !given.every(isPlain)) return inList(operand, members(node, scope, values), [], values)
  values.limitList(given.length, only!)
  return inList(operand, [], given, values)
}

/** What is written in the list of IN, or held by its lone parameter. */
function members(node: InList, scope: Scope, values: ValueBinder): readonly Operand[] {
  const [only] = node.list
  if (!node.lone || only?.kind !== 'parameter') {
    if (node.list.length === 1) rejectListInParentheses(only!, values)
    return node.list.map((at) => ({ at, value: compile(at, scope, values) }))
  }
  const list = values.value(only)
  if (!Array.isArray(list)) throw values.mistakes.type(only, `IN takes a list; this parameter holds ${described(list)}.`)
  values.limitList(list.length, only)
  return list.map((value: unknown) => ({ at: only, value: constantOf(value, only, values) }))
}

function rejectListInParentheses(only: Expression, values: ValueBinder): void {
  const value = only.kind === 'parameter' ? values.value(only) : undefined
  if (!Array.isArray(value)) return
  throw values.mistakes.type(only, `This parameter holds ${described(value)}. One that holds the list of IN stands without parentheses: IN $1.`)
}
