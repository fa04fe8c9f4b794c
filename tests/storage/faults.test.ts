import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { buildDist, distIsCurrent } from '../../scripts/setup/dist.mjs'
import type { Store } from '../../src/storage/index.js'
import { Random, seedOfRun } from '../support/random.js'
import { contents, createWords, everySecond, observation, openForTest, reading, rejection, temporaryFile } from './support.js'

/** A closed database with ten observations. */
async function makeDatabase(path: string): Promise<void> {
  const store = await openForTest({ path })
  await store.insert(await createWords(store), everySecond('a', 10))
  await store.close()
}

function connectionOf(store: Store): Sqlite.Database {
  return (store as unknown as { connection: { database: Sqlite.Database } }).connection.database
}

describe('a path is refused, and left as it was', () => {
  test.each([
    ['a few zeros', (path: string) => writeFileSync(path, Buffer.alloc(10)), 'STORAGE_NOT_A_DATABASE', /is not a SQLite database/],
    ['many zeros', (path: string) => writeFileSync(path, Buffer.alloc(65_536)), 'STORAGE_NOT_A_DATABASE', /is not a SQLite database/],
    ['a link to itself', (path: string) => symlinkSync(path, path), 'STORAGE_UNREACHABLE', /cannot be opened/],
    ['a link to nothing', (path: string) => symlinkSync(`${path}.none`, path), 'STORAGE_UNREACHABLE', /cannot be opened/],
  ] as const)('where there is %s', async (_, prepare, code, words) => {
    const path = temporaryFile()
    prepare(path)
    const before = readdirSync(dirname(path))
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ name: 'StorageError', code })
    expect(error.message).toMatch(words)
    expect(readdirSync(dirname(path))).toEqual(before)
  })

  test.each(['-wal', '-shm', '-journal'])('where a folder is in the way of its %s', async (suffix) => {
    const path = temporaryFile()
    for (const isThere of [false, true]) {
      if (isThere) await makeDatabase(path)
      mkdirSync(`${path}${suffix}`)
      const before = readdirSync(dirname(path))
      for (const readonly of [false, true]) {
        const error = await rejection(openForTest({ path, readonly }))
        expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
        expect(error.message).toContain(`at ${path}${suffix}, and what is there is none. Move it away.`)
      }
      expect(readdirSync(dirname(path))).toEqual(before)
      rmSync(`${path}${suffix}`, { recursive: true })
    }
    expect(await (await openForTest({ path })).verify()).toMatchObject({ ok: true })
  })

  test('with a name to which nothing can be added', async () => {
    const path = temporaryFile('x'.repeat(252))
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    expect(error.message).toContain('its name is too long')
    expect(existsSync(path)).toBe(false)
  })

  test.each([10_000, 16_384, 40_000])('after a cut to %i bytes it is damage', async (bytes) => {
    const path = temporaryFile()
    await makeDatabase(path)
    writeFileSync(path, readFileSync(path).subarray(0, bytes))
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ code: 'STORAGE_CORRUPT' })
    expect(error.message).toMatch(
      /is damaged\. Restore it from a backup, or copy what is whole with salvageDatabase\(\) \(chronode salvage\)\. \(SQLite: /,
    )
  })
})

