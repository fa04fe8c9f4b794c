import { describe, expect, test } from 'vitest'
import type { CollectionRecord, Metric, NewObservation, SearchRequest, SearchResult, Store } from '../../src/storage/index.js'
import { paths } from '../native/kernel-paths.ts'
import { Random, seedOfRun } from '../support/random.ts'
import { answerByReading, answerOf, randomRequest, randomVector } from './search-reference.ts'
import { createWords, found, observation, openForTest, reading, rejection, SMALL_PACKING } from './support.ts'

const METRICS: readonly Metric[] = ['cosine', 'l2', 'dot']
const IDS = ['a', 'ab', 'b', 'B', 'ä', 'zz', '\u{1f600}', '\uffff', 'long name', 'empty-handed']
/** A buffer of a few rows. */
const TINY = 4096
const kernels = () => paths[0]!

const EVERYTHING = { choice: 'all', from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY } as const

function searching(
  store: Store,
  collection: CollectionRecord,
  request: Partial<SearchRequest> & Pick<SearchRequest, 'query'>,
): Promise<SearchResult> {
  return reading(store, (snapshot) => snapshot.search(collection, { ...EVERYTHING, k: 10, ...request }))
}

function randomBatch(random: Random, dimension: number, last: number): NewObservation[] {
  return random.list(1, 40, () => ({
    entity: random.pick(IDS),
    timestamp: random.below(last),
    vector: randomVector(random, dimension),
    payload: random.chance(0.2) ? '{"kind":1}' : undefined,
  }))
}

describe('search', () => {
  for (const memoryLimitBytes of [2 ** 30, TINY]) {
    for (const metric of METRICS) {
      test(`answers what sorting all of it does, by ${metric}, with ${memoryLimitBytes} bytes of memory`, async () => {
        const seed = seedOfRun()
        const random = new Random(seed)
        const store = await openForTest({ kernels, memoryLimitBytes, packing: SMALL_PACKING })
        const collection = await store.createCollection('vectors', { dimension: 3, metric, normalized: false })
        for (let round = 0; round < 25; round++) {
          await store.insert(collection, randomBatch(random, 3, 60))
          await reading(store, async (snapshot) => {
            const now = (await snapshot.collection('vectors'))!
            for (let i = 0; i < 4; i++) {
              const request = await randomRequest(random, snapshot, now, 60)
              const expected = await answerByReading(snapshot, now, request)
              expect(answerOf(await snapshot.search(now, request)), `seed ${seed}`).toEqual(expected)
            }
          })
        }
      })
    }
  }

  test('lets the event loop turn while it takes many neighbours', async () => {
    const store = await openForTest({ kernels })
    const words = await store.createCollection('words', { dimension: 1, metric: 'l2', normalized: false })
    await store.insert(
      words,
      Array.from({ length: 100_000 }, (_, i) => observation('a', i, [i])),
    )
    const turnsOf = async (k: number): Promise<number> => {
      let turns = 0
      const counting = setInterval(() => turns++, 0)
      const { hits, access } = await searching(store, words, { query: Float32Array.of(0), k })
      clearInterval(counting)
      expect([hits.length, access]).toEqual([k, 'resident'])
      return turns
    }
    await turnsOf(1)

    const few = await turnsOf(1)
    expect(await turnsOf(100_000)).toBeGreaterThan(few + 3)
  })

  test('finds the nearest vector of each entity as of a moment', async () => {
    const store = await openForTest({ kernels })
    const words = await store.createCollection('words', { dimension: 2, metric: 'l2', normalized: false })
    await store.insert(words, [
      observation('near', 0, [0, 0]),
      observation('near', 10, [9, 0]),
      observation('far', 5, [3, 4]),
      observation('late', 11, [0, 0]),
    ])

    const result = await searching(store, words, { query: Float32Array.of(0, 0), choice: 'newest', to: 9 })

    expect(answerOf(result)).toEqual({
      hits: [
        ['near', 0, 0, 0],
        ['far', 5, 5, 5],
      ],
      candidates: 2,
      newestTimestamp: 5,
    })
    expect(result.kernel).toBe(paths[0]!.simd)
  })

  test('gives hits whose entities can be read on', async () => {
    const store = await openForTest({ kernels })
    const words = await createWords(store)
    await store.insert(words, [observation('a', 1, [1, 0]), observation('a', 2, [1, 1], '{"page":3}')])

    const read = await reading(store, async (snapshot) => {
      const { collection } = await found(snapshot, 'words', 'a')
      const { hits } = await snapshot.search(collection, { ...EVERYTHING, query: Float32Array.of(1, 1), k: 1 })
      const { entity, timestamp } = hits[0]!
      return snapshot.surroundings(collection, entity, timestamp, undefined)
    })

    expect(read.before).toMatchObject({ timestamp: 2, payload: { page: 3 } })
  })

  test('stops when it is told to', async () => {
    const store = await openForTest({ kernels })
    const words = await createWords(store)
    await store.insert(words, [observation('a', 1, [1, 0])])
    const reason = new Error('enough')

    const refused = await reading(store, (snapshot) =>
      rejection(snapshot.search(words, { ...EVERYTHING, query: Float32Array.of(1, 1), k: 1 }, AbortSignal.abort(reason))),
    )

    expect(refused).toBe(reason)
  })

  test('refuses a query of another dimension', async () => {
    const store = await openForTest({ kernels })
    const words = await createWords(store)

    await expect(searching(store, words, { query: Float32Array.of(1, 2, 3) })).rejects.toMatchObject({ code: 'DIMENSION_MISMATCH', received: 3 })
  })
})
