import { DimensionError, InvariantError } from '../errors.js'
import type { DistanceKernels } from '../native/runtime.js'
import type { Search } from './search-candidates.js'
import { searchStreamed } from './search-streamed.js'
import type { SqliteSnapshot } from './sqlite-snapshot.js'
import type { CollectionRecord, SearchRequest, SearchResult } from './store.js'

/** What is read at a time, where there is memory for it. */
const BUFFER_BYTES_MAX = 4 * 1024 * 1024
/** The same as a share of `memory_limit`. */
const BUFFER_SHARE = 1 / 64

export interface SearcherOptions {
  /** Asked for at the first search. */
  readonly kernels: (() => DistanceKernels) | undefined
  readonly memoryLimitBytes: number
}

/** Finds nearest neighbours among the vectors of one store. */
export class Searcher {
  readonly #bufferBytes: number

  constructor(private readonly options: SearcherOptions) {
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
    const search: Search = { snapshot, collection, request, signal }
    return searchStreamed(search, kernels, this.#bufferBytes)
  }
}
