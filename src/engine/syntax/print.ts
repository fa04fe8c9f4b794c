import { unreachable } from '../../errors.js'
import { type Keyword, NEAREST_CLAUSES, PREDICT_CLAUSES, SELECT_CLAUSES } from './keyword.js'
import { printBesideRange, printExpression, printInterval, printName, printTime, printValue } from './print-expression.js'
import type * as Tree from './statement.js'

export { printExpression }

const ITEM_WORDS: ReadonlySet<Keyword> = new Set([...PREDICT_CLAUSES, ...NEAREST_CLAUSES, 'of'])
const METHOD_WORDS: ReadonlySet<Keyword> = new Set([...PREDICT_CLAUSES, ...NEAREST_CLAUSES, 'model'])
const ALIAS_WORDS: ReadonlySet<Keyword> = new Set([...SELECT_CLAUSES, 'of'])
const SOURCE_WORDS: ReadonlySet<Keyword> = new Set([...PREDICT_CLAUSES, ...SELECT_CLAUSES, ...NEAREST_CLAUSES])

/** The canonical text of a statement: `parse` reads it back as the same tree, but for the places of its nodes. */
export function print(statement: Tree.Statement): string {
  switch (statement.kind) {
    case 'explain':
      return `EXPLAIN ${statement.analyze ? 'ANALYZE ' : ''}${print(statement.query)}`
    case 'predict':
      return printPredict(statement)
    case 'select':
      return printSelect(statement)
    case 'nearest':
      return printNearest(statement)
    case 'show':
      return joined('SHOW', statement.what.toUpperCase(), printSource(statement.source))
    case 'describe':
      return joined('DESCRIBE', statement.what.toUpperCase(), printDescribed(statement.name), printSource(statement.source))
    default:
      return unreachable(statement)
  }
}

function printPredict(node: Tree.Predict): string {
  return joined(
    `PREDICT ${printItems(node.items)} AT ${printTimes(node.times)}`,
    printSource(node.source),
    printEntities(node.entities),
    printWhere(node.where),
    node.context === undefined ? '' : `CONTEXT ${printRange(node.context.bounds)}`,
    node.using === undefined ? '' : printUsing(node.using),
    printOptions(node.options),
    printOrder(node.order),
    printLimit(node.limit),
  )
}

/** BETWEEN stands before WHERE, behind an operand of which it would be a test. AT stands last: directly behind the target it would belong to that. */
function printNearest(node: Tree.Nearest): string {
  const { scope } = node
  return joined(
    `NEAREST ${printValue(node.count)} TO ${printTarget(node.target)}`,
    printSource(node.source),
    node.entities === undefined ? '' : printEntities(node.entities),
    scope === undefined || scope.kind === 'at' ? '' : printScope(scope),
    printWhere(node.where),
    node.context === undefined ? '' : `CONTEXT ${printRange(node.context.bounds)}`,
    node.using === undefined ? '' : printUsing(node.using),
    node.within === undefined ? '' : `WITHIN ${printValue(node.within)}`,
    node.perEntity === undefined ? '' : `PER ENTITY ${printValue(node.perEntity)}`,
    node.items === undefined ? '' : `RETURN ${printItems(node.items)}`,
    printOptions(node.options),
    printLimit(node.limit),
    scope?.kind === 'at' ? printScope(scope) : '',
  )
}

function printTarget(target: Tree.Target): string {
  switch (target.kind) {
    case 'target-entity':
      return joined(`ENTITY ${printValue(target.entity)}`, target.at === undefined ? '' : `AT ${printTime(target.at)}`)
    case 'predict':
      return `(${printPredict(target)})`
    default:
      return printExpression(target)
  }
}

function printScope(scope: Tree.Scope): string {
  switch (scope.kind) {
    case 'as-of':
      return `AS OF ${printTime(scope.at)}`
    case 'at':
      return joined(`AT ${printTime(scope.at)}`, scope.tolerance === undefined ? '' : `TOLERANCE ${printInterval(scope.tolerance)}`)
    case 'window':
      return `BETWEEN ${printTime(scope.from)} AND ${printTime(scope.to)}`
    case 'predicted':
      return `PREDICTED AT ${printTime(scope.at)}`
    default:
      return unreachable(scope)
  }
}

