import { InvariantError, NotFoundError } from '../errors.js'
import { type JsonValue, toJsonText } from '../json.js'
import { Catalog, ENCODING, placeOf, rowCount, type StoredCollection } from './catalog.js'
import type { SqliteDatabase } from './connection/sqlite-library.js'
import { Statement } from './connection/statement.js'
import type { Work } from './connection/transaction.js'
import { mergePatch } from './merge-patch.js'
import { collectionChecksum, entityChecksum, removedEntityChecksum } from './observations/checksum.js'
import { EntityMemory } from './observations/entity-memory.js'
import { inTimeOrder, ObservationWriter } from './observations/observation-writer.js'
import { type OpenCollection, type OpenEntity, openEntity } from './observations/open-entity.js'
import type { Packing } from './observations/packing.js'
import type { Strip } from './observations/strip.js'
import { StripDirectory } from './observations/strip-directory.js'
import type { MemoryAccount } from './search/memory-account.js'
import type { WriteLog } from './search/write-log.js'
import type { CollectionRecord, CollectionSettings, InsertResult, NewObservation, Store, TimeRange } from './store.js'

const ENTITIES_REMOVED_AT_ONCE = 200

/** Of one transaction: others may write between two. */
const ENTITIES_COMPACTED_AT_ONCE = 500
const COMPACTED_AT_ONCE_BYTES = 4 * 1024 * 1024

export interface CompactedPage {
  readonly packed: number
  readonly entities: number
  readonly next: string | undefined
}

/** Changes rows. Every method is the inside of a transaction, which somebody else begins and ends. */
export class Writer {
  readonly #catalog: Catalog
  readonly #insertCollection
  readonly #updateCollection
  readonly #deleteCollection
  readonly #insertEntity
  readonly #updateEntity
  readonly #deleteEntity
  readonly #logRemovedEntity
  readonly #deleteDependents
  readonly #entityKey
  readonly #entityKeys

  readonly #observations: ObservationWriter
  readonly #strips: StripDirectory
  readonly #removedCounts
  /** Right while nobody else has written. */
  readonly #entities = new EntityMemory()
  readonly #dataVersion
  readonly #totalChanges
  #isOpen = false
  #others: number | undefined
  #changes: number | undefined
  /** Ids of entities with more than a block of unpacked observations, by collection: the next writes see to them. */
  readonly #waiting = new Map<number, Set<string>>()

