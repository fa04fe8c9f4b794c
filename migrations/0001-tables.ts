import { type Compilable, type Kysely, sql } from 'kysely'

/**
 * All tables of the first schema. Every row has a checksum (src/storage/observations/checksum.ts); keys that caches or checksums may
 * remember are never used again (autoincrement).
 */
export function up(db: Kysely<unknown>): readonly Compilable[] {
  return [...collection(db), ...entity(db), ...removedEntity(db), ...observation(db), ...segment(db), ...model(db)]
}

/** STRICT: a column holds only its own type. */
const STRICT = sql`strict`

function collection(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('chronode_collection')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('name', 'text', (column) => column.notNull().unique())
      .addColumn('dimension', 'integer', (column) => column.notNull())
      .addColumn('metric', 'text', (column) => column.notNull())
      .addColumn('normalized', 'integer', (column) => column.notNull())
      .addColumn('encoding', 'text', (column) => column.notNull())
      .addColumn('observation_count', 'integer', (column) => column.notNull())
      .addColumn('entity_count', 'integer', (column) => column.notNull())
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .modifyEnd(STRICT),
  ]
}

function entity(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('chronode_entity')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('collection', 'integer', (column) => column.notNull().references('chronode_collection.key'))
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('attributes', 'text')
      .addColumn('observation_count', 'integer', (column) => column.notNull())
      .addColumn('first_timestamp', 'real')
      .addColumn('last_timestamp', 'real')
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .modifyEnd(STRICT),
    db.schema.createIndex('chronode_entity_id').on('chronode_entity').columns(['collection', 'id']).unique(),
  ]
}

/** Which entities went away, for whoever keeps something derived of them. */
function removedEntity(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('chronode_removed_entity')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('collection', 'integer', (column) => column.notNull().references('chronode_collection.key'))
      .addColumn('entity', 'integer', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('removed_at', 'real', (column) => column.notNull())
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .modifyEnd(STRICT),
    db.schema.createIndex('chronode_removed_entity_collection').on('chronode_removed_entity').columns(['collection', 'generation']),
  ]
}

/** The tail. Its rowid is no key of anything, so it may be used again: autoincrement would cost 5 % of every insert. */
function observation(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('chronode_observation')
      .addColumn('key', 'integer', (column) => column.primaryKey())
      .addColumn('entity', 'integer', (column) => column.notNull().references('chronode_entity.key'))
      .addColumn('timestamp', 'real', (column) => column.notNull())
      .addColumn('recorded_at', 'real', (column) => column.notNull())
      .addColumn('vector', 'blob', (column) => column.notNull())
      .addColumn('payload', 'text')
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .modifyEnd(STRICT),
    db.schema.createIndex('chronode_observation_time').on('chronode_observation').columns(['entity', 'timestamp']).unique(),
  ]
}

/** Older observations of one entity, packed. */
function segment(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('chronode_segment')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('entity', 'integer', (column) => column.notNull().references('chronode_entity.key'))
      .addColumn('first_timestamp', 'real', (column) => column.notNull())
      .addColumn('last_timestamp', 'real', (column) => column.notNull())
      .addColumn('observation_count', 'integer', (column) => column.notNull())
      .addColumn('encoding', 'text', (column) => column.notNull())
      .addColumn('format', 'integer', (column) => column.notNull())
      .addColumn('data', 'blob', (column) => column.notNull())
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .modifyEnd(STRICT),
    db.schema.createIndex('chronode_segment_time').on('chronode_segment').columns(['entity', 'first_timestamp']).unique(),
  ]
}

/** Trained models. Not written yet. */
function model(db: Kysely<unknown>): Compilable[] {
  return [
    db.schema
      .createTable('chronode_model')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('collection', 'integer', (column) => column.notNull().references('chronode_collection.key'))
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('format', 'text', (column) => column.notNull())
      .addColumn('sha256', 'text', (column) => column.notNull())
      .addColumn('card', 'text')
      .addColumn('weights', 'blob', (column) => column.notNull())
      .addColumn('active', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'real', (column) => column.notNull())
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .modifyEnd(STRICT),
    db.schema.createIndex('chronode_model_name').on('chronode_model').columns(['collection', 'name']).unique(),
  ]
}
