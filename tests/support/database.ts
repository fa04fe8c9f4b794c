import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type CollectionOptions, type ConfigInput, type Database, type OpenOptions, openDatabase, type Warning } from '../../src/index.js'

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A database that is closed with the test. Default: a new file. */
export async function openForTest(
  config: Omit<ConfigInput, 'storage'> & { storage?: ConfigInput['storage'] } = {},
  options: OpenOptions = {},
): Promise<Database> {
  const db = await openDatabase(
    { storage: { path: join(temporaryFolder(), 'test.db') }, ...config },
    { logger: { warn: () => undefined }, ...options },
  )
  onTestFinished(() => db.close())
  return db
}

export type Points = readonly (readonly [timestamp: number, vector: readonly number[]])[]

/** A database with one collection `drift`, filled with trajectories by entity id. */
export async function openWith(
  trajectories: Readonly<Record<string, Points>>,
  config: Parameters<typeof openForTest>[0] = {},
  options: OpenOptions & Partial<CollectionOptions> = {},
): Promise<Database> {
  const { dimension, metric, normalized, ...openOptions } = options
  const db = await openForTest(config, openOptions)
  const first = Object.values(trajectories).find((points) => points.length > 0)?.[0]?.[1].length
  const drift = await db.createCollection('drift', {
    dimension: dimension ?? first ?? 2,
    ...(metric === undefined ? {} : { metric }),
    ...(normalized === undefined ? {} : { normalized }),
  })
  await drift.insert(
    Object.entries(trajectories).flatMap(([entity, points]) => points.map(([timestamp, vector]) => ({ entity, timestamp, vector: [...vector] }))),
  )
  return db
}

/** Keeps the warnings of a database. */
export function collectWarnings(): { readonly warnings: Warning[]; readonly logger: { warn(warning: Warning): void } } {
  const warnings: Warning[] = []
  return { warnings, logger: { warn: (warning) => warnings.push(warning) } }
}
