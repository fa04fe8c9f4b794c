import type { Batch } from '../observations.ts'
import type { Searching } from './contender.ts'
import { importPeer } from './install.ts'

interface Usearch {
  readonly MetricKind: { readonly L2sq: string }
  exactSearch(dataset: Float32Array, query: Float32Array, dimension: number, k: number, metric: string): { readonly keys: BigUint64Array }
}

/** Not a database: a search of one matrix in memory, which knows neither entities nor times. */
export async function openUsearch(batches: Iterable<Batch>, count: number, dimension: number): Promise<Searching> {
  const { default: usearch } = await importPeer<{ readonly default: Usearch }>('usearch')
  const matrix = new Float32Array(count * dimension)
  let end = 0
  for (const batch of batches) {
    for (const { vector } of batch) {
      matrix.set(vector, end)
      end += dimension
    }
  }
  return {
    name: 'usearch',
    nearest: (query, k) => usearch.exactSearch(matrix, query, dimension, k, usearch.MetricKind.L2sq).keys.length,
  }
}
