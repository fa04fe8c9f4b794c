import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { ConfigError, openDatabase } from '../../src/index.js'
import { type App, attach, attachWithWords, openApp, point, rejection, stored, temporaryFile } from './support.js'

const SETTINGS = [
  'application_id',
  'auto_vacuum',
  'busy_timeout',
  'cache_size',
  'encoding',
  'foreign_keys',
  'journal_mode',
  'journal_size_limit',
  'locking_mode',
  'page_size',
  'recursive_triggers',
  'synchronous',
  'temp_store',
  'user_version',
  'wal_autocheckpoint',
] as const

function settings(app: App): Record<string, unknown> {
  return Object.fromEntries(SETTINGS.map((name) => [name, app.pragma(name, { simple: true })]))
}

describe('the app keeps its own', () => {
  test.each([
    ['the settings of a new connection', []],
    [
      'unusual settings',
      ['user_version = 7', 'application_id = 99', 'foreign_keys = OFF', 'synchronous = EXTRA', 'busy_timeout = 1234', 'cache_size = 77'],
    ],
  ])('%s', async (_, pragmas) => {
    const app = openApp()
    for (const pragma of pragmas) app.pragma(pragma)
    const before = settings(app)

    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1), point('a', 2), point('b', 1)])
    words.insertSync([point('c', 1)])
    app.transaction(() => words.insertSync([point('d', 1)]))()
    await words.setAttributes('a', { kind: 'letter' })
    await words.delete({ entity: 'a', to: 1 })
    await words.removeEntity('b')
    expect(await stored(db)).toEqual(['a 2', 'c 1', 'd 1'])
    expect(await db.verify()).toMatchObject({ ok: true, problems: [] })
    await db.dropCollection('words')
    await db.close()

    expect(settings(app)).toEqual(before)
    expect(app.open).toBe(true)
    app.exec("INSERT INTO product VALUES ('still mine')")
  })

  test('tables: ours stand next to them, all named chronode_', async () => {
    const app = openApp()
    await attachWithWords(app)
    const names = app
      .prepare("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' AND name NOT LIKE 'chronode\\_%' ESCAPE '\\'")
      .pluck()
      .all()
    expect(names).toEqual(['product'])
  })

  test('damages and broken references, which are not reported as ours', async () => {
    const app = openApp()
    app.pragma('foreign_keys = OFF')
    app.exec('CREATE TABLE part (product REFERENCES missing(id)); INSERT INTO part VALUES (1)')
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    expect(await db.verify()).toMatchObject({ ok: true, problems: [] })
  })

  test('what we wrote is there for the next one to attach, and by path too', async () => {
    const path = temporaryFile()
    const app = openApp({ path })
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    await db.close()

    expect(await stored(await attach(app))).toEqual(['a 1'])
    const byPath = await openDatabase({ storage: { path } })
    expect(await stored(byPath)).toEqual(['a 1'])
    await byPath.close()
  })
})

describe('is refused', () => {
  test('a node:sqlite database, with the reason', async () => {
    const other = new DatabaseSync(':memory:')
    // @ts-expect-error: it has no such shape
    const error = await rejection(openDatabase({}, { connection: other }))
    other.close()
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'connection' })
    expect(error.message).toBe(
      '"connection" should be an open Database of better-sqlite3; it is a DatabaseSync of node:sqlite. ' +
        "Node's own SQLite and better-sqlite3 are two copies of the library, and two copies on one file destroy each other's locks. " +
        'Open the database with better-sqlite3 (new Database(path)), here and everywhere else in this process.',
    )
  })

  test.each([
    ['a path', 'app.db', /it is 'app.db'/],
    ['null', null, /it is null/],
    ['an object', {}, /an object without the string name/],
    [
      'one that cannot copy itself',
      { name: '', open: true, inTransaction: false, memory: true, readonly: false, prepare() {} },
      /without the function/,
    ],
  ])('%s', async (_, connection, words) => {
    const error = await rejection(openDatabase({}, { connection: connection as never }))
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'connection' })
    expect(error.message).toMatch(words)
  })

  test('a closed one', async () => {
    const app = openApp()
    app.close()
    expect(await rejection(attach(app))).toMatchObject({ code: 'DATABASE_CLOSED' })
  })

  test('a path beside the connection, as a mistake of the configuration', async () => {
    const path = temporaryFile()
    const error = await rejection(attach(openApp(), { storage: { path } }))
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain('no path, because the app gives its own connection')
    expect(existsSync(path)).toBe(false)
  })

  test('a database whose text is UTF-16, because ids are ordered by their bytes', async () => {
    const app = new Sqlite(temporaryFile())
    app.pragma("encoding = 'UTF-16le'")
    app.exec('CREATE TABLE product (name TEXT)')
    const error = await rejection(attach(app))
    app.close()
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', received: 'one with UTF-16le' })
  })

  test('attaching inside an open transaction, while there are no tables of ours', async () => {
    const app = openApp()
    app.exec("BEGIN; INSERT INTO product VALUES ('x')")
    const error = await rejection(attach(app))
    expect(error).toMatchObject({ code: 'STORAGE_MIGRATION_NEEDED' })
    expect(error.message).toContain('Attach when no transaction is open')
    expect(app.inTransaction).toBe(true)
    app.exec('COMMIT')
    await attach(app)
    app.exec('BEGIN')
    expect((await attach(app)).collections()).toEqual([])
  })
})

