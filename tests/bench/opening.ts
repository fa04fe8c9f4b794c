import { openDatabase } from 'chronode'
import { times } from './absolute.ts'
import { BenchFolder } from './bench-folder.ts'
import { atMost, type Finding, finding, type Scale } from './finding.ts'
import { type Candidate, compare } from './measure.ts'
import { nameOf, Source, timeOf } from './observations.ts'

const DIMENSION = 32
const PER_ENTITY = 1000
const BATCH = 10_000

/** Opening a database, with its first query and without, where there is little in it and where there is much. */
export async function opening(scale: Scale): Promise<Finding[]> {
  const [few, many, opens, rounds] = scale === 'quick' ? [1000, 5000, 2, 1] : [1000, 1_000_000, 20, 7]
  using folder = new BenchFolder()
  const small = await filled(folder.file('small.db'), few)
  const large = await filled(folder.file('large.db'), many)
  const open = await compare(opensOf(large, opens), opensOf(small, opens), rounds)
  const first = await compare(opensOf(large, opens, many / PER_ENTITY), opensOf(small, opens, few / PER_ENTITY), rounds)
  const budget = atMost(1.5)
  const work = `at ${many} observations`
  return [
    finding(`opening a database ${work}`, `the same at ${few}`, open, `${times(open.firstUs, open.secondUs)}, closing included`, {
      ...budget,
      words: `about 1 (${budget.words})`,
    }),
    finding(`opening and AS OF one entity ${work}`, `the same at ${few}`, first, `${times(first.firstUs, first.secondUs)}, closing included`),
  ]
}

async function filled(path: string, count: number): Promise<string> {
  const db = await openDatabase({ storage: { path } })
  const collection = await db.createCollection('walks', { dimension: DIMENSION, metric: 'l2' })
  for (const batch of new Source(DIMENSION).sorted(count, PER_ENTITY, BATCH)) await collection.insert(batch)
  await db.close()
  return path
}

/** Opens and closes; with `entities`, asks for the last of them in between. */
function opensOf(path: string, calls: number, entities?: number): Candidate {
  return {
    name: path,
    calls,
    async run() {
      for (let i = 0; i < calls; i++) {
        await using db = await openDatabase({ storage: { path } })
        if (entities !== undefined) await db.collection('walks').asOf(timeOf(PER_ENTITY / 2), { entities: [nameOf(entities - 1)] })
      }
    },
  }
}
