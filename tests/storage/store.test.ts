import { describe, expect, test } from 'vitest'
import { createWords, everySecond, found, observation, openForTest, reading, SMALL_PACKING, temporaryFile } from './support.js'

describe('collections', () => {
  test('creating one again with the same settings returns it', async () => {
    const store = await openForTest()
    const first = await createWords(store)
    await store.insert(first, [observation('a', 1)])

    const again = await createWords(store)

    expect(again).toMatchObject({
      key: first.key,
      name: 'words',
      dimension: 2,
      metric: 'cosine',
      normalized: false,
      observationCount: 1,
      entityCount: 1,
    })
  })

  test.each([{ dimension: 3 }, { metric: 'l2' as const }, { normalized: true }])('creating one again with %o is refused', async (other) => {
    const store = await openForTest()
    await createWords(store)

    const creating = store.createCollection('words', { dimension: 2, metric: 'cosine', normalized: false, ...other })

    await expect(creating).rejects.toMatchObject({ code: 'COLLECTION_EXISTS', collection: 'words' })
  })

  test('are listed by the bytes of their names', async () => {
    const store = await openForTest()
    const names = ['b', 'a', 'Z', '\u{1f600}', '\uffff', 'ä']
    for (const name of names) await store.createCollection(name, { dimension: 1, metric: 'l2', normalized: false })

    const byBytes = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(store.collections().map(({ name }) => name)).toEqual(byBytes)
    expect((await reading(store, (snapshot) => snapshot.collections())).map(({ name }) => name)).toEqual(byBytes)
  })

  test('one that is dropped takes its contents with it, and no key comes again', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [...everySecond('a', 2500), observation('b', 1)])
    await store.setAttributes(words, 'b', '{"x":1}', { merge: false })
    await store.removeEntity(words, 'b')

    await store.dropCollection(words)

    expect(store.collection('words')).toBeUndefined()
    const again = await createWords(store)
    expect(again.key).toBeGreaterThan(words.key)
    expect(again).toMatchObject({ observationCount: 0, entityCount: 0 })
    await expect(store.insert(words, [observation('a', 1)])).rejects.toMatchObject({ code: 'NOT_FOUND', kind: 'collection', wanted: 'words' })
    await expect(store.dropCollection(words)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await store.verify()).toMatchObject({ ok: true, checked: 1 })
  })
})

