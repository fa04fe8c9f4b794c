import type { Best } from '../../best.js'
import type { DistanceKernels, Recency } from '../../native/runtime.js'
import type { Stretch } from '../observations/stretch.js'
import type { EntityRecord, SearchHit, SearchRequest, SearchResult } from '../store.js'
import { bestHits, type Ranked } from './search-best.js'
import { candidates, type Search } from './search-candidates.js'

const HITS_A_STEP = 1000

/**
 * Reads all candidates through a buffer, and has the kernels look at one filling of it after the other: slower than a matrix in memory, and
 * never too much for it.
 *
 * @param bufferBytes  Of vectors; one fits in any case.
 */
export async function searchStreamed(search: Search, kernels: DistanceKernels, bufferBytes: number): Promise<SearchResult> {
  const recency = search.request.recency && (await timesOf(search))
  const { dimension, observationCount, entityCount } = search.collection
  const expected = Math.max(1, search.request.choice === 'newest' ? entityCount : observationCount)
  const buffer = new Filling(Math.min(expected, Math.max(1, Math.floor(bufferBytes / (4 * dimension)))), dimension)
  const scans = new Scans(search, kernels, recency)
  for await (const { entity, stretch } of candidates(search)) {
    for (let i = 0; i < stretch.count; ) {
      i += buffer.add(entity, stretch, i)
      if (buffer.isFull) await scans.scan(buffer)
    }
  }
  if (buffer.count > 0) await scans.scan(buffer)
  return scans.result()
}

/** What is at hand of the candidates. */
class Filling {
  readonly vectors: Float32Array
  readonly timestamps: Float64Array
  /** [rows] places in `entities`. */
  readonly owners: Uint32Array
  readonly entities: EntityRecord[] = []
  count = 0
  readonly #bytes: Uint8Array

  constructor(
    private readonly countMax: number,
    dimension: number,
  ) {
    this.vectors = new Float32Array(countMax * dimension)
    this.timestamps = new Float64Array(countMax)
    this.owners = new Uint32Array(countMax)
    this.#bytes = new Uint8Array(this.vectors.buffer)
  }

  get isFull(): boolean {
    return this.count === this.countMax
  }

  /** Takes as many as there is room for, from number `start` on. @returns how many. */
  add(entity: EntityRecord, { count, timestamps, vectors }: Stretch, start: number): number {
    const taken = Math.min(count - start, this.countMax - this.count)
    const vectorBytes = vectors.length / count
    this.#bytes.set(vectors.subarray(start * vectorBytes, (start + taken) * vectorBytes), this.count * vectorBytes)
    this.timestamps.set(timestamps.subarray(start, start + taken), this.count)
    if (this.entities.at(-1) !== entity) this.entities.push(entity)
    this.owners.fill(this.entities.length - 1, this.count, this.count + taken)
    this.count += taken
    return taken
  }

  clear(): void {
    this.count = 0
    this.entities.length = 0
  }
}

type Times = Pick<Recency, 'reference' | 'span'>

class Scans {
  readonly #best: Best<SearchHit & Ranked>
  #candidates = 0
  #newest: number | undefined
  #threads = 0

  constructor(
    private readonly search: Search,
    private readonly kernels: DistanceKernels,
    private readonly times: Times | undefined,
  ) {
    const { k, perEntity } = search.request
    this.#best = bestHits(k, perEntity)
  }

  async scan(buffer: Filling): Promise<void> {
    const { request, collection, signal, slice } = this.search
    const { count, timestamps, owners, entities } = buffer
    const [neighbours] = await this.kernels.scan(
      {
        metric: collection.metric,
        dimension: collection.dimension,
        matrix: buffer.vectors,
        queries: request.query,
        runs: Uint32Array.of(0, count),
        k: request.k,
        within: request.within,
        owners,
        perOwner: request.perEntity,
        recency: this.times && { ...this.times, alpha: request.recency!.alpha, timestamps },
      },
      { signal },
    )
    const { rows, distances, scores } = neighbours!
    for (let i = 0; i < rows.length; i++) {
      if ((i + 1) % HITS_A_STEP === 0) await slice.pause()
      const row = rows[i]!
      const hit = { entity: entities[owners[row]!]!, timestamp: timestamps[row]!, distance: distances[i]!, score: scores[i]! }
      this.#best.add({ ...hit, rank: this.#candidates + row })
    }
    if (this.#best.isFull) await slice.drive(this.#best.cut())
    for (let i = 0; i < count; i++) this.#newest = Math.max(this.#newest ?? timestamps[i]!, timestamps[i]!)
    this.#candidates += count
    this.#threads = Math.max(this.#threads, this.kernels.threadsFor(count, collection.dimension, 1))
    buffer.clear()
  }

  async result(): Promise<SearchResult> {
    const { slice } = this.search
    const hits: SearchHit[] = []
    for (const { entity, timestamp, distance, score } of await slice.drive(this.#best.cut())) {
      if ((hits.length + 1) % HITS_A_STEP === 0) await slice.pause()
      hits.push({ entity, timestamp, distance, score })
    }
    return {
      hits,
      candidates: this.#candidates,
      newestTimestamp: this.#newest,
      kernel: this.kernels.simd,
      threads: this.#threads,
      access: 'streamed',
    }
  }
}

/** Time distances are relative to the greatest one: it must be known before the first of them is. */
async function timesOf(search: Search): Promise<Times | undefined> {
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for await (const { stretch } of candidates(search)) {
    oldest = Math.min(oldest, stretch.timestamps[0]!)
    newest = Math.max(newest, stretch.timestamps[stretch.count - 1]!)
  }
  return oldest <= newest ? timesBetween(search.request, oldest, newest) : undefined
}

/** @param oldest  Of all candidates, as `newest`. */
export function timesBetween({ recency }: SearchRequest, oldest: number, newest: number): Times {
  const reference = recency?.reference ?? newest
  return { reference, span: Math.max(Math.abs(reference - oldest), Math.abs(newest - reference)) }
}
