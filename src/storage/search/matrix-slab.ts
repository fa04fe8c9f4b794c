import type { Stretch } from '../observations/stretch.js'

/** What a row takes beside its vector: a timestamp, an owner and a rank. */
const ROW_BYTES_BESIDE = 8 + 4 + 4

export function rowBytes(dimension: number): number {
  return 4 * dimension + ROW_BYTES_BESIDE
}

/** `populate` of the kernels. */
export type Populate = (memory: Float32Array) => void

/** Rows of one entity that lie one after another, in time order, and the room behind them. */
export interface Piece {
  readonly slab: Slab
  readonly first: number
  readonly room: number
  count: number
}

/** A part of a matrix, in one piece of memory: what one call of the kernels looks at. */
export class Slab {
  /** [rowsMax, D] */
  readonly vectors: Float32Array
  /** [rowsMax] each. */
  readonly timestamps: Float64Array
  readonly owners: Uint32Array
  readonly ranks: Uint32Array
  readonly bytes: number
  /** Rows that were given to pieces, from the first on. */
  used = 0
  /** Of these, rows of pieces that are gone. */
  holes = 0
  readonly #bytes: Uint8Array

  /** @param populate  Told of memory that is to be filled. */
  constructor(
    private readonly rowsMax: number,
    private readonly dimension: number,
    populate: Populate,
  ) {
    this.vectors = new Float32Array(rowsMax * dimension)
    this.timestamps = new Float64Array(rowsMax)
    this.owners = new Uint32Array(rowsMax)
    this.ranks = new Uint32Array(rowsMax)
    this.bytes = rowsMax * rowBytes(dimension)
    this.#bytes = new Uint8Array(this.vectors.buffer)
    populate(this.vectors) // last: taking memory waits for who lays some out
  }

  get rowsLeft(): number {
    return this.rowsMax - this.used
  }

  /** @param room  At most `rowsLeft`. */
  take(room: number, owner: number): Piece {
    const piece = { slab: this, first: this.used, room, count: 0 }
    this.owners.fill(owner, this.used, this.used + room)
    this.used += room
    return piece
  }

  giveBack(piece: Piece): void {
    this.holes += piece.room
  }

  /** As many as there is room for, from number `start` on. @returns how many. */
  write(piece: Piece, { count, timestamps, vectors }: Stretch, start: number): number {
    const taken = Math.min(count - start, piece.room - piece.count)
    const vectorBytes = 4 * this.dimension
    const row = piece.first + piece.count
    if (taken === count) {
      this.#bytes.set(vectors, row * vectorBytes) // a view of all takes longer than a short vector
      this.timestamps.set(timestamps, row)
    } else {
      this.#bytes.set(vectors.subarray(start * vectorBytes, (start + taken) * vectorBytes), row * vectorBytes)
      this.timestamps.set(timestamps.subarray(start, start + taken), row)
    }
    piece.count += taken
    return taken
  }

  /** What another piece holds, into this one, which is empty. */
  copy(to: Piece, from: Piece): void {
    const end = from.first + from.count
    this.vectors.set(from.slab.vectors.subarray(from.first * this.dimension, end * this.dimension), to.first * this.dimension)
    this.timestamps.set(from.slab.timestamps.subarray(from.first, end), to.first)
    to.count = from.count
  }

  /** Memory of its own: the caller may keep it. */
  vector(row: number): Float32Array {
    return this.vectors.slice(row * this.dimension, (row + 1) * this.dimension)
  }

  /** Gives each row of a piece, and those to come, its rank. */
  rank({ first, room }: Piece, rank: number): void {
    for (let i = 0; i < room; i++) this.ranks[first + i] = rank + i
  }
}

/** The first row of a piece at or after `timestamp`; with `after`, after it. Behind the last when there is none. Source: binary search. */
export function rowAt({ slab: { timestamps }, first, count }: Piece, timestamp: number, after = false): number {
  let [low, high] = [first, first + count]
  if (count === 0 || !isBefore(timestamps[low]!, timestamp, after)) return low // all of it, or nothing, as most often
  if (isBefore(timestamps[high - 1]!, timestamp, after)) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(timestamps[middle]!, timestamp, after)) low = middle + 1
    else high = middle
  }
  return low
}

function isBefore(t: number, timestamp: number, after: boolean): boolean {
  return t < timestamp || (after && t === timestamp)
}
