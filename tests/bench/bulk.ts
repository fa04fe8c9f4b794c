import { atLeast, atMost, type Finding, finding, type Scale } from './finding.ts'
import { compare, type Ratio } from './measure.ts'
import { Source } from './observations.ts'
import { type Load, Writing } from './writing.ts'

const PER_ENTITY = 1000
/** Not a divisor of PER_ENTITY: batches must not happen to be whole trajectories. */
const BATCH = 2500

/** Sorted bulk loads: one entity after another, each in time order. */
export async function bulk(scale: Scale): Promise<Finding[]> {
  if (scale === 'quick') return sortedLoad(8, 5000, 1)
  return [
    ...(await sortedLoad(128, 100_000, 7)),
    ...(await sortedLoad(384, 100_000, 5)),
    ...(await sortedLoad(1536, 100_000, 3)),
    ...(await sortedLoad(128, 1_000_000, 3)),
  ]
}

async function sortedLoad(dimension: number, count: number, rounds: number): Promise<Finding[]> {
  const source = new Source(dimension)
  const load: Load = { source, count, batches: () => source.sorted(count, PER_ENTITY, BATCH) }
  using writing = new Writing(load)
  const work = `sorted bulk insert, ${count} × ${dimension}`
  const peer = await compare(writing.peer(), writing.ours(), rounds)
  const stream = await compare(writing.peer(), writing.ourStream(BATCH), rounds)
  const raw = await compare(writing.raw(), writing.ours(), rounds)
  const size = writing.sizeRatio()
  return [
    finding(work, 'prepared one-row-each inserts', peer, rates(peer), atLeast(2, 2.5)),
    finding(`${work}, by insertMany`, 'the same', stream, rates(stream)),
    finding(work, 'a raw sequential write of the floats', raw, rates(raw)),
    sizeFinding(`file after it, ${count} × ${dimension}`, size, writing.peerSizeRatio()),
  ]
}

export function sizeFinding(work: string, size: number, peerSize: number): Finding {
  const budget = atMost(1.1)
  return {
    work,
    against: 'the bare floats',
    budget: budget.words,
    ratio: size.toFixed(3),
    holds: budget.holds(size),
    detail: `the peer's file: ${peerSize.toFixed(3)}`,
  }
}

/** Of a comparison in which the peer comes first: how many observations a second. */
export function rates({ firstUs, secondUs }: Ratio): string {
  return `${Math.round(1e3 / secondUs)} against ${Math.round(1e3 / firstUs)} thousand observations a second`
}
