import {
  type AsOfRequest,
  asOfStatement,
  type ConditionMembers,
  type Nearest,
  type NearestRecord,
  type NearestRequest,
  nearestStatement,
  type Predict,
  type PredictRecord,
  type PredictRequest,
  predictStatement,
  type QueryOptions,
  type QueryResult,
  type Select,
  type SelectRecord,
} from './engine/index.js'
import { toEntityId } from './entity.js'
import { ArgumentError, described, InvariantError, NotFoundError } from './errors.js'
import { type InsertManyOptions, type InsertProgress, insertStream } from './insert-stream.js'
import { type JsonObject, type JsonValue, toJsonText } from './json.js'
import { checkOptions } from './options.js'
import type { CollectionRecord, EntityRecord, InsertResult, Metric, NewObservation, Snapshot, Store, TimeRange } from './storage/index.js'
import { formatTimestamp, looksLikeSeconds, type TimestampInput, toTimestamp } from './timestamp.js'
import type { Trajectory } from './trajectory.js'
import { normalize, toVector, type VectorInput, type VectorPlace, VectorRoom } from './vector.js'
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

/** Which observations `trajectory` brings. */
export interface TrajectoryRequest {
  readonly entity: string
  readonly from?: TimestampInput
  readonly to?: TimestampInput
  /** The newest ones of the range, at most this many. */
  readonly last?: number
}

/** An entity as it stands. */
export interface EntityDescription {
  readonly entity: string
  readonly attributes: JsonObject | null
  readonly observations: number
  /** Epoch milliseconds; null while it has no observations. */
  readonly firstTimestamp: number | null
  readonly lastTimestamp: number | null
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
  /** Runs the statement that a typed request stands for. */
  run(statement: Predict | Select | Nearest, request: ConditionMembers & QueryOptions): Promise<QueryResult<unknown>>
  track<T>(work: Promise<T>): Promise<T>
}

/** How many observations one batch may hold. */
const BATCH_MAX = 1_000_000

