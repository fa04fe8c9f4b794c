import { expect, test } from 'vitest'
import type { CollectionRecord, ImmediateView, Snapshot } from '../../src/storage/index.js'
import { paths } from '../native/kernel-paths.ts'
import { Random, seedOfRun } from '../support/random.ts'
import { answerByReading, randomVector } from './search-reference.ts'
import { createWords, observation, openForTest, reading, SMALL_PACKING } from './support.ts'

const IDS = ['a', 'ab', 'b', 'B', 'ä', 'zz', '\u{1f600}', '\uffff']
const kernels = () => paths[0]!
/** A statement of nobody we know. */
const CALLER = {}

async function bySnapshot(snapshot: Snapshot, collection: CollectionRecord): Promise<unknown> {
  const found: unknown[] = []
  for await (const page of snapshot.scanEntities(collection)) {
    for (const entity of page) {
      const stored: unknown[] = []
      for await (const { observations } of snapshot.scan(collection, { entities: [entity], from: 10, to: 40 })) stored.push(...observations)
      const [context] = await snapshot.readContexts(collection, [{ entity, limit: 2 }])
      found.push([entity.id, stored, context, await snapshot.surroundings(collection, entity, 25, undefined)])
    }
  }
  return found
}

function byView(view: ImmediateView, collection: CollectionRecord): unknown {
  return Array.from(view.scanEntities(collection), (entity) => [
    entity.id,
    [...view.observations(collection, entity, { from: 10, to: 40 })],
    view.readContext(collection, { entity, limit: 2 }),
    view.surroundings(collection, entity, 25),
  ])
}

test.each([
  ['a file', undefined, 2 ** 30],
  ['a file, with room for one candidate', undefined, 64],
  [':memory:', ':memory:', 2 ** 30],
])('reads at once what a snapshot reads, in %s', async (_, path, memoryLimitBytes) => {
  const seed = seedOfRun()
  const random = new Random(seed)
  const store = await openForTest({ kernels, memoryLimitBytes, packing: SMALL_PACKING, ...(path === undefined ? {} : { path }) })
  const made = await store.createCollection('vectors', { dimension: 3, metric: 'l2', normalized: false })
  for (let round = 0; round < 20; round++) {
    const batch = random.list(1, 40, () => observation(random.pick(IDS), random.below(50), [...randomVector(random, 3)], '{"x":1}'))
    await store.insert(made, batch)
    if (random.chance(0.2)) await store.removeEntity(made, random.pick(IDS))
    const query = randomVector(random, 3)
    const k = 1 + random.below(6)
    const at = random.pick([Number.POSITIVE_INFINITY, random.below(50)])
    const isResident = random.chance(0.5)
    const [whole, nearest] = await reading(store, async (snapshot) => {
      const collection = (await snapshot.collection('vectors'))!
      const request = { query, k, choice: 'newest', from: Number.NEGATIVE_INFINITY, to: at } as const
      if (isResident) await snapshot.search(collection, request)
      return [await bySnapshot(snapshot, collection), await answerByReading(snapshot, collection, request)] as const
    })
    store.readNow(CALLER, (view) => {
      const collection = view.collection('vectors')!
      expect(byView(view, collection), `seed ${seed}`).toEqual(whole)
      for (let again = 0; again < 2; again++) {
        const { hits, newestTimestamp } = view.search(collection, { query, k, at })
        expect(
          hits.map(({ entity, timestamp, distance }) => [entity, timestamp, distance, distance]),
          `seed ${seed}`,
        ).toEqual(nearest.hits)
        expect(newestTimestamp).toBe(nearest.newestTimestamp)
      }
    })
  }
})

test('in :memory: a write that is going on is not looked into', async () => {
  const store = await openForTest({ path: ':memory:' })
  const words = await createWords(store)
  await store.insert(
    words,
    Array.from({ length: 5000 }, (_, i) => observation(`e${i}`, 1)),
  )
  let isWriting = true
  const writing = store.dropCollection(words).finally(() => {
    isWriting = false
  })
  const met = new Set<unknown>()
  while (isWriting) {
    await new Promise((resolve) => setImmediate(resolve))
    try {
      met.add(store.readNow(CALLER, (view) => view.collection('words')?.entityCount))
    } catch (error) {
      met.add((error as { code: unknown }).code)
    }
  }
  await writing
  expect(met).toContain('STORAGE_BUSY')
  expect([...met].filter((answer) => answer !== 'STORAGE_BUSY' && answer !== undefined && answer !== 5000)).toEqual([])
})
