#!/usr/bin/env node
// Kills a writing process at random moments, again and again: `scripts/node scripts/kill-campaign.mjs [kills] [seed]`, 1,000 unless told.
// After each kill every acknowledged batch must be there, no batch in part, and verify() clean.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openDatabase } from 'chronode'

const PROGRAM = fileURLToPath(import.meta.url)
const WRITER = '--write'
const ENTITIES = 5
/** More kills on one file would only make it longer to verify. */
const KILLS_A_FILE = 10
/** Every fifth process is killed while it starts and opens the file. */
const EARLY_SHARE = 0.2
const EARLY_MS_MAX = 300
const WRITING_MS_MAX = 60

if (process.argv[1] === PROGRAM) {
  const [first, second, third] = process.argv.slice(2)
  if (first === WRITER) await writeForEver(second, Number(third))
  else await main(Number(first ?? 1000), Number(second ?? 1))
}

async function main(kills, seed) {
  const result = await killCampaign({ kills, seed, onKill: (killed) => killed % 50 === 0 && console.log(`${killed} of ${kills}`) })
  console.log(JSON.stringify(result))
  process.exitCode = result.problems.length === 0 ? 0 : 1
}

/** @returns how many batches were acknowledged and found, and whatever was wrong. */
async function killCampaign({ kills, seed, onKill = () => undefined }) {
  const random = randomFrom(seed)
  const totals = { kills, acknowledged: 0, found: 0, problems: [] }
  for (let killed = 0; killed < kills; ) {
    const folder = mkdtempSync(join(tmpdir(), 'chronode-kill-'))
    const isWatched = random() < 0.5 // a second process that has the file open keeps the first one's log alive
    const path = join(folder, 'killed.db')
    const watcher = isWatched ? await openDatabase({ storage: { path } }) : undefined
    try {
      for (let next = 0, round = 0; round < KILLS_A_FILE && killed < kills; round++, killed++, onKill(killed)) {
        const acknowledged = await writeAndKill(path, next, random)
        const found = await check(path, next, watcher, totals.problems)
        if (found < acknowledged) totals.problems.push(`kill ${killed}: batch ${acknowledged} was acknowledged, ${found} is the last one there`)
        totals.acknowledged += acknowledged + 1 - next
        totals.found += found + 1 - next
        next = found + 1
      }
    } finally {
      await watcher?.close()
      rmSync(folder, { recursive: true })
    }
  }
  return totals
}

/** @returns the last batch that the process acknowledged; `first - 1`: none. */
async function writeAndKill(path, first, random) {
  const child = spawn(process.execPath, [PROGRAM, WRITER, path, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let acknowledged = first - 1
  let dying = random() < EARLY_SHARE ? killAfter(child, random() * EARLY_MS_MAX) : undefined
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Number(line)
    dying ??= killAfter(child, random() * WRITING_MS_MAX)
  }
  await dying
  const [, signal] = await exited
  if (signal !== 'SIGKILL') throw new Error(`the writing process ended by itself after batch ${acknowledged}`)
  return acknowledged
}

async function killAfter(child, delayMs) {
  await pause(delayMs)
  child.kill('SIGKILL')
}

async function writeForEver(path, first) {
  const db = await openDatabase({ storage: { path, busy_timeout_ms: 30_000 } })
  const words = await db.createCollection('words', { dimension: 2 })
  for (let n = first; ; n++) {
    await words.insert(batch(n))
    writeSync(1, `${n}\n`)
    await pause(0)
  }
}

/** Batch n: 1 to 60 observations, each with the vector [n, its place]. */
function batch(n) {
  return Array.from({ length: sizeOf(n) }, (_, i) => ({ entity: `e${i % ENTITIES}`, timestamp: 1e12 + n * 100 + i, vector: [n, i], payload: { n } }))
}

function sizeOf(n) {
  return 1 + ((n * 37) % 60)
}

/** @returns the last batch from `first` on that is there. */
async function check(path, first, watcher, problems) {
  const db = watcher ?? (await openDatabase({ storage: { path } }))
  try {
    const report = await db.verify()
    if (!report.ok) problems.push(...report.problems.map((problem) => JSON.stringify(problem)))
    const sizes = await sizesFrom(db, first, problems)
    let n = first
    for (; sizes.has(n); n++) if (sizes.get(n) !== sizeOf(n)) problems.push(`batch ${n} has ${sizes.get(n)} of ${sizeOf(n)} observations`)
    if (sizes.size > n - first) problems.push(`batch ${n} is missing, and there are ${sizes.size - n + first} after it`)
    return n - 1
  } finally {
    if (watcher === undefined) await db.close()
  }
}

/** How many observations of each batch there are. */
async function sizesFrom(db, first, problems) {
  const sizes = new Map()
  if (!db.collections().some(({ name }) => name === 'words')) return sizes
  const words = db.collection('words')
  for await (const { entity } of words.entities()) {
    const { timestamps, vectors } = await words.trajectory({ entity, from: 1e12 + first * 100 })
    timestamps.forEach((timestamp, at) => {
      const [n, i] = [vectors[at * 2], vectors[at * 2 + 1]]
      if (timestamp !== 1e12 + n * 100 + i || entity !== `e${i % ENTITIES}`) problems.push(`${entity} has [${n}, ${i}] at ${timestamp}`)
      sizes.set(n, (sizes.get(n) ?? 0) + 1)
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
