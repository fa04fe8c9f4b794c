import { describe, expect, test } from 'vitest'
import type { ContextRequest, EntityObservations, ScanRequest, Snapshot, Store } from '../../src/storage/index.js'
import { createWords, everySecond, found, observation, openForTest, reading, rejection } from './support.js'

/** A store with 3 entities: `a` of 2,500 observations, a second apart; `b` of one; `none` of none. */
async function openFilled(options: Parameters<typeof openForTest>[0] = {}): Promise<Store> {
  const store = await openForTest(options)
  const words = await createWords(store)
  await store.insert(words, [...everySecond('a', 2500), observation('b', 7, [1, 2], '{"n":1}'), observation('none', 1)])
  await store.deleteRange(words, 'none', {})
  return store
}

/** The seconds of the context of entity `a` that a request brings. */
async function seconds(store: Store, request: Omit<ContextRequest, 'entity'>): Promise<number[]> {
  return reading(store, async (snapshot) => {
    const { collection, entity } = await found(snapshot, 'words', 'a')
    const [trajectory] = await snapshot.readContexts(collection, [{ entity, ...request }])
    expect(trajectory!.vectors).toEqual(Float32Array.from([...trajectory!.timestamps].flatMap((t) => [t / 1000, -t / 1000])))
    return [...trajectory!.timestamps].map((timestamp) => timestamp / 1000)
  })
}

async function scanned(snapshot: Snapshot, request: ScanRequest = {}): Promise<EntityObservations[]> {
  const collection = (await snapshot.collection('words'))!
  const pieces: EntityObservations[] = []
  for await (const piece of snapshot.scan(collection, request)) pieces.push(piece)
  return pieces
}

