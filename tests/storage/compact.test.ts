import { statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { contents, createWords, everySecond, observation, openForTest, rejection, SMALL_PACKING, temporaryFile } from './support.js'

test('compact packs all, leaves every answer as it is, and makes the file smaller', async () => {
  const path = temporaryFile()
  const store = await openForTest({ path })
  const words = await createWords(store)
  for (let i = 0; i < 40; i++) await store.insert(words, everySecond(`e${i}`, 1000))
  for (let i = 0; i < 40; i += 2) await store.removeEntity(words, `e${i}`)
  await store.insert(words, [observation('e1', 500.5, [1, 1], '{"n":1}'), observation('e3', 3000, [9, 9])])
  const before = await contents(store)
  const progress: number[] = []

  const report = await store.compact({ onProgress: ({ entities, entitiesTotal }) => progress.push(entities / entitiesTotal) })

  expect(await contents(store)).toEqual(before)
  expect(await store.verify()).toMatchObject({ ok: true, problems: [] })
  expect(report.packed).toBe(20 * 1000 + 1) // of e3 one was replaced
  expect(progress.at(-1)).toBe(1)
  expect(report.bytesAfter).toBeLessThan(0.7 * report.bytesBefore)
  await store.close()
  expect(statSync(path).size).toBe(report.bytesAfter)
  const again = await openForTest({ path })
  expect(await contents(again)).toEqual(before)
  expect(await again.compact()).toMatchObject({ packed: 0 })
})

test('compact joins segments that are small together', async () => {
  const store = await openForTest({ packing: { ...SMALL_PACKING, blockSize: () => ({ full: 3, min: 2, observationBytes: 16 }) } })
  const words = await createWords(store)
  for (let i = 0; i < 4; i++) await store.insert(words, everySecond('a', 8).slice(2 * i, 2 * i + 2))
  const before = await contents(store)
  await store.compact()
  expect(await contents(store)).toEqual(before)
  expect(await store.verify()).toMatchObject({ ok: true })
})

test('compact ends between two steps when its signal says so, and what was packed stays packed', async () => {
  const store = await openForTest()
  const words = await createWords(store)
  await store.insert(words, everySecond('a', 10))
  const before = await contents(store)
  const error = await rejection(store.compact({ signal: AbortSignal.abort('enough') }))
  expect(error).toMatchObject({ code: 'QUERY_ABORTED', cause: 'enough' })
  expect(await contents(store)).toEqual(before)
})

test('compact waits for nobody but says who is in the way', async () => {
  const path = temporaryFile()
  const store = await openForTest({ path, busyTimeoutMs: 50 })
  await store.insert(await createWords(store), everySecond('a', 10))
  const { default: Sqlite } = await import('better-sqlite3')
  const other = new Sqlite(path)
  other.exec('BEGIN IMMEDIATE')
  expect(await rejection(store.compact())).toMatchObject({ code: 'STORAGE_BUSY' })
  other.exec('ROLLBACK')
  other.close()
  expect(await store.compact()).toMatchObject({ packed: 10 })
})

test('compact works in memory, too', async () => {
  const store = await openForTest({ path: ':memory:' })
  await store.insert(await createWords(store), everySecond('a', 10))
  const before = await contents(store)
  expect(await store.compact()).toMatchObject({ packed: 10 })
  expect(await contents(store)).toEqual(before)
})
