import { rates } from './absolute.ts'
import { sizeFinding } from './bulk.ts'
import { atLeast, type Finding, finding, type Scale } from './finding.ts'
import { compare } from './measure.ts'
import { Source } from './observations.ts'
import { type Load, Writing } from './writing.ts'

const ENTITIES = 1000

/** Live feeds: all entities at one moment, a batch, then all at the next; long enough that packing is in its steady state. */
export async function live(scale: Scale): Promise<Finding[]> {
  if (scale === 'quick') return [...(await feed({ dimension: 8, entities: 100, moments: 20, rounds: 1 })), ...(await oneByOne(8, 200, 1))]
  return [
    ...(await feed({ dimension: 128, entities: ENTITIES, moments: 400, rounds: 5 })),
    ...(await feed({ dimension: 1536, entities: ENTITIES, moments: 60, rounds: 3 })),
    ...(await oneByOne(128, 20_000, 5)),
  ]
}

interface Feed {
  readonly dimension: number
  readonly entities: number
  readonly moments: number
  readonly rounds: number
}

async function feed({ dimension, entities, moments, rounds }: Feed): Promise<Finding[]> {
  const source = new Source(dimension)
  using writing = new Writing({ source, count: entities * moments, batches: () => source.live(entities, moments) })
  const ratio = await compare(writing.peer(), writing.ours(), rounds)
  return [
    finding(
      `live feed, ${entities} entities × ${moments} moments × ${dimension}`,
      'prepared one-row-each inserts',
      ratio,
      rates(ratio.secondUs, ratio.firstUs),
      atLeast(1, 2),
    ),
    sizeFinding(`file after it, × ${dimension}`, writing.sizeRatio(), writing.peerSizeRatio()),
  ]
}

/** A transaction an observation, of 100 entities in turn. */
async function oneByOne(dimension: number, count: number, rounds: number): Promise<Finding[]> {
  const source = new Source(dimension)
  const load: Load = {
    source,
    count,
    *batches() {
      for (const batch of source.live(100, count / 100)) for (const observation of batch) yield [observation]
    },
  }
  using writing = new Writing(load)
  const ratio = await compare(writing.peer(), writing.ours(), rounds)
  return [finding(`batches of one observation, × ${dimension}`, 'the same, a transaction each', ratio, rates(ratio.secondUs, ratio.firstUs))]
}
