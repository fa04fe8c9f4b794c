import { setTimeout } from 'node:timers/promises'
import { type Database, openDatabase } from 'chronode'
import { times } from './absolute.ts'
import { BenchFolder } from './bench-folder.ts'
import { atMost, type Budget, type Finding, finding, range, type Scale } from './finding.ts'
import { openKernels } from './kernels.ts'
import { type LongestPause, watched } from './longest-pause.ts'
import { type Candidate, callCost, compare, type Pair, ratioOf, spread } from './measure.ts'
import { Source, timeOf } from './observations.ts'

const K = 10
/** Calls of a narrow window before anything is measured: a statement that V8 has not compiled takes up to half a millisecond longer. */
const WARMING_CALLS = 300
const BATCH = 2500
const WINDOW = `NEAREST ${K} TO $1 FROM walks BETWEEN $2 AND $3`
const AS_OF = `NEAREST ${K} TO $1 FROM walks AS OF $2`
const LATEST = `NEAREST ${K} TO $1 FROM walks`
const PASS_BUDGET: Budget = { ...atMost(1.3), words: 'at most 1.3, goal 1.05' }
const PAUSE_BUDGET: Budget = { ...atMost(20), words: 'at most 20 ms' }

interface Shape {
  readonly entities: number
  readonly perEntity: number
  readonly dimension: number
  readonly rounds: number
}

interface Shapes {
  /** Searched over windows of time. */
  readonly windows: readonly Shape[]
  /** Searched as of one moment. */
  readonly moments: readonly Shape[]
}

const FULL: Shapes = {
  windows: [
    { entities: 100, perEntity: 1000, dimension: 128, rounds: 15 },
    { entities: 1000, perEntity: 1000, dimension: 128, rounds: 5 },
    { entities: 100, perEntity: 1000, dimension: 768, rounds: 5 },
    { entities: 100, perEntity: 1000, dimension: 1536, rounds: 5 },
  ],
  moments: [
    { entities: 1000, perEntity: 100, dimension: 128, rounds: 7 },
    { entities: 10_000, perEntity: 10, dimension: 128, rounds: 7 },
  ],
}

const QUICK: Shapes = {
  windows: [{ entities: 20, perEntity: 100, dimension: 128, rounds: 1 }],
  moments: [{ entities: 100, perEntity: 20, dimension: 128, rounds: 1 }],
}

/** The addon's sum of all numbers, on so many threads. */
type StreamPass = (numbers: Float32Array, threads: number) => number

/** `NEAREST` as an app asks it, against a streaming pass over as much memory, and what the first search of a process costs. */
export async function nearest(scale: Scale): Promise<Finding[]> {
  const { raw } = await openKernels()
  const { windows, moments } = scale === 'quick' ? QUICK : FULL
  const findings: Finding[] = []
  for (const shape of windows) findings.push(...(await inFile(shape, (path) => overWindows(path, shape, raw?.streamPass))))
  for (const shape of moments) findings.push(...(await inFile(shape, (path) => atMoments(path, shape, raw?.streamPass))))
  return findings
}

async function inFile(shape: Shape, measure: (path: string) => Promise<Finding[]>): Promise<Finding[]> {
  using folder = new BenchFolder()
  const path = folder.file('walks.db')
  await fill(path, shape)
  return await measure(path)
}

async function fill(path: string, { entities, perEntity, dimension }: Shape): Promise<void> {
  await using db = await openDatabase({ storage: { path } })
  const walks = await db.createCollection('walks', { dimension, metric: 'l2' })
  for (const batch of new Source(dimension).sorted(entities * perEntity, perEntity, BATCH)) await walks.insert(batch)
}

async function overWindows(path: string, shape: Shape, pass: StreamPass | undefined): Promise<Finding[]> {
  const findings = await firstUse(path, shape)
  await using db = await openDatabase({ storage: { path } })
  const size = sizeOf(shape)
  const all = windowOf(db, shape, 1)
  const { threads } = await all.ask()
  await warm(windowOf(db, shape, 0.01))
  if (pass !== undefined) findings.push(await againstPass(`NEAREST, ${size}`, all, shape, pass, threads, PASS_BUDGET))
  for (const share of [0.1, 0.01]) {
    const ratio = await compare(windowOf(db, shape, share), all, shape.rounds)
    findings.push(finding(`a window of ${share * 100} %`, `NEAREST, ${size}`, ratio, times(ratio.firstUs, ratio.secondUs)))
  }
  const typed = await compare(typedOf(db, shape), all, shape.rounds)
  findings.push(finding('the same by collection.nearest()', `NEAREST, ${size}`, typed, times(typed.firstUs, typed.secondUs)))
  return findings
}

async function atMoments(path: string, shape: Shape, pass: StreamPass | undefined): Promise<Finding[]> {
  if (pass === undefined) return []
  await using db = await openDatabase({ storage: { path } })
  await windowOf(db, shape, 1).ask()
  await warm(windowOf(db, shape, 0.01))
  const { entities, perEntity } = shape
  const middle = timeOf(Math.floor(perEntity / 2))
  const asOf = new Search(db, AS_OF, [queryOf(shape), middle], entities)
  const latest = new Search(db, LATEST, [queryOf(shape)], entities)
  const among = `among ${entities} entities of ${perEntity} observations × ${shape.dimension}`
  const one: Shape = { ...shape, perEntity: 1 }
  return [await againstPass(`NEAREST ... AS OF, ${among}`, asOf, one, pass, 1), await againstPass(`NEAREST, latest, ${among}`, latest, one, pass, 1)]
}

