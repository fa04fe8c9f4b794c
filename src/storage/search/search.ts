import { DimensionError, InvariantError } from '../../errors.js'
import type { DistanceKernels } from '../../native/runtime.js'
import { Slice } from '../../slice.js'
import type { SqliteSnapshot } from '../sqlite-snapshot.js'
import type { CollectionRecord, SearchRequest, SearchResult } from '../store.js'
import { Matrices } from './matrices.js'
import type { Populate } from './matrix-slab.js'
import { MemoryAccount } from './memory-account.js'
import type { Search } from './search-candidates.js'
import { searchResident } from './search-resident.js'
import { searchStreamed } from './search-streamed.js'
import type { WriteLog } from './write-log.js'

/** What matrices may take of `memory_limit`. */
const MATRICES_SHARE = 3 / 4
/** What is read at a time where there is no matrix. */
const BUFFER_BYTES_MAX = 4 * 1024 * 1024
/** The same as a share of `memory_limit`. */
const BUFFER_SHARE = 1 / 64
/** A search that looks at less than this share of its collection builds no matrix. */
const CANDIDATES_SHARE_MIN = 1 / 10

export interface SearcherOptions {
  /** Asked for at the first search. */
  readonly kernels: (() => DistanceKernels) | undefined
  readonly memoryLimitBytes: number
  readonly writeLog: WriteLog
}

/** Finds nearest neighbours among the vectors of one store: in memory where they have room there, else by reading them. */
export class Searcher {
  readonly matrices: Matrices
  readonly #bufferBytes: number
  /** Collections of which less than a matrix was asked for once. */
  readonly #glanced = new Set<number>()

  constructor(private readonly options: SearcherOptions) {
    const populate: Populate = (memory) => options.kernels?.().populate(memory)
    this.matrices = new Matrices(new MemoryAccount(options.memoryLimitBytes * MATRICES_SHARE), options.writeLog, populate)
    this.#bufferBytes = Math.min(BUFFER_BYTES_MAX, options.memoryLimitBytes * BUFFER_SHARE)
  }

  async search(
    snapshot: SqliteSnapshot,
    collection: CollectionRecord,
    request: SearchRequest,
    signal: AbortSignal | undefined,
  ): Promise<SearchResult> {
    const kernels = this.options.kernels?.()
    if (kernels === undefined) throw new InvariantError('this store was opened without kernels to search with')
    if (request.query.length !== collection.dimension)
      throw new DimensionError(collection.name, undefined, collection.dimension, request.query.length)
    const search: Search = { snapshot, collection, request, signal, slice: new Slice() }
    return (await this.#resident(search, kernels)) ?? searchStreamed(search, kernels, this.#bufferBytes)
  }

  async #resident(search: Search, kernels: DistanceKernels): Promise<SearchResult | undefined> {
    const { snapshot, request, signal, slice } = search
    if (request.keepObservation !== undefined || snapshot.reader.settledState() === undefined) return undefined
    const collection = snapshot.reader.collection(search.collection.name)
    if (collection?.key !== search.collection.key) return undefined
    if (!this.matrices.has(collection.key) && !this.#isWorthIt(search)) return undefined
    return this.matrices.with({ snapshot, collection, signal, slice }, (matrix) => searchResident(search, matrix, kernels))
  }

  /** Whoever looks at little, and once, is answered sooner without. */
  #isWorthIt({ collection, request: { choice, entities } }: Search): boolean {
    const least = collection.observationCount * CANDIDATES_SHARE_MIN
    if (choice === 'all' && entities !== undefined) return entities.reduce((sum, { observationCount }) => sum + observationCount, 0) >= least
    if (choice === 'all' || (entities?.length ?? collection.entityCount) >= least) return true
    if (entities !== undefined) return false
    const isFirst = !this.#glanced.has(collection.key)
    this.#glanced.add(collection.key)
    return !isFirst
  }
}
