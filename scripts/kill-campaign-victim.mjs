// What a process does until it is killed: `node kill-campaign-victim.mjs write|compact|back-up|migrate FILE FIRST DIMENSION`.
// It says each batch that was acknowledged, line by line.
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDatabase } from 'chronode'

const ENTITIES = 5
const START_MS = 1e12
/** Between the slots of two batches: none has more observations. */
export const SLOT_MS = 100

/** Batch n: 1 to 60 observations, each with the vector [n, its place, ...]. Of two batches one is late; every fourth is of one entity. */
export function batch(n, dimension) {
  return Array.from({ length: sizeOf(n) }, (_, i) => {
    const vector = new Float32Array(dimension).fill(n + i)
    vector.set([n, i])
    return { entity: entityOf(n, i), timestamp: timestampOf(n, i), vector, payload: { n } }
  })
}

export function sizeOf(n) {
  return 1 + ((n * 37) % 60)
}

export function entityOf(n, i) {
  return `e${n % 4 === 0 ? 0 : i % ENTITIES}`
}

/** Batches 2 and 3 change places, and so on: what comes later is older. */
export function timestampOf(n, i) {
  return START_MS + (n ^ 1) * SLOT_MS + i
}

/** The oldest that batch `first` or one after it can have. */
export function oldestFrom(first) {
  return START_MS + (first & ~1) * SLOT_MS
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, path, first, dimension] = process.argv.slice(2)
  await import('kysely') // a migration should not begin with a fifth of a second of loading
  writeSync(1, 'ready\n')
  const db = await openDatabase({ storage: { path, busy_timeout_ms: 30_000 } })
  await Promise.all([writeForEver(db, Number(first), Number(dimension)), meanwhile(db, what, path)])
}

async function writeForEver(db, first, dimension) {
  const words = await db.createCollection('words', { dimension })
  for (let n = first; ; n++) {
    await words.insert(batch(n, dimension))
    writeSync(1, `${n}\n`)
    await pause(0)
  }
}

async function meanwhile(db, what, path) {
  for (;;) {
    if (what === 'compact') await db.compact()
    if (what === 'back-up') await db.backup(`${path}.backup`, { overwrite: true })
    await pause(what === 'write' || what === 'migrate' ? 1000 : 1)
  }
}
