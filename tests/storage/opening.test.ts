import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { loadSqlite } from '../../src/storage/connection/sqlite-library.js'
import { migrationChecksum } from '../../src/storage/observations/checksum.js'
import { SCHEMA_VERSION } from '../../src/storage/schema.js'
import type { Warning } from '../../src/warning.js'
import { createWords, observation, openForTest, reading, rejection, temporaryFile } from './support.js'

/** What a plain connection says, without our code. */
function ask(path: string, sql: string): unknown {
  const database = new Database(path, { readonly: true })
  try {
    return database.prepare(sql).pluck().get()
  } finally {
    database.close()
  }
}

/** Makes a file by a plain connection. */
function make(path: string, sql: string): void {
  const database = new Database(path)
  database.exec(sql)
  database.close()
}

describe('a new file', () => {
  test('is in WAL mode with pages of 16 KB, for its owner alone', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    await createWords(store)

    expect(ask(path, 'PRAGMA journal_mode')).toBe('wal')
    expect(ask(path, 'PRAGMA page_size')).toBe(16_384)
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('holds all tables of the design, strict and prefixed', async () => {
    const path = temporaryFile()
    await openForTest({ path })
    const database = new Database(path, { readonly: true })
    const tables = database
      .prepare("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%' ORDER BY name")
      .raw()
      .all()
    const indexes = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL").pluck().all() as string[]
    database.close()

    expect(tables).toEqual(
      ['collection', 'entity', 'migration', 'model', 'observation', 'removed_entity', 'segment', 'strip'].map((name) => [`chronode_${name}`, 1]),
    )
    for (const name of indexes) expect(name).toMatch(/^chronode_/)
  })

  test('is left empty by nothing: an empty file that is there already is taken', async () => {
    const path = temporaryFile()
    writeFileSync(path, '')
    await createWords(await openForTest({ path }))
    expect(ask(path, 'PRAGMA page_size')).toBe(16_384)
  })

  test.each(['normal', 'full'] as const)('with durability %s asks SQLite for it', async (durability) => {
    const pragmas = vi.spyOn(Database.prototype, 'pragma')
    await openForTest({ durability })
    const given = pragmas.mock.calls.map(([text]) => text)
    pragmas.mockRestore()
    expect(given).toContain(`synchronous = ${durability.toUpperCase()}`)
  })
})

describe('a path is refused', () => {
  test.each([
    ['a directory', (path: string) => mkdirSync(path), 'STORAGE_NOT_A_DATABASE', /is a directory.*should name a file/],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path]), 'STORAGE_NOT_A_DATABASE', /not a regular file/],
    ['a short text', (path: string) => writeFileSync(path, 'hello'), 'STORAGE_NOT_A_DATABASE', /is not a SQLite database/],
    ['a long text', (path: string) => writeFileSync(path, 'hello world\n'.repeat(5000)), 'STORAGE_NOT_A_DATABASE', /is not a SQLite database/],
    [
      "another program's tables",
      (path: string) => make(path, 'CREATE TABLE users (id); CREATE TABLE posts (id)'),
      'STORAGE_NOT_A_DATABASE',
      /another program \(it has the tables posts, users\)/,
    ],
  ] as const)('that holds %s, and left as it was', async (_, prepare, code, words) => {
    const path = temporaryFile()
    prepare(path)
    const before = statSync(path).isFile() ? readFileSync(path) : undefined

    const error = await rejection(openForTest({ path }))

    expect(error).toMatchObject({ name: 'StorageError', code })
    expect(error.message).toMatch(words)
    expect(error.message).toContain(path)
    if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true)
    expect(existsSync(`${path}-wal`)).toBe(false)
  })

  test('in a folder that does not exist, with that folder named', async () => {
    const path = join(dirname(temporaryFile()), 'none', 'store.db')
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    expect(error.message).toContain(`its folder ${dirname(path)} does not exist`)
  })

  test('below a file', async () => {
    const path = temporaryFile()
    writeFileSync(path, '')
    await expect(openForTest({ path: join(path, 'store.db') })).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' })
  })

  test('that was not given', async () => {
    await expect(openForTest({ path: undefined })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'storage.path' })
  })
})

