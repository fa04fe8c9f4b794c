#!/usr/bin/env node
// Kills a process at random moments while it writes and packs, compacts, backs up or migrates, again and again:
// `scripts/node scripts/kill-campaign.mjs [kills] [seed]`, 1,000 unless told.
// After each kill every acknowledged batch must be there, no batch in part, and verify() clean; of backups every one that bears its name.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { openDatabase } from 'chronode'
import { entityOf, oldestFrom, sizeOf, timestampOf } from './kill-campaign-victim.mjs'

const VICTIM = fileURLToPath(new URL('kill-campaign-victim.mjs', import.meta.url))
const SCHEMA_1 = new URL('../tests/fixtures/schema-1.db.gz', import.meta.url)
/** More kills on one file would only make it longer to verify. */
const KILLS_A_FILE = 10
/** Vectors of 256 numbers fill blocks after a few batches; those of 2 stay in strips. */
const DIMENSIONS = [2, 256, 256]
const KINDS = ['write', 'write', 'compact', 'compact', 'back-up', 'migrate']
/** Every eighth process is killed while it opens the file. */
const EARLY_SHARE = 1 / 8
const EARLY_MS_MAX = 60
const WRITING_MS_MAX = 300
/** Opening and migrating takes some ten milliseconds. */
const MIGRATING_MS_MAX = 80

const [kills, seed] = process.argv.slice(2)
const result = await killCampaign(Number(kills ?? 1000), Number(seed ?? 1))
console.log(JSON.stringify(result))
process.exitCode = result.problems.length === 0 ? 0 : 1

/** @returns what was killed, how many batches were acknowledged and found, and whatever was wrong. */
async function killCampaign(kills, seed) {
  const random = randomFrom(seed)
  const totals = { kills, killed: {}, acknowledged: 0, found: 0, backups: 0, migrated: 0, unmigrated: 0, problems: [] }
  const count = (kind) => {
    totals.killed[kind] = (totals.killed[kind] ?? 0) + 1
    const killed = Object.values(totals.killed).reduce((sum, each) => sum + each, 0)
    if (killed % 50 === 0) console.log(`${killed} of ${kills}`)
    return killed
  }
  for (let killed = 0; killed < kills; ) {
    const folder = mkdtempSync(join(tmpdir(), 'chronode-kill-'))
    const file = { path: join(folder, 'killed.db'), dimension: DIMENSIONS[Math.floor(random() * DIMENSIONS.length)] }
    const isWatched = random() < 0.5 // a second process that has the file open keeps the first one's log alive
    const watcher = isWatched ? await openDatabase({ storage: { path: file.path } }) : undefined
    try {
      for (let next = 0, round = 0; round < KILLS_A_FILE && killed < kills; round++) {
        const kind = KINDS[Math.floor(random() * KINDS.length)]
        if (kind === 'migrate') await migrateAndKill(join(folder, `old-${round}.db`), random, totals)
        else next = await writeAndKill({ ...file, kind, next, watcher }, random, totals)
        killed = count(kind)
      }
    } catch (error) {
      totals.problems.push(`after ${killed} kills: ${error.stack}`)
    } finally {
      await watcher?.close()
      rmSync(folder, { recursive: true })
    }
    if (totals.problems.length > 0) return totals
  }
  return totals
}

/** @returns the batch to go on with. */
async function writeAndKill({ path, dimension, kind, next, watcher }, random, totals) {
  const acknowledged = await runAndKill([kind, path, next, dimension], random() < EARLY_SHARE ? random() * EARLY_MS_MAX : undefined, random)
  const db = watcher ?? (await openDatabase({ storage: { path } }))
  try {
    const found = await check(db, next, totals.problems)
    if (found < acknowledged) totals.problems.push(`${kind}: batch ${acknowledged} was acknowledged, ${found} is the last one there`)
    totals.acknowledged += Math.max(0, acknowledged + 1 - next)
    totals.found += found + 1 - next
    if (kind === 'back-up') await checkBackup(`${path}.backup`, found, totals)
    return found + 1
  } finally {
    if (watcher === undefined) await db.close()
  }
}

