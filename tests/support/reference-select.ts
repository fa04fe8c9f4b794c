import { distance, dotProduct, norm } from '../../src/distance.js'
import type * as Tree from '../../src/engine/syntax/statement.js'

/** An observation with its entity: all that SELECT may look at. */
export interface Seen {
  readonly entity: string
  readonly attributes: unknown
  readonly timestamp: number
  readonly vector: readonly number[]
  readonly payload: unknown
}

type Value = number | string | boolean | null | readonly number[] | object
/** What the names of an expression mean. */
interface Meaning {
  name(name: string): Value
  aggregate(call: Tree.Call): Value
}

const isAggregate = ({ name }: Tree.Call): boolean => ['count', 'sum', 'avg', 'min', 'max'].includes(name.name)
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** SELECT by its definition, on rows in memory, for an l2 collection: nothing here is fast, streams, or knows of the engine. Statements are taken to be right. */
export function referenceSelect(statement: Tree.Select, all: readonly Seen[]): Record<string, Value>[] {
  const { columns, order, limit, sample, group } = statement
  const list = columns.list!
  const isGrouped = group !== undefined || [...list, ...order].some(({ expression }) => aggregatesIn(expression).length > 0)
  const entities = [...new Set(all.map(({ entity }) => entity))].sort(byBytes)
  const series = entities.map((entity) =>
    chosen(
      statement,
      all.filter((row) => row.entity === entity).sort((a, b) => a.timestamp - b.timestamp),
    ),
  )
  let meanings: Meaning[]
  if (!isGrouped) meanings = series.flatMap((of) => (sample === undefined ? of.inRange : sampled(sample, of)).map(ofRow))
  else {
    const groups =
      group !== undefined ? series.filter(({ inRange }) => inRange.length > 0) : [{ ...series[0]!, inRange: series.flatMap((of) => of.inRange) }]
    const calls = [...list, ...order, ...(group?.having ? [{ expression: group.having }] : [])].flatMap(({ expression }) => aggregatesIn(expression))
    meanings = groups.flatMap((of) => (sample === undefined ? [ofGroup(of.inRange)] : sampledGroups(sample, of, calls)))
    if (group?.having) meanings = meanings.filter((meaning) => value(group.having!, meaning) === true)
  }
  const named = (meaning: Meaning): Meaning => ({
    ...meaning,
    name: (name) => {
      const column = list.find(({ alias }) => alias?.name === name)
      return column === undefined ? meaning.name(name) : value(column.expression, meaning)
    },
  })
  const keyed = meanings.map((meaning) => ({ meaning, keys: order.map(({ expression }) => value(expression, named(meaning))) }))
  keyed.sort((a, b) => order.reduce((found, { descending }, i) => found || compareKeys(a.keys[i]!, b.keys[i]!, descending), 0))
  const start = limit?.offset === undefined ? 0 : (limit.offset as Tree.NumberLiteral).value
  const end = limit === undefined ? keyed.length : start + (limit.count as Tree.NumberLiteral).value
  return keyed
    .slice(start, end)
    .map(({ meaning }) => Object.fromEntries(list.map(({ expression, alias }) => [alias!.name, value(expression, meaning)])))
}

/** One entity's observations. */
interface Series {
  /** Those that the statement is about. */
  readonly inRange: readonly Seen[]
  /** Those that WHERE keeps, up to the range's end. */
  readonly known: readonly Seen[]
  readonly from: number | undefined
  readonly to: number | undefined
}

function chosen({ where, range, asOf }: Tree.Select, rows: readonly Seen[]): Series {
  const at = (time: Tree.Time | undefined): number | undefined => time && (time.base as Tree.NumberLiteral).value
  const [from, to] = [at(range?.between?.from ?? range?.since), at(asOf ?? range?.between?.to ?? range?.until)]
  const count = asOf !== undefined ? 1 : range?.last === undefined ? Number.POSITIVE_INFINITY : (range.last as Tree.NumberLiteral).value
  const isKept = (row: Seen): boolean => where === undefined || value(where, ofRow(row)) === true
  const until = rows.filter(({ timestamp }) => timestamp <= (to ?? Number.POSITIVE_INFINITY))
  const inRange = until
    .filter(({ timestamp }) => timestamp >= (from ?? Number.NEGATIVE_INFINITY))
    .slice(-count)
    .filter(isKept)
  return { inRange, known: Number.isFinite(count) ? inRange : until.filter(isKept), from, to }
}

function ofRow(row: Seen): Meaning {
  return {
    name: (name) => ({ unsaid: null, ...row, recorded_at: null })[name] as Value,
    aggregate: () => {
      throw new Error('no aggregate here')
    },
  }
}

