import type { EntityRecord } from '../../storage/index.js'
import type { Call } from '../syntax/statement.js'
import { compareForOrder } from './comparison.js'
import { type Compiled, type Evaluate, finiteOrNull, KIND_IN_WORDS, type Kind } from './compiled.js'
import type { ValueBinder } from './value-binder.js'

/** One aggregate, ready to be taken any number of times. */
export interface BoundAggregate {
  /** Absent: `count(*)`, which looks at no value. */
  readonly evaluate: Evaluate | undefined
  /** What of an entity's record it is, taken of all observations of an entity; undefined: they have to be read. */
  readonly known: keyof Pick<EntityRecord, 'observationCount' | 'firstTimestamp' | 'lastTimestamp'> | undefined
  start(): Accumulator
}

/** Takes one value a row, NULL never, and gives one for all of them. */
export interface Accumulator {
  add(value: unknown): void
  result(): unknown
}

/** One aggregate of a statement, with what it yields. */
export interface Aggregate extends BoundAggregate {
  readonly kind: Kind
}

/** What each but `count` takes. */
const TAKES: Readonly<Record<string, readonly Kind[]>> = {
  min: ['number', 'time', 'text', 'boolean', 'json', 'null'],
  max: ['number', 'time', 'text', 'boolean', 'json', 'null'],
  avg: ['number', 'time', 'json', 'null'],
  sum: ['number', 'json', 'null'],
}

/** @param operand  Undefined: `*`. */
export function aggregateOf(node: Call, operand: Compiled | undefined, { mistakes }: ValueBinder): Aggregate {
  const name = node.name.name.toLowerCase()
  const known = knownOf(node)
  if (name === 'count') return { evaluate: operand?.evaluate, kind: 'number', known, start: () => new Count() }
  if (operand === undefined) throw mistakes.syntax(node, `Only count takes *; ${name} takes a value of each row.`)
  const { kind, evaluate } = operand
  if (!TAKES[name]!.includes(kind)) throw mistakes.type(node.arguments[0]!, `${name} cannot take ${KIND_IN_WORDS[kind]}. ${advice(kind)}`)
  if (name === 'avg') return { evaluate, kind: kind === 'time' ? 'time' : 'number', known, start: () => new Mean() }
  if (name === 'sum') return { evaluate, kind: 'number', known, start: () => new Sum() }
  const sign = name === 'min' ? -1 : 1
  return { evaluate, kind, known, start: () => new Extreme(sign) }
}

/** `count(*)`, `min(timestamp)` and `max(timestamp)` stand in an entity's record. */
function knownOf({ name, star, arguments: [operand] }: Call): BoundAggregate['known'] {
  const aggregate = name.name.toLowerCase()
  if (star) return aggregate === 'count' ? 'observationCount' : undefined
  const isOfTime = operand?.kind === 'column-reference' && operand.name.toLowerCase() === 'timestamp'
  if (!isOfTime || (aggregate !== 'min' && aggregate !== 'max')) return undefined
  return aggregate === 'min' ? 'firstTimestamp' : 'lastTimestamp'
}

function advice(kind: Kind): string {
  if (kind === 'vector') return 'Take it of a number of the vector, such as norm(vector).'
  return kind === 'time' ? 'Subtract another time first, which gives milliseconds.' : 'Count the rows with count(*), or take it of a number.'
}

class Count implements Accumulator {
  private count = 0

  add(): void {
    this.count += 1
  }

  result(): number {
    return this.count
  }
}

class Sum implements Accumulator {
  protected count = 0
  protected total = 0

  /** Of JSON, what is no number is not counted. */
  add(value: unknown): void {
    if (typeof value !== 'number') return
    this.count += 1
    this.total += value
  }

  result(): number | null {
    return this.count === 0 ? null : finiteOrNull(this.total)
  }
}

class Mean extends Sum {
  override result(): number | null {
    return this.count === 0 ? null : finiteOrNull(this.total / this.count)
  }
}

class Extreme implements Accumulator {
  private extreme: unknown = null

  constructor(private readonly sign: 1 | -1) {}

  /** Of JSON, what has no order is not counted; kinds are ordered as in ORDER BY. */
  add(value: unknown): void {
    if (typeof value === 'object') return
    if (this.extreme === null || compareForOrder(value, this.extreme) * this.sign > 0) this.extreme = value
  }

  result(): unknown {
    return this.extreme
  }
}