/** A backup bears its name when it is whole, and holds a beginning of what was written. */
async function checkBackup(path, last, totals) {
  for (const name of readdirSync(join(path, '..'))) if (name.includes('.unfinished')) rmSync(join(path, '..', name))
  if (!existsSync(path)) return
  const db = await openDatabase({ storage: { path } })
  try {
    const found = await check(db, 0, totals.problems)
    if (found > last) totals.problems.push(`a backup has batch ${found}, and its database only ${last}`)
    totals.backups++
  } finally {
    await db.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  }
}

/** A file of the first schema is of the first or of this one afterwards, with all that was in it. */
async function migrateAndKill(path, random, totals) {
  writeFileSync(path, gunzipSync(readFileSync(SCHEMA_1)))
  const before = rowsOf(path)
  await runAndKill(['migrate', path, 0, 2], random() * MIGRATING_MS_MAX, random)
  totals[versionOf(path) === 1 ? 'unmigrated' : 'migrated']++
  const db = await openDatabase({ storage: { path } })
  try {
    const report = await db.verify()
    totals.problems.push(...report.problems.map((problem) => JSON.stringify(problem)))
    for (const { id, timestamp, n } of before) {
      const { timestamps, vectors } = await db.collection('words').trajectory({ entity: id, from: timestamp, to: timestamp })
      if (timestamps[0] !== timestamp || vectors[0] !== n) totals.problems.push(`${id} at ${timestamp} was lost in a migration`)
    }
  } finally {
    await db.close()
  }
}

function rowsOf(path) {
  const database = new Sqlite(path)
  const rows = database.prepare('SELECT id, timestamp, vector FROM chronode_observation o JOIN chronode_entity e ON e.key = o.entity').all()
  database.close()
  return rows.map(({ id, timestamp, vector }) => ({ id, timestamp, n: vector.readFloatLE(0) }))
}

function versionOf(path) {
  const database = new Sqlite(path)
  const version = database.prepare('SELECT max(number) FROM chronode_migration').pluck().get()
  database.close()
  return version
}

/** @returns the last batch that the process acknowledged; one before the first: none. */
async function runAndKill(args, earlyMs, random) {
  const child = spawn(process.execPath, [VICTIM, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let acknowledged = args[2] - 1
  let dying
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'ready') acknowledged = Number(line)
    if (line !== 'ready' || earlyMs !== undefined) dying ??= killAfter(child, earlyMs ?? random() * WRITING_MS_MAX)
  }
  await dying
  const [, signal] = await exited
  if (signal !== 'SIGKILL') throw new Error(`the process ended by itself after batch ${acknowledged}`)
  return acknowledged
}

async function killAfter(child, delayMs) {
  await pause(delayMs)
  child.kill('SIGKILL')
}

/** @returns the last batch from `first` on that is there. */
async function check(db, first, problems) {
  const report = await db.verify()
  if (!report.ok) problems.push(...report.problems.map((problem) => JSON.stringify(problem)))
  const sizes = await sizesFrom(db, first, problems)
  let n = first
  for (; sizes.has(n); n++) if (sizes.get(n) !== sizeOf(n)) problems.push(`batch ${n} has ${sizes.get(n)} of ${sizeOf(n)} observations`)
  if (sizes.size > n - first) problems.push(`batch ${n} is missing, and there are ${sizes.size - n + first} after it`)
  return n - 1
}

/** How many observations of each batch there are. */
async function sizesFrom(db, first, problems) {
  const sizes = new Map()
  if (!db.collections().some(({ name }) => name === 'words')) return sizes
  const words = db.collection('words')
  for await (const { entity } of words.entities()) {
    const { timestamps, vectors, dimension } = await words.trajectory({ entity, from: oldestFrom(first) })
    timestamps.forEach((timestamp, at) => {
      const [n, i] = [vectors[at * dimension], vectors[at * dimension + 1]]
      if (timestamp !== timestampOf(n, i) || entity !== entityOf(n, i)) problems.push(`${entity} has [${n}, ${i}] at ${timestamp}`)
      if (n >= first) sizes.set(n, (sizes.get(n) ?? 0) + 1)
    })
  }
  return sizes
}

/** mulberry32: the same kills for the same seed, as far as the machine keeps time. */
function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
