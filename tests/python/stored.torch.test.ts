import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openStore } from '../../src/storage/index.js'
import { createWords, observation, reading, SMALL_PACKING } from '../storage/support.js'
import { temporaryFolder } from '../support/database.js'
import { ROOT } from '../support/documents.js'
import { randomNumbers } from '../support/random-numbers.js'
import { PYTHON_NEEDED, pythonSuite, runPython } from './python.js'

type Trajectory = readonly (readonly [timestamp: number, vector: readonly number[]])[]
type Read = { readonly trajectories: readonly Trajectory[] } | { readonly error: string }

/** What the training script makes of databases; trajectories by entity id, those without observations left out. */
async function readInPython(databases: readonly (readonly [path: string, collection: string])[]): Promise<Read[]> {
  const { stdout, stderr } = await runPython(join(ROOT, 'tests', 'python', 'stored.py'), JSON.stringify(databases))
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Read[]
}

const FIXTURES = join(ROOT, 'tests', 'fixtures')

function fixture(folder: string, schema: number): string {
  const path = join(folder, `schema-${schema}.db`)
  writeFileSync(path, gunzipSync(readFileSync(join(FIXTURES, `schema-${schema}-full.db.gz`))))
  return path
}

/** By writing, late writing, deleting and packing at random. @returns what is stored. */
async function fillAtRandom(path: string, seed: number): Promise<Trajectory[]> {
  const random = randomNumbers(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const options = { path, readonly: false, memoryLimitBytes: 1e9, durability: 'normal', busyTimeoutMs: 2000, migrate: 'auto' } as const
  const store = await openStore({ ...options, packing: SMALL_PACKING, warn: () => undefined })
  const words = await createWords(store)
  for (let now = 0; now < 60; now++) {
    const late = random() < 0.3 ? below(40) : 0
    const some = Array.from({ length: 1 + below(12) }, (_, i) =>
      observation(`e${below(5)}`, now * 10 - late + i, [random() < 0.5 ? now : -now, i], random() < 0.3 ? `{"æ":${i}}` : undefined),
    )
    await store.insert(words, some)
    const dice = random()
    if (dice < 0.1) await store.deleteRange(words, `e${below(5)}`, { from: below(600), to: below(600) })
    else if (dice < 0.13) await store.removeEntity(words, `e${below(5)}`)
    else if (dice < 0.16) await store.setAttributes(words, some[0]!.entity, '{"topic":"x"}', { merge: true })
    else if (dice < 0.18) await store.compact()
  }
  const trajectories = new Map<string, [number, number[]][]>()
  await reading(store, async (snapshot) => {
    for await (const { entity, observations } of snapshot.scan((await snapshot.collection('words'))!, {})) {
      const own = trajectories.get(entity.id) ?? []
      trajectories.set(entity.id, own)
      for (const { timestamp, vector } of observations) own.push([timestamp, [...vector]])
    }
  })
  await store.close()
  return [...trajectories].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, trajectory]) => trajectory)
}