function ofGroup(rows: readonly Seen[], timestamp?: number): Meaning {
  return {
    name: (name) => (name === 'timestamp' ? timestamp! : ((rows[0] as unknown as Record<string, Value>)[name] as Value)),
    aggregate: (call) => taken(call, rows),
  }
}

function taken({ name, star, arguments: list }: Tree.Call, rows: readonly Seen[]): Value {
  const values = rows.map((row) => (star ? true : value(list[0]!, ofRow(row)))).filter((one) => one !== null)
  const numbers = values.filter((one) => typeof one === 'number')
  const total = numbers.reduce((sum, one) => sum + one, 0)
  switch (name.name) {
    case 'count':
      return values.length
    case 'sum':
      return numbers.length === 0 ? null : total
    case 'avg':
      return numbers.length === 0 ? null : total / numbers.length
    default: {
      const sorted = values.filter((one) => typeof one !== 'object').sort((a, b) => compareKeys(a, b, false))
      return (name.name === 'min' ? sorted[0] : sorted.at(-1)) ?? null
    }
  }
}

/** The beginnings of the buckets that hold a stretch of time. */
function beginnings({ step }: Tree.Sample, from: number | undefined, first: number, last: number): number[] {
  const months = step.value.kind === 'text' ? Number.parseInt(step.value.value, 10) : 0
  const ms = step.value.kind === 'duration' ? step.value.amount * { ms: 1, s: 1000, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }[step.value.unit] : 0
  const origin = from ?? (ms % 6048e5 === 0 && months === 0 ? Date.UTC(1970, 0, 5) : 0)
  const start = (k: number): number => {
    if (months === 0) return origin + k * ms
    const date = new Date(origin)
    const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + k * months + 1, 0)).getUTCDate()
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + k * months, Math.min(date.getUTCDate(), lastDay)) + (origin % 864e5)
  }
  let k = 0
  while (start(k) > first) k--
  while (start(k + 1) <= first) k++
  const all: number[] = []
  for (; start(k) <= last; k++) all.push(start(k))
  return [...all, start(k)]
}

function bucketsOf(sample: Tree.Sample, { inRange, from, to }: Series): { readonly start: number; readonly rows: readonly Seen[] }[] {
  const [first, last] = [from ?? inRange[0]?.timestamp, to ?? inRange.at(-1)?.timestamp]
  if (first === undefined || last === undefined) return []
  const starts = beginnings(sample, from, first, last)
  return starts.slice(0, -1).map((start, i) => ({ start, rows: inRange.filter(({ timestamp }) => timestamp >= start && timestamp < starts[i + 1]!) }))
}

function sampled(sample: Tree.Sample, of: Series): Seen[] {
  const { fill = 'none' } = sample
  if (of.known.length === 0) return []
  return bucketsOf(sample, of).flatMap(({ start, rows }): Seen[] => {
    const last = rows.at(-1)
    if (last !== undefined) return [{ ...last, timestamp: start }]
    if (fill === 'none') return []
    const nothing = { ...of.known[0]!, timestamp: start, vector: null as never, payload: null }
    const before = of.known.findLast(({ timestamp }) => timestamp < start)
    const after = of.known.find(({ timestamp }) => timestamp > start)
    if (before === undefined || fill === 'null') return [nothing]
    if (fill === 'previous') return [{ ...before, timestamp: start }]
    if (after === undefined) return [nothing]
    const share = (start - before.timestamp) / (after.timestamp - before.timestamp)
    return [{ ...nothing, vector: before.vector.map((x, i) => Math.fround(x * (1 - share) + after.vector[i]! * share)) }]
  })
}

function sampledGroups(sample: Tree.Sample, of: Series, calls: readonly Tree.Call[]): Meaning[] {
  const { fill = 'none' } = sample
  const sorted = { ...of, inRange: [...of.inRange].sort((a, b) => a.timestamp - b.timestamp) }
  const ordered = bucketsOf(sample, sorted).map(({ start, rows }) => ({ start, rows: of.inRange.filter((row) => rows.includes(row)) }))
  const met = ordered.filter(({ rows }) => rows.length > 0)
  return ordered.flatMap(({ start, rows }): Meaning[] => {
    if (rows.length > 0) return [ofGroup(rows, start)]
    if (fill === 'none') return []
    const [before, after] = [met.findLast((bucket) => bucket.start < start), met.find((bucket) => bucket.start > start)]
    const filled = new Map(
      calls.map((call) => {
        if (call.name.name === 'count') return [call, 0]
        if (fill === 'previous' && before !== undefined) return [call, taken(call, before.rows)]
        if (fill !== 'linear' || before === undefined || after === undefined) return [call, taken(call, [])]
        const [a, b] = [taken(call, before.rows), taken(call, after.rows)]
        const share = (start - before.start) / (after.start - before.start)
        return [call, typeof a === 'number' && typeof b === 'number' ? a * (1 - share) + b * share : null]
      }),
    )
    return [
      {
        name: (name) => (name === 'timestamp' ? start : ((of.inRange[0] as unknown as Record<string, Value>)[name] as Value)),
        aggregate: (call) => filled.get(call) as Value,
      },
    ]
  })
}

