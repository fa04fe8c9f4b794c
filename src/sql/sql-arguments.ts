import { toEntityId } from '../entity.js'
import { ArgumentError, described, InvalidEntityError, InvalidTimestampError, NotFoundError } from '../errors.js'
import type { CollectionRecord, ImmediateView } from '../storage/index.js'
import { suggest } from '../suggestion.js'
import { toTimestamp } from '../timestamp.js'
import { toFloats } from './sql-vector.js'

/** Of a row of SQL: beyond these a language of its own is asked. */
const NEIGHBOURS_MAX = 1_000_000
const LATEST = /^latest$/i
const COLLECTIONS_SHOWN = 12

/** What a function was called with. SQLite never calls one with NULL: then there are no rows. What was left out is undefined. */
export class SqlArguments {
  constructor(
    private readonly functionName: string,
    private readonly names: readonly string[],
    private readonly values: readonly unknown[],
  ) {}

  collection(view: ImmediateView, name: string): CollectionRecord {
    const value = this.#value(name)
    if (typeof value !== 'string') throw this.#wrong(name, 'the name of a collection', value)
    const collection = view.collection(value)
    if (collection !== undefined) return collection
    const known = view.collections().map((other) => other.name)
    const there = known.length === 0 ? 'There is none yet.' : `There are: ${known.slice(0, COLLECTIONS_SHOWN).join(', ')}.`
    const message = `${this.functionName}: there is no collection '${value}'. ${there}`
    throw new NotFoundError('collection', value, message, { suggestions: suggest(value, known) })
  }

  entity(name: string): string {
    const value = this.#value(name)
    try {
      return toEntityId(value)
    } catch (error) {
      if (!(error instanceof InvalidEntityError)) throw error
      const advice = typeof value === 'number' ? 'Give the id as text: CAST(id AS TEXT).' : undefined
      throw this.#wrong(name, error.expected, value, advice)
    }
  }

  optionalEntity(name: string): string | undefined {
    return this.#value(name) === undefined ? undefined : this.entity(name)
  }

  /** Epoch milliseconds. */
  moment(name: string): number {
    const value = this.#value(name)
    try {
      return toTimestamp(value)
    } catch (error) {
      if (!(error instanceof InvalidTimestampError)) throw error
      const advice = `${error.message} In SQL, now is unixepoch('subsec') * 1000.`
      throw this.#wrong(name, "epoch milliseconds, ISO-8601 text or 'latest'", value, value === undefined ? undefined : advice)
    }
  }

  /** Undefined: it was left out. */
  optionalMoment(name: string): number | undefined {
    return this.#value(name) === undefined ? undefined : this.moment(name)
  }

  /** Infinity: `'latest'`. */
  momentOrLatest(name: string): number {
    const value = this.#value(name)
    return typeof value === 'string' && LATEST.test(value) ? Number.POSITIVE_INFINITY : this.moment(name)
  }

  /** Infinity: `'latest'`, or left out. */
  optionalMomentOrLatest(name: string): number {
    return this.#value(name) === undefined ? Number.POSITIVE_INFINITY : this.momentOrLatest(name)
  }

  /** [D] */
  vector(name: string, { name: collection, dimension }: CollectionRecord): Float32Array {
    const floats = toFloats(this.#value(name))
    const bytes = dimension * 4
    const expected = `a BLOB of ${bytes} bytes (${dimension} float32, little-endian) or JSON text of ${dimension} numbers`
    if ('problem' in floats) throw this.#wrong(name, expected, this.#value(name), floats.problem)
    if (floats.vector.length === dimension) return floats.vector
    const advice = `Collection "${collection}" stores vectors of ${dimension} numbers: embed it with the model that filled it.`
    throw new ArgumentError(this.#place(name), expected, `one of ${floats.vector.length} numbers`, advice)
  }

  /** From 1 on. */
  count(name: string, otherwise: number): number {
    const value = this.#value(name) ?? otherwise
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= NEIGHBOURS_MAX) return value
    throw this.#wrong(name, `a whole number from 1 to ${NEIGHBOURS_MAX}`, value)
  }

  optionalName(name: string): string | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.#wrong(name, 'the name of a method', value)
  }

  wrong(name: string, expected: string, received: string, advice: string): ArgumentError {
    return new ArgumentError(this.#place(name), expected, received, advice)
  }

  #value(name: string): unknown {
    return this.values[this.names.indexOf(name)]
  }

  #wrong(name: string, expected: string, value: unknown, advice?: string): ArgumentError {
    return new ArgumentError(this.#place(name), expected, value === undefined ? 'left out' : described(value), advice)
  }

  #place(name: string): string {
    return `${name} of ${this.functionName}`
  }
}
