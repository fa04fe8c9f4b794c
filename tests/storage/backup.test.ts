import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { contents, createWords, everySecond, observation, openForTest, rejection, temporaryFile } from './support.js'

describe.each([
  ['a file', () => temporaryFile()],
  [':memory:', () => ':memory:'],
])('a backup of %s', (_, place) => {
  test('is a database of its own, private, with the same contents', async () => {
    const store = await openForTest({ path: place() })
    await store.insert(await createWords(store), everySecond('a', 5000))
    const target = temporaryFile('copy.db')

    await store.backup(target)

    expect(statSync(target).mode & 0o777).toBe(0o600)
    expect(readdirSync(dirname(target))).toEqual(['copy.db'])
    const copy = await openForTest({ path: target })
    expect(await copy.verify()).toMatchObject({ ok: true })
    expect(await contents(copy)).toEqual(await contents(store))
    await store.insert(store.collection('words')!, [observation('a', 1)])
    expect(await copy.insert(copy.collection('words')!, [observation('b', 1)])).toEqual({ inserted: 1, replaced: 0 })
  })

  test('taken while batches are written has the state of one moment', async () => {
    const store = await openForTest({ path: place(), busyTimeoutMs: 30_000 })
    const words = await createWords(store)
    await store.insert(words, everySecond('before', 20_000))
    const target = temporaryFile('copy.db')

    let isRunning = true
    const copying = store.backup(target).finally(() => {
      isRunning = false
    })
    let written = 0
    for (; isRunning; written++) {
      await store.insert(words, everySecond(`meanwhile ${written}`, 10))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await copying

    const copy = await openForTest({ path: target })
    expect(await copy.verify()).toMatchObject({ ok: true })
    expect(copy.collection('words')).toMatchObject({ observationCount: 20_000, entityCount: 1 })
    expect(store.collection('words')).toMatchObject({ observationCount: 20_000 + written * 10 })
  })
})

test('of two backups to one name the first one stays', async () => {
  const store = await openForTest()
  await store.insert(await createWords(store), everySecond('a', 5000))
  const target = temporaryFile('copy.db')
  const results = await Promise.allSettled([store.backup(target), store.backup(target)])
  expect(results).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'ARGUMENT_INVALID' } }])
  expect(readdirSync(dirname(target))).toEqual(['copy.db'])
  expect(await (await openForTest({ path: target })).verify()).toMatchObject({ ok: true, checked: 5000 + 2 })
})

test('a backup tells how far it is, and leaves nothing behind when it is aborted', async () => {
  const store = await openForTest()
  await store.insert(await createWords(store), everySecond('a', 50_000))
  const target = temporaryFile('copy.db')
  const told: { pages: number; pagesTotal: number }[] = []
  await store.backup(target, { onProgress: (progress) => told.push(progress) })
  expect(told.length).toBeGreaterThan(1)
  expect(told.map(({ pages }) => pages)).toEqual(told.map(({ pages }) => pages).sort((a, b) => a - b))
  for (const { pages, pagesTotal } of told) expect(pages).toBeLessThanOrEqual(pagesTotal)

  const stopping = new AbortController()
  const reason = new Error('enough')
  const other = `${target}.other`
  const error = await rejection(store.backup(other, { signal: stopping.signal, onProgress: () => stopping.abort(reason) }))
  expect(error).toMatchObject({ code: 'QUERY_ABORTED', cause: reason })
  expect(readdirSync(dirname(target))).toEqual(['copy.db'])
})

describe('a backup is refused', () => {
  test('where there is a file, and replaces it when asked to', async () => {
    const store = await openForTest()
    await createWords(store)
    const target = temporaryFile('copy.db')
    writeFileSync(target, 'precious')

    const error = await rejection(store.backup(target))
    expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', argument: 'path' })
    expect(error.message).toMatch(/a file that does not exist yet.*overwrite: true/)
    expect(readFileSync(target, 'utf8')).toBe('precious')

    await store.backup(target, { overwrite: true })
    expect((await openForTest({ path: target })).collections()).toHaveLength(1)
  })

  test('onto the database itself, by whatever name, and onto one that is in use', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    const [symbolic, hard, folder] = ['symbolic.db', 'hard.db', 'folder'].map((name) => join(dirname(path), name))
    symlinkSync(path, symbolic!)
    linkSync(path, hard!)
    symlinkSync(dirname(path), folder!)
    for (const target of [symbolic!, hard!]) {
      expect((await rejection(store.backup(target, { overwrite: true }))).message).toContain('another file than the database')
    }
    for (const target of [path, join(folder!, 'store.db')]) {
      const error = await rejection(store.backup(target, { overwrite: true }))
      expect(error).toMatchObject({ code: 'ARGUMENT_INVALID' })
      expect(error.message).toMatch(/where no database is in use.*-wal\..*If nothing does, it was left behind: remove store.db-wal\.$/)
    }
    await createWords(store)
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test.each([
    ['a folder', (folder: string) => folder, 'ARGUMENT_INVALID', /no regular file/],
    ['below what does not exist', (folder: string) => join(folder, 'none', 'copy.db'), 'STORAGE_UNREACHABLE', /none does not exist/],
    ['memory', () => ':memory:', 'ARGUMENT_INVALID', /the path of a file/],
    ['nothing', () => '', 'ARGUMENT_INVALID', /the path of a file/],
  ] as const)('onto %s', async (_, target, code, words) => {
    const store = await openForTest()
    const folder = join(dirname(temporaryFile()), 'folder')
    mkdirSync(folder)
    const error = await rejection(store.backup(target(folder)))
    expect(error).toMatchObject({ code })
    expect(error.message).toMatch(words)
    expect(readdirSync(folder)).toEqual([])
  })
})

test.each(['app.db', ':memory:'])("a backup of an app's %s has the app's tables too, and nothing uncommitted", async (place) => {
  const app = new Sqlite(place === ':memory:' ? place : temporaryFile(place))
  onTestFinished(() => {
    app.close()
  })
  if (!app.memory) app.pragma('journal_mode = WAL')
  app.exec("CREATE TABLE product (name); INSERT INTO product VALUES ('kept')")
  const store = await openForTest({ path: undefined, connection: app })
  await store.insert(await createWords(store), everySecond('a', 10))
  const target = temporaryFile('copy.db')

  app.exec("BEGIN; INSERT INTO product VALUES ('lost')")
  const copying = store.backup(target)
  await new Promise((resolve) => setTimeout(resolve, 20))
  app.exec('ROLLBACK')
  await copying

  const copy = new Sqlite(target, { readonly: true })
  expect(copy.prepare('SELECT name FROM product').pluck().all()).toEqual(['kept'])
  copy.close()
  const opened = await openForTest({ path: target })
  expect(opened.collection('words')).toMatchObject({ observationCount: 10 })
  expect(await opened.verify()).toMatchObject({ ok: true })
})
