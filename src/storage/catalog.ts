import type { JsonObject } from '../json.js'
import { corruption, placeInWords } from './care/corruption.js'
import type { SqliteDatabase } from './connection/sqlite-library.js'
import { NUMBER, Statement, TEXT } from './connection/statement.js'
import { type CollectionFields, collectionChecksum, type EntityFields, entityChecksum } from './observations/checksum.js'
import type { Recent } from './observations/recent.js'
import { hasShape, type RowShape } from './observations/row-shape.js'
import type { CollectionRecord, EntityRecord, Metric } from './store.js'

/** A collection's row, whole and verified. */
export interface StoredCollection extends CollectionRecord {
  readonly encoding: string
  /** Raised by every write transaction that touches the collection. */
  readonly generation: number
  /** How many strips hold its newest observations. */
  readonly stripCount: number
}

/** Where the observations of an entity lie. */
export interface Place {
  readonly key: number
  readonly id: string
  /** Observations of segments and rows together, each moment once. The others are in strips, and newer than all of these. */
  readonly settledCount: number
  readonly settledFirst: number | undefined
  readonly settledLast: number | undefined
  readonly packedCount: number
  readonly shadowedCount: number
  readonly settledStrip: number
}

export interface StoredEntity extends EntityRecord, Place {
  readonly key: number
  readonly id: string
}

/** How many rows of the tail an entity has. */
export function rowCount({ settledCount, packedCount, shadowedCount }: Pick<Place, 'settledCount' | 'packedCount' | 'shadowedCount'>): number {
  return settledCount - packedCount + shadowedCount
}

/** The only encoding so far: little-endian float32, one after another. */
export const ENCODING = 'float32'

export type CollectionRow = [
  key: number,
  name: string,
  dimension: number,
  metric: string,
  normalized: number,
  encoding: string,
  observationCount: number,
  entityCount: number,
  generation: number,
  stripCount: number,
  checksum: number,
]
export type EntityRow = [
  key: number,
  collection: number,
  id: string,
  attributes: string | null,
  observationCount: number,
  firstTimestamp: number | null,
  lastTimestamp: number | null,
  generation: number,
  packedCount: number,
  shadowedCount: number,
  settledStrip: number,
  checksum: number,
]

export const COLLECTION_COLUMNS =
  'key, name, dimension, metric, normalized, encoding, observation_count, entity_count, generation, strip_count, checksum'
export const ENTITY_COLUMNS =
  'key, collection, id, attributes, observation_count, first_timestamp, last_timestamp, generation, packed_count, shadowed_count, settled_strip, checksum'

const COLLECTION_SHAPE: RowShape = ['n', 't', 'n', 't', 'n', 't', 'n', 'n', 'n', 'n', 'n']
const ENTITY_SHAPE: RowShape = ['n', 'n', 't', 'T', 'n', 'N', 'N', 'n', 'n', 'n', 'n', 'n']

/** Reads the rows of collections and entities on one connection. Each is verified; none is remembered. */
export class Catalog {
  readonly #collectionByName
  readonly #collectionByKey
  readonly #collections
  readonly #collectionCount
  readonly #entity
  readonly #entityByKey
  readonly #entityPage

