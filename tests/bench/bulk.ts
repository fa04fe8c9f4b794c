import { rates } from './absolute.ts'
import { atLeast, atMost, type Finding, finding, type Scale } from './finding.ts'
import { compare } from './measure.ts'
import { Source } from './observations.ts'
import { type Load, Writing } from './writing.ts'

const PER_ENTITY = 1000
/** Not a divisor of PER_ENTITY: batches must not happen to be whole trajectories. */
const BATCH = 2500

/** Sorted bulk loads: one entity after another, each in time order. */
export async function bulk(scale: Scale): Promise<Finding[]> {
  if (scale === 'quick') return [...(await sortedLoad(8, 5000, 1)), await streamedLoad(8, 5000, 1)]
  return [
    ...(await sortedLoad(128, 100_000, 7)),
    await streamedLoad(128, 100_000, 5),
    ...(await sortedLoad(384, 100_000, 5)),
    ...(await sortedLoad(1536, 100_000, 3)),
    ...(await sortedLoad(128, 1_000_000, 3)),
  ]
}

async function sortedLoad(dimension: number, count: number, rounds: number): Promise<Finding[]> {
  using writing = new Writing(sorted(dimension, count))
  const work = `sorted bulk insert, ${count} × ${dimension}`
  const peer = await compare(writing.peer(), writing.ours(), rounds)
  const raw = await compare(writing.raw(), writing.ours(), Math.min(rounds, 3))
  const size = writing.sizeRatio()
  return [
    finding(work, 'prepared one-row-each inserts', peer, rates(peer.secondUs, peer.firstUs), atLeast(2, 2.5)),
    finding(work, 'a raw sequential write of the floats', raw, rates(raw.secondUs, raw.firstUs)),
    sizeFinding(`file after it, ${count} × ${dimension}`, size, writing.peerSizeRatio()),
  ]
}

/** The same by one call of `insertMany`, which takes the observations one by one. */
async function streamedLoad(dimension: number, count: number, rounds: number): Promise<Finding> {
  using writing = new Writing(sorted(dimension, count))
  const ratio = await compare(writing.peer(), writing.ourStream(BATCH), rounds)
  return finding(`the same by insertMany, ${count} × ${dimension}`, 'the same', ratio, rates(ratio.secondUs, ratio.firstUs))
}

function sorted(dimension: number, count: number): Load {
  const source = new Source(dimension)
  return { source, count, batches: () => source.sorted(count, PER_ENTITY, BATCH) }
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