describe('insert', () => {
  test('counts what is new and what is replaced; of a key twice in the batch the last wins', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    const first = await store.insert(words, [observation('a', 1), observation('a', 2), observation('b', 1)])
    const second = await store.insert(words, [observation('a', 2, [7, 7]), observation('a', 3, [1, 1]), observation('a', 3, [9, 9], '"last"')])

    expect(first).toEqual({ inserted: 3, replaced: 0 })
    expect(second).toEqual({ inserted: 1, replaced: 2 })
    expect(store.collection('words')).toMatchObject({ observationCount: 4, entityCount: 2 })
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      expect(entity).toMatchObject({ observationCount: 3, firstTimestamp: 1, lastTimestamp: 3 })
      const { before } = await snapshot.surroundings(collection, entity, 3, undefined)
      expect(before).toMatchObject({ timestamp: 3, vector: Float32Array.of(9, 9), payload: 'last' })
    })
  })

  test('takes observations in any order of time', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [observation('a', 5), observation('a', 1), observation('a', 3)])
    await store.insert(words, [observation('a', -2.5), observation('a', 4)])

    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      expect(entity).toMatchObject({ observationCount: 5, firstTimestamp: -2.5, lastTimestamp: 5 })
      const [trajectory] = await snapshot.readContexts(collection, [{ entity, limit: 10 }])
      expect(trajectory?.timestamps).toEqual(Float64Array.of(-2.5, 1, 3, 4, 5))
      expect(trajectory?.vectors).toEqual(Float32Array.of(-2.5, 0, 1, 0, 3, 0, 4, 0, 5, 0))
    })
  })

  test('keeps stamps apart that differ by the last bit of a double', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    const now = 1_795_269_662_590
    const next = now + 2 ** -12 // the spacing of doubles there
    expect(await store.insert(words, [observation('a', now, [1, 1]), observation('a', next, [2, 2])])).toEqual({ inserted: 2, replaced: 0 })

    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      expect((await snapshot.surroundings(collection, entity, now, undefined)).after).toMatchObject({ timestamp: next })
    })
  })

  test('takes -0 for 0', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [observation('a', -0)])
    expect(await store.insert(words, [observation('a', 0), observation('a', -0)])).toEqual({ inserted: 0, replaced: 2 })
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('stamps each version with the time of its writing', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    const recordedAt = async () =>
      reading(store, async (snapshot) => {
        const { collection, entity } = await found(snapshot, 'words', 'a')
        return (await snapshot.surroundings(collection, entity, 1, undefined)).before?.recordedAt
      })

    const before = Date.now()
    await store.insert(words, [observation('a', 1)])
    const first = (await recordedAt())!
    await new Promise((resolve) => setTimeout(resolve, 5))
    const between = Date.now()
    await store.insert(words, [observation('a', 1)])

    expect(first).toBeGreaterThanOrEqual(before)
    expect(first).toBeLessThan(between)
    expect(await recordedAt()).toBeGreaterThanOrEqual(between)
  })

  test('writes nothing of a batch that fails', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [observation('a', 1)])

    const inserting = store.insert(words, [observation('a', 2), observation('b', 1), observation('a', 3, [1, 2, 3])])

    await expect(inserting).rejects.toMatchObject({ code: 'BUG' }) // checked vectors only ever have D numbers
    expect(store.collection('words')).toMatchObject({ observationCount: 1, entityCount: 1 })
    expect(await store.insert(words, [observation('a', 2)])).toEqual({ inserted: 1, replaced: 0 })
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('of nothing writes nothing', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    expect(await store.insert(words, [])).toEqual({ inserted: 0, replaced: 0 })
  })

  test('in one turn does what the other does', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    expect(store.insertNow(words, [observation('a', 1), observation('a', 1)])).toEqual({ inserted: 1, replaced: 1 })
    expect(store.collection('words')).toMatchObject({ observationCount: 1 })
  })

  test('happens in the turn of the call, and in the order of the calls', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    const inserting = [1, 2, 3].map((version) => store.insert(words, [observation('a', 1, [version, 0])]))

    expect(store.collection('words')).toMatchObject({ observationCount: 1 })
    await Promise.all(inserting)
    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      expect((await snapshot.surroundings(collection, entity, 1, undefined)).before?.vector).toEqual(Float32Array.of(3, 0))
    })
  })
})

describe('attributes', () => {
  test('are replaced, merged and cleared', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [observation('a', 1)])
    const attributes = () => reading(store, async (snapshot) => (await found(snapshot, 'words', 'a')).entity.attributes)

    expect(await attributes()).toBeNull()
    await store.setAttributes(words, 'a', '{"topic":"x","n":{"a":1,"b":2}}', { merge: false })
    await store.setAttributes(words, 'a', '{"n":{"b":null,"c":3}}', { merge: true })
    expect(await attributes()).toEqual({ topic: 'x', n: { a: 1, c: 3 } })
    await store.setAttributes(words, 'a', '{"only":1}', { merge: false })
    expect(await attributes()).toEqual({ only: 1 })
    await store.setAttributes(words, 'a', null, { merge: false })
    expect(await attributes()).toBeNull()
    await store.setAttributes(words, 'a', '{"n":null,"m":1}', { merge: true })
    expect(await attributes()).toEqual({ m: 1 })
  })

  test('survive observations that come later', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [observation('a', 1)])
    await store.setAttributes(words, 'a', '{"topic":"x"}', { merge: false })
    await store.insert(words, [observation('a', 2)])
    await store.deleteRange(words, 'a', {})
    expect(await reading(store, async (snapshot) => (await found(snapshot, 'words', 'a')).entity)).toMatchObject({
      attributes: { topic: 'x' },
      observationCount: 0,
      firstTimestamp: undefined,
    })
  })

  test('of nobody are NOT_FOUND; what would grow too long is refused', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [observation('a', 1)])
    await expect(store.setAttributes(words, 'b', '{}', { merge: false })).rejects.toMatchObject({ code: 'NOT_FOUND', kind: 'entity', wanted: 'b' })
    await store.setAttributes(words, 'a', JSON.stringify({ long: 'x'.repeat(1_000_000) }), { merge: false })
    const merging = store.setAttributes(words, 'a', JSON.stringify({ other: 'x'.repeat(100_000) }), { merge: true })
    await expect(merging).rejects.toMatchObject({ code: 'ATTRIBUTES_INVALID' })
  })
})