test('a file that is not in WAL mode works, with a warning: reading and writing wait for each other', async () => {
  const path = temporaryFile()
  await (await openForTest({ path })).close()
  make(path, 'PRAGMA journal_mode = DELETE')
  const warnings: Warning[] = []
  const store = await openForTest({ path, busyTimeoutMs: 10_000, warn: (warning) => warnings.push(warning) })
  expect(warnings).toMatchObject([{ code: 'STORAGE_NOT_WAL', message: expect.stringContaining('journal mode delete') }])

  const words = await createWords(store)
  const snapshot = await store.snapshot()
  const inserting = store.insert(words, [observation('a', 1)])
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await snapshot.collection('words')).toMatchObject({ observationCount: 0 })
  snapshot.release()
  expect(await inserting).toEqual({ inserted: 1, replaced: 0 })
  expect(await reading(store, (later) => later.collection('words'))).toMatchObject({ observationCount: 1 })
  expect(await store.verify()).toMatchObject({ ok: true })
})

test('tables of somebody else beside ours do not matter', async () => {
  const path = temporaryFile()
  await (await openForTest({ path })).close()
  make(path, 'CREATE TABLE users (id)')
  await createWords(await openForTest({ path }))
})

const LATER = SCHEMA_VERSION + 1
const LATER_MIGRATION = `INSERT INTO chronode_migration VALUES (${LATER}, 'later', 5, ${migrationChecksum(LATER, 'later', 5)})`

describe('the schema', () => {
  test('of a newer version is refused by name', async () => {
    const path = temporaryFile()
    await (await openForTest({ path })).close()
    make(path, LATER_MIGRATION)

    const error = await rejection(openForTest({ path }))

    expect(error).toMatchObject({ code: 'STORAGE_NEWER_SCHEMA' })
    expect(error.message).toContain(`schema ${LATER} ("later")`)
    expect(error.message).toContain('Update Chronode')
  })

  test('that another process makes newer meanwhile stops the next write and the next read', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    const words = await createWords(store)
    ;(await store.snapshot()).release()
    make(path, `CREATE TABLE chronode_later (x); ${LATER_MIGRATION}`)

    const newer = { code: 'STORAGE_NEWER_SCHEMA', message: expect.stringContaining(`schema ${LATER} ("later")`) }
    await expect(store.insert(words, [observation('a', 1)])).rejects.toMatchObject(newer)
    await expect(store.snapshot()).rejects.toMatchObject(newer)
    expect(store.collection('words')).toMatchObject({ observationCount: 0 })
  })

  test('waits for migrate() when migration is manual', async () => {
    const store = await openForTest({ migrate: 'manual' })
    const needed = { code: 'STORAGE_MIGRATION_NEEDED' }

    await expect(createWords(store)).rejects.toMatchObject(needed)
    await expect(store.snapshot()).rejects.toMatchObject(needed)
    expect(() => store.collections()).toThrow(/schema 0; this Chronode needs \d+\. Call migrate\(\)/)
    await store.migrate()
    await store.migrate()
    await createWords(store)
    expect(store.collections()).toHaveLength(1)
  })

  test('with a damaged record is refused', async () => {
    const path = temporaryFile()
    await (await openForTest({ path })).close()
    make(path, "UPDATE chronode_migration SET name = '0001-fables'")
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(error.message).toMatch(/is damaged\. Restore it from a backup .* salvageDatabase\(\)\.$/) // verify() needs one that is open
  })

  test('whose tables were taken away is damage, and names what is missing', async () => {
    const path = temporaryFile()
    await (await openForTest({ path })).close()
    make(path, 'DROP TABLE chronode_observation')
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(error.message).toContain('chronode_observation')
  })

  test('is made once by several that open a new file at the same time', async () => {
    const path = temporaryFile()
    const stores = await Promise.all(Array.from({ length: 5 }, () => openForTest({ path })))
    await Promise.all(stores.map((store, i) => store.createCollection(`c${i}`, { dimension: 1, metric: 'l2', normalized: false })))
    for (const store of stores) expect(store.collections().map(({ name }) => name)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4'])
    expect(ask(path, 'SELECT count(*) FROM chronode_migration')).toBe(SCHEMA_VERSION)
  })
})