/** The range stands before WHERE: behind an operand, BETWEEN would be a test. */
function printSelect(node: Tree.Select): string {
  return joined(
    `SELECT ${printColumns(node.columns)}`,
    printSource(node.source),
    node.entities === undefined ? '' : printEntities(node.entities),
    node.asOf === undefined ? '' : `AS OF ${printTime(node.asOf)}`,
    node.range === undefined ? '' : printRange(node.range),
    node.sample === undefined ? '' : printSample(node.sample),
    printWhere(node.where),
    node.group === undefined ? '' : printGroup(node.group),
    printOrder(node.order),
    printLimit(node.limit),
  )
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ')
}

function printItems({ list }: Tree.Items): string {
  if (list === undefined) return '*'
  return list.map(({ name, alias }) => printName(name.name, ITEM_WORDS) + printAlias(alias, ITEM_WORDS)).join(', ')
}

function printColumns({ list }: Tree.Columns): string {
  if (list === undefined) return '*'
  return list.map(({ expression, alias }) => printBesideRange(expression) + printAlias(alias, ALIAS_WORDS)).join(', ')
}

function printAlias(alias: Tree.Identifier | undefined, reserved: ReadonlySet<Keyword>): string {
  return alias === undefined ? '' : ` AS ${printName(alias.name, reserved)}`
}

function printTimes(node: Tree.Times): string {
  switch (node.kind) {
    case 'times': {
      const list = node.list.map(printTime).join(', ')
      return node.parenthesised ? `(${list})` : list
    }
    case 'grid': {
      const [start, end] = node.endIncluded ? ['BETWEEN', 'AND'] : ['FROM', 'TO']
      return `${start} ${printTime(node.from)} ${end} ${printTime(node.to)} STEP ${printInterval(node.step)}`
    }
    case 'horizon':
      return `HORIZON ${printValue(node.count)} STEP ${printInterval(node.step)}`
    default:
      return unreachable(node)
  }
}

function printSource(source: Tree.Identifier | undefined): string {
  return source === undefined ? '' : `FROM ${printName(source.name, SOURCE_WORDS)}`
}

function printEntities({ quantity, values, lone }: Tree.Entities): string {
  const list = values.map(printValue).join(', ')
  switch (quantity) {
    case 'one':
      return `FOR ENTITY ${list}`
    case 'list':
      return `FOR ENTITIES ${lone ? list : `(${list})`}`
    case 'each':
      return 'FOR EACH ENTITY'
    default:
      return unreachable(quantity)
  }
}

function printRange({ between, last, since, until }: Tree.Range): string {
  if (between !== undefined) return `BETWEEN ${printTime(between.from)} AND ${printTime(between.to)}`
  return joined(
    last === undefined ? '' : `LAST ${last.kind === 'interval' ? printInterval(last) : printValue(last)}`,
    since === undefined ? '' : `SINCE ${printTime(since)}`,
    until === undefined ? '' : `UNTIL ${printTime(until)}`,
  )
}

function printSample({ step, fill }: Tree.Sample): string {
  return joined(`SAMPLE BY ${printInterval(step)}`, fill === undefined ? '' : `FILL (${fill.toUpperCase()})`)
}

function printGroup({ having }: Tree.Group): string {
  return joined('GROUP BY entity', having === undefined ? '' : `HAVING ${printExpression(having)}`)
}

function printUsing(node: Tree.Using): string {
  if (node.kind === 'using-model') return `USING MODEL ${printValue(node.model)}`
  return `USING ${node.methods.map(({ name }) => printName(name, METHOD_WORDS)).join(', ')}`
}

function printOptions(options: readonly Tree.Option[]): string {
  const list = options.map(
    ({ name, value }) => `${printName(name.name, PREDICT_CLAUSES)} = ${value.kind === 'time' ? printTime(value) : printValue(value)}`,
  )
  return list.length === 0 ? '' : `WITH (${list.join(', ')})`
}

function printWhere(where: Tree.Expression | undefined): string {
  return where === undefined ? '' : `WHERE ${printExpression(where)}`
}

function printOrder(keys: readonly Tree.OrderKey[]): string {
  const list = keys.map(({ expression, descending }) => printBesideRange(expression) + (descending ? ' DESC' : ''))
  return list.length === 0 ? '' : `ORDER BY ${list.join(', ')}`
}

function printLimit(limit: Tree.Limit | undefined): string {
  if (limit === undefined) return ''
  return joined('LIMIT', printValue(limit.count), limit.offset === undefined ? '' : `OFFSET ${printValue(limit.offset)}`)
}

function printDescribed(node: Tree.Value | Tree.Identifier): string {
  return node.kind === 'identifier' ? printName(node.name, SOURCE_WORDS) : printValue(node)
}
