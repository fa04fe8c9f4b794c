import { InvariantError, NotFoundError } from '../errors.js'
import { type JsonValue, toJsonText } from '../json.js'
import { Catalog, ENCODING, type StoredCollection } from './catalog.js'
import { collectionChecksum, type EntityFields, entityChecksum, ObservationChecksum, ownerChecksum, removedEntityChecksum } from './checksum.js'
import { mergePatch } from './merge-patch.js'
import type { SqliteDatabase } from './sqlite-library.js'
import { NUMBER, Statement } from './statement.js'
import type { CollectionRecord, CollectionSettings, InsertResult, NewObservation, TimeRange } from './store.js'
import type { Work } from './transaction.js'

/** How many rows one statement removes: a few milliseconds. */
const ROWS_REMOVED_AT_ONCE = 1000
const ENTITIES_REMOVED_AT_ONCE = 200

type ObservationValues = [entity: number, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null, checksum: number]

/** An entity while a batch is written to it. */
type OpenEntity = { -readonly [Field in keyof EntityFields]: EntityFields[Field] }

/** Changes rows. Every method is the inside of a transaction, which somebody else begins and ends. */
export class Writer {
  readonly #catalog: Catalog
  readonly #insertCollection
  readonly #updateCollection
  readonly #deleteCollection
  readonly #insertEntity
  readonly #updateEntity
  readonly #deleteEntity
  readonly #insertObservation
  readonly #insertNewObservation
  readonly #updateObservation
  readonly #deleteObservations
  readonly #logRemovedEntity
  readonly #deleteDependents
  readonly #ends
  readonly #entityKey
  readonly #entityKeys

