import type Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'

/** The app's own migrations: Chronode's tables come beside them and leave them alone. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-products': {
    async up(db) {
      await db.schema
        .createTable('product')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('stock', 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    },
  },
  '0002-customers': {
    async up(db) {
      await db.schema
        .createTable('customer')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .execute()
    },
  },
}

/** Brings the app's own tables up to date. kysely's destroy() would close the connection, so it is not called. */
export async function migrate(connection: Database.Database): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: connection }) })
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } }).migrateToLatest()
  if (error !== undefined) throw error
}
