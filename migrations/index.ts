import type { Compilable, Kysely } from 'kysely'

/** A step of the schema, up only. It only builds statements: who runs them decides about the transaction. */
export interface Migration {
  up(db: Kysely<unknown>): readonly Compilable[]
}

export interface MigrationEntry {
  /** From 1, without gaps. */
  readonly number: number
  readonly name: string
  /** Loaded only where it must run: kysely takes longer to import than a database to open. */
  load(): Promise<Migration>
}

/** Every migration, by name: nothing is discovered, so a bundler sees them all. */
export const migrations: readonly MigrationEntry[] = [
  { number: 1, name: '0001-tables', load: () => import('./0001-tables.js') },
  { number: 2, name: '0002-strips', load: () => import('./0002-strips.js') },
]
