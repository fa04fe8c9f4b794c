import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import {
  type CollectionRecord,
  type EntityRecord,
  type NewObservation,
  openStore,
  type Snapshot,
  type Store,
  type StoreOptions,
} from '../../src/storage/index.js'
import type { Packing } from '../../src/storage/observations/packing.js'

/** The path of a file in a folder that goes with the test. */
export function temporaryFile(name = 'store.db'): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, name)
}

/** A store that is closed with the test. Default: a new file. */
export async function openForTest(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({
    path: options.path ?? temporaryFile(),
    readonly: false,
    memoryLimitBytes: 2 ** 30,
    durability: 'normal',
    busyTimeoutMs: 2000,
    migrate: 'auto',
    warn: () => undefined,
    ...options,
  })
  onTestFinished(() => store.close())
  return store
}

/** So little makes a block and a strip that a few observations go through all of it. */
export const SMALL_PACKING: Packing = {
  blockSize: (dimension) => ({ full: 5, min: 3, observationBytes: 8 + 4 * dimension }),
  stripCountMin: 4,
  stripVectorBytesMax: 64,
  stripBytes: 24,
  stripsBytesMax: 120,
  packedAtOnceBytes: 100,
}

/** The collection `words` of dimension 2. */
export function createWords(store: Store): Promise<CollectionRecord> {
  return store.createCollection('words', { dimension: 2, metric: 'cosine', normalized: false })
}

export function observation(entity: string, timestamp: number, vector: readonly number[] = [timestamp, 0], payload?: string): NewObservation {
  return { entity, timestamp, vector: Float32Array.from(vector), payload }
}

/** `count` observations of one entity, a second apart, from 0. */
export function everySecond(entity: string, count: number): NewObservation[] {
  return Array.from({ length: count }, (_, i) => observation(entity, i * 1000, [i, -i]))
}

/** Runs `read` in a snapshot of its own. */
export async function reading<T>(store: Store, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const snapshot = await store.snapshot()
  try {
    return await read(snapshot)
  } finally {
    snapshot.release()
  }
}

/** As they are in a snapshot. */
export async function found(snapshot: Snapshot, name: string, id: string): Promise<{ collection: CollectionRecord; entity: EntityRecord }> {
  const collection = await snapshot.collection(name)
  const [entity] = collection === undefined ? [] : await snapshot.findEntities(collection, [id])
  if (collection === undefined || entity === undefined) throw new Error(`there is no ${name}/${id}`)
  return { collection, entity }
}

/** Everything that is stored, in plain words: what two stores with the same contents have in common. */
export async function contents(store: Store): Promise<unknown> {
  return reading(store, async (snapshot) => {
    const all: unknown[] = []
    for (const collection of await snapshot.collections()) {
      const { name, observationCount, entityCount } = collection
      const entities: unknown[] = []
      for await (const page of snapshot.scanEntities(collection)) {
        for (const { id, attributes, observationCount: count, firstTimestamp, lastTimestamp } of page) {
          entities.push({ id, attributes, count, firstTimestamp, lastTimestamp })
        }
      }
      const observations: unknown[] = []
      for await (const piece of snapshot.scan(collection, {})) {
        for (const { timestamp, vector, payload } of piece.observations) observations.push([piece.entity.id, timestamp, [...vector], payload])
      }
      all.push({ name, observationCount, entityCount, entities, observations })
    }
    return all
  })
}

export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error('this should have been refused')
}

/** How many turns of the event loop pass until it is done, where every slice is used up at once. */
export async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let nowMs = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 10))
  let turns = 0
  let isDone = false
  const count = () => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  try {
    await work()
  } finally {
    isDone = true
    clock.mockRestore()
  }
  return turns
}