describe('a file that another process has locked', () => {
  /** @param sql  What the other process has done when this returns. It ends, and lets go, with the returned function. */
  async function lockedBy(path: string, sql: string): Promise<() => Promise<void>> {
    const program = `const database = new (require('better-sqlite3'))(process.argv[1]); database.exec(process.argv[2]); console.log('locked'); process.stdin.resume()`
    const other = spawn(process.execPath, ['-e', program, path, sql], { stdio: ['pipe', 'pipe', 'inherit'] })
    onTestFinished(() => void other.kill('SIGKILL'))
    await new Promise((resolve) => other.stdout.once('data', resolve))
    return async () => {
      other.stdin.end()
      await new Promise((resolve) => other.once('exit', resolve))
    }
  }

  test('exclusively cannot be opened until it lets go', async () => {
    const path = temporaryFile()
    await makeDatabase(path)
    const release = await lockedBy(path, 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    for (const readonly of [false, true]) {
      const error = await rejection(openForTest({ path, readonly, busyTimeoutMs: 100 }))
      expect(error).toMatchObject({ code: 'STORAGE_BUSY' })
      expect(error.message).toMatch(/busy_timeout_ms/)
    }
    await release()
    expect((await openForTest({ path })).collection('words')).toMatchObject({ observationCount: 10 })
  })

  test('for writing is read meanwhile, and written afterwards', async () => {
    const path = temporaryFile()
    await makeDatabase(path)
    const store = await openForTest({ path, busyTimeoutMs: 100 })
    const words = store.collection('words')!
    const release = await lockedBy(path, 'BEGIN IMMEDIATE')
    expect(await rejection(store.insert(words, [observation('b', 1)]))).toMatchObject({ code: 'STORAGE_BUSY' })
    expect(() => store.insertNow(words, [observation('b', 1)])).toThrow(expect.objectContaining({ code: 'STORAGE_BUSY' }))
    expect(await reading(store, (snapshot) => snapshot.collection('words'))).toMatchObject({ observationCount: 10 })
    await release()
    expect(await store.insert(words, [observation('b', 1)])).toEqual({ inserted: 1, replaced: 0 })
  })
})

describe('while it is open, a file that was', () => {
  /** The store looks once a second. */
  function aSecondLater(): void {
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 1000)
    onTestFinished(() => void vi.restoreAllMocks())
  }

  async function openFilled(): Promise<{ path: string; store: Store; before: unknown }> {
    const path = temporaryFile()
    const store = await openForTest({ path })
    await store.insert(await createWords(store), everySecond('a', 5000))
    return { path, store, before: await contents(store) }
  }

  test.each([
    ['deleted', (path: string) => rmSync(path)],
    ['moved', (path: string) => renameSync(path, `${path}.moved`)],
    ['replaced by another database', (path: string) => renameSync(`${path}.other`, path)],
    ['deleted with its folder', (path: string) => rmSync(dirname(path), { recursive: true })],
    ['robbed of its log', (path: string) => rmSync(`${path}-wal`)],
    ['robbed of the index of its log', (path: string) => rmSync(`${path}-shm`)],
  ])('%s takes no more writes, and what was acknowledged can be saved', async (_, lose) => {
    const { path, store, before } = await openFilled()
    await makeDatabase(`${path}.other`)
    lose(path)
    aSecondLater()

    const words = store.collection('words')!
    const attempts = [
      () => store.insert(words, [observation('b', 1)]),
      async () => store.insertNow(words, [observation('b', 1)]),
      () => store.removeEntity(words, 'a'),
      () => store.verify(),
      () => store.compact(),
    ]
    for (const attempt of attempts) {
      const error = await rejection(attempt())
      expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
      expect(error.message).toMatch(/was deleted, moved or replaced.*Save what this process still has with backup\(\)/)
    }
    const target = temporaryFile('saved.db')
    await store.backup(target)
    const saved = await openForTest({ path: target })
    expect(await contents(saved)).toEqual(before)
    expect(await saved.verify()).toMatchObject({ ok: true })
  })

  test('replaced is not read in place of the one that was opened', async () => {
    const path = temporaryFile()
    const store = await openForTest({ path })
    const words = await createWords(store) // no snapshot yet: its connection is opened by the name
    await makeDatabase(`${path}.other`)
    renameSync(`${path}.other`, path)
    expect(await rejection(store.snapshot())).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    expect(await rejection(store.insert(words, [observation('a', 1)]))).toMatchObject({ code: 'STORAGE_UNREACHABLE' }) // at once, not a second later
  })

  test('deleted is noticed on an app’s connection as well', async () => {
    const path = temporaryFile('app.db')
    const app = new Sqlite(path)
    onTestFinished(() => void app.close())
    app.pragma('journal_mode = WAL')
    const store = await openForTest({ path: undefined, connection: app })
    const words = await createWords(store)
    rmSync(path)
    aSecondLater()
    expect(await rejection(store.insert(words, [observation('a', 1)]))).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    app.exec('CREATE TABLE product (name)') // the app's own writes are the app's business
  })

  test('moved away and back is written again', async () => {
    const { path, store } = await openFilled()
    renameSync(path, `${path}.moved`)
    aSecondLater()
    const words = store.collection('words')!
    expect(await rejection(store.insert(words, [observation('b', 1)]))).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    renameSync(`${path}.moved`, path)
    expect(await store.insert(words, [observation('b', 1)])).toEqual({ inserted: 1, replaced: 0 })
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('copied, touched or read by others stays in use', async () => {
    const { path, store } = await openFilled()
    copyFileSync(path, `${path}.copy`) // not what anybody should do, and no loss of the file
    chmodSync(path, 0o640)
    aSecondLater()
    expect(await store.insert(store.collection('words')!, [observation('b', 1)])).toEqual({ inserted: 1, replaced: 0 })
  })
})

describe('a full disk', () => {
  const seed = seedOfRun()

  test(`refuses whole batches, keeps all that it acknowledged, and is written again when there is room (seed ${seed})`, async () => {
    const random = new Random(seed)
    const store = await openForTest()
    const words = await createWords(store)
    const database = connectionOf(store)
    const acknowledged = new Set<string>()
    let refused = 0
    for (let round = 0; round < 60; round++) {
      const pages = database.pragma('page_count', { simple: true }) as number
      database.pragma(`max_page_count = ${pages + random.below(3)}`)
      const entity = `entity ${random.below(5)}`
      const batch = Array.from({ length: 1 + random.below(800) }, (_, i) => observation(entity, round * 1000 + i, [round, i]))
      try {
        await store.insert(words, batch)
        for (const { timestamp } of batch) acknowledged.add(`${entity} ${timestamp}`)
      } catch (error) {
        refused++
        expect(error).toMatchObject({ code: 'STORAGE_FULL', message: expect.stringContaining('nothing of this write was kept') })
      }
    }
    expect(refused).toBeGreaterThan(5)
    expect(acknowledged.size).toBeGreaterThan(500)

    database.pragma('max_page_count = 1073741823')
    await store.insert(words, [observation('last', 5)])
    acknowledged.add('last 5')
    const stored = new Set<string>()
    await reading(store, async (snapshot) => {
      for await (const { entity, observations } of snapshot.scan(words, {}))
        for (const { timestamp } of observations) stored.add(`${entity.id} ${timestamp}`)
    })
    expect(stored).toEqual(acknowledged)
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('refuses what is no insert, too', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, everySecond('a', 500))
    const before = await contents(store)
    const database = connectionOf(store)
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`)
    const large = JSON.stringify({ text: 'x'.repeat(500_000) })
    expect(await rejection(store.setAttributes(words, 'a', large, { merge: false }))).toMatchObject({ code: 'STORAGE_FULL' })
    const name = 'x'.repeat(100)
    const creating = async () => {
      for (let i = 0; ; i++) await store.createCollection(`${name}${i}`, { dimension: 2, metric: 'l2', normalized: false })
    }
    expect(await rejection(creating())).toMatchObject({ code: 'STORAGE_FULL' })
    for (const { name: made } of store.collections().filter((collection) => collection.name !== 'words'))
      await store.dropCollection(store.collection(made)!)
    expect(await contents(store)).toEqual(before)
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  /** A disk of its own in a mount namespace; undefined: this machine lets nobody make one. */
  const namespace = [['-rm'], ['-m']].find((flags) => {
    return spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', tmpdir()]).status === 0
  })

  test.skipIf(namespace === undefined).each([
    ['while it grows', '3m', []],
    ['while its log is cut back: what was acknowledged then is kept', '90m', ['--log']],
  ])('that is real is met %s', { timeout: 120_000 }, (_, size, words) => {
    if (!distIsCurrent()) buildDist()
    const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const program = fileURLToPath(new URL('full-disk.mjs', import.meta.url))
    const script = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$0" "$@"'
    const command = ['sh', '-c', script, process.execPath, size, folder, program, folder, ...words]
    const { stdout, stderr } = spawnSync('unshare', [...namespace!, ...command], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      ...(words.length === 0 ? {} : { cut: 'none' }),
      insert: 'STORAGE_FULL',
      kept: true,
      read: true,
      verify: true,
      backup: 'STORAGE_FULL',
      compact: 'STORAGE_FULL',
      left: ['ballast', 'store.db', 'store.db-shm', 'store.db-wal'],
      afterwards: 'none',
      reopened: true,
    })
  })
})

// Permissions do not bind root: for these tests it is nobody.
const isRoot = process.geteuid?.() === 0
const NOBODY = 65_534

describe.skipIf(process.platform === 'win32')('permissions', () => {
  afterEach(() => {
    if (isRoot) process.seteuid!(0)
  })

  /** A closed database in a folder of this user, who is not root. */
  async function makeAsUser(): Promise<string> {
    if (isRoot) process.seteuid!(NOBODY)
    const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
    onTestFinished(() => {
      if (isRoot) process.seteuid!(0)
      chmodSync(folder, 0o700)
      rmSync(folder, { recursive: true, force: true })
    })
    const path = join(folder, 'store.db')
    await makeDatabase(path)
    return path
  }

  test('a file that may only be read is read, and refuses to be written', async () => {
    const path = await makeAsUser()
    chmodSync(path, 0o444)
    const store = await openForTest({ path })
    const error = await rejection(store.insert(store.collection('words')!, [observation('a', 1)]))
    expect(error).toMatchObject({ code: 'STORAGE_READ_ONLY' })
    expect(error.message).toContain('Check the permissions of the file, of its -wal and -shm')
    expect(await reading(store, (snapshot) => snapshot.collection('words'))).toMatchObject({ observationCount: 10 })
    await store.close()
    for (const name of readdirSync(dirname(path))) chmodSync(join(dirname(path), name), 0o600) // SQLite gave the log the mode of the file
    const again = await openForTest({ path })
    expect(await again.insert(again.collection('words')!, [observation('b', 1)])).toEqual({ inserted: 1, replaced: 0 })
    await again.close()
  })

  test.each([false, true])('a folder that may only be read is said to be needed, with readonly = %s', async (readonly) => {
    const path = await makeAsUser()
    chmodSync(dirname(path), 0o555)
    const error = await rejection(openForTest({ path, readonly }))
    expect(error).toMatchObject({ code: 'STORAGE_READ_ONLY' })
    expect(error.message).toContain('is in WAL mode, in which SQLite writes beside it even to read. Let this user write into its folder')
    expect(readdirSync(dirname(path))).toEqual(['store.db'])
  })

  test('a new file in such a folder is not made', async () => {
    const path = await makeAsUser()
    rmSync(path)
    chmodSync(dirname(path), 0o555)
    const error = await rejection(openForTest({ path }))
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    expect(error.message).toContain(`its folder ${dirname(path)} does not let this user create it`)
  })

  test.each([
    ['a file that may not even be read', (path: string) => chmodSync(path, 0)],
    ['a folder that may not even be read', (path: string) => chmodSync(dirname(path), 0)],
    ['a log of another user', (path: string) => asRoot(() => writeFileSync(`${path}-wal`, '', { mode: 0o600 }))],
  ])('%s cannot be reached', async (_, change) => {
    const path = await makeAsUser()
    change(path)
    if (!isRoot && existsSync(`${path}-wal`)) return
    expect(await rejection(openForTest({ path }))).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
  })

  test('a backup into such a folder is refused', async () => {
    const path = await makeAsUser()
    const store = await openForTest({ path })
    const folder = join(dirname(path), 'folder')
    mkdirSync(folder, { mode: 0o555 })
    const error = await rejection(store.backup(join(folder, 'copy.db')))
    expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
    expect(error.message).toContain('does not let this user create a file')
    await store.close()
  })

  /** What only root can set up; where the tests are run by somebody else, it is nothing. */
  function asRoot(work: () => void): void {
    if (!isRoot) return
    process.seteuid!(0)
    work()
    process.seteuid!(NOBODY)
  }
})

test('a backup to a path below a file is refused', async () => {
  const path = temporaryFile()
  await makeDatabase(path)
  const store = await openForTest({ path })
  expect(await rejection(store.backup(join(path, 'copy.db')))).toMatchObject({ code: 'STORAGE_UNREACHABLE' })
  expect(statSync(path).isFile()).toBe(true)
})
