import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CollectionRecord, NewObservation, SearchRequest, SearchResult, Snapshot, Store } from '../../src/storage/index.js'
import { paths } from '../native/kernel-paths.ts'
import { Random, seedOfRun } from '../support/random.ts'
import { answerByReading, answerOf, randomRequest, randomVector } from './search-reference.ts'
import { observation, openForTest, reading, rejection, SMALL_PACKING, temporaryFile } from './support.ts'

const IDS = ['a', 'ab', 'b', 'B', 'ä', 'zz', '\u{1f600}', '\uffff', 'long name', 'c', 'd', 'e']
const LAST = 60
const RUNS = Number(process.env['SEARCH_RUNS'] ?? 5)
const ALL = { choice: 'all', from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, k: 1000 } as const
const kernels = () => paths[0]!

/** Who writes: a store by path alone; it, another one and an app with transactions; a store in memory; one attached to the app's memory. */
type Kind = 'alone' | 'among others' | 'in memory' | "in the app's memory"
const KINDS: readonly Kind[] = ['alone', 'among others', 'among others', 'in memory', "in the app's memory"]

/** One database, and who uses it. */
class World {
  last = 0

  private constructor(
    readonly random: Random,
    readonly writers: readonly Store[],
    /** One of which has no room for a matrix. */
    readonly readers: readonly Store[],
    readonly small: Store | undefined,
    readonly attached: Store | undefined,
    readonly app: Sqlite.Database | undefined,
  ) {}

  static async open(random: Random, kind: Kind): Promise<World> {
    const options = { path: kind === 'in memory' ? ':memory:' : temporaryFile(), kernels, packing: SMALL_PACKING }
    const app = kind === 'in memory' ? undefined : new Sqlite(kind === "in the app's memory" ? ':memory:' : options.path)
    onTestFinished(() => void app?.close())
    if (app === undefined || app.memory) {
      const store = await openForTest(app === undefined ? options : { ...options, path: undefined, connection: app })
      await createVectors(store)
      return new World(random, [store], [store], undefined, app && store, app)
    }
    const large = await openForTest(options)
    await createVectors(large)
    const small = await openForTest({ ...options, memoryLimitBytes: 400 })
    if (kind === 'alone') return new World(random, [large], [large, small], small, undefined, undefined)
    const attached = await openForTest({ ...options, path: undefined, connection: app })
    return new World(random, [large, large, small, attached], [large, small, attached], small, attached, app)
  }

  get isInTransaction(): boolean {
    return this.app?.inTransaction ?? false
  }

  async step(): Promise<void> {
    const { random } = this
    const store = this.isInTransaction ? this.attached! : random.pick(this.writers)
    const collection = store.collection('vectors')!
    switch (random.below(this.isInTransaction ? 2 : 13)) {
      case 0:
        if (!this.isInTransaction && random.chance(0.5)) return void (await store.insert(collection, this.batch()))
        store.insertNow(collection, this.batch())
        return
      case 1:
        return this.turnTransaction()
      case 2:
        return void (await store.deleteRange(collection, random.pick(IDS), { from: random.below(LAST), to: random.below(LAST) }))
      case 3:
        return void (await store.removeEntity(collection, random.pick(IDS)))
      case 4:
        if (random.chance(0.3)) await store.compact()
        return
      case 5:
        return store.setAttributes(collection, random.pick(IDS), JSON.stringify({ topic: random.below(3) }), { merge: false, create: true })
      case 6:
        if (random.chance(0.3)) await this.recreate(store, collection)
        return
      default:
        await store.insert(collection, this.batch())
    }
  }

  /** Mostly a feed: newer than all that is there. */
  batch(): NewObservation[] {
    const { random } = this
    const payload = '{"kind":1}'
    const one = (entity: string, timestamp: number) =>
      observation(entity, timestamp, [...randomVector(random, 3)], random.chance(0.1) ? payload : undefined)
    if (random.chance(0.4)) return random.list(1, 20, () => one(random.pick(IDS), random.below(LAST)))
    this.last++
    return random
      .shuffled(IDS)
      .slice(0, 1 + random.below(IDS.length))
      .map((id) => one(id, this.last))
  }

  turnTransaction(): void {
    this.app?.exec(this.isInTransaction ? this.random.pick(['ROLLBACK', 'COMMIT']) : 'BEGIN IMMEDIATE')
  }

  async recreate(store: Store, collection: CollectionRecord): Promise<void> {
    await store.dropCollection(collection)
    await createVectors(store)
  }
}

function createVectors(store: Store): Promise<CollectionRecord> {
  return store.createCollection('vectors', { dimension: 3, metric: 'l2', normalized: false })
}

async function checked(store: Store, random: Random): Promise<SearchResult> {
  return reading(store, async (snapshot) => {
    const collection = (await snapshot.collection('vectors'))!
    const request = await randomRequest(random, snapshot, collection, LAST)
    const result = await snapshot.search(collection, request)
    expect(answerOf(result)).toEqual(await answerByReading(snapshot, collection, request))
    for (const { entity } of result.hits.slice(0, 2)) {
      const [stored] = await snapshot.findEntities(collection, [entity.id])
      const { key, attributes, observationCount, firstTimestamp, lastTimestamp } = stored!
      expect(entity).toMatchObject({ key, attributes, observationCount, firstTimestamp, lastTimestamp })
      const read = await snapshot.surroundings(collection, entity, LAST, undefined)
      expect(read).toEqual(await snapshot.surroundings(collection, stored!, LAST, undefined))
    }
    return result
  })
}