describe('deleting', () => {
  test('a range includes both ends and tells how many', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, everySecond('a', 10))

    expect(await store.deleteRange(words, 'a', { from: 3000, to: 5000 })).toBe(3)
    expect(await store.deleteRange(words, 'a', { from: 3000, to: 5000 })).toBe(0)
    expect(await store.deleteRange(words, 'a', { to: 0 })).toBe(1)
    expect(await store.deleteRange(words, 'a', { from: 8500 })).toBe(1)
    expect(await store.deleteRange(words, 'nobody', {})).toBe(0)

    await reading(store, async (snapshot) => {
      const { collection, entity } = await found(snapshot, 'words', 'a')
      expect(entity).toMatchObject({ observationCount: 5, firstTimestamp: 1000, lastTimestamp: 8000 })
      const [trajectory] = await snapshot.readContexts(collection, [{ entity, limit: 10 }])
      expect([...trajectory!.timestamps]).toEqual([1000, 2000, 6000, 7000, 8000])
      expect(collection.observationCount).toBe(5)
    })
  })

  test('everything leaves the entity, with its attributes', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, everySecond('a', 2500))

    expect(await store.deleteRange(words, 'a', {})).toBe(2500)
    expect(store.collection('words')).toMatchObject({ observationCount: 0, entityCount: 1 })
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('an entity takes its observations, and its key does not come again', async () => {
    const store = await openForTest()
    const words = await createWords(store)
    await store.insert(words, [...everySecond('a', 3), observation('b', 1)])
    const before = await reading(store, async (snapshot) => (await found(snapshot, 'words', 'a')).entity)

    expect(await store.removeEntity(words, 'a')).toBe(true)
    expect(await store.removeEntity(words, 'a')).toBe(false)
    expect(store.collection('words')).toMatchObject({ observationCount: 1, entityCount: 1 })

    await store.insert(words, [observation('a', 1)])
    const after = await reading(store, async (snapshot) => (await found(snapshot, 'words', 'a')).entity)
    expect(after.key).toBeGreaterThan(before.key)
    expect(after.observationCount).toBe(1)
    expect(await store.verify()).toMatchObject({ ok: true })
  })

  test('a great many rests between slices, and a write in one turn comes after it whole', async () => {
    const store = await openForTest({ packing: SMALL_PACKING })
    const words = await createWords(store)
    await store.insert(words, everySecond('a', 60_000))

    const deleting = store.deleteRange(words, 'a', {})
    await new Promise((resolve) => setImmediate(resolve))
    const isStillThere = store.collection('words')?.observationCount === 60_000
    const inserted = store.insertNow(words, [observation('a', 1000), observation('b', 1)])

    expect(isStillThere).toBe(true)
    expect(inserted).toEqual({ inserted: 2, replaced: 0 })
    expect(await deleting).toBe(60_000)
    expect(store.collection('words')).toMatchObject({ observationCount: 2, entityCount: 2 })
    expect(await store.verify()).toMatchObject({ ok: true })
  })
})

test('everything is there after reopening', async () => {
  const path = temporaryFile()
  const store = await openForTest({ path })
  const words = await createWords(store)
  await store.insert(words, [observation('a', 1.5, [0.1, -0], '{"n":[1,null,"x"]}'), observation('b', -7, [3e38, 1e-40])])
  await store.setAttributes(words, 'a', '{"topic":"x"}', { merge: false })
  await store.close()

  const again = await openForTest({ path })
  await reading(again, async (snapshot) => {
    const { collection, entity } = await found(snapshot, 'words', 'a')
    expect(collection).toMatchObject({ key: words.key, dimension: 2, observationCount: 2, entityCount: 2 })
    expect(entity.attributes).toEqual({ topic: 'x' })
    const { before } = await snapshot.surroundings(collection, entity, 2, undefined)
    expect(before).toMatchObject({ timestamp: 1.5, payload: { n: [1, null, 'x'] } })
    expect(before?.vector).toEqual(Float32Array.of(0.1, -0))
    const other = await found(snapshot, 'words', 'b')
    expect((await snapshot.surroundings(collection, other.entity, 0, undefined)).before?.vector).toEqual(Float32Array.of(3e38, 1e-40))
  })
})
