import type { CompiledQuery } from 'kysely'
import { type MigrationEntry, migrations } from '../../migrations/index.js'
import { StorageError } from '../errors.js'
import { corruption } from './care/corruption.js'
import type { SqliteDatabase } from './connection/sqlite-library.js'
import { Statement } from './connection/statement.js'
import { migrationChecksum } from './observations/checksum.js'
import { hasShape, type RowShape } from './observations/row-shape.js'

/** The schema that this version of Chronode reads and writes. */
export const SCHEMA_VERSION = migrations.length

type MigrationRow = [number: number, name: string, appliedAt: number, checksum: number]
const MIGRATION_SHAPE: RowShape = ['n', 't', 'n', 'n']

/**
 * The number of the newest migration that was applied; 0: none.
 *
 * @throws {StorageError} `STORAGE_NEWER_SCHEMA`
 */
export function schemaVersion(database: SqliteDatabase, path: string): number {
  const record = new Statement<[], number>(database, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chronode_migration'")
  if (record.get() === undefined) return 0
  const rows = new Statement<[], MigrationRow>(database, 'SELECT number, name, applied_at, checksum FROM chronode_migration ORDER BY number').all()
  for (const row of rows) {
    const [number, name, appliedAt, checksum] = row
    if (!hasShape(row, MIGRATION_SHAPE) || migrationChecksum(number, name, appliedAt) !== checksum)
      throw corruption(`The record of migrations in ${path}, row ${number}`, 'does not match its checksum')
  }
  const [version, name] = rows.at(-1) ?? [0, '']
  if (version <= SCHEMA_VERSION) return version
  throw new StorageError(
    'STORAGE_NEWER_SCHEMA',
    `${path} was brought to schema ${version} ("${name}") by a newer Chronode; this one knows ${SCHEMA_VERSION}. Update Chronode to open it.`,
  )
}

/** What reading and writing need. */
const TABLES = ['collection', 'entity', 'removed_entity', 'observation', 'segment', 'strip', 'model'].map((name) => `chronode_${name}`)

/** @throws {StorageError} `STORAGE_CORRUPT`: somebody has taken tables away. */
export function assertTables(database: SqliteDatabase, path: string): void {
  const there = new Statement<[], string>(database, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'chronode_*'").all()
  const missing = TABLES.filter((name) => !there.includes(name))
  if (missing.length === 0) return
  const message = `The database ${path} has not all tables that Chronode made: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing. Restore it from a backup.`
  throw new StorageError('STORAGE_CORRUPT', message)
}

export function migrationNeeded(path: string, version: number, remedy: string): StorageError {
  return new StorageError('STORAGE_MIGRATION_NEEDED', `${path} has schema ${version}; this Chronode needs ${SCHEMA_VERSION}. ${remedy}`)
}

/** A migration whose statements are ready to run. */
export interface CompiledMigration {
  readonly number: number
  readonly name: string
  readonly statements: readonly CompiledQuery[]
}

/** Compiles what is newer than `version`. kysely is imported here alone, and only when there is something to do. */
export async function compileMigrations(version: number, entries: readonly MigrationEntry[] = migrations): Promise<readonly CompiledMigration[]> {
  const { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } = await import('kysely')
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const pending = entries.filter(({ number }) => number > version)
  return Promise.all(
    pending.map(async ({ number, name, load }) => ({ number, name, statements: (await load()).up(db).map((statement) => statement.compile()) })),
  )
}

/** Inside one transaction: applies what another process has not applied in the meantime, and records it. */
export function applyMigrations(database: SqliteDatabase, path: string, compiled: readonly CompiledMigration[]): void {
  const version = schemaVersion(database, path)
  const columns = 'number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL, checksum INTEGER NOT NULL'
  new Statement(database, `CREATE TABLE IF NOT EXISTS chronode_migration (${columns}) STRICT`).run()
  const record = new Statement<[number, string, number, number]>(
    database,
    'INSERT INTO chronode_migration (number, name, applied_at, checksum) VALUES (?, ?, ?, ?)',
  )
  for (const { number, name, statements } of compiled) {
    if (number <= version) continue
    for (const { sql, parameters } of statements) new Statement(database, sql).run(...parameters)
    const appliedAt = Date.now()
    record.run(number, name, appliedAt, migrationChecksum(number, name, appliedAt))
  }
}
