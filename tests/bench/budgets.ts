import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import type { PreparedStatement } from 'chronode'
import { benchForward, canCompileModels, compileModel } from '../support/torch-models.ts'
import { type Finding, range } from './finding.ts'
import { latentOde } from './latent-ode.ts'
import { type Candidate, compare, median, type Ratio } from './measure.ts'
import { DIMENSION, LENGTH, openWorkload, START, STEP_MS, type Workload } from './workload.ts'

/** How often the paired measurements of libtorch are made. */
const ROUNDS = 9
/** How often all entities are predicted; the first time is a warm-up for the memory that is measured after it. */
const EACH_ROUNDS = 4
const TARGET = START + (LENGTH + 3) * STEP_MS
const TEXT = `PREDICT vector AT ${TARGET} FOR ENTITY 'e7'`

async function times(calls: number, work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < calls; i++) await work()
}

function microseconds({ firstUs, secondUs }: Ratio): string {
  return `${firstUs.toFixed(1)} µs against ${secondUs.toFixed(1)} µs a call`
}

/** A prepared better-sqlite3 read of the two newest rows of an entity, from a plain table beside ours. */
function openPeer({ folder }: Workload): { read(): unknown; close(): void } {
  const db = new BetterSqlite3(join(folder, 'peer.db'))
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE observation (entity TEXT, timestamp REAL, vector BLOB); CREATE UNIQUE INDEX by_time ON observation (entity, timestamp)')
  const insert = db.prepare('INSERT INTO observation VALUES (?, ?, ?)')
  db.transaction(() => {
    for (let entity = 0; entity < 100; entity++) {
      for (let k = 0; k < LENGTH; k++) insert.run(`e${entity}`, START + k * STEP_MS, Buffer.alloc(DIMENSION * 4, k))
    }
  })()
  const select = db.prepare('SELECT timestamp, vector FROM observation WHERE entity = ? ORDER BY timestamp DESC LIMIT 2')
  return { read: () => select.all('e7'), close: () => void db.close() }
}

/** Budgets 3 and 4: a linear PREDICT, and the reading of its text, against a prepared read of two rows. */
export async function linearAndParse(): Promise<Finding[]> {
  const workload = await openWorkload(100)
  const peer = openPeer(workload)
  try {
    const statement = workload.db.prepare(`PREDICT vector AT $1 FOR ENTITY $2`)
    const read: Candidate = { name: 'read', calls: 3000, run: () => times(3000, async () => peer.read()) }
    const predict: Candidate = { name: 'predict', calls: 3000, run: () => times(3000, () => statement.all([TARGET, 'e7'])) }
    const reading: Candidate = {
      name: 'read',
      calls: 3000,
      run() {
        for (let i = 0; i < 3000; i++) peer.read()
      },
    }
    const linear = await compare(predict, read)
    const parsing = await compare(await parseAndPlan(workload), reading)
    return [
      {
        work: 'linear PREDICT, prepared',
        against: 'a prepared read of the two rows it needs',
        budget: 'at most 3',
        ratio: range(linear),
        cpu: range(linear.cpu),
        holds: linear.median <= 3,
        detail: microseconds(linear),
      },
      {
        work: 'parse and plan of a PREDICT',
        against: 'the same read',
        budget: 'below 1',
        ratio: range(parsing),
        cpu: range(parsing.cpu),
        holds: parsing.median < 1,
        detail: microseconds(parsing),
      },
    ]
  } finally {
    peer.close()
    await workload.close()
  }
}

/** The stages between the text and the plan, from the build: they are not public. */
async function parseAndPlan({ collection }: Workload): Promise<Candidate> {
  const stage = (name: string) => import(new URL(`../../dist/src/engine/${name}.js`, import.meta.url).href)
  const { parse } = (await stage('parse')) as typeof import('../../src/engine/syntax/parse.js')
  const { bind } = (await stage('bind')) as typeof import('../../src/engine/bind/bind.js')
  const { plan } = (await stage('plan')) as typeof import('../../src/engine/plan.js')
  const record = {
    key: 1,
    name: collection.name,
    dimension: DIMENSION,
    metric: 'l2',
    normalized: false,
    observationCount: 5000,
    entityCount: 100,
  } as const
  const catalog = { collection: () => record, collections: () => [record], methodNames: () => ['linear', 'last'] }
  return {
    name: 'parse and plan',
    calls: 3000,
    run() {
      for (let i = 0; i < 3000; i++) {
        const statement = parse(TEXT)
        if (statement.kind === 'explain') throw new Error('this statement is no EXPLAIN')
        plan(bind(statement, TEXT, undefined, catalog, START), { maxRows: 1000, vectors: 'float32' })
      }
    },
  }
}