/** Entity and second of everything that a scan brings. */
function listed(pieces: readonly EntityObservations[]): [string, number][] {
  return pieces.flatMap(({ entity, observations }) => observations.map(({ timestamp }): [string, number] => [entity.id, timestamp / 1000]))
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe.each(['a file', ':memory:'])('in %s', (where) => {
  const open = () => openFilled(where === ':memory:' ? { path: ':memory:' } : {})

  test('a context is the newest observations, at or before until, none before since', async () => {
    const store = await open()
    expect(await seconds(store, { limit: 3 })).toEqual([2497, 2498, 2499])
    expect(await seconds(store, { limit: 2, until: 5000 })).toEqual([4, 5])
    expect(await seconds(store, { limit: 2, until: 5999 })).toEqual([4, 5])
    expect(await seconds(store, { limit: 9, until: 5000, since: 3000 })).toEqual([3, 4, 5])
    expect(await seconds(store, { limit: 1, until: -1 })).toEqual([])
    expect(await seconds(store, { limit: 5, until: 3000, since: 4000 })).toEqual([])
    expect(await seconds(store, { limit: 2500 })).toEqual(range(0, 2499))
    expect(await seconds(store, { limit: 1_000_000 })).toEqual(range(0, 2499))
    expect(await seconds(store, { limit: 2001, until: 2_100_000 })).toEqual(range(100, 2100))
    expect(await seconds(store, { limit: 2001, until: 2_100_000, since: 500_000 })).toEqual(range(500, 2100))
  })

  test('many contexts come in the order of their requests', async () => {
    const store = await open()
    await reading(store, async (snapshot) => {
      const collection = (await snapshot.collection('words'))!
      const [b, nobody, a, none] = await snapshot.findEntities(collection, ['b', 'nobody', 'a', 'none'])
      expect(nobody).toBeUndefined()
      expect(none).toMatchObject({ observationCount: 0, firstTimestamp: undefined, lastTimestamp: undefined })
      const trajectories = await snapshot.readContexts(
        collection,
        [b, none, a].map((entity) => ({ entity: entity!, limit: 2 })),
      )
      expect(trajectories.map(({ timestamps }) => [...timestamps])).toEqual([[7], [], [2_498_000, 2_499_000]])
      expect(trajectories.map(({ dimension }) => dimension)).toEqual([2, 2, 2])
    })
  })

  test('the surroundings of a moment are what is at or before it and after it, nothing later than until', async () => {
    const store = await open()
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      const around = async (at: number, until?: number) => {
        const { before, after } = await snapshot.surroundings(collection, entity, at, until)
        return [before?.timestamp, after?.timestamp]
      }
      expect(await around(1500)).toEqual([1000, 2000])
      expect(await around(1000)).toEqual([1000, 2000])
      expect(await around(-1)).toEqual([undefined, 0])
      expect(await around(9e9)).toEqual([2_499_000, undefined])
      expect(await around(1500, 1999)).toEqual([1000, undefined])
      expect(await around(1500, 2000)).toEqual([1000, 2000])
      expect(await around(5000, 3500)).toEqual([3000, undefined])
      expect(await around(5000, -1)).toEqual([undefined, undefined])
      const b = await found(snapshot, 'words', 'b')
      expect(await snapshot.surroundings(collection, b.entity, 7, undefined)).toMatchObject({
        before: { timestamp: 7, vector: Float32Array.of(1, 2), payload: { n: 1 } },
        after: undefined,
      })
    })
  })

  test('the extent until a moment knows nothing later', async () => {
    const store = await open()
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      expect(await snapshot.extentUntil(collection, entity, 9e9)).toEqual({ count: 2500, first: 0, last: 2_499_000 })
      expect(await snapshot.extentUntil(collection, entity, 4999)).toEqual({ count: 5, first: 0, last: 4000 })
      expect(await snapshot.extentUntil(collection, entity, 0)).toEqual({ count: 1, first: 0, last: 0 })
      expect(await snapshot.extentUntil(collection, entity, -1)).toEqual({ count: 0, first: undefined, last: undefined })
      const none = await found(snapshot, 'words', 'none')
      expect(await snapshot.extentUntil(collection, none.entity, 5)).toEqual({ count: 0, first: undefined, last: undefined })
    })
  })

  test('a scan goes by entity, then by time; ends are included; newest counts per entity after the range', async () => {
    const store = await open()
    await reading(store, async (snapshot) => {
      const all = range(0, 2499).map((second): [string, number] => ['a', second])
      expect(listed(await scanned(snapshot))).toEqual([...all, ['b', 0.007]])
      expect(listed(await scanned(snapshot, { from: 1000, to: 3000 }))).toEqual(all.slice(1, 4))
      expect(listed(await scanned(snapshot, { newest: 2 }))).toEqual([...all.slice(-2), ['b', 0.007]])
      expect(listed(await scanned(snapshot, { newest: 2, to: 5500 }))).toEqual([...all.slice(4, 6), ['b', 0.007]])
      expect(listed(await scanned(snapshot, { newest: 2000 }))).toEqual([...all.slice(-2000), ['b', 0.007]])
      expect(listed(await scanned(snapshot, { newest: 2000, from: 1_000_000 }))).toEqual(all.slice(1000))
      const collection = (await snapshot.collection('words'))!
      const [b, a] = await snapshot.findEntities(collection, ['b', 'a'])
      expect(listed(await scanned(snapshot, { entities: [b!, a!], to: 1000 }))).toEqual([['b', 0.007], ...all.slice(0, 2)])
      expect(listed(await scanned(snapshot, { entities: [] }))).toEqual([])
    })
  })

  test('a scan decodes what it is asked for', async () => {
    const store = await open()
    await reading(store, async (snapshot) => {
      const b = { from: 7, to: 7 }
      const [full] = await scanned(snapshot, b)
      expect(full!.observations[0]).toMatchObject({ vector: Float32Array.of(1, 2), payload: { n: 1 } })
      const [bare] = await scanned(snapshot, { ...b, vectors: false, payloads: false })
      expect(bare!.observations[0]).toMatchObject({ timestamp: 7, vector: new Float32Array(0), payload: undefined })
    })
  })

  test('entities come in pages by the bytes of their ids', async () => {
    const store = await openForTest(where === ':memory:' ? { path: where } : {})
    const words = await createWords(store)
    const ids = Array.from({ length: 1200 }, (_, i) => ['', 'Z', 'ä', '\u{1f600}', '\uffff'][i % 5] + String(i * 7919))
    await store.insert(
      words,
      ids.map((id) => observation(id, 1)),
    )
    await reading(store, async (snapshot) => {
      const seen: string[] = []
      for await (const page of snapshot.scanEntities((await snapshot.collection('words'))!)) seen.push(...page.map(({ id }) => id))
      expect(seen).toEqual([...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    })
  })

  test('what is read may be changed and sent away: it is nobody else’s memory', async () => {
    const store = await open()
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      const [first] = await snapshot.readContexts(collection, [{ entity, limit: 2 }])
      const around = await snapshot.surroundings(collection, entity, 1500, undefined)
      first!.vectors.fill(99)
      expect(around.before!.vector.buffer.byteLength).toBe(8)
      structuredClone(around.before!.vector, { transfer: [around.before!.vector.buffer as ArrayBuffer] })
      const [second] = await snapshot.readContexts(collection, [{ entity, limit: 2 }])
      expect(second!.vectors).toEqual(Float32Array.of(2498, -2498, 2499, -2499))
    })
  })

  test('long reading rests: timers run, and nothing holds the event loop for long', async () => {
    const store = await open()
    const words = await createWords(store)
    await store.insert(
      words,
      Array.from({ length: 4000 }, (_, i) => observation(`e${i}`, i)),
    )
    await reading(store, async (snapshot) => {
      let turns = 0
      const counting = setInterval(() => turns++, 0)
      await scanned(snapshot)
      const collection = (await snapshot.collection('words'))!
      const entities = await snapshot.findEntities(
        collection,
        Array.from({ length: 4000 }, (_, i) => `e${i}`),
      )
      const turnsBefore = turns
      await snapshot.readContexts(
        collection,
        entities.map((entity) => ({ entity: entity!, limit: 2 })),
      )
      clearInterval(counting)
      expect(turnsBefore).toBeGreaterThan(2)
      expect(turns).toBeGreaterThan(turnsBefore + 2)
    })
  })

  test('after its release a snapshot cannot be read; releasing twice is fine', async () => {
    const store = await open()
    const snapshot = await store.snapshot()
    snapshot.release()
    snapshot.release()
    await expect(snapshot.collections()).rejects.toMatchObject({ code: 'BUG' })
  })
})