describe('readonly', () => {
  test('reads, and refuses every write', async () => {
    const path = temporaryFile()
    const writing = await openForTest({ path })
    const words = await createWords(writing)
    await writing.insert(words, [observation('a', 1)])

    const store = await openForTest({ path, readonly: true })

    const refused = { code: 'STORAGE_READ_ONLY' }
    expect(await createWords(store)).toMatchObject({ key: words.key }) // the same settings: nothing to write
    await expect(store.createCollection('other', { dimension: 1, metric: 'l2', normalized: false })).rejects.toMatchObject(refused)
    await expect(store.insert(words, [observation('a', 2)])).rejects.toMatchObject(refused)
    expect(() => store.insertNow(words, [observation('a', 2)])).toThrow(/readonly = true/)
    await expect(store.setAttributes(words, 'a', null, { merge: false })).rejects.toMatchObject(refused)
    await expect(store.deleteRange(words, 'a', {})).rejects.toMatchObject(refused)
    await expect(store.removeEntity(words, 'a')).rejects.toMatchObject(refused)
    await expect(store.dropCollection(words)).rejects.toMatchObject(refused)

    await writing.insert(words, [observation('a', 5)])
    expect(store.collection('words')).toMatchObject({ observationCount: 2 })
    expect(await reading(store, (snapshot) => snapshot.collection('words'))).toMatchObject({ observationCount: 2 })
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('makes no file and no tables', async () => {
    const path = temporaryFile()
    await expect(openForTest({ path, readonly: true })).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, '')
    await expect(openForTest({ path, readonly: true })).rejects.toMatchObject({ code: 'STORAGE_MIGRATION_NEEDED' })
    await expect(openForTest({ path: ':memory:', readonly: true })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
  })
})

describe('closing', () => {
  test('twice is fine, and everything after it says DATABASE_CLOSED', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    const snapshot = await store.snapshot()

    await store.close()
    await store.close()

    const closed = { code: 'DATABASE_CLOSED' }
    await expect(store.insert(words, [])).rejects.toMatchObject(closed)
    await expect(store.snapshot()).rejects.toMatchObject(closed)
    await expect(store.verify()).rejects.toMatchObject(closed)
    await expect(store.migrate()).rejects.toMatchObject(closed)
    await expect(createWords(store)).rejects.toMatchObject(closed)
    await expect(snapshot.collections()).rejects.toMatchObject(closed)
    expect(() => store.collection('words')).toThrow(/is closed/)
    expect(() => store.insertNow(words, [])).toThrow(/is closed/)
    snapshot.release()
  })

  test('leaves one file, with all that was written', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    const words = await createWords(store)
    const inserting = store.insert(words, [observation('a', 1)])
    await reading(store, (snapshot) => snapshot.collections())
    await store.close()
    await inserting

    expect(existsSync(`${path}-wal`)).toBe(false)
    expect(ask(path, 'SELECT count(*) FROM chronode_observation')).toBe(1)
  })

  test('during verify() ends it', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(
      words,
      Array.from({ length: 20_000 }, (_, i) => observation(`e${i}`, i)),
    )
    const verifying = rejection(store.verify())
    await store.close()
    expect(await verifying).toMatchObject({ code: 'DATABASE_CLOSED' })
  })
})

test('a Node that better-sqlite3 would crash is told so before anything is opened', async () => {
  const error = await rejection(loadSqlite('9'))
  expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
  expect(error.message).toMatch(/needs Node-API 10; this Node .* has 9\. Use Node 22\.14 or later/)
  expect(await loadSqlite('10')).toBe(Database)
})