  constructor(database: SqliteDatabase) {
    const collection = `SELECT ${COLLECTION_COLUMNS} FROM chronode_collection`
    const entityOf = (key: string) => `SELECT ${ENTITY_COLUMNS} FROM chronode_entity WHERE collection = ${key}`
    this.#collectionByName = new Statement<[string], CollectionRow>(database, `${collection} WHERE name = ?`)
    this.#collectionByKey = new Statement<[number], CollectionRow>(database, `${collection} WHERE key = ?`)
    this.#collections = new Statement<[], CollectionRow>(database, `${collection} ORDER BY name`)
    this.#collectionCount = new Statement<[], number>(database, 'SELECT count(*) FROM chronode_collection NOT INDEXED')
    this.#entity = new Statement<[number, string], EntityRow>(database, `${entityOf('?')} AND id = ?`)
    this.#entityByKey = new Statement<[number], EntityRow>(database, `SELECT ${ENTITY_COLUMNS} FROM chronode_entity WHERE key = ?`)
    this.#entityPage = new Statement<[number, string, number], EntityRow>(
      database,
      `${entityOf(NUMBER)} AND id > ${TEXT} ORDER BY id LIMIT ${NUMBER}`,
    )
  }

  collection(name: string): StoredCollection | undefined {
    const row = this.#collectionByName.get(name)
    return row && toCollection(row)
  }

  collectionByKey(key: number): StoredCollection | undefined {
    const row = this.#collectionByKey.get(key)
    return row && toCollection(row)
  }

  /** By name (UTF-8 bytes): by an index, and as many as there are without it. */
  collections(): StoredCollection[] {
    const collections = this.#collections.all().map(toCollection)
    const count = this.#collectionCount.get()!
    if (collections.length === count) return collections
    throw corruption('The database', `has ${count} collections, and ${collections.length} of them were found by name`)
  }

  entity(collection: CollectionRecord, id: string): EntityFields | undefined {
    const row = this.#entity.get(collection.key, id)
    return row && toEntity(row, collection)
  }

  entityByKey(collection: CollectionRecord, key: number): EntityFields | undefined {
    const row = this.#entityByKey.get(key)
    return row && toEntity(row, collection)
  }

  /** Entities by id (UTF-8 bytes), from the one after `afterId`; '' is before all. */
  entityPage(collection: CollectionRecord, afterId: string, limit: number): EntityFields[] {
    return this.#entityPage.all(collection.key, afterId, limit).map((row) => toEntity(row, collection))
  }
}

function toCollection(row: CollectionRow): StoredCollection {
  const fields = collectionFields(row)
  if (!isIntactCollection(row)) throw corruption(`${placeInWords(fields.name)}: its own row`, 'does not match its checksum')
  return { ...fields, metric: fields.metric as Metric } // the checksum says that it is what we wrote
}

export function isIntactCollection(row: CollectionRow): boolean {
  return hasShape(row, COLLECTION_SHAPE) && collectionChecksum(collectionFields(row)) === row[10]
}

export function isIntactEntity(row: EntityRow): boolean {
  return hasShape(row, ENTITY_SHAPE) && entityChecksum(entityFields(row)) === row[11]
}

export function collectionFields(row: CollectionRow): CollectionFields {
  const [key, name, dimension, metric, normalized, encoding, observationCount, entityCount, generation, stripCount] = row
  return { key, name, dimension, metric, normalized: normalized === 1, encoding, observationCount, entityCount, generation, stripCount }
}

function toEntity(row: EntityRow, collection: CollectionRecord): EntityFields {
  const fields = entityFields(row)
  if (!isIntactEntity(row)) throw corruption(`${placeInWords(collection.name, fields.id)}: its own row`, 'does not match its checksum')
  return fields
}

export function entityFields(row: EntityRow): EntityFields {
  const [key, collection, id, attributes, observationCount, firstTimestamp, lastTimestamp, generation, packedCount, shadowedCount, settledStrip] = row
  const place = { packedCount, shadowedCount, settledStrip }
  return { key, collection, id, attributes, observationCount, firstTimestamp, lastTimestamp, generation, ...place }
}

/** @param recent  What strips hold of it beyond its row. */
export function toStoredEntity(fields: EntityFields, recent: Recent | undefined): StoredEntity {
  const { attributes } = fields
  const place = placeOf(fields)
  return {
    ...place,
    attributes: attributes === null ? null : (JSON.parse(attributes) as JsonObject),
    observationCount: place.settledCount + (recent?.count ?? 0),
    firstTimestamp: place.settledFirst ?? recent?.firstTimestamp,
    lastTimestamp: recent?.lastTimestamp ?? place.settledLast,
  }
}

export function placeOf(fields: EntityFields): Place {
  const { key, id, observationCount: settledCount, packedCount, shadowedCount, settledStrip } = fields
  const [settledFirst, settledLast] = [fields.firstTimestamp ?? undefined, fields.lastTimestamp ?? undefined]
  return { key, id, settledCount, settledFirst, settledLast, packedCount, shadowedCount, settledStrip }
}
