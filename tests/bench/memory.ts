import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from 'chronode'
import type { Finding } from './finding.ts'
import { START } from './workload.ts'

const OBSERVATIONS = 1_000_000
const ENTITIES = 1000
/** What iterating may add to the memory of the process, in MiB: a few slices of rows and what V8 leaves lying about. */
const BUDGET_MIB = 100

/** A million observations, one after another, in flat memory. */
export async function iterateAMillion(): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chronode-bench-'))
  const db = await openDatabase({ storage: { path: join(folder, 'million.db') } })
  const many = await db.createCollection('many', { dimension: 8 })
  function* observations() {
    for (let i = 0; i < OBSERVATIONS; i++) yield { entity: `e${i % ENTITIES}`, timestamp: START + i, vector: [i, 1, 2, 3, 4, 5, 6, 7] }
  }
  await many.insertMany(observations(), { batchSize: 10_000 })
  const start = performance.now()
  let rows = 0
  let first = 0
  let peak = 0
  for await (const _ of db.prepare('SELECT entity, timestamp, vector').iterate()) {
    rows += 1
    if (rows === 50_000) first = process.memoryUsage.rss()
    if (rows % 10_000 === 0) peak = Math.max(peak, process.memoryUsage.rss())
  }
  const seconds = (performance.now() - start) / 1000
  await db.close()
  rmSync(folder, { recursive: true })
  if (rows !== OBSERVATIONS) throw new Error(`${rows} rows came of ${OBSERVATIONS}`)
  const grownMiB = (peak - first) / 2 ** 20
  return [
    {
      work: `iterate() over ${OBSERVATIONS} observations`,
      against: 'its memory after the first 50,000',
      budget: `at most ${BUDGET_MIB} MiB more`,
      ratio: `${grownMiB.toFixed(0)} MiB`,
      holds: grownMiB <= BUDGET_MIB,
      detail: `${seconds.toFixed(1)} s`,
    },
  ]
}