async function warm(search: Search): Promise<void> {
  for (let i = 0; i < WARMING_CALLS; i++) await search.ask()
}

/** One statement, asked a few times; what it looked at must be what the shape says, in memory. */
class Search implements Candidate {
  readonly name: string
  readonly calls = 3
  readonly #statement
  readonly #parameters: readonly unknown[]
  readonly #candidates: number

  constructor(db: Database, text: string, parameters: readonly unknown[], candidates: number) {
    this.name = text
    this.#statement = db.prepare(text)
    this.#parameters = parameters
    this.#candidates = candidates
  }

  async run(): Promise<void> {
    for (let i = 0; i < this.calls; i++) await this.ask()
  }

  /** How many threads looked. */
  async ask(): Promise<{ readonly threads: number }> {
    const { rows, meta } = await this.#statement.all(this.#parameters)
    const { candidates, access, threads = 1 } = meta
    if (rows.length !== K || candidates !== this.#candidates || access !== 'resident')
      throw new Error(
        `${this.name}: ${rows.length} rows of ${candidates} candidates, ${access}, came; there should be ${K} of ${this.#candidates}, resident`,
      )
    return { threads }
  }
}

/** The newest share of all observations, a run of each entity. */
function windowOf(db: Database, shape: Shape, share: number): Search {
  const { entities, perEntity } = shape
  const each = Math.max(1, Math.round(perEntity * share))
  return new Search(db, WINDOW, [queryOf(shape), timeOf(perEntity - each), timeOf(perEntity - 1)], entities * each)
}

function typedOf(db: Database, shape: Shape): Candidate {
  const calls = 3
  const walks = db.collection('walks')
  return {
    name: 'collection.nearest',
    calls,
    async run() {
      for (let i = 0; i < calls; i++) {
        const rows = await walks.nearest({ k: K, to: queryOf(shape), between: [timeOf(0), timeOf(shape.perEntity - 1)] })
        if (rows.length !== K) throw new Error(`collection.nearest() brought ${rows.length} rows of ${K}`)
      }
    },
  }
}

/** The pass is over memory of its own, of as many bytes as the candidates have. */
async function againstPass(work: string, search: Search, shape: Shape, pass: StreamPass, threads: number, budget?: Budget): Promise<Finding> {
  const numbers = new Float32Array(new SharedArrayBuffer(shape.entities * shape.perEntity * shape.dimension * 4)).fill(0.5)
  const streaming: Candidate = {
    name: 'pass',
    calls: search.calls,
    run() {
      for (let i = 0; i < search.calls; i++) pass(numbers, Math.max(1, threads))
    },
  }
  const ratio = await compare(search, streaming, shape.rounds)
  const against = threads > 1 ? `a streaming pass by ${threads} threads` : 'one streaming pass'
  return finding(work, against, ratio, times(ratio.firstUs, ratio.secondUs), budget)
}

/** What building the matrix costs, and for how long nobody else is served meanwhile; the file is in the system's cache. */
async function firstUse(path: string, shape: Shape): Promise<Finding[]> {
  const pairs: Pair[] = []
  const pauses: LongestPause[] = []
  const idlePausesMs: number[] = []
  for (let round = 0; round < Math.min(shape.rounds, 5); round++) {
    await using db = await openDatabase({ storage: { path } })
    const search = windowOf(db, shape, 1)
    const once: Candidate = { name: search.name, calls: 1, run: async () => void (await search.ask()) }
    const { result: first, pause } = await watched(() => callCost(once))
    pairs.push({ first, second: await callCost(once) })
    pauses.push(pause)
    idlePausesMs.push((await watched(() => setTimeout(first.us / 1000))).pause.ms)
  }
  const ratio = ratioOf(pairs)
  const elapsed = spread(pauses.map(({ ms }) => ms))
  const idle = spread(idlePausesMs)
  const size = sizeOf(shape)
  return [
    finding(`the first NEAREST, ${size}`, 'the second', ratio, times(ratio.firstUs, ratio.secondUs)),
    {
      work: `its longest pause of the event loop, ${size}`,
      against: 'nobody waits longer',
      budget: PAUSE_BUDGET.words,
      ratio: `${range(elapsed)} ms`,
      cpu: `${range(spread(pauses.map(({ cpuMs }) => cpuMs)))} ms`,
      holds: PAUSE_BUDGET.holds(elapsed.median),
      detail: `an idle loop for as long: ${range(idle)} ms`,
    },
  ]
}

function queryOf({ dimension }: Shape): Float32Array {
  return Float32Array.from({ length: dimension }, (_, i) => Math.sin(i) / 2)
}

function sizeOf({ entities, perEntity, dimension }: Shape): string {
  return `${(entities * perEntity).toLocaleString('en')} × ${dimension}`
}