function compareKeys(a: Value, b: Value, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const kinds = ['boolean', 'number', 'string', 'object']
  const order = compared(a, b) ?? kinds.indexOf(typeof a) - kinds.indexOf(typeof b)
  return descending ? -order : order
}

function compared(a: Value, b: Value): number | null {
  if (a === null || b === null || typeof a !== typeof b || typeof a === 'object') return null
  if (typeof a === 'string') return byBytes(a, b as string)
  return Number(a) - Number(b)
}

function aggregatesIn(node: Tree.Expression): Tree.Call[] {
  if (node.kind === 'call' && isAggregate(node)) return [node]
  const parts = Object.values(node).flatMap((part: unknown) => (Array.isArray(part) ? part : [part])) as unknown[]
  return parts.flatMap((part) => (typeof part === 'object' && part !== null && 'kind' in part ? aggregatesIn(part as Tree.Expression) : []))
}

function value(node: Tree.Expression, meaning: Meaning): Value {
  const of = (part: Tree.Expression): Value => value(part, meaning)
  const opposite = (answer: Value): Value => (answer === null ? null : !answer)
  const maybe = (negated: boolean, answer: Value): Value => (negated ? opposite(answer) : answer)
  switch (node.kind) {
    case 'text':
    case 'number':
    case 'boolean':
      return node.value
    case 'null':
      return null
    case 'vector':
      return node.values
    case 'column-reference':
      return meaning.name(node.name)
    case 'path':
      return node.names.reduce<Value>((at, name) => ((at as Record<string, Value> | null)?.[name] ?? null) as Value, meaning.name(node.root))
    case 'call':
      return isAggregate(node) ? meaning.aggregate(node) : ofVectors(node.name.name, node.arguments.map(of) as (readonly number[] | null)[])
    case 'unary': {
      const operand = of(node.operand)
      if (node.operator === '-') return typeof operand === 'number' ? 0 - operand : null
      return typeof operand === 'boolean' ? !operand : null
    }
    case 'null-test':
      return (of(node.operand) === null) !== node.negated
    case 'in': {
      const answers = node.list.map((item) => compared(of(node.operand), of(item)))
      return maybe(node.negated, answers.includes(0) ? true : answers.includes(null) ? null : false)
    }
    case 'like': {
      const [text, pattern] = [of(node.operand), of(node.pattern) as string]
      const expression = [...pattern].map((letter) => (letter === '%' ? '.*' : letter === '_' ? '.' : letter.replace(/\W/g, '\\$&'))).join('')
      return typeof text === 'string' ? maybe(node.negated, new RegExp(`^${expression}$`, 'su').test(text)) : null
    }
    case 'between': {
      const [low, high] = [compared(of(node.operand), of(node.low)), compared(of(node.operand), of(node.high))]
      const isOutside = (low !== null && low < 0) || (high !== null && high > 0)
      return maybe(node.negated, isOutside ? false : low === null || high === null ? null : true)
    }
    case 'binary':
      return binary(node.operator, of(node.left), of(node.right))
    default:
      throw new Error(`the reference does without ${node.kind}`)
  }
}

/** Distances have a test of their own, which knows their bits. */
function ofVectors(name: string, vectors: readonly (readonly number[] | null)[]): Value {
  if (vectors.includes(null)) return null
  const [a, b] = vectors.map((vector) => Float32Array.from(vector!))
  if (name === 'norm') return norm(a!)
  return name === 'dot' ? dotProduct(a!, b!) : distance('l2', a!, b!)
}

function binary(operator: Tree.BinaryOperator, a: Value, b: Value): Value {
  const order = compared(a, b)
  const number = (answer: number): Value => (typeof a === 'number' && typeof b === 'number' && Number.isFinite(answer) ? answer + 0 : null)
  const [x, y] = [a as number, b as number]
  const truth = (answer: Value): boolean | null => (typeof answer === 'boolean' ? answer : null)
  const known = { or: [truth(a), truth(b)].includes(true), and: [truth(a), truth(b)].includes(false) }
  switch (operator) {
    case 'or':
      return known.or ? true : [truth(a), truth(b)].includes(null) ? null : false
    case 'and':
      return known.and ? false : [truth(a), truth(b)].includes(null) ? null : true
    case '+':
      return number(x + y)
    case '-':
      return number(x - y)
    case '*':
      return number(x * y)
    case '/':
      return number(x / y)
    default:
      if (order === null) return null
      return { '=': order === 0, '<>': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator]
  }
}
