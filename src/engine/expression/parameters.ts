import { isMap } from 'node:util/types'
import { ArgumentError, described } from '../../errors.js'
import type { Mistakes } from '../syntax/mistakes.js'
import type { Parameter, Span } from '../syntax/statement.js'

/** Values for `$1` (a list) or `:name` (an object). */
export type ParameterValues = readonly unknown[] | Readonly<Record<string, unknown>>

/** An object whose members are its own: none of a Map, a Set or a Date can be found by name. */
function isRecord(values: unknown): boolean {
  return Object.prototype.toString.call(values) === '[object Object]'
}

/** The values of one run of a statement. Each one must be there, and each one must be used. */
export class Parameters {
  private readonly used = new Set<number | string>()

  constructor(
    private readonly values: ParameterValues | undefined,
    private readonly mistakes: Mistakes,
  ) {
    if (values === undefined || Array.isArray(values) || isRecord(values)) return
    const advice = isMap(values) ? 'Pass Object.fromEntries(map).' : undefined
    throw new ArgumentError('parameters', 'a list for $1, $2, or an object for :name', described(values), advice)
  }

  get({ key, ...span }: Parameter): unknown {
    this.used.add(key)
    const value = this.read(key)
    if (value !== undefined) return value
    const written = typeof key === 'number' ? `$${key}` : `:${key}`
    throw this.mistakes.parameter(span, `Parameter ${written} has no value: ${this.shape()}. Pass one, or null where NULL is meant.`)
  }

  private read(key: number | string): unknown {
    const { values } = this
    if (values === undefined) return undefined
    if (Array.isArray(values)) return typeof key === 'number' ? values[key - 1] : undefined
    return typeof key === 'string' && Object.hasOwn(values, key) ? (values as Readonly<Record<string, unknown>>)[key] : undefined
  }

  private shape(): string {
    const { values } = this
    if (values === undefined) return 'no values were passed'
    if (Array.isArray(values)) return `a list of ${values.length} was passed`
    return `an object with ${Object.keys(values).join(', ') || 'nothing'} was passed`
  }

  /** @throws {QueryParameterError} A value that no parameter asked for is a slip, or a query that lost its condition. */
  rejectUnused(statement: Span): void {
    const { values } = this
    if (values === undefined) return
    const extra = Array.isArray(values)
      ? values.flatMap((_, i) => (this.used.has(i + 1) ? [] : [`$${i + 1}`]))
      : Object.keys(values).flatMap((name) => (this.used.has(name) ? [] : [`:${name}`]))
    if (extra.length === 0) return
    throw this.mistakes.parameter(statement, `Values were passed that the statement does not use: ${extra.join(', ')}. Leave them out, or use them.`)
  }
}