describe("migrate = 'manual'", () => {
  test('makes nothing until migrate(), which waits for the end of a transaction and then does all in one', async () => {
    const app = openApp()
    const db = await attach(app, { storage: { migrate: 'manual' } })
    expect(app.prepare("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'chronode%'").pluck().get()).toBe(0)
    expect(await rejection(db.createCollection('words', { dimension: 2 }))).toMatchObject({ code: 'STORAGE_MIGRATION_NEEDED' })

    app.exec('BEGIN')
    const migrating = db.migrate()
    app.exec("INSERT INTO product VALUES ('mine')")
    await new Promise((resolve) => setTimeout(resolve, 30))
    app.exec('ROLLBACK')
    await migrating

    expect(app.prepare('SELECT count(*) FROM product').pluck().get()).toBe(0)
    expect((await db.createCollection('words', { dimension: 2 })).name).toBe('words')
    await db.migrate()
  })
})

describe('closing', () => {
  test('twice is fine, and the connection stays open', async () => {
    const app = openApp()
    const { db, words } = await attachWithWords(app)
    await db.close()
    await db.close()
    expect(app.open).toBe(true)
    expect(await rejection(words.insert([point('a', 1)]))).toMatchObject({ code: 'DATABASE_CLOSED' })
  })

  test('by the app first: every call says DATABASE_CLOSED, and close() still works', async () => {
    const app = openApp()
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    await stored(db)
    app.close()

    const calls: (() => unknown)[] = [
      () => db.query('SELECT entity'),
      () => db.prepare('SELECT entity').all(),
      () => db.prepare('SELECT entity').iterate().next(),
      () => db.collections(),
      () => db.collection('words'),
      () => db.createCollection('more', { dimension: 2 }),
      () => db.dropCollection('words'),
      () => db.verify(),
      () => db.backup(temporaryFile()),
      () => db.migrate(),
      () => words.insert([point('a', 2)]),
      () => words.insertSync([point('a', 2)]),
      () => words.insertMany([point('a', 2)]),
      () => words.setAttributes('a', {}),
      () => words.delete({ entity: 'a' }),
      () => words.removeEntity('a'),
      () => words.predict({ entity: 'a', at: 5 }),
      () => words.asOf(5),
      () => words.trajectory({ entity: 'a' }),
      () => words.attributes('a'),
      () => words.entities().next(),
      () => words.stats(),
    ]
    const codes = await Promise.all(calls.map(async (call) => (await rejection((async () => call())())).code))
    expect(codes).toEqual(calls.map(() => 'DATABASE_CLOSED'))
    await db.close()
  })

  test('by the app while a write waits for its transaction: that write says DATABASE_CLOSED', async () => {
    const app = openApp()
    const { words } = await attachWithWords(app)
    app.exec('BEGIN')
    const inserting = words.insert([point('a', 1)])
    app.close()
    expect(await rejection(inserting)).toMatchObject({ code: 'DATABASE_CLOSED' })
  })
})