function everything(
  snapshot: Snapshot,
  collection: CollectionRecord,
  request: Partial<SearchRequest> = {},
  signal?: AbortSignal,
): Promise<SearchResult> {
  return snapshot.search(collection, { ...ALL, query: Float32Array.of(1, 0, 0), ...request }, signal)
}

describe('a matrix in memory', () => {
  for (let run = 0; run < RUNS; run++) {
    const kind = KINDS[run % KINDS.length]!
    test(`follows whatever is written, ${kind} (${run})`, { timeout: 60_000 }, async () => {
      const seed = seedOfRun() + run
      const world = await World.open(new Random(seed), kind)
      const accesses = new Map<string, number>()
      try {
        for (let i = 0; i < 120; i++) {
          await world.step()
          for (const store of world.random.shuffled(world.readers).slice(0, 2)) {
            const { access, candidates } = await checked(store, world.random)
            if (candidates === 0) continue // of nothing there is room for a matrix anywhere
            const reader = store === world.small ? 'small' : store === world.attached && world.isInTransaction ? 'in transaction' : 'large'
            accesses.set(`${reader} ${access}`, (accesses.get(`${reader} ${access}`) ?? 0) + 1)
          }
        }
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
      if (world.isInTransaction) world.app?.exec('ROLLBACK')
      expect(accesses.get('small resident')).toBeUndefined()
      expect(accesses.get('in transaction resident')).toBeUndefined()
      expect(accesses.get('large resident')).toBeGreaterThan(30)
    })
  }

  test('is not asked by a statement that began before its last change', async () => {
    const store = await openForTest({ kernels })
    const vectors = await createVectors(store)
    await store.insert(vectors, [observation('a', 1, [1, 0, 0])])
    const before = await store.snapshot()
    const held = (await before.collection('vectors'))!
    await store.insert(vectors, [observation('a', 2, [2, 0, 0])])

    const after = await reading(store, async (snapshot) => everything(snapshot, (await snapshot.collection('vectors'))!))
    const older = await everything(before, held)
    before.release()

    expect([after.access, after.candidates, older.access, older.candidates]).toEqual(['resident', 2, 'streamed', 1])
  })

  test('is whole after a search was stopped while it was built', async () => {
    const random = new Random(3)
    const store = await openForTest({ kernels })
    const vectors = await createVectors(store)
    const batch = Array.from({ length: 20_000 }, (_, i) => observation(`entity ${i % 2000}`, i, [...randomVector(random, 3)]))
    await store.insert(vectors, batch)
    const stopping = new AbortController()
    setImmediate(() => stopping.abort(new Error('enough')))

    const stopped = await reading(store, async (snapshot) => rejection(everything(snapshot, vectors, {}, stopping.signal)))
    const result = await reading(store, async (snapshot) => everything(snapshot, store.collection('vectors')!))

    expect([stopped.message, result.access, result.candidates]).toEqual(['enough', 'resident', 20_000])
  })

  test('is shared by searches at the same time, while others write', async () => {
    const random = new Random(7)
    const store = await openForTest({ kernels, packing: SMALL_PACKING })
    const vectors = await createVectors(store)
    const rounds = Array.from({ length: 60 }, async (_, round) => {
      await store.insert(
        vectors,
        IDS.map((id) => observation(id, round, [...randomVector(random, 3)])),
      )
      return checked(store, random)
    })

    expect(await Promise.all(rounds)).toHaveLength(60)
  })

  test('is let go of with its collection', async () => {
    const store = await openForTest({ kernels, memoryLimitBytes: 1_000_000 })
    const settings = { dimension: 1000, metric: 'l2', normalized: false } as const
    const batch = Array.from({ length: 150 }, (_, i) =>
      observation(
        'a',
        i,
        Array.from({ length: 1000 }, () => i),
      ),
    )
    const accesses: string[] = []
    for (const name of ['first', 'second', 'first']) {
      const collection = await store.createCollection(name, settings)
      await store.insert(collection, batch)
      accesses.push((await reading(store, (snapshot) => everything(snapshot, collection, { query: new Float32Array(1000) }))).access)
      await store.dropCollection(collection)
    }

    expect(accesses).toEqual(['resident', 'resident', 'resident'])
  })

  test('makes room for the one that is searched now', async () => {
    const store = await openForTest({ kernels, memoryLimitBytes: 1_000_000 })
    const batch = Array.from({ length: 150 }, (_, i) =>
      observation(
        'a',
        i,
        Array.from({ length: 1000 }, () => i),
      ),
    )
    const accesses: string[] = []
    for (const name of ['first', 'second'])
      await store.insert(await store.createCollection(name, { dimension: 1000, metric: 'l2', normalized: false }), batch)
    for (const name of ['first', 'second', 'first']) {
      accesses.push((await reading(store, (snapshot) => everything(snapshot, store.collection(name)!, { query: new Float32Array(1000) }))).access)
    }

    expect(accesses).toEqual(['resident', 'resident', 'resident'])
  })
})
