/** More than this is not remembered: who then wants to know looks at the tables. */
const TOUCHES_MAX = 100_000

/** What one transaction did to one collection. */
interface Batch {
  /** Undefined: the collection stays as it was. */
  generation: number | undefined
  /** By entity key: the first moment at or after which something changed. Of what went to strips, nothing. */
  readonly touched: Map<number, number>
  /** The newest generation of which a strip was deleted. */
  droppedGeneration: number
}

type WrittenBatch = Batch & { readonly generation: number }

interface Watched {
  readonly batches: WrittenBatch[]
  touches: number
}

/**
 * Which observations the writes of this process have touched, in collections that somebody keeps a copy of. It is complete or says that it is
 * not: what others wrote, and what an app may roll back, leaves a gap in the generations.
 */
export class WriteLog {
  readonly #watched = new Map<number, Watched>()
  readonly #open = new Map<number, Batch>()
  #isOfApp = false

  watch(collection: number): void {
    if (!this.#watched.has(collection)) this.#watched.set(collection, { batches: [], touches: 0 })
  }

  unwatch(collection: number): void {
    this.#watched.delete(collection)
  }

  /** First of all in every transaction: what was not committed is forgotten. @param isOfApp  The app may roll it back. */
  begin(isOfApp: boolean): void {
    this.#open.clear()
    this.#isOfApp = isOfApp
  }

  /** @param from  Infinity: its attributes alone. */
  touch(collection: number, entity: number, from: number): void {
    const touched = this.#batch(collection)?.touched
    touched?.set(entity, Math.min(from, touched.get(entity) ?? from))
  }

  dropStrip(collection: number, generation: number): void {
    const batch = this.#batch(collection)
    if (batch !== undefined) batch.droppedGeneration = Math.max(batch.droppedGeneration, generation)
  }

  /** The collection's row was written. */
  write(collection: number, generation: number): void {
    const batch = this.#batch(collection)
    if (batch !== undefined) batch.generation = generation
  }

  /** After a transaction that was committed. */
  commit(): void {
    for (const [collection, batch] of this.#open) {
      const watched = this.#watched.get(collection)
      if (watched === undefined || !isWritten(batch)) continue
      watched.batches.push(batch)
      watched.touches += batch.touched.size + 1
      if (watched.touches > TOUCHES_MAX) this.#watched.set(collection, { batches: [], touches: 0 })
    }
    this.#open.clear()
  }

  #batch(collection: number): Batch | undefined {
    if (this.#isOfApp || !this.#watched.has(collection)) return undefined
    let batch = this.#open.get(collection)
    if (batch === undefined) {
      batch = { generation: undefined, touched: new Map(), droppedGeneration: 0 }
      this.#open.set(collection, batch)
    }
    return batch
  }

  /**
   * What was touched after a generation, up to another; what is older than these is forgotten.
   *
   * @returns by entity key the moment from which on it is to be read again, beside what newer strips hold; undefined: that is not known.
   */
  between(collection: number, generation: number, last: number): Map<number, number> | undefined {
    const watched = this.#watched.get(collection)
    if (watched === undefined) return undefined
    while (watched.batches[0] !== undefined && watched.batches[0].generation <= generation) {
      watched.touches -= watched.batches.shift()!.touched.size + 1
    }
    const batches = watched.batches.filter((batch) => batch.generation <= last)
    const generations = new Set(batches.map((batch) => batch.generation))
    if (generations.size !== last - generation || batches.some(({ droppedGeneration }) => droppedGeneration > generation)) return undefined
    const touched = new Map<number, number>()
    for (const batch of batches) for (const [entity, from] of batch.touched) touched.set(entity, Math.min(from, touched.get(entity) ?? from))
    return touched
  }
}

function isWritten(batch: Batch): batch is WrittenBatch {
  return batch.generation !== undefined
}
