import { SetupError } from '../../scripts/setup/command.mjs'
import { rates, times } from './absolute.ts'
import { BenchFolder } from './bench-folder.ts'
import { openChronode } from './contenders/chronode.ts'
import type { Contender, OpenContender, Searching } from './contenders/contender.ts'
import { installPeers } from './contenders/install.ts'
import { openLanceDb } from './contenders/lancedb.ts'
import { openSqliteVec } from './contenders/sqlite-vec.ts'
import { openUsearch } from './contenders/usearch.ts'
import { type Finding, finding, type Scale } from './finding.ts'
import { type Candidate, compare } from './measure.ts'
import { nameOf, Source, timeOf } from './observations.ts'

const DIMENSION = 128
const PER_ENTITY = 1000
const BATCH = 2500
const NEIGHBOURS = 10

interface Other {
  readonly name: string
  readonly open: OpenContender
}

const OTHERS: readonly Other[] = [
  { name: 'sqlite-vec', open: openSqliteVec },
  { name: 'LanceDB', open: openLanceDb },
]

/** Other embedded vector databases on the same observations. They are no budget: each is made for something else. */
export async function beside(scale: Scale): Promise<Finding[]> {
  const [count, rounds, calls] = scale === 'quick' ? [3000, 1, 3] : [100_000, 3, 100]
  try {
    installPeers()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    const detail = `could not be installed here: ${error.message.split('\n').at(-1)}`
    return [{ work: 'other databases', against: 'sqlite-vec, LanceDB, usearch', budget: 'none', ratio: '', detail }]
  }
  const findings: Finding[] = []
  for (const other of OTHERS) {
    using folder = new BenchFolder()
    findings.push(await loads(folder, other, count, rounds), ...(await readsOf(folder, other, count, { rounds, calls })))
  }
  findings.push(await besideUsearch(count, { rounds, calls }))
  return findings
}

/** A library that searches memory, beside our file and the matrix that we keep of it. */
async function besideUsearch(count: number, { rounds, calls }: Effort): Promise<Finding> {
  using folder = new BenchFolder()
  const ours = await loaded(folder.file('ours'), openChronode, count)
  const theirs = await openUsearch(new Source(DIMENSION).sorted(count, PER_ENTITY, BATCH), count, DIMENSION)
  try {
    return await neighbours(ours, theirs, count, { rounds, calls: Math.ceil(calls / 5) })
  } finally {
    await ours.close()
  }
}

async function loads(folder: BenchFolder, { name, open }: Other, count: number, rounds: number): Promise<Finding> {
  const candidate = (file: string, open: OpenContender): Candidate => ({
    name: file,
    calls: count,
    prepare: () => folder.remove(file),
    async run() {
      const contender = await loaded(folder.file(file), open, count)
      await contender.close()
    },
  })
  const ratio = await compare(candidate('theirs', open), candidate('ours', openChronode), rounds)
  return finding(`bulk insert, ${count} × ${DIMENSION}`, name, ratio, rates(ratio.secondUs, ratio.firstUs))
}

interface Effort {
  readonly rounds: number
  readonly calls: number
}

async function readsOf(folder: BenchFolder, { name, open }: Other, count: number, { rounds, calls }: Effort): Promise<Finding[]> {
  const ours = await loaded(folder.file('ours-read'), openChronode, count)
  const theirs = await loaded(folder.file('theirs-read'), open, count)
  const entities = count / PER_ENTITY
  const read = (contender: Contender): Candidate => ({
    name: contender.name,
    calls,
    async run() {
      for (let i = 0; i < calls; i++) expectLength(await contender.trajectory(nameOf(i % entities)), PER_ENTITY * DIMENSION)
    },
  })
  const before = (contender: Contender): Candidate => ({
    name: contender.name,
    calls,
    async run() {
      for (let i = 0; i < calls; i++) expectLength(await contender.newestBefore(nameOf(i % entities), timeOf((i * 37) % PER_ENTITY) + 1), DIMENSION)
    },
  })
  try {
    const trajectories = await compare(read(theirs), read(ours), rounds)
    const moments = await compare(before(theirs), before(ours), rounds)
    return [
      finding(`trajectory of ${PER_ENTITY} points`, name, trajectories, times(trajectories.secondUs, trajectories.firstUs)),
      finding('last of one entity before a moment', name, moments, times(moments.secondUs, moments.firstUs)),
      await neighbours(ours, theirs, count, { rounds, calls: Math.ceil(calls / 5) }),
    ]
  } finally {
    await ours.close()
    await theirs.close()
  }
}

/** Exact search over everything, a query at a time. */
async function neighbours(ours: Searching, theirs: Searching, count: number, { rounds, calls }: Effort): Promise<Finding> {
  const source = new Source(DIMENSION)
  const search = (contender: Searching): Candidate => ({
    name: contender.name,
    calls,
    async run() {
      for (let i = 0; i < calls; i++) {
        const found = await contender.nearest(source.observation(i, 7).vector as Float32Array, NEIGHBOURS)
        if (found !== NEIGHBOURS) throw new Error(`${contender.name} found ${found} neighbours of ${NEIGHBOURS}`)
      }
    },
  })
  const ratio = await compare(search(theirs), search(ours), rounds)
  return finding(`exact nearest ${NEIGHBOURS} of ${count}`, theirs.name, ratio, times(ratio.secondUs, ratio.firstUs))
}

async function loaded(path: string, open: OpenContender, count: number): Promise<Contender> {
  const contender = await open(path, DIMENSION)
  for (const batch of new Source(DIMENSION).sorted(count, PER_ENTITY, BATCH)) await contender.insert(batch)
  await contender.finish()
  return contender
}

function expectLength({ length }: Float32Array, expected: number): void {
  if (length !== expected) throw new Error(`${length} numbers came, ${expected} should have`)
}