/** A named set of trajectories with one dimension and one metric. */
export class Collection {
  readonly #record: CollectionRecord
  readonly #host: CollectionHost
  /** Where the last batch was copied to, for the next one; a garbage collection may take it. */
  #spareRoom: WeakRef<VectorRoom> | undefined

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
    return this.#insert(batch)
  }

  /**
   * Writes a stream batch by batch; each batch is atomic, and the source is never read faster than it is written.
   *
   * @throws as `insert`, with the position in the stream; the batches before it are written.
   */
  async insertMany(source: AsyncIterable<ObservationInput> | Iterable<ObservationInput>, options: InsertManyOptions = {}): Promise<InsertProgress> {
    this.#host.assertOpen()
    checkOptions('options', options, ['batchSize', 'onProgress', 'signal'])
    return insertStream(source, options, (batch, offset) => {
      this.#host.assertOpen()
      return this.#insert(batch, offset, true)
    })
  }

  async #insert(batch: readonly ObservationInput[], offset = 0, isStream = false): Promise<InsertResult> {
    const room = this.#takeRoom()
    const checked = this.#checked(batch, room, offset, isStream)
    try {
      return await this.#host.track(this.#host.store.insert(this.#record, checked))
    } finally {
      this.#giveBack(room)
    }
  }

  /** `insert` in one turn: inside the app's open transaction it is part of it. It blocks while another process writes. */
  insertSync(batch: readonly ObservationInput[]): InsertResult {
    this.#host.assertOpen()
    const room = this.#takeRoom()
    const checked = this.#checked(batch, room)
    try {
      return this.#host.store.insertNow(this.#record, checked)
    } finally {
      this.#giveBack(room)
    }
  }

  /**
   * Replaces the attributes of an entity, or with `merge` applies them as a JSON merge patch (RFC 7386). null clears them.
   *
   * @param options  `create`: an entity that is not there is made, without observations.
   * @throws {NotFoundError}
   */
  async setAttributes(
    entity: string,
    attributes: JsonObject | null,
    options: { readonly merge?: boolean; readonly create?: boolean } = {},
  ): Promise<void> {
    this.#host.assertOpen()
    checkOptions('options', options, ['merge', 'create'])
    const { merge = false, create = false } = options
    const text = attributes === null ? null : toJsonText(attributes, 'attributes')
    await this.#host.track(this.#host.store.setAttributes(this.#record, toEntityId(entity), text, { merge, create }))
  }

  /** Removes observations, both ends included; the entity and its attributes stay. @returns how many were removed. */
  async delete(request: { readonly entity: string; readonly from?: TimestampInput; readonly to?: TimestampInput }): Promise<number> {
    this.#host.assertOpen()
    checkOptions('request', request, ['entity', 'from', 'to'])
    return this.#host.track(this.#host.store.deleteRange(this.#record, toEntityId(request.entity), toRange(request)))
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
    this.#current()
    const { rows } = await this.#host.run(predictStatement(this.name, request), request)
    return rows as PredictRecord[]
  }

  /**
   * `NEAREST` as an object: the nearest neighbours of a vector, an entity or a prediction, the nearest first.
   *
   * @example await words.nearest({ k: 10, to: { entity: 'climate' }, asOf: '1960-12-31' })
   * @throws {NotFoundError} an unknown entity, method or model, or an entity without a vector then.
   */
  async nearest(request: NearestRequest): Promise<NearestRecord[]> {
    this.#host.assertOpen()
    if (typeof request !== 'object' || request === null) throw new ArgumentError('request', 'an object such as { k, to }', described(request))
    this.#current()
    const { rows } = await this.#host.run(nearestStatement(this.#record, request), request)
    return rows as NearestRecord[]
  }

  /** The last observation of each entity at or before a moment, or with `'latest'` of all, by entity id. */
  async asOf(at: TimestampInput | 'latest', request: AsOfRequest = {}): Promise<SelectRecord[]> {
    this.#host.assertOpen()
    this.#current()
    const { rows } = await this.#host.run(asOfStatement(this.name, at, request), request)
    return rows as SelectRecord[]
  }

  /** The entities by id (UTF-8 bytes), one after another, as they are at one moment. */
  async *entities(): AsyncGenerator<EntityDescription> {
    for await (const page of this.#read((snapshot, record) => snapshot.scanEntities(record))) {
      for (const entity of page) yield describedEntity(entity)
    }
  }

  /** @returns the attributes of an entity; null when it has none. @throws {NotFoundError} */
  async attributes(entity: string): Promise<JsonObject | null> {
    this.#host.assertOpen()
    return this.#host.track(this.#attributes(toEntityId(entity)))
  }

  async #attributes(id: string): Promise<JsonObject | null> {
    const reading = this.#read(async function* (snapshot, collection) {
      yield await snapshot.findEntities(collection, [id])
    })
    for await (const [found] of reading) if (found !== undefined) return found.attributes
    throw noEntity(id, this.name)
  }

  /**
   * The observations of one entity, both ends of the range included.
   *
   * @returns timestamps [T] and vectors [T, D] in time order; T = 0 when there are none in the range.
   * @throws {NotFoundError}
   */
  async trajectory(request: TrajectoryRequest): Promise<Trajectory> {
    this.#host.assertOpen()
    checkOptions('request', request, ['entity', 'from', 'to', 'last'])
    return this.#host.track(this.#trajectory(request))
  }

  async #trajectory(request: TrajectoryRequest): Promise<Trajectory> {
    const { entity, last } = request
    if (last !== undefined && !(Number.isInteger(last) && last > 0)) throw new ArgumentError('last', 'a whole number above 0', described(last))
    const { from: since, to: until } = toRange(request)
    const id = toEntityId(entity)
    const reading = this.#read(async function* (snapshot, collection) {
      const [found] = await snapshot.findEntities(collection, [id])
      if (found === undefined) throw noEntity(id, collection.name)
      yield* await snapshot.readContexts(collection, [{ entity: found, limit: last ?? Number.POSITIVE_INFINITY, since, until }])
    })
    for await (const trajectory of reading) return trajectory
    throw new InvariantError('a context was asked for, and none was read')
  }

  /** How much the collection holds now. */
  async stats(): Promise<CollectionStats> {
    this.#host.assertOpen()
    return this.#host.track(this.#stats())
  }

  async #stats(): Promise<CollectionStats> {
    const { entityCount, observationCount } = this.#current()
    return { entities: entityCount, observations: observationCount }
  }

  /** This collection as it is now. @throws {NotFoundError} it was dropped, be there another one of its name or not. */
  #current(): CollectionRecord {
    const record = this.#host.store.collection(this.name)
    if (record === undefined || record.key !== this.#record.key) throw dropped(this.name)
    return record
  }

  /** Reads within one snapshot, which ends with the reading. */
  async *#read<T>(reading: (snapshot: Snapshot, record: CollectionRecord) => AsyncIterable<T>): AsyncGenerator<T> {
    this.#host.assertOpen()
    const snapshot = await this.#host.store.snapshot()
    try {
      const record = await snapshot.collection(this.name)
      if (record === undefined || record.key !== this.#record.key) throw dropped(this.name)
      yield* reading(snapshot, record)
    } finally {
      snapshot.release()
    }
  }

  #checked(batch: readonly ObservationInput[], room: VectorRoom, offset = 0, isStream = false): NewObservation[] {
    if (!Array.isArray(batch)) throw new ArgumentError('batch', 'a list of observations', described(batch))
    if (batch.length > BATCH_MAX)
      throw new ArgumentError('batch', `at most ${BATCH_MAX} observations`, `${batch.length}`, 'Write it in several batches.')
    return this.#checkedItems(batch, room, { collection: this.name, dimension: this.dimension, index: offset, isStream })
  }

  /** @param place  Of the first item, then of each in turn: errors take from it what they say. */
  #checkedItems(batch: readonly unknown[], room: VectorRoom, place: VectorPlace & { index: number }): NewObservation[] {
    const checked: NewObservation[] = []
    let last: string | undefined // of a trajectory only the first id is looked at
    for (const item of batch) {
      if (typeof item !== 'object' || item === null)
        throw new ArgumentError(`batch[${place.index}]`, 'an object with entity, timestamp and vector', described(item))
      const { entity, timestamp, vector, payload, attributes } = item as Partial<ObservationInput> & { readonly attributes?: unknown }
      if (attributes !== undefined) throw misplacedAttributes(place.index, attributes)
      if (entity === undefined || entity !== last) last = toEntityId(entity, place)
      const observation = {
        entity: last,
        timestamp: toTimestamp(timestamp, place),
        vector: toVector(vector, place, room),
        payload: payload === undefined ? undefined : toJsonText(payload, 'payload', place),
      }
      if (this.normalized) normalize(observation.vector, place)
      checked.push(observation)
      place.index++
    }
    if (looksLikeSeconds(timestampsOf(checked))) this.#warnSeconds()
    return checked
  }

  #takeRoom(): VectorRoom {
    const room = this.#spareRoom?.deref() ?? new VectorRoom(this.dimension)
    this.#spareRoom = undefined
    return room
  }

  #giveBack(room: VectorRoom): void {
    room.clear()
    this.#spareRoom = new WeakRef(room)
  }

  #warnSeconds(): void {
    const message =
      `Every timestamp of a batch for "${this.name}" lies in 1970. Timestamps are milliseconds since 1970; ` +
      'these look like seconds. Multiply them by 1000.'
    this.#host.warn({ code: 'TIMESTAMP_SUSPICIOUS', message, collection: this.name })
  }
}

