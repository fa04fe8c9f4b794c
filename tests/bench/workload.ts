import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collection, type ConfigInput, type Database, openDatabase } from 'chronode'

export const DIMENSION = 128
export const LENGTH = 50
/** Near today: what an app would have. */
export const START = Date.UTC(2026, 0, 1)
export const STEP_MS = 60_000

export interface Workload {
  readonly folder: string
  readonly db: Database
  readonly collection: Collection
  close(): Promise<void>
}

/** A random number in [0, 1) from a seed, the same in every run (mulberry32, Tommy Ettinger 2017). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let z = Math.imul(state ^ (state >>> 15), 1 | state)
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296
  }
}

/** A database on disk with `entities` random walks of LENGTH observations. */
export async function openWorkload(entities: number, analytics: ConfigInput['analytics'] = {}): Promise<Workload> {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-bench-'))
  const db = await openDatabase({ storage: { path: join(folder, 'bench.db') }, analytics })
  const collection = await db.createCollection('walks', { dimension: DIMENSION, metric: 'l2' })
  const random = randomFrom(1)
  for (let entity = 0; entity < entities; entity++) await collection.insert(walk(`e${entity}`, random))
  return {
    folder,
    db,
    collection,
    async close() {
      await db.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function walk(entity: string, random: () => number) {
  const position = new Float32Array(DIMENSION)
  return Array.from({ length: LENGTH }, (_, k) => {
    for (let i = 0; i < DIMENSION; i++) position[i]! += random() - 0.5
    return { entity, timestamp: START + k * STEP_MS, vector: position.slice() }
  })
}