pythonSuite(`the training script, which ${PYTHON_NEEDED}`, { timeout: 120_000 }, () => {
  test('reads files of every schema', async () => {
    const folder = temporaryFolder()
    const { collections } = JSON.parse(readFileSync(join(FIXTURES, 'contents.json'), 'utf8')) as {
      collections: { name: string; entities: { observations: { timestamp: number; vector: number[] }[] }[] }[]
    }
    const asked = [1, 2].flatMap((schema) => collections.map(({ name, entities }) => ({ path: fixture(folder, schema), name, entities })))

    const read = await readInPython(asked.map(({ path, name }) => [path, name]))

    const expected = asked.map(({ entities }) => {
      const trajectories = entities.map(({ observations }) => observations.map(({ timestamp, vector }) => [timestamp, vector]))
      return { trajectories: trajectories.filter(({ length }) => length > 0) }
    })
    expect(read).toEqual(expected)
  })

  test('merges segments, rows and strips as Chronode does', async () => {
    const folder = temporaryFolder()
    const paths = Array.from({ length: 10 }, (_, seed) => join(folder, `random-${seed}.db`))
    const expected: Read[] = []
    for (const [seed, path] of paths.entries()) expected.push({ trajectories: await fillAtRandom(path, seed) })

    expect(await readInPython(paths.map((path) => [path, 'words']))).toEqual(expected)
    const places = ['segment', 'observation', 'strip'].map((table) => paths.filter((path) => count(path, table) > 0).length)
    expect(Math.min(...places)).toBeGreaterThan(2) // files that have something there
  })

  test('names what is damaged, and what it cannot read', async () => {
    const folder = temporaryFolder()
    const whole = fixture(folder, 2)
    const flipped = (column: string): string => `substr(${column}, 1, 90) || x'55' || substr(${column}, 92)`
    const broken: readonly (readonly [sql: string, message: RegExp])[] = [
      [`UPDATE chronode_segment SET data = CAST(${flipped('data')} AS BLOB)`, /^a segment of 'long' does not match its checksum\. `chronode verify`/],
      [`UPDATE chronode_observation SET vector = CAST(${flipped('vector')} AS BLOB)`, /^the observation of '.*' at .*Z does not match/],
      ['UPDATE chronode_observation SET timestamp = timestamp + 0.5', /^the observation of '.*' at .*Z does not match/],
      [`UPDATE chronode_strip SET entries = CAST(${flipped('entries')} AS BLOB)`, /^a strip of 'words' does not match/],
      [`UPDATE chronode_strip SET data = CAST(${flipped('data')} AS BLOB)`, /^the observation of 'e00' at .*Z does not match/],
      ["UPDATE chronode_entity SET id = 'ship' WHERE id = 'long'", /^entity 'ship' does not match/],
      ['UPDATE chronode_entity SET settled_strip = settled_strip + 1', /^entity '.*' does not match/],
      ['UPDATE chronode_collection SET dimension = 63', /^collection 'words' does not match/],
      [
        'DELETE FROM chronode_segment WHERE key = (SELECT max(key) FROM chronode_segment)',
        /^entity 'long' should have 265 packed observations, and \d+ were found/,
      ],
      ['DELETE FROM chronode_observation WHERE payload = \'"first"\'', /^entity 'long' should have \d+ observations in rows, and \d+ were/],
      ['DELETE FROM chronode_observation WHERE timestamp = 978379200000', /^entity 'long' should have \d+ observations in rows/], // an older vector is behind it
      ['DELETE FROM chronode_strip WHERE key = (SELECT max(key) FROM chronode_strip)', /^collection 'words' should have 4 strips, and 3 were found/],
      ["DELETE FROM chronode_entity WHERE id = 'e05'", /^collection 'words' should have 22 entities, and 21 were found/],
      ["UPDATE chronode_segment SET encoding = 'int8'", /^a segment of 'long' is int8, format 1; this script reads float32, format 1/],
      ['UPDATE chronode_migration SET number = 3 WHERE number = 2', /has schema 3; this script reads 1 and 2\. Use the script of/],
    ]
    const paths = broken.map(([sql], i) => {
      const path = join(folder, `broken-${i}.db`)
      copyFileSync(whole, path)
      const database = new Sqlite(path)
      database.pragma('foreign_keys = OFF')
      const { changes } = database.prepare(sql).run()
      database.close()
      expect(changes, sql).toBeGreaterThan(0)
      return path
    })

    const read = await readInPython(paths.map((path) => [path, 'words']))

    expect(read).toEqual(broken.map(([, message]) => ({ error: expect.stringMatching(message) })))
  })
})

function count(path: string, table: string): number {
  const database = new Sqlite(path, { readonly: true })
  try {
    return database.prepare(`SELECT count(*) FROM chronode_${table}`).pluck().get() as number
  } finally {
    database.close()
  }
}