function* timestampsOf(batch: readonly NewObservation[]): Generator<number> {
  for (const { timestamp } of batch) yield timestamp
}

/** @throws {ArgumentError} it ends before it begins. */
function toRange({ from, to }: { readonly from?: TimestampInput; readonly to?: TimestampInput }): TimeRange {
  const range = { from: from === undefined ? undefined : toTimestamp(from), to: to === undefined ? undefined : toTimestamp(to) }
  if (range.from !== undefined && range.to !== undefined && range.from > range.to)
    throw new ArgumentError('to', `${formatTimestamp(range.from)}, which is from, or later`, formatTimestamp(range.to), 'Swap them.')
  return range
}

/** They would be lost without a word. */
function misplacedAttributes(index: number, attributes: unknown): ArgumentError {
  const advice =
    'Attributes belong to the entity: setAttributes(entity, attributes, { create: true }). What belongs to this observation alone goes into payload.'
  return new ArgumentError(`batch[${index}].attributes`, 'left out', described(attributes), advice)
}

function dropped(name: string): NotFoundError {
  return new NotFoundError(
    'collection',
    name,
    `Collection "${name}" was dropped. Ask db.collection() for the one that is there now, or make it anew.`,
  )
}

function noEntity(id: string, collection: string): NotFoundError {
  return new NotFoundError('entity', id, `There is no entity ${described(id)} in collection "${collection}".`)
}

function describedEntity({ id, attributes, observationCount, firstTimestamp, lastTimestamp }: EntityRecord): EntityDescription {
  return { entity: id, attributes, observations: observationCount, firstTimestamp: firstTimestamp ?? null, lastTimestamp: lastTimestamp ?? null }
}
