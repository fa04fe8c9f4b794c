import { InvariantError } from '../../errors.js'
import type { DistanceKernels } from '../../native/runtime.js'
import { inThisTurn } from '../../slice.js'
import type { StoredCollection } from '../catalog.js'
import type { Matrices } from '../search/matrices.js'
import { bestHits, type Ranked } from '../search/search-best.js'
import type { EntityRecord, ImmediateSearchRequest, ImmediateSearchResult, ImmediateView } from '../store.js'
import { searchMatrixNow } from './immediate-resident.js'

/** Candidates that nobody has searched for so long are let go of. */
const IDLE_MS = 5 * 60 * 1000

export interface ImmediateSearchOptions {
  readonly kernels: (() => DistanceKernels) | undefined
  /** Of candidates at a time. */
  readonly bytesMax: number
  /** What other searches keep in memory. */
  readonly matrices: Matrices
}

/** Each entity's last observation at one moment, as long as the collection is what it was. */
interface Kept {
  readonly collection: number
  readonly generation: number
  readonly at: number
  readonly candidates: Candidates
}

/**
 * Finds nearest neighbours within one turn: in the matrix of other searches, where that is right. What it has read otherwise it keeps for the next search of the same moment: a join asks again and again.
 * Where the candidates have no room, it reads them part by part, each time anew.
 */
export class ImmediateSearch {
  #kept: Kept | undefined
  #usedAtMs = 0

  constructor(private readonly options: ImmediateSearchOptions) {}

  search(view: ImmediateView, collection: StoredCollection, request: ImmediateSearchRequest): ImmediateSearchResult {
    const kernels = this.options.kernels?.()
    if (kernels === undefined) throw new InvariantError('this store was opened without kernels to search with')
    const matrix = this.options.matrices.current(collection)
    return matrix === undefined ? this.#read(view, collection, request, kernels) : searchMatrixNow(matrix, collection, request, kernels)
  }

  forgetIdle(): void {
    if (performance.now() - this.#usedAtMs > IDLE_MS) this.forget()
  }

  forget(): void {
    this.#kept = undefined
  }

  #read(view: ImmediateView, collection: StoredCollection, request: ImmediateSearchRequest, kernels: DistanceKernels): ImmediateSearchResult {
    const { query, k, at } = request
    const { metric, dimension } = collection
    const best = bestHits<Owned>(k)
    let newestTimestamp: number | undefined
    let rank = 0
    for (const { vectors, timestamps, entities, count } of this.#parts(view, collection, at)) {
      const runs = Uint32Array.of(0, count)
      const [{ rows, distances, scores } = NOTHING] = kernels.scanNow({ metric, dimension, matrix: vectors, queries: query, runs, k })
      for (const [i, row] of rows.entries()) {
        const vector = vectors.slice(row * dimension, (row + 1) * dimension)
        const [entity, timestamp] = [entities[row]!, timestamps[row]!]
        best.add({ entity, timestamp, vector, distance: distances[i]!, score: scores[i]!, rank: rank + row })
      }
      if (best.isFull) inThisTurn(best.cut())
      for (let i = 0; i < count; i++) newestTimestamp = Math.max(newestTimestamp ?? timestamps[i]!, timestamps[i]!)
      rank += count
    }
    return {
      hits: inThisTurn(best.cut()).map(({ entity: { id }, timestamp, distance, vector }) => ({ entity: id, timestamp, distance, vector })),
      newestTimestamp,
    }
  }

  *#parts(view: ImmediateView, collection: StoredCollection, at: number): Generator<Candidates> {
    this.#usedAtMs = performance.now()
    const { key, generation, dimension, entityCount } = collection
    const kept = this.#kept
    if (kept?.collection === key && kept.generation === generation && kept.at === at) {
      yield kept.candidates
      return
    }
    this.forget()
    const countMax = Math.max(1, Math.min(entityCount, Math.floor(this.options.bytesMax / (4 * dimension))))
    let candidates = new Candidates(countMax, dimension)
    for (const entity of view.scanEntities(collection)) {
      if (candidates.isFull) {
        yield candidates
        candidates = new Candidates(countMax, dimension)
      }
      const last = isBefore(entity, at) ? undefined : view.lastObservation(collection, entity, at)
      if (last !== undefined) candidates.add(entity, last)
    }
    if (countMax === entityCount) this.#kept = { collection: key, generation, at, candidates }
    yield candidates
  }
}

const NOTHING = { rows: new Uint32Array(0), distances: new Float64Array(0), scores: new Float64Array(0) }

interface Owned extends Ranked {
  readonly entity: Pick<EntityRecord, 'key' | 'id'>
  readonly timestamp: number
  readonly distance: number
  readonly vector: Float32Array
}

/** It had no observation yet: that is known without reading. */
function isBefore({ firstTimestamp }: EntityRecord, at: number): boolean {
  return firstTimestamp === undefined || at < firstTimestamp
}

/** In the order of ids (UTF-8 bytes). */
class Candidates {
  readonly vectors: Float32Array
  readonly timestamps: Float64Array
  readonly entities: Pick<EntityRecord, 'key' | 'id'>[] = []

  constructor(
    private readonly countMax: number,
    private readonly dimension: number,
  ) {
    this.vectors = new Float32Array(countMax * dimension)
    this.timestamps = new Float64Array(countMax)
  }

  get count(): number {
    return this.entities.length
  }

  get isFull(): boolean {
    return this.count === this.countMax
  }

  add({ key, id }: EntityRecord, { timestamp, vector }: { readonly timestamp: number; readonly vector: Float32Array }): void {
    this.vectors.set(vector, this.count * this.dimension)
    this.timestamps[this.count] = timestamp
    this.entities.push({ key, id })
  }
}
