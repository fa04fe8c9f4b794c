import { isDeepStrictEqual } from 'node:util'
import { StorageError } from '../../src/errors.js'
import type { CollectionRecord, NewObservation, Observation, Snapshot, Store } from '../../src/storage/index.js'
import type { Packing } from '../../src/storage/observations/packing.js'
import type { Random } from '../support/random.js'
import { everythingIn } from './random-operations-world.ts'
import { reading } from './support.ts'

const DIMENSION = 8
const FLIPPED_BYTES_MAX = 64

/** Blocks and strips of some hundred bytes: in a small file there are many of each. */
export const FLIP_PACKING: Packing = {
  blockSize: (dimension) => ({ full: 10, min: 5, observationBytes: 8 + 4 * dimension }),
  stripCountMin: 4,
  stripVectorBytesMax: 64,
  stripBytes: 320,
  stripsBytesMax: 100_000,
  packedAtOnceBytes: 4000,
}

const RANGES = [
  { from: 45, to: 300 },
  { from: 4, to: 500 },
  { from: 400, to: 1001 },
  { from: 20, to: 1000, newest: 3 },
]
const IDS = Array.from({ length: 8 }, (_, i) => `entity ${i}`)

/** Two collections with segments, rows in front of them, rows alone and strips; with payloads, attributes, and an entity that was removed. */
export async function fill(store: Store): Promise<void> {
  for (const name of ['words', 'more']) {
    const collection = await store.createCollection(name, { dimension: DIMENSION, metric: 'cosine', normalized: false })
    let written = 0
    const observation = (entity: string, timestamp: number): NewObservation => {
      const n = written++
      const vector = Float32Array.from({ length: DIMENSION }, (_, d) => n + d / 16)
      return { entity, timestamp, vector, payload: n % 3 === 0 ? JSON.stringify({ note: `number ${n}` }) : undefined }
    }
    for (const id of IDS.slice(0, 6)) {
      await store.insert(
        collection,
        Array.from({ length: 40 }, (_, i) => observation(id, i * 10)),
      )
      await store.setAttributes(collection, id, JSON.stringify({ topic: id, list: [1, 2, 3] }), { merge: false })
    }
    for (const id of IDS.slice(0, 4)) await store.insert(collection, [observation(id, 50), observation(id, 75), observation(id, 390)])
    for (const id of IDS.slice(6)) for (const timestamp of [5, 3, 500]) await store.insert(collection, [observation(id, timestamp)])
    for (const timestamp of [1000, 1001, 1002, 1003])
      await store.insert(
        collection,
        IDS.slice(2).map((id) => observation(id, timestamp)),
      )
    await store.insert(collection, [observation('gone', 1)])
    await store.removeEntity(collection, 'gone')
  }
}

/** What one way of reading says of a damaged file. */
type Outcome =
  | 'right'
  | 'refused'
  /** Rows are not there, or ones are that were replaced since: all of what is returned was once written. */
  | 'missing'

export interface FlipCounts {
  flips: number
  foundByOpen: number
  foundByFullRead: number
  foundByRangeRead: number
  /** Files where at least one range read brought less than there is, and no error. */
  missingInRangeRead: number
  foundByVerify: number
  /** None of the reads noticed, and every answer was right. */
  withoutEffect: number
}

export interface Flips {
  /** A whole file. */
  readonly bytes: Uint8Array
  readonly open: (damaged: Buffer) => Promise<Store>
  readonly count: number
  readonly random: Random
}

/** @returns what was found by whom. @throws what must never be: a wrong value, an error of another kind, damage that verify() does not find. */
export async function countFlips({ bytes, open, count, random }: Flips): Promise<FlipCounts> {
  const counts: FlipCounts = {
    flips: 0,
    foundByOpen: 0,
    foundByFullRead: 0,
    foundByRangeRead: 0,
    missingInRangeRead: 0,
    foundByVerify: 0,
    withoutEffect: 0,
  }
  const whole = await open(Buffer.from(bytes))
  const truth = await Truth.of(whole)
  await whole.close()
  for (; counts.flips < count; counts.flips++) {
    const damaged = Buffer.from(bytes)
    const hint = flip(damaged, random)
    try {
      await tryOne(damaged, open, truth, counts)
    } catch (error) {
      throw new Error(`flip ${counts.flips}: ${hint}`, { cause: error })
    }
  }
  return counts
}

