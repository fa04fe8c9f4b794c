import { type PredictRecord, type PredictRequest, predictStatement, type QueryOptions, type QueryResult } from './engine/index.js'
import { toEntityId } from './entity.js'
import { ArgumentError, type BatchPlace, described } from './errors.js'
import { type JsonObject, type JsonValue, toJsonText } from './json.js'
import type { CollectionRecord, InsertResult, Metric, NewObservation, Store } from './storage/index.js'
import { type TimestampInput, toTimestamp } from './timestamp.js'
import { normalize, toVector, type VectorInput } from './vector.js'
import type { Warn } from './warning.js'

/** One observation on its way in. */
export interface ObservationInput {
  /** 1 to 512 UTF-8 bytes. */
  readonly entity: string
  readonly timestamp: TimestampInput
  /** D finite numbers; copied. */
  readonly vector: VectorInput
  /** Any JSON value. */
  readonly payload?: JsonValue
}

export interface CollectionStats {
  readonly entities: number
  readonly observations: number
}

/** @internal What a collection needs of its database. */
export interface CollectionHost {
  readonly store: Store
  readonly warn: Warn
  assertOpen(): void
  run(statement: ReturnType<typeof predictStatement>, options: QueryOptions): Promise<QueryResult<unknown>>
  track<T>(work: Promise<T>): Promise<T>
}

/** How many observations one batch may hold. */
const BATCH_MAX = 1_000_000
const YEAR_MS = 366 * 86_400_000

/** A named set of trajectories with one dimension and one metric. */
export class Collection {
  readonly #record: CollectionRecord
  readonly #host: CollectionHost

  /** @internal */
  constructor(record: CollectionRecord, host: CollectionHost) {
    this.#record = record
    this.#host = host
  }

  get name(): string {
    return this.#record.name
  }
  /** D, how many numbers a vector has. */
  get dimension(): number {
    return this.#record.dimension
  }
  get metric(): Metric {
    return this.#record.metric
  }
  get normalized(): boolean {
    return this.#record.normalized
  }

  /**
   * Writes observations: all of them, or none. One at a stored (entity, timestamp) replaces it; of two with the same key in one batch the last wins.
   *
   * @throws {InvalidVectorError | DimensionError | InvalidTimestampError | InvalidEntityError | InvalidAttributesError} naming the place in the batch.
   * @throws {StorageError} `STORAGE_BUSY` when another process holds the write lock for longer than `busy_timeout_ms`.
   */
  async insert(batch: readonly ObservationInput[]): Promise<InsertResult> {
    this.#host.assertOpen()
    return this.#host.track(this.#host.store.insert(this.#record, this.#checked(batch)))
  }

  /** `insert` in one turn: inside the app's open transaction it is part of it. It blocks while another process writes. */
  insertSync(batch: readonly ObservationInput[]): InsertResult {
    this.#host.assertOpen()
    return this.#host.store.insertNow(this.#record, this.#checked(batch))
  }

  /** Replaces the attributes of an entity, or with `merge` applies them as a JSON merge patch (RFC 7386). null clears them. @throws {NotFoundError} */
  async setAttributes(entity: string, attributes: JsonObject | null, { merge = false }: { readonly merge?: boolean } = {}): Promise<void> {
    this.#host.assertOpen()
    const text = attributes === null ? null : toJsonText(attributes, 'attributes')
    await this.#host.track(this.#host.store.setAttributes(this.#record, toEntityId(entity), text, { merge }))
  }

  /** Removes observations, both ends included; the entity and its attributes stay. @returns how many were removed. */
  async delete({ entity, from, to }: { readonly entity: string; readonly from?: TimestampInput; readonly to?: TimestampInput }): Promise<number> {
    this.#host.assertOpen()
    const range = { from: from === undefined ? undefined : toTimestamp(from), to: to === undefined ? undefined : toTimestamp(to) }
    return this.#host.track(this.#host.store.deleteRange(this.#record, toEntityId(entity), range))
  }

  /** Removes an entity with its observations and attributes. @returns false: there was none. */
  async removeEntity(entity: string): Promise<boolean> {
    this.#host.assertOpen()
    return this.#host.track(this.#host.store.removeEntity(this.#record, toEntityId(entity)))
  }

  /** `PREDICT` as an object. @throws {NotFoundError} an unknown entity, method or model. @throws {PredictionError} with `fallback: 'error'`. */
  async predict(request: PredictRequest): Promise<PredictRecord[]> {
    this.#host.assertOpen()
    if (typeof request !== 'object' || request === null) throw new ArgumentError('request', 'an object such as { entity, at }', described(request))
    const { signal, timeoutMs, maxRows } = request
    const { rows } = await this.#host.run(predictStatement(this.name, request), { signal, timeoutMs, maxRows })
    return rows as PredictRecord[]
  }

  /** How much the collection holds now. */
  async stats(): Promise<CollectionStats> {
    this.#host.assertOpen()
    const { entityCount, observationCount } = this.#host.store.collection(this.name) ?? this.#record
    return { entities: entityCount, observations: observationCount }
  }

  #checked(batch: readonly ObservationInput[]): NewObservation[] {
    if (!Array.isArray(batch)) throw new ArgumentError('batch', 'a list of observations', described(batch))
    if (batch.length > BATCH_MAX)
      throw new ArgumentError('batch', `at most ${BATCH_MAX} observations`, `${batch.length}`, 'Write it in several batches.')
    const checked = batch.map((item: unknown, index) => this.#observation(item, { collection: this.name, index }))
    if (checked.length > 0 && checked.every(({ timestamp }) => timestamp > 0 && timestamp < YEAR_MS)) this.#warnSeconds()
    return checked
  }

  #observation(item: unknown, place: BatchPlace): NewObservation {
    if (typeof item !== 'object' || item === null)
      throw new ArgumentError(`batch[${place.index}]`, 'an object with entity, timestamp and vector', described(item))
    const { entity, timestamp, vector, payload } = item as Partial<ObservationInput>
    const at = { collection: this.name, dimension: this.dimension, index: place.index }
    const checked = {
      entity: toEntityId(entity, place),
      timestamp: toTimestamp(timestamp, place),
      vector: toVector(vector, at),
      payload: payload === undefined ? undefined : toJsonText(payload, 'payload', place),
    }
    if (this.normalized) normalize(checked.vector, at)
    return checked
  }

  #warnSeconds(): void {
    const message =
      `Every timestamp of a batch for "${this.name}" lies in 1970. Timestamps are milliseconds since 1970; ` +
      'these look like seconds. Multiply them by 1000.'
    this.#host.warn({ code: 'TIMESTAMP_SUSPICIOUS', message, collection: this.name })
  }
}
