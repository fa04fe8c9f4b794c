import type { SearchRequest } from '../store.js'
import type { MatrixEntity } from './matrix.js'
import { type Piece, rowAt, type Slab } from './matrix-slab.js'

/** Which rows of a matrix are candidates, slab by slab: one run of each piece that has some. */
export class Runs {
  readonly #bySlab = new Map<Slab, RunList>()
  /** Where the last run lies. */
  #slab: Slab | undefined
  #list = new RunList()
  /** Rows. */
  count = 0
  /** Of all of them. */
  oldest = Number.POSITIVE_INFINITY
  newest = Number.NEGATIVE_INFINITY

  constructor(private readonly request: SearchRequest) {}

  get slabs(): Iterable<readonly [Slab, RunList]> {
    return this.#bySlab
  }

  add({ pieces }: MatrixEntity): void {
    if (this.request.choice === 'newest') this.#addNewest(pieces)
    else this.#addAll(pieces)
  }

  #addAll(pieces: readonly Piece[]): void {
    const { from, to } = this.request
    for (const piece of pieces) {
      const start = rowAt(piece, from)
      const end = to === Number.POSITIVE_INFINITY ? piece.first + piece.count : rowAt(piece, to, true)
      if (end > start) this.#addRun(piece.slab, start, end)
    }
  }

  #addNewest(pieces: readonly Piece[]): void {
    const { from, to } = this.request
    for (let i = pieces.length - 1; i >= 0; i--) {
      const piece = pieces[i]!
      const end = to === Number.POSITIVE_INFINITY ? piece.first + piece.count : rowAt(piece, to, true)
      if (end === piece.first) continue
      if (piece.slab.timestamps[end - 1]! >= from) this.#addRun(piece.slab, end - 1, end)
      return
    }
  }

  #addRun(slab: Slab, start: number, end: number): void {
    if (slab !== this.#slab) this.#list = this.#listOf(slab)
    this.#slab = slab
    this.#list.add(start, end - start)
    this.count += end - start
    this.oldest = Math.min(this.oldest, slab.timestamps[start]!)
    this.newest = Math.max(this.newest, slab.timestamps[end - 1]!)
  }

  #listOf(slab: Slab): RunList {
    const known = this.#bySlab.get(slab)
    if (known !== undefined) return known
    const list = new RunList()
    this.#bySlab.set(slab, list)
    return list
  }
}

/** Pairs of a first row and a count; what follows the last one without a gap makes it longer. */
export class RunList {
  /** Rows. */
  count = 0
  #pairs = new Uint32Array(64)
  #length = 0

  get pairs(): Uint32Array {
    return this.#pairs.subarray(0, this.#length)
  }

  add(first: number, count: number): void {
    this.count += count
    const last = this.#length - 2
    if (last >= 0 && this.#pairs[last]! + this.#pairs[last + 1]! === first) {
      this.#pairs[last + 1]! += count
      return
    }
    if (this.#length === this.#pairs.length) {
      const longer = new Uint32Array(2 * this.#length)
      longer.set(this.#pairs)
      this.#pairs = longer
    }
    this.#pairs[this.#length++] = first
    this.#pairs[this.#length++] = count
  }
}
