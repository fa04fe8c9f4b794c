import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { CollectionRecord, EntityRecord, NewObservation, SearchResult, Store } from '../../src/storage/index.js'
import { paths } from '../native/kernel-paths.ts'
import { openForTest, reading, temporaryFile } from './support.ts'

/** Beside a clone, not in it. */
const folder = fileURLToPath(new URL('../../../shared/data', import.meta.url))
const EVERYTHING = { choice: 'all', from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY } as const
/** The widest native path and WebAssembly from memory, and one of them reading. */
const WAYS = [
  { kernels: paths[0]!, access: 'resident' },
  { kernels: paths.at(-1)!, access: 'resident' },
  { kernels: paths[0]!, access: 'streamed' },
] as const

async function fill(path: string, dimension: number, observations: readonly NewObservation[]): Promise<void> {
  const store = await openForTest({ path })
  const collection = await store.createCollection('vectors', { dimension, metric: 'cosine', normalized: false })
  for (let start = 0; start < observations.length; start += 5000) await store.insert(collection, observations.slice(start, start + 5000))
}

/** What is to be streamed has a tenth of the memory that it needs. */
async function openWay(path: string, { kernels, access }: (typeof WAYS)[number]): Promise<{ store: Store; collection: CollectionRecord }> {
  const { observationCount, dimension } = (await openForTest({ path })).collection('vectors')!
  const memoryLimitBytes = access === 'resident' ? 2 ** 28 : (observationCount * dimension * 4) / 10
  const store = await openForTest({ path, kernels: () => kernels, memoryLimitBytes })
  return { store, collection: store.collection('vectors')! }
}

describe.skipIf(!existsSync(join(folder, 'glove25')))('the nearest words of GloVe (skipped where ../shared/data/glove25 is not)', () => {
  const [D, QUERIES, K, ENTITIES] = [25, 500, 100, 50]

  /** A NumPy file of 4-byte numbers in C order. Source: numpy.lib.format, version 1.0. */
  function numbersOf(name: string): ArrayBuffer {
    const bytes = readFileSync(join(folder, 'glove25', name))
    return new Uint8Array(bytes.subarray(10 + bytes.readUInt16LE(8))).buffer
  }

  /** Row i is what entity `i mod 50` was at moment i. */
  function observations(): NewObservation[] {
    const base = new Float32Array(numbersOf('base.npy'))
    const row = (i: number) => ({ entity: `part ${i % ENTITIES}`, timestamp: i, vector: base.slice(i * D, (i + 1) * D), payload: undefined })
    return Array.from({ length: base.length / D }, (_, i) => row(i)).sort((a, b) => (a.entity < b.entity ? -1 : a.entity > b.entity ? 1 : 0))
  }

  test('are those of the ground truth', { timeout: 60_000 }, async () => {
    const path = temporaryFile()
    await fill(path, D, observations())
    const queries = new Float32Array(numbersOf('queries.npy'))
    const ids = new Int32Array(numbersOf('gt_ids.npy'))
    const distances = new Float32Array(numbersOf('gt_dist.npy'))
    for (const way of WAYS) {
      const { store, collection } = await openWay(path, way)
      for (let query = 0; query < QUERIES; query += way.access === 'resident' ? 1 : 25) {
        const request = { ...EVERYTHING, query: queries.subarray(query * D, (query + 1) * D), k: K }
        const result = await reading(store, (snapshot) => snapshot.search(collection, request))
        const truth = distances.subarray(query * K, (query + 1) * K)
        expect(result).toMatchObject({ access: way.access, candidates: 11_425, kernel: way.kernels.simd })
        expect(result.hits.every(({ distance }, rank) => Math.abs(distance - truth[rank]!) < 1e-6)).toBe(true)
        const rows = new Set(result.hits.map(({ timestamp }) => timestamp))
        const missing = [...ids.subarray(query * K, (query + 1) * K)].filter((id, rank) => !rows.has(id) && truth[rank]! < truth[K - 1]! - 1e-6)
        expect(missing).toEqual([])
      }
    }
  })
})

describe.skipIf(!existsSync(join(folder, 'un_words')))('the nearest words as of a moment (skipped where ../shared/data/un_words is not)', () => {
  const [D, K] = [32, 10]

  function observations(): NewObservation[] {
    const lines = gunzipSync(readFileSync(join(folder, 'un_words', 'un_words.csv.gz')))
      .toString()
      .trimEnd()
      .split('\n')
      .slice(1)
    return lines.map((line) => {
      const [entity, timestamp, ...numbers] = line.split(',')
      return { entity: entity!, timestamp: Date.parse(timestamp!), vector: Float32Array.from(numbers, Number), payload: undefined }
    })
  }

  /** By word and moment: the ten nearest, with their similarities. */
  function truthByCase(): Map<string, { entity: string; at: number; nearest: [word: string, cosine: number][] }> {
    const cases = new Map<string, { entity: string; at: number; nearest: [string, number][] }>()
    const lines = readFileSync(join(folder, 'un_words', 'neighbours_as_of.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
    for (const line of lines) {
      const [entity, at, , neighbour, cosine] = line.split(',')
      const known = cases.get(`${entity} ${at}`) ?? { entity: entity!, at: Date.parse(at!), nearest: [] }
      known.nearest.push([neighbour!, Number(cosine)])
      cases.set(`${entity} ${at}`, known)
    }
    return cases
  }

  async function nearest(store: Store, collection: CollectionRecord, id: string, at: number): Promise<SearchResult> {
    return reading(store, async (snapshot) => {
      const [entity] = (await snapshot.findEntities(collection, [id])) as [EntityRecord]
      const { before } = await snapshot.surroundings(collection, entity, at, at)
      const request = { query: before!.vector, k: K, choice: 'newest', from: Number.NEGATIVE_INFINITY, to: at, excluded: entity.key } as const
      return snapshot.search(collection, request)
    })
  }

  test('are those of the ground truth', { timeout: 60_000 }, async () => {
    const path = temporaryFile()
    await fill(path, D, observations())
    for (const way of WAYS) {
      const { store, collection } = await openWay(path, way)
      await reading(store, (snapshot) => snapshot.search(collection, { ...EVERYTHING, query: new Float32Array(D), k: 1 }))
      const cases = [...truthByCase().values()].filter((_, i) => way.access === 'resident' || i % 25 === 0)
      for (const { entity, at, nearest: expected } of cases) {
        const result = await nearest(store, collection, entity, at)
        expect(result.access).toBe(way.access)
        const farthest = expected.at(-1)![1]
        expect(result.hits.map(({ distance }) => 1 - distance)).toEqual(expected.map(([, cosine]) => expect.closeTo(cosine, 5)))
        const found = new Set(result.hits.map((hit) => hit.entity.id))
        expect(expected.filter(([word, cosine]) => !found.has(word) && cosine > farthest + 1e-6)).toEqual([])
      }
    }
  })
})