/** Budgets 1 and 2: one warm neural PREDICT against the bare forward, and 10,000 entities at once against one at a time. */
export async function neural(): Promise<Finding[]> {
  if (!canCompileModels) return []
  const entities = 10_000
  const model = latentOde(compileModel)
  const folder = mkdtempSync(join(tmpdir(), 'chronode-bench-'))
  const path = join(folder, 'latent-ode.pt')
  writeFileSync(path, model)
  const workload = await openWorkload(entities, { neural_ode: true, model_path: path, context: LENGTH })
  try {
    const one = workload.db.prepare('PREDICT vector AT $1 FOR ENTITY $2')
    const first = await one.all([TARGET, 'e7'])
    if (first.rows[0]?.['method'] !== 'neural_ode') throw new Error(`the model did not answer: ${String(first.rows[0]?.['fallback_reason'])}`)
    const pairs: { readonly ours: number; readonly bare: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const ours = await oneAtATimeMs(one)
      const bare = median([...benchForward(model, { batch: 1, length: LENGTH, dimension: DIMENSION, warmUp: 20, calls: 100 })])
      pairs.push({ ours, bare })
    }
    const ratios = pairs.map(({ ours, bare }) => ours / bare)
    const gains: number[] = []
    const runs: EachRun[] = []
    for (let round = 0; round < EACH_ROUNDS; round++) {
      const before = await oneAtATimeMs(one)
      const each = await eachEntity(workload, entities)
      gains.push((before + (await oneAtATimeMs(one))) / 2 / each.entityMs)
      runs.push(each)
    }
    const oneMs = median(pairs.map(({ ours }) => ours))
    const each = runs.at(-1)!
    const gain = median(gains)
    return [
      {
        work: 'one warm PREDICT with libtorch',
        against: 'the bare forward',
        budget: 'at most 1.3',
        ratio: `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
        holds: median(ratios) <= 1.3,
        detail: `${oneMs.toFixed(2)} ms against ${median(pairs.map(({ bare }) => bare)).toFixed(2)} ms`,
      },
      {
        work: `PREDICT FOR EACH ENTITY, ${entities} entities`,
        against: 'the rate of one at a time',
        budget: 'at least 10',
        ratio: `${gain.toFixed(1)} (${Math.min(...gains).toFixed(1)} to ${Math.max(...gains).toFixed(1)})`,
        holds: gain >= 10,
        detail: `${each.entityMs.toFixed(3)} ms an entity; peak memory grew by ${each.grownMiB.toFixed(0)} MiB beyond the rows themselves`,
      },
    ]
  } finally {
    await workload.close()
    rmSync(folder, { recursive: true })
  }
}

async function oneAtATimeMs(statement: PreparedStatement): Promise<number> {
  const start = performance.now()
  await times(100, () => statement.all([TARGET, 'e7']))
  return (performance.now() - start) / 100
}

interface EachRun {
  readonly entityMs: number
  readonly grownMiB: number
}

async function eachEntity({ db }: Workload, entities: number): Promise<EachRun> {
  const statement = db.prepare('PREDICT vector AT $1 FOR EACH ENTITY')
  const drain = async () => {
    let rows = 0
    let peak = 0
    for await (const _ of statement.iterate([TARGET])) {
      rows += 1
      if (rows % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss())
    }
    if (rows !== entities) throw new Error(`${rows} rows came of ${entities}`)
    return peak
  }
  const before = process.memoryUsage.rss()
  const start = performance.now()
  const peak = await drain()
  return { entityMs: (performance.now() - start) / entities, grownMiB: Math.max(0, peak - before) / 2 ** 20 }
}
