#!/usr/bin/env node
// Three processes work on one database for a long time: `scripts/node scripts/soak.mjs [operations] [processes]`, 2,000,000 and 3 unless told.
// Prints memory, handles and file sizes as they go, and verifies the database at the end. docs/benchmarks.md keeps the result.
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase } from 'chronode'
import { randomNumbers } from '../tests/support/random-numbers.ts'

const DIMENSION = 32
const ENTITIES = 500
const BATCH = 20
/** Observations of an entity beyond these are deleted, so that the file has a size to stay at. */
const KEPT_MS = 400_000
const REPORTS = 20

const folder = process.env.CHRONODE_SOAK_FOLDER
if (folder === undefined) await supervise(Number(process.argv[2] ?? 2_000_000), Number(process.argv[3] ?? 3))
else await work(folder, Number(process.env.CHRONODE_SOAK_SEED), Number(process.env.CHRONODE_SOAK_OPERATIONS))

/** One process: inserts, AS OF, trajectories, predictions, deletions, mixed. */
async function work(where, seed, operations) {
  const db = await openDatabase({ storage: { path: join(where, 'soak.db'), busy_timeout_ms: 60_000 } })
  const walks = await db.createCollection('walks', { dimension: DIMENSION, metric: 'l2' })
  const random = randomNumbers(seed)
  const entity = () => `e${Math.floor(random() * ENTITIES)}`
  const predict = db.prepare('PREDICT vector AT LATEST + 10s FOR ENTITIES $1')
  const told = Math.max(1, Math.floor(operations / REPORTS))
  let clock = 0
  let nextTold = told
  for (let done = 0; done < operations; ) {
    const dice = random()
    clock += 10
    if (dice < 0.5) {
      const batch = Array.from({ length: BATCH }, (_, i) => ({
        entity: entity(),
        timestamp: 1e12 + clock * 100 + i + seed / 10,
        vector: vectorOf(random),
      }))
      await walks.insert(batch)
      done += BATCH
    } else if (dice < 0.7) {
      await walks.asOf(1e12 + clock * 100, { entities: Array.from({ length: 5 }, entity) })
      done += 5
    } else if (dice < 0.97) {
      await predict.all([[entity(), entity(), entity()]])
      done += 3
    } else {
      await walks.delete({ entity: entity(), to: 1e12 + clock * 100 - KEPT_MS })
      done += 1
    }
    if (done >= nextTold) {
      process.send?.({ done })
      nextTold += told
    }
  }
  await db.close()
  process.disconnect?.()
}

async function supervise(operations, processes) {
  const where = mkdtempSync(join(tmpdir(), 'chronode-soak-'))
  const start = performance.now()
  const children = Array.from({ length: processes }, (_, i) => {
    const env = {
      CHRONODE_SOAK_FOLDER: where,
      CHRONODE_SOAK_SEED: String(i + 1),
      CHRONODE_SOAK_OPERATIONS: String(Math.ceil(operations / processes)),
    }
    const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, ...env } })
    const state = { child, done: 0, ended: undefined }
    child.on('message', ({ done }) => {
      state.done = done
      if (i === 0) report(children, where, start)
    })
    state.ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
    return state
  })
  console.log('| operations | seconds | memory of each, MiB | handles of each | file, MiB | WAL, MiB |\n|---|---|---|---|---|---|')
  const codes = await Promise.all(children.map(({ ended }) => ended))
  const db = await openDatabase({ storage: { path: join(where, 'soak.db') } })
  const { ok, checked, problems } = await db.verify()
  await db.close()
  console.log(`\nexit codes ${codes.join(', ')}; verified ${checked} rows: ${ok ? 'all whole' : JSON.stringify(problems.slice(0, 5))}`)
  rmSync(where, { recursive: true })
  process.exitCode = ok && codes.every((code) => code === 0) ? 0 : 1
}

function report(children, where, start) {
  const living = children.filter(({ child }) => child.exitCode === null)
  const done = children.reduce((sum, state) => sum + state.done, 0)
  const memory = living.map(({ child }) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0)
  const handles = living.map(({ child }) => readdirSync(`/proc/${child.pid}/fd`).length)
  const mebibytes = (name) => ((statSync(join(where, name), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20).toFixed(0)
  const columns = [done, ((performance.now() - start) / 1000).toFixed(0), memory.map((kib) => Math.round(kib / 1024)).join(' '), handles.join(' ')]
  console.log(`| ${[...columns, mebibytes('soak.db'), mebibytes('soak.db-wal')].join(' | ')} |`)
}

function vectorOf(random) {
  return Float32Array.from({ length: DIMENSION }, () => random() - 0.5)
}
