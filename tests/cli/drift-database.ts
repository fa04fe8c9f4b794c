import { join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import { openDatabase } from '../../src/index.js'
import { temporaryFolder } from '../support/database.js'

/** The day of an observation of `a` in `drift`, and the number in its vector. */
const DAYS = ['2000-01-01', '2000-01-02', '2000-01-03T12:00:00Z']

/** The runner's terminal says nothing to these tests, and each has a file of its own. */
export function beforeEachDriftDatabase(): { readonly folder: string; readonly database: string } {
  const place = { folder: '', database: '' }
  beforeEach(async () => {
    vi.stubEnv('FORCE_COLOR', undefined)
    vi.stubEnv('TERM', 'xterm-256color')
    vi.stubEnv('CI', undefined) // where it is set, Node takes a terminal for one without colours
    place.folder = temporaryFolder()
    place.database = join(place.folder, 'drift.db')
    await makeDrift(place.database)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })
  return place
}

/** `drift` with the entities `a` (3 observations) and `b` (none left), and `empty`. */
async function makeDrift(path: string): Promise<void> {
  const db = await openDatabase({ storage: { path } })
  const drift = await db.createCollection('drift', { dimension: 2, metric: 'l2' })
  await drift.insert(DAYS.map((timestamp, i) => ({ entity: 'a', timestamp, vector: [i, -i] })))
  await drift.setAttributes('a', { topic: 'x' })
  await drift.insert([{ entity: 'b', timestamp: 0, vector: [1, 1] }])
  await drift.delete({ entity: 'b' })
  await db.createCollection('empty', { dimension: 3, normalized: true })
  await db.close()
}