test('a snapshot of a file stays as it was while others write', async () => {
  const store = await openFilled()
  const words = store.collection('words')!
  const snapshot = await store.snapshot()
  const before = listed(await scanned(snapshot))

  await store.insert(words, [observation('a', 1000, [9, 9]), observation('c', 1)])
  await store.deleteRange(words, 'a', { from: 5000 })
  await store.removeEntity(words, 'b')

  expect(listed(await scanned(snapshot))).toEqual(before)
  const { entity } = await found(snapshot, 'words', 'a')
  expect(entity.observationCount).toBe(2500)
  snapshot.release()
  expect(await reading(store, async (later) => listed(await scanned(later)))).toEqual([...[0, 1, 2, 3, 4].map((s) => ['a', s]), ['c', 0.001]])
})

test('a snapshot begins in the turn in which it is asked for', async () => {
  const store = await openFilled()
  const opening = store.snapshot()
  store.insertNow(store.collection('words')!, [observation('c', 1)])
  const snapshot = await opening
  expect(await snapshot.collection('words')).toMatchObject({ entityCount: 3 })
  snapshot.release()
})

test('closing the store ends a snapshot that was asked for in the same turn', async () => {
  const store = await openFilled()
  const opening = store.snapshot()
  const closing = store.close()
  await expect((await opening).collections()).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  await closing
})

test('a new snapshot knows of every write that was acknowledged, by whichever process', async () => {
  const store = await openFilled()
  const words = store.collection('words')!
  for (let i = 0; i < 20; i++) {
    await store.insert(words, [observation('c', i)])
    const entity = await reading(store, async (snapshot) => (await found(snapshot, 'words', 'c')).entity)
    expect(entity).toMatchObject({ observationCount: i + 1, lastTimestamp: i })
  }
})

