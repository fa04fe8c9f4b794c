import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { type Collection, type ConfigInput, type Database, type OpenOptions, openDatabase } from '../../src/index.js'
import { temporaryFile } from '../storage/support.js'

export { rejection, temporaryFile } from '../storage/support.js'

export type App = Sqlite.Database

/** An app's own database: a table of its own, WAL unless said otherwise. */
export function openApp(options: { path?: string; journal?: string } = {}): App {
  const { path = temporaryFile('app.db'), journal = 'wal' } = options
  const app = new Sqlite(path)
  onTestFinished(() => {
    app.close()
  })
  if (!app.memory) app.pragma(`journal_mode = ${journal}`)
  app.exec('CREATE TABLE IF NOT EXISTS product (name TEXT)')
  return app
}

/** Attached for the test. Without a configuration: all defaults. */
export async function attach(app: App, config: ConfigInput = {}, options: OpenOptions = {}): Promise<Database> {
  const db = await openDatabase(config, { logger: { warn: () => undefined }, ...options, connection: app })
  onTestFinished(() => db.close())
  return db
}

/** With the collection `words` of dimension 2. */
export async function attachWithWords(app: App, config: ConfigInput = {}): Promise<{ db: Database; words: Collection }> {
  const db = await attach(app, config)
  return { db, words: await db.createCollection('words', { dimension: 2 }) }
}

export function point(entity: string, timestamp: number): { entity: string; timestamp: number; vector: number[] } {
  return { entity, timestamp, vector: [timestamp, 1] }
}

/** What the query language finds, as `entity timestamp`. */
export async function stored(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ entity: string; timestamp: number }>('SELECT entity, timestamp')
  return rows.map(({ entity, timestamp }) => `${entity} ${timestamp}`)
}

export function products(app: App): unknown[] {
  return app.prepare('SELECT name FROM product').pluck().all()
}