  constructor(database: SqliteDatabase) {
    this.#catalog = new Catalog(database)
    this.#insertCollection = new Statement<[string, number, string, number, string, number]>(
      database,
      `INSERT INTO chronode_collection (name, dimension, metric, normalized, encoding, observation_count, entity_count, generation, checksum)
       VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?)`,
    )
    this.#updateCollection = new Statement<[number, number, number, number, number]>(
      database,
      'UPDATE chronode_collection SET observation_count = ?, entity_count = ?, generation = ?, checksum = ? WHERE key = ?',
    )
    this.#deleteCollection = new Statement<[number]>(database, 'DELETE FROM chronode_collection WHERE key = ?')
    this.#insertEntity = new Statement<[number, string, number]>(
      database,
      'INSERT INTO chronode_entity (collection, id, observation_count, generation, checksum) VALUES (?, ?, 0, ?, 0)',
    )
    this.#updateEntity = new Statement<[string | null, number, number | null, number | null, number, number, number]>(
      database,
      `UPDATE chronode_entity SET attributes = ?, observation_count = ?, first_timestamp = ?, last_timestamp = ?, generation = ?, checksum = ?
       WHERE key = ?`,
    )
    this.#deleteEntity = new Statement<[number]>(database, 'DELETE FROM chronode_entity WHERE key = ?')
    const insert = 'INSERT INTO chronode_observation (entity, timestamp, recorded_at, vector, payload, checksum) VALUES (?, ?, ?, ?, ?, ?)'
    this.#insertObservation = new Statement<ObservationValues>(database, insert)
    this.#insertNewObservation = new Statement<ObservationValues>(database, `${insert} ON CONFLICT DO NOTHING`)
    this.#updateObservation = new Statement<[number, Uint8Array, string | null, number, number, number]>(
      database,
      'UPDATE chronode_observation SET recorded_at = ?, vector = ?, payload = ?, checksum = ? WHERE entity = ? AND timestamp = ?',
    )
    this.#deleteObservations = new Statement<[number, number, number]>(
      database,
      `DELETE FROM chronode_observation WHERE key IN
       (SELECT key FROM chronode_observation WHERE entity = ? AND timestamp >= ? AND timestamp <= ? LIMIT ${ROWS_REMOVED_AT_ONCE})`,
    )
    this.#logRemovedEntity = new Statement<[number, number, string, number, number, number]>(
      database,
      'INSERT INTO chronode_removed_entity (collection, entity, id, generation, removed_at, checksum) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#deleteDependents = ['chronode_removed_entity', 'chronode_model'].map(
      (table) => new Statement<[number]>(database, `DELETE FROM ${table} WHERE collection = ?`),
    )
    this.#ends = new Statement<[number, number], [number | null, number | null]>(
      database,
      `SELECT (SELECT min(timestamp) FROM chronode_observation WHERE entity = ${NUMBER}), (SELECT max(timestamp) FROM chronode_observation WHERE entity = ${NUMBER})`,
    )
    this.#entityKey = new Statement<[number, string], number>(database, 'SELECT key FROM chronode_entity WHERE collection = ? AND id = ?')
    this.#entityKeys = new Statement<[number], number>(
      database,
      `SELECT key FROM chronode_entity WHERE collection = ? LIMIT ${ENTITIES_REMOVED_AT_ONCE}`,
    )
  }

  createCollection(name: string, settings: CollectionSettings): StoredCollection {
    const { dimension, metric, normalized } = settings
    const { lastInsertRowid } = this.#insertCollection.run(name, dimension, metric, normalized ? 1 : 0, ENCODING, 0)
    const created: StoredCollection = {
      key: Number(lastInsertRowid),
      name,
      dimension,
      metric,
      normalized,
      encoding: ENCODING,
      observationCount: 0,
      entityCount: 0,
      generation: 0,
    }
    this.#saveCollection(created)
    return created
  }

  insert(record: CollectionRecord, batch: readonly NewObservation[]): InsertResult {
    const collection = this.#current(record)
    const generation = collection.generation + 1
    const recordedAt = Date.now()
    const checksum = new ObservationChecksum(collection.dimension)
    const opened = new Map<string, OpenEntity>()
    let entityCount = collection.entityCount
    let inserted = 0
    let entity: OpenEntity | undefined
    let owner = 0
    for (const item of batch) {
      if (entity?.id !== item.entity) {
        entity = opened.get(item.entity)
        if (entity === undefined) {
          entity = this.#catalog.entity(collection, item.entity)
          if (entity === undefined) {
            entity = this.#createEntity(collection, item.entity, generation)
            entityCount++
          }
          opened.set(item.entity, entity)
        }
        owner = ownerChecksum(collection.key, item.entity)
      }
      if (this.#put(entity, item, recordedAt, owner, checksum)) inserted++
    }
    for (const touched of opened.values()) this.#saveEntity({ ...touched, generation })
    this.#saveCollection({ ...collection, entityCount, observationCount: collection.observationCount + inserted, generation })
    return { inserted, replaced: batch.length - inserted }
  }

  /** @returns whether it is new. One that is newer than all of its entity cannot replace any. */
  #put(
    entity: OpenEntity,
    { timestamp: given, vector, payload: text }: NewObservation,
    recordedAt: number,
    owner: number,
    checksum: ObservationChecksum,
  ): boolean {
    if (vector.byteLength !== checksum.vectorBytes.length) throw new InvariantError(`a vector of ${vector.length} numbers reached storage`)
    const bytes = checksum.vectorBytes
    const payload = text ?? null
    const timestamp = given + 0 // SQLite keeps no -0, and the checksum would
    const sum = checksum.of(owner, timestamp, recordedAt, new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), payload)
    if (entity.lastTimestamp === null || timestamp > entity.lastTimestamp) {
      this.#insertObservation.run(entity.key, timestamp, recordedAt, bytes, payload, sum)
      entity.firstTimestamp ??= timestamp
      entity.lastTimestamp = timestamp
    } else {
      if (this.#insertNewObservation.run(entity.key, timestamp, recordedAt, bytes, payload, sum).changes === 0) {
        this.#updateObservation.run(recordedAt, bytes, payload, sum, entity.key, timestamp)
        return false
      }
      entity.firstTimestamp = Math.min(entity.firstTimestamp!, timestamp)
    }
    entity.observationCount++
    return true
  }

  setAttributes(record: CollectionRecord, id: string, attributes: string | null, { merge }: { merge: boolean }): void {
    const collection = this.#current(record)
    const entity = this.#catalog.entity(collection, id)
    if (entity === undefined) {
      const advice = 'Insert its first observation, then set its attributes.'
      throw new NotFoundError('entity', id, `Collection "${collection.name}" has no entity "${id}". ${advice}`)
    }
    const generation = collection.generation + 1
    const text = merge && attributes !== null ? merged(entity.attributes, attributes) : attributes
    this.#saveEntity({ ...entity, attributes: text, generation })
    this.#saveCollection({ ...collection, generation })
  }

  *deleteRange(record: CollectionRecord, id: string, range: TimeRange): Work<number> {
    const collection = this.#current(record)
    const entity = this.#catalog.entity(collection, id)
    if (entity === undefined) return 0
    const removed = yield* this.#removeObservations(entity.key, range)
    if (removed === 0) return 0
    const generation = collection.generation + 1
    const left = { ...entity, observationCount: entity.observationCount - removed, generation }
    const [firstTimestamp, lastTimestamp] = this.#ends.get(entity.key, entity.key)!
    this.#saveEntity({ ...left, firstTimestamp, lastTimestamp })
    this.#saveCollection({ ...collection, observationCount: collection.observationCount - removed, generation })
    return removed
  }

  /** Works on a damaged entity too: removing it is how it is mended. */
  *removeEntity(record: CollectionRecord, id: string): Work<boolean> {
    const collection = this.#current(record)
    const key = this.#entityKey.get(collection.key, id)
    if (key === undefined) return false
    const removed = yield* this.#removeObservations(key, {})
    this.#deleteEntity.run(key)
    const generation = collection.generation + 1
    const removedAt = Date.now()
    const checksum = removedEntityChecksum(collection.key, key, id, generation, removedAt)
    this.#logRemovedEntity.run(collection.key, key, id, generation, removedAt, checksum)
    this.#saveCollection({
      ...collection,
      entityCount: collection.entityCount - 1,
      observationCount: collection.observationCount - removed,
      generation,
    })
    return true
  }

  /** Works on a damaged collection too: dropping it is how it is mended. */
  *dropCollection({ key, name }: CollectionRecord): Work<void> {
    for (let keys = this.#entityKeys.all(key); keys.length > 0; keys = this.#entityKeys.all(key)) {
      for (const entityKey of keys) {
        yield* this.#removeObservations(entityKey, {})
        this.#deleteEntity.run(entityKey)
      }
      yield
    }
    for (const statement of this.#deleteDependents) statement.run(key)
    if (this.#deleteCollection.run(key).changes === 0) throw droppedBefore(name)
  }

  *#removeObservations(entityKey: number, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange): Work<number> {
    for (let removed = 0; ; ) {
      const { changes } = this.#deleteObservations.run(entityKey, from, to)
      removed += changes
      if (changes < ROWS_REMOVED_AT_ONCE) return removed
      yield
    }
  }

  /** A record may be older than the last write, and its collection gone. */
  #current(record: CollectionRecord): StoredCollection {
    const collection = this.#catalog.collectionByKey(record.key)
    if (collection !== undefined) return collection
    throw droppedBefore(record.name)
  }

  #createEntity(collection: CollectionRecord, id: string, generation: number): OpenEntity {
    const { lastInsertRowid } = this.#insertEntity.run(collection.key, id, generation)
    const nothing = { attributes: null, observationCount: 0, firstTimestamp: null, lastTimestamp: null }
    return { key: Number(lastInsertRowid), collection: collection.key, id, ...nothing, generation }
  }

  #saveEntity(entity: EntityFields): void {
    const { key, attributes, observationCount, firstTimestamp, lastTimestamp, generation } = entity
    this.#updateEntity.run(attributes, observationCount, firstTimestamp, lastTimestamp, generation, entityChecksum(entity), key)
  }

  #saveCollection(collection: StoredCollection): void {
    const { observationCount, entityCount, generation, key } = collection
    this.#updateCollection.run(observationCount, entityCount, generation, collectionChecksum(collection), key)
  }
}

function droppedBefore(name: string): NotFoundError {
  return new NotFoundError('collection', name, `Collection "${name}" was dropped. Create it again, and use what that returns.`)
}

/** @throws {InvalidAttributesError} the whole would be too long. */
function merged(attributes: string | null, patch: string): string {
  const before: JsonValue = attributes === null ? {} : JSON.parse(attributes)
  return toJsonText(mergePatch(before, JSON.parse(patch)), 'attributes')
}