test('more snapshots than connections wait for one another', async () => {
  const store = await openFilled()
  const open: Snapshot[] = []
  const opening = Array.from({ length: 136 }, async () => open.push(await store.snapshot()))
  await expect.poll(() => open.length).toBe(128)
  while (open.length > 0) {
    open.pop()!.release()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(opening)
  for (const snapshot of open) snapshot.release()
  expect(await reading(store, async (snapshot) => (await found(snapshot, 'words', 'b')).entity.observationCount)).toBe(1)
})

test('a very long trajectory is counted and cut exactly', async () => {
  const store = await openForTest()
  await store.insert(await createWords(store), everySecond('a', 35_000)) // several stretches of 10,000 index entries
  const until = 30_000_500
  expect(await seconds(store, { limit: 25_000, until })).toEqual(range(5001, 30_000))
  expect(await seconds(store, { limit: 20_000, until })).toEqual(range(10_001, 30_000))
  expect(await seconds(store, { limit: 29_000, until, since: 20_000_000 })).toEqual(range(20_000, 30_000))
  await reading(store, async (snapshot) => {
    const { collection, entity } = await found(snapshot, 'words', 'a')
    expect(await snapshot.extentUntil(collection, entity, until)).toEqual({ count: 30_001, first: 0, last: 30_000_000 })
    expect(await snapshot.extentUntil(collection, entity, 19_999_000)).toEqual({ count: 20_000, first: 0, last: 19_999_000 })
  })
  expect(await store.verify()).toMatchObject({ ok: true, checked: 35_002 })
})

describe('where there is one connection', () => {
  test('writes wait for snapshots, and snapshots that come later wait for those writes', async () => {
    const store = await openFilled({ path: ':memory:' })
    const words = store.collection('words')!
    const order: string[] = []
    const first = await store.snapshot()
    const writing = store.insert(words, [observation('c', 1)]).then(() => order.push('written'))
    const second = store.snapshot().then((snapshot) => {
      order.push('second')
      return snapshot
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(order).toEqual([])
    expect(await first.collection('words')).toMatchObject({ entityCount: 3 })

    first.release()
    await writing
    expect(await (await second).collection('words')).toMatchObject({ entityCount: 4 })
    expect(order).toEqual(['written', 'second'])
    ;(await second).release()
  })

  test('several snapshots are read at the same time', async () => {
    const store = await openFilled({ path: ':memory:' })
    const [first, second] = [await store.snapshot(), await store.snapshot()]
    expect(listed(await scanned(second))).toEqual(listed(await scanned(first)))
    first.release()
    second.release()
  })

  test('a write inside the reading of a snapshot gives up with advice, and the reading goes on', async () => {
    const store = await openFilled({ path: ':memory:', busyTimeoutMs: 50 })
    const words = store.collection('words')!
    await reading(store, async (snapshot) => {
      const error = await rejection(store.insert(words, [observation('c', 1)]))
      expect(error).toMatchObject({ code: 'STORAGE_BUSY' })
      expect(error.message).toMatch(/only one connection.*Read the rows to their end before writing/)
      expect(listed(await scanned(snapshot))).toHaveLength(2501)
    })
    expect(await store.insert(words, [observation('c', 1)])).toEqual({ inserted: 1, replaced: 0 })
  })

  test('insertNow waits for nobody: an open snapshot sees what it writes', async () => {
    const store = await openFilled({ path: ':memory:' })
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      store.insertNow(store.collection('words')!, [observation('a', 9_000_000)])
      const [trajectory] = await snapshot.readContexts(collection, [{ entity, limit: 9999 }])
      expect(trajectory!.timestamps).toHaveLength(2501)
      expect((await found(snapshot, 'words', 'a')).entity.observationCount).toBe(2501)
    })
  })
})

describe('a snapshot that lives too long', () => {
  test('is ended at its next slice, with advice', async () => {
    const store = await openFilled({ limits: { lifetimeMs: 500, walGrowthBytes: Number.POSITIVE_INFINITY } })
    const snapshot = await store.snapshot()
    expect(listed(await scanned(snapshot, { to: 0 }))).toHaveLength(1)
    await new Promise((resolve) => setTimeout(resolve, 520))
    const error = await rejection(scanned(snapshot))
    expect(error).toMatchObject({ code: 'QUERY_LIMIT', limit: 500 })
    expect(error.message).toMatch(/may read for 0\.5 s.*narrow it by entity or time/)
    snapshot.release()
    expect(await reading(store, (later) => later.collections())).toHaveLength(1)
  })

  test('is ended when much was written beside it', async () => {
    const store = await openFilled({ limits: { lifetimeMs: 60_000, walGrowthBytes: 100_000 } })
    const snapshot = await store.snapshot()
    const read = async () => {
      await new Promise((resolve) => setTimeout(resolve, 6)) // longer than a slice
      return scanned(snapshot, { to: 0 })
    }
    expect(await read()).toHaveLength(1)
    await store.insert(store.collection('words')!, everySecond('c', 10_000))
    expect(await rejection(read())).toMatchObject({ code: 'QUERY_LIMIT', limit: 100_000 })
    snapshot.release()
  })
})