function flip(bytes: Buffer, random: Random): string {
  const length = 1 + random.below(FLIPPED_BYTES_MAX)
  const start = random.below(bytes.length - length + 1)
  for (let at = start; at < start + length; at++) bytes[at]! ^= 1 + random.below(255)
  return `${length} bytes from ${start} on`
}

async function tryOne(damaged: Buffer, open: Flips['open'], truth: Truth, counts: FlipCounts): Promise<void> {
  const store = await openOrNothing(() => open(damaged))
  if (store === undefined) {
    counts.foundByOpen++
    return
  }
  try {
    const full = await truth.ofFullRead(store)
    const ranges = await truth.ofRangeReads(store)
    const { ok } = await store.verify()
    if (full === 'refused') counts.foundByFullRead++
    if (ranges.includes('refused')) counts.foundByRangeRead++
    if (ranges.includes('missing')) counts.missingInRangeRead++
    if (!ok) counts.foundByVerify++
    const isRight = full === 'right' && ranges.every((outcome) => outcome === 'right')
    if (isRight) counts.withoutEffect++
    if (!isRight && ok) throw new Error(`verify() finds nothing, and a full read was ${full}, range reads ${[...new Set(ranges)].join(', ')}`)
  } finally {
    await store.close()
  }
}

async function openOrNothing(open: () => Promise<Store>): Promise<Store | undefined> {
  try {
    return await open()
  } catch (error) {
    assertNamed(error)
    return undefined
  }
}

/** Errors of SQLite name the file, ours the row. */
function assertNamed(error: unknown): void {
  if (error instanceof StorageError && /Collection "|database|record of migrations/.test(error.message)) return
  throw error
}

/** What is in the whole file, to compare with. */
class Truth {
  private constructor(
    private readonly everything: unknown,
    private readonly rangeReads: readonly (readonly Observation[])[],
  ) {}

  static async of(store: Store): Promise<Truth> {
    const rangeReads = await reading(store, async (snapshot) => {
      const answers: (readonly Observation[])[] = []
      for (const read of RANGE_READS) answers.push(await read(snapshot))
      return answers
    })
    return new Truth(await reading(store, everythingIn), rangeReads)
  }

  /** @throws it is neither refused nor right. */
  async ofFullRead(store: Store): Promise<Outcome> {
    const read = await answerOf(() => reading(store, everythingIn))
    if (read === undefined) return 'refused'
    if (!isDeepStrictEqual(read, this.everything)) throw new Error('a full read brings something else than was written')
    return 'right'
  }

  /** @throws something was returned that never was written. */
  async ofRangeReads(store: Store): Promise<Outcome[]> {
    const outcomes = await answerOf(() =>
      reading(store, async (snapshot) => {
        const each: Outcome[] = []
        for (const [i, read] of RANGE_READS.entries()) each.push(outcomeOf(await answerOf(() => read(snapshot)), this.rangeReads[i]!))
        return each
      }),
    )
    return outcomes ?? ['refused'] // not even a snapshot could be opened
  }
}

function outcomeOf(found: readonly Observation[] | undefined, expected: readonly Observation[]): Outcome {
  if (found === undefined) return 'refused'
  if (isDeepStrictEqual(found, expected)) return 'right'
  for (const observation of found) assertWritten(observation)
  return 'missing'
}

/** Each vector that `fill` writes, and each payload, follows from one number. */
function assertWritten({ vector, payload }: Observation): void {
  const n = vector[0]!
  const isVector = Number.isInteger(n) && vector.length === DIMENSION && vector.every((value, d) => value === n + d / 16)
  const note = n % 3 === 0 ? { note: `number ${n}` } : undefined
  if (!isVector || !isDeepStrictEqual(payload, note)) throw new Error(`a range read brings ${vector.join(' ')} with ${JSON.stringify(payload)}`)
}

async function answerOf<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    assertNamed(error)
    return undefined
  }
}

/** Parts of trajectories in each place, none of them a whole one, whose count would tell. */
const RANGE_READS = IDS.flatMap((id) =>
  RANGES.map((range) => async (snapshot: Snapshot): Promise<readonly Observation[]> => {
    const collection = await snapshot.collection('words')
    const [entity] = collection === undefined ? [] : await snapshot.findEntities(collection, [id])
    if (entity === undefined) return []
    const found: Observation[] = []
    for await (const { observations } of snapshot.scan(collection as CollectionRecord, { ...range, entities: [entity] })) found.push(...observations)
    return found
  }),
)
