import { cpSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { startProgram } from './program.js'
import { type App, attach, attachWithWords, openApp, point, rejection, stored, temporaryFile } from './support.js'

/** The number of connections that this process has to a file, the app's own included. */
function connections(app: App): number {
  const { ino } = statSync(app.name)
  return openFiles().filter((file) => file === ino).length
}

function openFiles(): number[] {
  return Array.from({ length: 256 }, (_, descriptor) => statSync(`/proc/self/fd/${descriptor}`, { throwIfNoEntry: false })?.ino ?? -1)
}

async function filled(path: string): Promise<void> {
  const app = openApp({ path })
  const { db, words } = await attachWithWords(app)
  await words.insert([point('a', 1), point('a', 2)])
  await db.close()
  app.close()
}

describe('a file in WAL mode', () => {
  test('is read on a connection beside the app, and after the app has left that mode on its own', async () => {
    const app = openApp()
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    expect(connections(app)).toBe(1)
    await stored(db)
    expect(connections(app)).toBe(2)
    await db.close()
    app.pragma('journal_mode = DELETE')
    expect(await stored(await attach(app))).toEqual(['a 1'])

    const other = openApp({ journal: 'delete' })
    const attached = await attachWithWords(other)
    await attached.words.insert([point('a', 1)])
    expect(await stored(attached.db)).toEqual(['a 1'])
    expect(connections(other)).toBe(1)
    other.pragma('journal_mode = WAL')
    expect(await stored(attached.db)).toEqual(['a 1'])
    expect(connections(other)).toBe(2)
  })

  test('that the app locks for itself alone is read on its own connection', async () => {
    const app = openApp()
    app.pragma('locking_mode = EXCLUSIVE')
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    expect(await stored(db)).toEqual(['a 1'])
    expect(connections(app)).toBe(1)
  })

  test("a statement that was begun keeps its view, while the app's transaction adds to it", async () => {
    const app = openApp()
    const { db, words } = await attachWithWords(app)
    await words.insert(Array.from({ length: 2000 }, (_, i) => point(`e${i}`, 1)))
    const rows = db.prepare<{ entity: string }>('SELECT entity').iterate()
    let count = Number((await rows.next()).done === false)
    app.transaction(() => words.insertSync([point('zz', 1)]))()
    for await (const _row of rows) count++
    expect(count).toBe(2000)
  })

  test('that the app closes is no longer held open by us', { timeout: 30_000 }, async () => {
    const app = openApp()
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    await stored(db)
    const { ino } = statSync(app.name)
    app.close()
    await expect.poll(() => openFiles().includes(ino), { timeout: 20_000, interval: 250 }).toBe(false)
  })
})

describe('a connection that only reads', () => {
  test.each(['wal', 'delete'])('works in journal mode %s, and writes say STORAGE_READ_ONLY', async (journal) => {
    const path = temporaryFile()
    await filled(path)
    openApp({ path, journal }).close()
    const app = new Sqlite(path, { readonly: true })
    const db = await attach(app)
    const words = db.collection('words')

    expect(await stored(db)).toEqual(['a 1', 'a 2'])
    expect(await words.predict({ entity: 'a', at: 4 })).toMatchObject([{ vector: Float32Array.of(4, 1), method: 'linear' }])
    expect(await db.verify()).toMatchObject({ ok: true })
    expect(await rejection(words.insert([point('a', 3)]))).toMatchObject({ code: 'STORAGE_READ_ONLY' })
    expect(() => words.insertSync([point('a', 3)])).toThrow(expect.objectContaining({ code: 'STORAGE_READ_ONLY' }))
    app.exec('BEGIN')
    expect(await stored(db)).toEqual(['a 1', 'a 2'])
    app.exec('COMMIT')
    await db.close()
    app.close()
  })

  test('of a file without our tables cannot make them', async () => {
    const path = temporaryFile()
    openApp({ path }).close()
    const app = new Sqlite(path, { readonly: true })
    expect(await rejection(attach(app))).toMatchObject({ code: 'STORAGE_MIGRATION_NEEDED' })
    app.close()
  })

  test('or one that could write, with readonly asked of us, is left alone', async () => {
    const app = openApp()
    const { db, words } = await attachWithWords(app)
    await words.insert([point('a', 1)])
    await db.close()
    const again = await attach(app, { storage: { readonly: true } })
    expect(await stored(again)).toEqual(['a 1'])
    expect(await rejection(again.collection('words').insert([point('a', 2)]))).toMatchObject({ code: 'STORAGE_READ_ONLY' })
    app.exec("INSERT INTO product VALUES ('x')")
  })

  test('by PRAGMA query_only says so when it is written to', async () => {
    const app = openApp()
    const { words } = await attachWithWords(app)
    app.pragma('query_only = ON')
    expect(await rejection(words.insert([point('a', 2)]))).toMatchObject({ code: 'STORAGE_READ_ONLY' })
  })
})

describe.each([
  ['a file', () => openApp()],
  [':memory:', () => openApp({ path: ':memory:' })],
])('with defaultSafeIntegers(true), in %s', (_, open) => {
  test('we meet no BigInts, and the app still does', async () => {
    const app = open()
    app.defaultSafeIntegers(true)
    const { db, words } = await attachWithWords(app)
    expect(await words.insert([point('a', 1), point('a', 2)])).toEqual({ inserted: 2, replaced: 0 })
    expect(await words.insert([point('a', 2)])).toEqual({ inserted: 0, replaced: 1 })
    app.transaction(() => words.insertSync([point('b', 1)]))()
    app.exec('BEGIN')
    expect(await stored(db)).toEqual(['a 1', 'a 2', 'b 1'])
    app.exec('COMMIT')
    expect(await words.stats()).toEqual({ entities: 2, observations: 3 })
    expect(await words.delete({ entity: 'a', from: 2 })).toBe(1)
    expect(await words.removeEntity('b')).toBe(true)
    expect(await db.verify()).toMatchObject({ ok: true, checked: expect.any(Number) })
    expect(app.prepare('SELECT 1').pluck().get()).toBe(1n)
    expect(app.pragma('busy_timeout', { simple: true })).toBe(5000n)
  })
})

test(':memory: writes wait for the statements that read, as there is one connection', async () => {
  const app = openApp({ path: ':memory:' })
  const { db, words } = await attachWithWords(app)
  await words.insert(Array.from({ length: 2000 }, (_, i) => point(`e${i}`, 1)))
  const rows = db.prepare('SELECT entity').iterate()
  await rows.next()
  let isWritten = false
  const inserting = words.insert([point('zz', 1)]).then(() => {
    isWritten = true
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isWritten).toBe(false)
  await rows.return(undefined)
  await inserting
  expect(await words.stats()).toMatchObject({ entities: 2001 })
})

test('worker threads attach connections of their own to one file, and write beside one another', { timeout: 60_000 }, async () => {
  const path = temporaryFile()
  const app = openApp({ path })
  const { db, words } = await attachWithWords(app, { storage: { busy_timeout_ms: 30_000 } })

  expect(startProgram('threads.mjs', [path, '2', '100'])).toEqual(['200 written', 'copies of SQLite: 1'])

  expect(await words.stats()).toEqual({ entities: 2, observations: 200 })
  expect(await db.verify()).toMatchObject({ ok: true })
})

test('another copy of better-sqlite3 serves the whole process: no second SQLite is loaded', { timeout: 60_000 }, () => {
  const path = temporaryFile()
  const copy = join(dirname(path), 'copy')
  cpSync(fileURLToPath(new URL('../../node_modules/better-sqlite3', import.meta.url)), copy, {
    recursive: true,
    filter: (file) => !/\/(deps|src)$/.test(file),
  })
  expect(startProgram('copy.mjs', [path, join(copy, 'lib', 'index.js')])).toEqual([
    'a 1, a 2',
    'inside a transaction: a 1, a 2, a 3',
    'verified: true',
    'copies of SQLite: 1',
  ])
})
