import type { EntityRecord } from '../../storage/index.js'
import { type Aggregate, aggregateOf } from '../expression/aggregates.js'
import type { Compiled, Scope, Space } from '../expression/compiled.js'
import { compile } from '../expression/expression.js'
import type { ValueBinder } from '../expression/value-binder.js'
import { printExpression } from '../syntax/print-expression.js'
import type { Call } from '../syntax/statement.js'

/** What columns, HAVING and ORDER BY look at where aggregates are taken: one row a group. */
export interface GroupRow {
  /** Undefined: the group has the rows of all entities. */
  readonly entity: EntityRecord | undefined
  /** Where the bucket begins; undefined without SAMPLE BY. */
  readonly timestamp: number | undefined
  /** One an aggregate. */
  readonly results: readonly unknown[]
}

const ENTITY: Compiled = { kind: 'text', evaluate: ({ entity }: GroupRow) => entity!.id }
const ATTRIBUTES: Compiled = { kind: 'json', evaluate: ({ entity }: GroupRow) => entity!.attributes }
const BUCKET: Compiled = { kind: 'time', evaluate: ({ timestamp }: GroupRow) => timestamp }

/** Collects the aggregates of a statement; beside them stands only what is the same for the whole group. */
export class GroupScope implements Scope {
  readonly what = 'column of SELECT'
  private readonly taken = new Map<string, { readonly index: number; readonly aggregate: Aggregate }>()

  /** @param rows  What aggregates look at. */
  constructor(
    private readonly rows: Scope,
    private readonly by: { readonly entity: boolean; readonly bucket: boolean },
  ) {}

  get names(): readonly string[] {
    return this.rows.names
  }

  get space(): Space {
    return this.rows.space
  }

  get aggregates(): readonly Aggregate[] {
    return [...this.taken.values()].map(({ aggregate }) => aggregate)
  }

  get texts(): readonly string[] {
    return [...this.taken.keys()]
  }

  column(name: string): Compiled | undefined {
    if (name === 'entity' && this.by.entity) return ENTITY
    return name === 'timestamp' && this.by.bucket ? BUCKET : undefined
  }

  root(name: 'payload' | 'attributes'): Compiled | undefined {
    return name === 'attributes' && this.by.entity ? ATTRIBUTES : undefined
  }

  refusal(name: string): string | undefined {
    if (!this.rows.names.includes(name)) return undefined
    const group = this.by.entity ? 'one row an entity' : 'one row of all observations'
    const grouped = (name === 'entity' || name === 'attributes') && !this.by.entity ? ' Add GROUP BY entity.' : ''
    const aggregates = name === 'vector' ? 'count(*) or avg(norm(vector))' : `min(${name}) or max(${name})`
    return `${name} differs within ${group}, which aggregates give.${grouped === '' ? ` Take an aggregate of it, such as ${aggregates}, or leave it out.` : grouped}`
  }

  aggregate(call: Call, values: ValueBinder): Compiled {
    const text = printExpression(call)
    const { index, aggregate } = this.taken.get(text) ?? this.take(text, call, values)
    return { kind: aggregate.kind, evaluate: ({ results }: GroupRow) => results[index] }
  }

  private take(text: string, call: Call, values: ValueBinder): { readonly index: number; readonly aggregate: Aggregate } {
    const { name } = call.name
    if (!call.star && call.arguments.length !== 1)
      throw values.mistakes.type(
        call,
        `${name} takes one value of each row; it was given ${call.arguments.length}.${name.toLowerCase() === 'count' ? ' To count rows write count(*).' : ''}`,
      )
    const operand = call.star ? undefined : compile(call.arguments[0]!, this.rows, values)
    const taken = { index: this.taken.size, aggregate: aggregateOf(call, operand, values) }
    this.taken.set(text, taken)
    return taken
  }
}
