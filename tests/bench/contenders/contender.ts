import type { Batch } from '../observations.ts'

/** A database on disk beside ours, by the best means that its own documentation names. */
export interface Contender {
  readonly name: string
  /** One batch, durable as far as it can be without syncing each. */
  insert(batch: Batch): Promise<void> | void
  /** After the last batch: indexes, compaction, whatever makes its reads fast. */
  finish(): Promise<void> | void
  /** [T, D] in time order. */
  trajectory(entity: string): Promise<Float32Array> | Float32Array
  /** The vector of the last observation at or before `at`. */
  newestBefore(entity: string, at: number): Promise<Float32Array> | Float32Array
  /** How many of the exactly nearest of all observations came, by Euclidean distance. */
  nearest(query: Float32Array, k: number): Promise<number> | number
  close(): Promise<void> | void
}

/** What can search without being a database. */
export type Searching = Pick<Contender, 'name' | 'nearest'>

export type OpenContender = (path: string, dimension: number) => Promise<Contender>
