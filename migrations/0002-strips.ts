import { type Compilable, type Kysely, sql } from 'kysely'

/**
 * Room for packing: where an entity's observations lie, and the strips that new ones are appended to.
 *
 * What stands for zero in the new columns is right for every older row, and leaves its checksum as it is.
 */
export function up(db: Kysely<unknown>): readonly Compilable[] {
  const count = (table: string, column: string) =>
    db.schema.alterTable(table).addColumn(column, 'integer', (definition) => definition.notNull().defaultTo(0))
  return [
    count('chronode_collection', 'strip_count'),
    count('chronode_entity', 'packed_count'),
    count('chronode_entity', 'shadowed_count'),
    count('chronode_entity', 'settled_strip'),
    db.schema
      .createTable('chronode_strip')
      .addColumn('key', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('collection', 'integer', (column) => column.notNull().references('chronode_collection.key'))
      .addColumn('generation', 'integer', (column) => column.notNull())
      .addColumn('recorded_at', 'real', (column) => column.notNull())
      .addColumn('observation_count', 'integer', (column) => column.notNull())
      .addColumn('checksum', 'integer', (column) => column.notNull())
      .addColumn('entries', 'blob', (column) => column.notNull())
      .addColumn('data', 'blob', (column) => column.notNull())
      .modifyEnd(sql`strict`),
    db.schema.createIndex('chronode_strip_collection').on('chronode_strip').columns(['collection', 'key']).unique(),
  ]
}
