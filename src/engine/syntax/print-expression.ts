import { unreachable } from '../../errors.js'
import { EXPRESSION_WORDS, type Keyword, keywordOf } from './keyword.js'
import type { BinaryOperator, Call, Expression, IntervalNode, PathReference, Time, Value, VectorLiteral } from './statement.js'

/** How tightly an expression holds together; an operand that is looser than its place needs parentheses. */
const OR = 1
const AND = 2
const NOT = 3
const COMPARISON = 4
const SUM = 5
const PRODUCT = 6
const FACTOR = 7
const PRIMARY = 8

const LEVELS: Readonly<Record<BinaryOperator, number>> = {
  or: OR,
  and: AND,
  ...{ '=': COMPARISON, '<>': COMPARISON, '<': COMPARISON, '<=': COMPARISON, '>': COMPARISON, '>=': COMPARISON },
  ...{ '+': SUM, '-': SUM, '*': PRODUCT, '/': PRODUCT },
}

const CALL_WORDS: ReadonlySet<Keyword> = new Set([...EXPRESSION_WORDS, 'now'])
const NO_WORDS: ReadonlySet<Keyword> = new Set()

/** The text of an expression, with no more parentheses than it needs. */
export function printExpression(node: Expression): string {
  return new ExpressionPrinter(false).print(node, OR)
}

/** The same where a `BETWEEN` begins the range clause, as in columns and ORDER BY: a test that is one stands in parentheses. */
export function printBesideRange(node: Expression): string {
  return new ExpressionPrinter(true).print(node, OR)
}

/** What AND joins, none of it an AND itself. */
export function printConjunction(nodes: readonly Expression[]): string {
  return nodes.map((node) => new ExpressionPrinter(false).print(node, AND)).join(' AND ')
}

class ExpressionPrinter {
  constructor(private readonly betweenIsClause: boolean) {}

  /** @param level  The loosest that may stand here without parentheses. */
  print(node: Expression, level: number): string {
    const isLoose = levelOf(node) < level || (this.betweenIsClause && node.kind === 'between' && !node.negated)
    return isLoose ? `(${printExpression(node)})` : this.bare(node)
  }

  private bare(node: Expression): string {
    switch (node.kind) {
      case 'binary': {
        const level = LEVELS[node.operator]
        const own = level === COMPARISON ? SUM : level // comparisons do not chain
        return `${this.print(node.left, own)} ${node.operator.toUpperCase()} ${this.print(node.right, own === level ? level + 1 : SUM)}`
      }
      case 'unary':
        return node.operator === 'not' ? `NOT ${this.print(node.operand, NOT)}` : `-${this.negated(node.operand)}`
      case 'in':
        return `${this.print(node.operand, SUM)}${node.negated ? ' NOT' : ''} IN ${node.lone ? node.list.map(printExpression).join('') : enclosed(node.list)}`
      case 'like':
        return `${this.print(node.operand, SUM)}${node.negated ? ' NOT' : ''} LIKE ${this.print(node.pattern, SUM)}`
      case 'between':
        return `${this.print(node.operand, SUM)}${node.negated ? ' NOT' : ''} BETWEEN ${this.print(node.low, SUM)} AND ${this.print(node.high, SUM)}`
      case 'null-test':
        return `${this.print(node.operand, SUM)} IS${node.negated ? ' NOT' : ''} NULL`
      default:
        return printPrimary(node)
    }
  }

  /** `--` would begin a comment, and `-5` is a number. */
  private negated(operand: Expression): string {
    const isSigned = operand.kind === 'number' || (operand.kind === 'interval' && operand.value.kind === 'duration')
    return this.print(operand, isSigned || operand.kind === 'unary' ? PRIMARY + 1 : FACTOR)
  }
}

function levelOf(node: Expression): number {
  switch (node.kind) {
    case 'binary':
      return LEVELS[node.operator]
    case 'unary':
      return node.operator === 'not' ? NOT : FACTOR
    case 'in':
    case 'like':
    case 'between':
    case 'null-test':
      return COMPARISON
    default:
      return PRIMARY
  }
}

type Primary = Exclude<Expression, { readonly kind: 'binary' | 'unary' | 'in' | 'like' | 'between' | 'null-test' }>

function printPrimary(node: Primary): string {
  switch (node.kind) {
    case 'vector':
      return printVector(node)
    case 'interval':
      return printInterval(node)
    case 'now':
      return 'now()'
    case 'column-reference':
      return printName(node.name, EXPRESSION_WORDS)
    case 'path':
      return printPath(node)
    case 'call':
      return printCall(node)
    default:
      return printValue(node)
  }
}

function printVector({ values }: VectorLiteral): string {
  return `[${values.join(', ')}]`
}

function printPath({ root, names }: PathReference): string {
  return [root, ...names.map((name) => printName(name, NO_WORDS))].join('.')
}

function printCall({ name, star, arguments: list }: Call): string {
  return `${printName(name.name, CALL_WORDS)}${star ? '(*)' : enclosed(list)}`
}

function enclosed(list: readonly Expression[]): string {
  return `(${list.map(printExpression).join(', ')})`
}

export function printValue(node: Value): string {
  switch (node.kind) {
    case 'text':
      return `'${node.value.replaceAll("'", "''")}'`
    case 'number':
      return String(node.value)
    case 'boolean':
      return node.value ? 'TRUE' : 'FALSE'
    case 'null':
      return 'NULL'
    case 'parameter':
      return typeof node.key === 'number' ? `$${node.key}` : `:${node.key}`
    default:
      return unreachable(node)
  }
}

export function printInterval({ value, worded }: IntervalNode): string {
  if (value.kind === 'duration') return `${value.amount}${value.unit}`
  return `${worded ? 'INTERVAL ' : ''}${printValue(value)}`
}

export function printTime({ base, shifts }: Time): string {
  const start = base.kind === 'now' ? 'now()' : base.kind === 'latest' || base.kind === 'first' ? base.kind.toUpperCase() : printValue(base)
  return start + shifts.map(({ sign, by }) => ` ${sign === 1 ? '+' : '-'} ${printInterval(by)}`).join('')
}

/** @param reserved  The keywords that need quotes at this place to be a name. */
export function printName(name: string, reserved: ReadonlySet<Keyword>): string {
  const keyword = keywordOf(name)
  const isBare = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && (keyword === undefined || !reserved.has(keyword))
  return isBare ? name : `"${name.replaceAll('"', '""')}"`
}