  constructor(
    database: SqliteDatabase,
    memory: MemoryAccount,
    private readonly packing: Packing,
    private readonly log: WriteLog,
  ) {
    this.#catalog = new Catalog(database)
    this.#strips = new StripDirectory(database, memory)
    this.#observations = new ObservationWriter(database, this.#strips, packing, log, memory)
    this.#dataVersion = new Statement<[], number>(database, 'PRAGMA data_version') // differs when another connection has written
    this.#totalChanges = new Statement<[], number>(database, 'SELECT total_changes()')
    this.#removedCounts = new Statement<[number], [number, number, number]>(
      database,
      'SELECT packed_count, shadowed_count, settled_strip FROM chronode_entity WHERE key = ?',
    )
    this.#insertCollection = new Statement<[string, number, string, number, string, number]>(
      database,
      `INSERT INTO chronode_collection (name, dimension, metric, normalized, encoding, observation_count, entity_count, generation, checksum)
       VALUES (?, ?, ?, ?, ?, 0, 0, 0, ?)`,
    )
    this.#updateCollection = new Statement<[number, number, number, number, number, number]>(
      database,
      'UPDATE chronode_collection SET observation_count = ?, entity_count = ?, generation = ?, strip_count = ?, checksum = ? WHERE key = ?',
    )
    this.#deleteCollection = new Statement<[number]>(database, 'DELETE FROM chronode_collection WHERE key = ?')
    this.#insertEntity = new Statement<[number, string, number]>(
      database,
      'INSERT INTO chronode_entity (collection, id, observation_count, generation, checksum) VALUES (?, ?, 0, ?, 0)',
    )
    this.#updateEntity = new Statement<[string | null, number, number | null, number | null, number, number, number, number, number, number]>(
      database,
      `UPDATE chronode_entity SET attributes = ?, observation_count = ?, first_timestamp = ?, last_timestamp = ?, generation = ?,
       packed_count = ?, shadowed_count = ?, settled_strip = ?, checksum = ? WHERE key = ?`,
    )
    this.#deleteEntity = new Statement<[number]>(database, 'DELETE FROM chronode_entity WHERE key = ?')
    this.#logRemovedEntity = new Statement<[number, number, string, number, number, number]>(
      database,
      'INSERT INTO chronode_removed_entity (collection, entity, id, generation, removed_at, checksum) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#deleteDependents = ['chronode_removed_entity', 'chronode_model', 'chronode_strip'].map(
      (table) => new Statement<[number]>(database, `DELETE FROM ${table} WHERE collection = ?`),
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
      stripCount: 0,
    }
    this.#saveCollection(created)
    return created
  }

  /** First of all in every transaction. @param isOfApp  The app may roll it back. */
  begin(isOfApp: boolean): void {
    const others = this.#dataVersion.get()
    if (this.#isOpen || isOfApp || this.#totalChanges.get() !== this.#changes) this.forget()
    else if (others !== this.#others) this.#entities.forget()
    this.#others = others
    this.#isOpen = true
  }

  /** After every transaction that was committed, or is a part of the app's. One that never came here has been rolled back. */
  end(isOfApp: boolean): void {
    this.#isOpen = isOfApp
    this.#changes = this.#totalChanges.get()
  }

  /** What was written has been, or may be, rolled back. */
  forget(): void {
    this.#entities.forget()
    this.#strips.forgetAll()
    this.#observations.forget()
    this.#waiting.clear()
  }

  /** Pauses before the first one, while it looks for what strips hold, and after the last one, while it packs. */
  *insert(record: CollectionRecord, batch: readonly NewObservation[]): Work<InsertResult> {
    const before = this.#current(record)
    const collection = yield* this.#open(before, batch.length)
    const groups = new Map<OpenEntity, NewObservation[]>()
    let entityCount = before.entityCount
    let entity: OpenEntity | undefined
    let group: NewObservation[] = []
    for (const item of batch) {
      if (item.vector.byteLength !== collection.vectorBytes) throw new InvariantError(`a vector of ${item.vector.length} numbers reached storage`)
      if (entity?.id !== item.entity) {
        entity = this.#entity(before, item.entity)
        if (entity === undefined) {
          entity = this.#createEntity(before, item.entity, collection.generation)
          entityCount++
        }
        group = groups.get(entity) ?? []
        groups.set(entity, group)
      }
      group.push(item)
    }
    let inserted = 0
    for (const [owner, items] of groups) {
      inserted += this.#observations.put(collection, owner, inTimeOrder(items))
      if (owner.isChanged) this.#saveEntity(owner, collection.generation)
    }
    yield* this.#packAlongside(collection, batch.length)
    const { generation, stripCount } = collection
    this.#saveCollection({ ...before, entityCount, observationCount: before.observationCount + inserted, generation, stripCount })
    this.#entities.limit()
    return { inserted, replaced: batch.length - inserted }
  }

  /** What has become worth a block, and what strips have no more room for: so much of it that this write does not take long. Pauses in between. */
  *#packAlongside(collection: OpenCollection, batchCount: number): Work<void> {
    this.#observations.writeStrips(collection)
    const { fields, block, ripe } = collection
    const waiting = this.#waiting.get(fields.key) ?? new Set()
    this.#waiting.set(fields.key, waiting)
    for (const { id } of ripe) waiting.add(id)
    let bytesLeft = Math.max(this.packing.packedAtOnceBytes, 2 * batchCount * block.observationBytes)
    for (const id of waiting) {
      if (bytesLeft <= 0) break
      waiting.delete(id)
      const entity = this.#entity(fields, id)
      if (entity !== undefined) bytesLeft -= yield* this.#packEntity(collection, entity)
    }
    yield* this.#dropSettledStrips(collection, bytesLeft)
  }

  /** @returns the bytes that it wrote. Pauses in between. */
  *#packEntity(collection: OpenCollection, entity: OpenEntity): Work<number> {
    let bytes = this.#observations.settle(collection, entity)
    if (rowCount(placeOf(entity)) >= collection.block.full) bytes += yield* this.#observations.packer.packRows(collection, entity, false)
    if (entity.isChanged) this.#saveEntity(entity, collection.generation)
    yield
    return bytes
  }

  /**
   * The oldest strips: those of which nothing is left, and, where there are too many, what is left of them is settled. Pauses in between.
   *
   * @param isThorough  However few there are.
   */
  *#dropSettledStrips(collection: OpenCollection, bytesLeft: number, isThorough = false): Work<void> {
    const { fields, vectorBytes } = collection
    let bytes = this.#strips.strips(fields.key).reduce((sum, { count }) => sum + count * vectorBytes, 0)
    for (let oldest = this.#strips.strips(fields.key)[0]; oldest !== undefined; oldest = this.#strips.strips(fields.key)[0]) {
      while (oldest.unsettled > 0) {
        if (bytesLeft <= 0 || (bytes <= this.packing.stripsBytesMax && !isThorough)) return
        const live = this.#liveEntity(fields, oldest)
        if (live === undefined) break
        bytesLeft -= yield* this.#packEntity(collection, live)
      }
      bytes -= oldest.count * vectorBytes
      this.#observations.dropOldestStrip(collection, oldest)
    }
  }

  /** One of which this strip, the oldest, holds something that lies nowhere else. */
  #liveEntity(collection: StoredCollection, strip: Strip): OpenEntity | undefined {
    for (; strip.settledEntries < strip.count; strip.settledEntries++) {
      const key = strip.entityKeys[strip.settledEntries]!
      const entity = this.#entityByKey(collection, key)
      const recent = entity && this.#strips.recent(collection.key, key, entity.settledStrip)
      if (recent?.strips[recent.start] === strip) return entity
    }
    return undefined
  }

  /**
   * Packs all of the next entities, by id from the one after `afterId`: so many that it is a few megabytes.
   *
   * @returns how many observations went into segments, and where to go on; undefined: that was the last one.
   */
  *compact(record: CollectionRecord, afterId: string): Work<CompactedPage> {
    const before = this.#current(record)
    const collection = yield* this.#open(before, 0)
    const page = this.#catalog.entityPage(before, afterId, ENTITIES_COMPACTED_AT_ONCE)
    let [packed, entities, bytes] = [0, 0, 0]
    for (const { id } of page) {
      if (bytes > COMPACTED_AT_ONCE_BYTES) break
      const entity = this.#entity(before, id)!
      const packedBefore = entity.packedCount
      bytes += this.#observations.settle(collection, entity)
      bytes += yield* this.#observations.packer.packRows(collection, entity, true)
      packed += entity.packedCount - packedBefore
      yield* this.#observations.packer.joinSegments(collection, entity)
      if (entity.isChanged) this.#saveEntity(entity, collection.generation)
      entities++
    }
    const isLast = entities === page.length && page.length < ENTITIES_COMPACTED_AT_ONCE
    yield* this.#dropSettledStrips(collection, COMPACTED_AT_ONCE_BYTES, isLast)
    const { generation, stripCount } = collection
    if (bytes > 0 || stripCount !== before.stripCount) this.#saveCollection({ ...before, generation, stripCount })
    return { packed, entities, next: isLast ? undefined : page[entities - 1]!.id }
  }

  setAttributes(record: CollectionRecord, id: string, attributes: string | null, { merge, create }: Parameters<Store['setAttributes']>[3]): void {
    const collection = this.#current(record)
    const generation = collection.generation + 1
    const stored = this.#entity(collection, id)
    if (stored === undefined && create !== true) {
      const advice = 'Insert its first observation, then set its attributes, or set them with { create: true }.'
      throw new NotFoundError('entity', id, `Collection "${collection.name}" has no entity "${id}". ${advice}`)
    }
    const entity = stored ?? this.#createEntity(collection, id, generation)
    this.log.touch(collection.key, entity.key, Number.POSITIVE_INFINITY)
    entity.attributes = merge && attributes !== null ? merged(entity.attributes, attributes) : attributes
    this.#saveEntity(entity, generation)
    this.#saveCollection({ ...collection, entityCount: collection.entityCount + (stored === undefined ? 1 : 0), generation })
  }

  *deleteRange(record: CollectionRecord, id: string, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange): Work<number> {
    const before = this.#current(record)
    const entity = this.#entity(before, id)
    if (entity === undefined) return 0
    const collection = yield* this.#open(before, 0)
    const removed = yield* this.#observations.deleteRange(collection, entity, from, to)
    if (!entity.isChanged) return 0
    this.#saveEntity(entity, collection.generation)
    this.#saveCollection({ ...before, observationCount: before.observationCount - removed, generation: collection.generation })
    return removed
  }

  /** Works on a damaged entity too: removing it is how it is mended. */
  *removeEntity(record: CollectionRecord, id: string): Work<boolean> {
    const collection = this.#current(record)
    const key = this.#entityKey.get(collection.key, id)
    if (key === undefined) return false
    yield* this.#strips.syncing(collection)
    const [packedCount, shadowedCount, settledStrip] = this.#removedCounts.get(key)!
    const recent = this.#strips.recent(collection.key, key, settledStrip)
    const recentCount = recent?.count ?? 0
    this.#strips.recent(collection.key, key, Number.MAX_SAFE_INTEGER) // nothing of it is live any more
    const { rows, packed } = yield* this.#observations.removeAll(key)
    const removed = rows + packed - Math.min(shadowedCount, packedCount) + recentCount
    this.#deleteEntity.run(key)
    this.#entities.remove(collection.key, id, key)
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
        yield* this.#observations.removeAll(entityKey)
        this.#deleteEntity.run(entityKey)
      }
      yield
    }
    for (const statement of this.#deleteDependents) statement.run(key)
    this.#strips.forget(key)
    this.#entities.forget()
    this.#waiting.delete(key)
    if (this.#deleteCollection.run(key).changes === 0) throw droppedBefore(name)
  }

  /** A record may be older than the last write, and its collection gone. */
  #current(record: CollectionRecord): StoredCollection {
    const collection = this.#catalog.collectionByKey(record.key)
    if (collection !== undefined) return collection
    throw droppedBefore(record.name)
  }

  *#open(before: StoredCollection, batchCount: number): Work<OpenCollection> {
    yield* this.#strips.syncing(before)
    return this.#observations.open(before, batchCount)
  }

  /** As it stands in this transaction. */
  #entity(collection: StoredCollection, id: string): OpenEntity | undefined {
    const known = this.#entities.get(collection.key, id)
    if (known !== undefined) return known
    const fields = this.#catalog.entity(collection, id)
    return fields && this.#entities.add(openEntity(fields))
  }

  #entityByKey(collection: StoredCollection, key: number): OpenEntity | undefined {
    const known = this.#entities.byKey(key)
    if (known !== undefined) return known
    const fields = this.#catalog.entityByKey(collection, key)
    return fields && this.#entities.add(openEntity(fields))
  }

  #createEntity({ key: collection }: CollectionRecord, id: string, generation: number): OpenEntity {
    const { lastInsertRowid } = this.#insertEntity.run(collection, id, generation)
    const nothing = { attributes: null, observationCount: 0, firstTimestamp: null, lastTimestamp: null }
    const unpacked = { packedCount: 0, shadowedCount: 0, settledStrip: 0 }
    const entity = openEntity({ key: Number(lastInsertRowid), collection, id, ...nothing, generation, ...unpacked })
    entity.isChanged = true // its checksum is still to be written
    this.log.touch(collection, entity.key, Number.NEGATIVE_INFINITY)
    return this.#entities.add(entity)
  }

  #saveEntity(entity: OpenEntity, generation: number): void {
    entity.generation = generation
    const { key, attributes, observationCount, firstTimestamp, lastTimestamp, packedCount, shadowedCount, settledStrip } = entity
    const place = [packedCount, shadowedCount, settledStrip] as const
    this.#updateEntity.run(attributes, observationCount, firstTimestamp, lastTimestamp, generation, ...place, entityChecksum(entity), key)
    entity.isChanged = false
  }

  #saveCollection(collection: StoredCollection): void {
    const { observationCount, entityCount, generation, stripCount, key } = collection
    this.log.write(key, generation)
    this.#updateCollection.run(observationCount, entityCount, generation, stripCount, collectionChecksum(collection), key)
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
