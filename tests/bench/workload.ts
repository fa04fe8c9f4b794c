import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collection, type ConfigInput, type Database, openDatabase } from 'chronode'
import { randomNumbers } from '../support/random-numbers.ts'

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

/** A database on disk with `entities` random walks of LENGTH observations. */
export async function openWorkload(entities: number, analytics: ConfigInput['analytics'] = {}): Promise<Workload> {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-bench-'))
  const db = await openDatabase({ storage: { path: join(folder, 'bench.db') }, analytics })
  const collection = await db.createCollection('walks', { dimension: DIMENSION, metric: 'l2' })
  const random = randomNumbers(1)
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
