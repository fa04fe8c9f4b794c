import type { JsonObject } from '../../json.js'
import type { Slice } from '../../slice.js'
import { sortedStepwise } from '../../stepwise-sort.js'
import { compareText } from '../../text-order.js'
import type { Stretch } from '../observations/stretch.js'
import type { EntityRecord, SearchRequest } from '../store.js'
import { EntityTable } from './entity-table.js'
import { type Piece, type Populate, rowAt, rowBytes, Slab } from './matrix-slab.js'
import type { MemoryAccount } from './memory-account.js'
import type { Runs } from './search-runs.js'

/** Of what is known to come. Each slab is a call of the kernels: eight of 64 MiB took up to a third longer than one. */
const EXPECTED_SLAB_BYTES_MAX = 1024 * 1024 * 1024
/** Of what may come. */
const SLAB_BYTES_MAX = 64 * 1024 * 1024
const SLAB_BYTES_MIN = 64 * 1024
/** No more than this is moved in one go, so that it takes a few milliseconds. */
const PIECE_BYTES_MAX = 8 * 1024 * 1024
/** A piece with less room moves to where it has more; others stay, and another one follows. */
const MOVED_ROWS_MAX = 32
/** What an entity takes beside its rows: measured with ids of 10 letters. */
const ENTITY_BYTES = 400
/** The same of attributes, for each letter of their text. */
const ATTRIBUTES_BYTES_EACH = 4
/** Entities, or rows, that are gone through without looking at the clock. */
const ENTITIES_A_STEP = 500
const ROWS_A_STEP = 100_000

/** There is no room for it: what is asked of this matrix is read from the tables. */
export class MatrixFull extends Error {}

/** An entity's place in a matrix. */
export interface MatrixEntity {
  readonly key: number
  readonly id: string
  /** Its number in `Slab.owners`. */
  readonly owner: number
  /** In time order. */
  pieces: readonly Piece[]
  attributes: JsonObject | null
  /** What `attributes` take, about. */
  attributesBytes: number
}

/** An entity as its matrix knows it; not where its observations lie in the tables. */
export function recordOf({ key, id, attributes, pieces }: MatrixEntity): EntityRecord {
  let observationCount = 0
  for (const { count } of pieces) observationCount += count
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (observationCount === 0) return { key, id, attributes, observationCount, firstTimestamp: undefined, lastTimestamp: undefined }
  const firstTimestamp = first!.slab.timestamps[first!.first]
  return { key, id, attributes, observationCount, firstTimestamp, lastTimestamp: last!.slab.timestamps[last!.first + last!.count - 1] }
}

const NO_PIECES: readonly Piece[] = []

/** How much memory it would take at first. */
export function matrixBytes(dimension: number, observationCount: number, entityCount: number): number {
  return observationCount * rowBytes(dimension) + entityCount * ENTITY_BYTES
}

/**
 * The vectors of one collection in memory, entity by entity, each in time order: a window of time is a run of rows of each.
 *
 * At first there are no gaps. An entity that grows gets another piece with room for half its number, so that nothing is copied; only a few rows move,
 * to where there is twice the room. What they leave is a hole, and a slab with more holes than rows is given up. Nothing here waits: whoever
 * changes it sees to it that nobody looks at it meanwhile.
 */
export class Matrix {
  /** The collection's, whose state this is. */
  generation = 0
  observationCount = 0
  /** What searches of everything have made of it, by choice: gone with the next change. */
  readonly runs = new Map<SearchRequest['choice'], Runs>()
  readonly #slabs: Slab[] = []
  readonly #byKey = new EntityTable<MatrixEntity>()
  readonly #byOwner: MatrixEntity[] = []
  readonly #ownersLeft: number[] = []
  #inOrder: MatrixEntity[] = []
  #added: MatrixEntity[] = []
  /** Those of `#inOrder` and `#added` that are gone. */
  #removedCount = 0
  #ranksAreRight = true
  #expectedRows = 0
  #reservedBytes = 0
  #isClosed = false

  constructor(
    private readonly dimension: number,
    private readonly memory: MemoryAccount,
    private readonly populate: Populate = () => undefined,
  ) {}

  get entityCount(): number {
    return this.#byKey.size
  }

  get bytes(): number {
    return this.#reservedBytes
  }

  /** By id (UTF-8 bytes), once `settle` is done. */
  get entities(): readonly MatrixEntity[] {
    return this.#inOrder
  }

  entity(key: number): MatrixEntity | undefined {
    return this.#byKey.get(key)
  }

  entityOf(slab: Slab, row: number): MatrixEntity {
    return this.#byOwner[slab.owners[row]!]!
  }

  /** So many rows are to come: memory for them is taken now, in as few slabs as there may be. 0: no more than are there. */
  expect(observationCount: number): void {
    this.#expectedRows = observationCount
    const rows = Math.min(observationCount, this.#rows(EXPECTED_SLAB_BYTES_MAX))
    if (rows >= this.#rows(SLAB_BYTES_MIN) && this.memory.hasRoom(rows * rowBytes(this.dimension))) this.#addSlab(rows)
  }

  /** @throws {MatrixFull} */
  add(key: number, id: string): MatrixEntity {
    this.#reserve(ENTITY_BYTES)
    const owner = this.#ownersLeft.pop() ?? this.#byOwner.length
    const entity: MatrixEntity = { key, id, owner, pieces: NO_PIECES, attributes: null, attributesBytes: 0 }
    this.#byOwner[owner] = entity
    this.#byKey.set(key, entity)
    this.#added.push(entity)
    return entity
  }

  /** @throws {MatrixFull} */
  describe(entity: MatrixEntity, attributes: JsonObject | null): void {
    const bytes = attributes === null ? 0 : JSON.stringify(attributes).length * ATTRIBUTES_BYTES_EACH
    this.#release(entity.attributesBytes)
    entity.attributesBytes = 0
    this.#reserve(bytes)
    entity.attributesBytes = bytes
    entity.attributes = attributes
  }

  remove(key: number): void {
    const entity = this.#byKey.get(key)
    if (entity === undefined) return
    for (const piece of entity.pieces) {
      piece.slab.giveBack(piece)
      this.observationCount -= piece.count
    }
    this.#byKey.delete(key)
    this.#ownersLeft.push(entity.owner)
    this.#removedCount++
    this.#release(ENTITY_BYTES + entity.attributesBytes)
  }

  /** Drops an entity's rows at or after a moment. Its first piece stays, for what comes. */
  truncate(entity: MatrixEntity, from: number): void {
    for (let piece = entity.pieces.at(-1); piece !== undefined; piece = entity.pieces.at(-1)) {
      const left = rowAt(piece, from) - piece.first
      this.observationCount -= piece.count - left
      piece.count = left
      if (left > 0 || entity.pieces.length === 1) return
      piece.slab.giveBack(piece)
      entity.pieces = entity.pieces.slice(0, -1)
    }
  }

  /**
   * Rows that are newer than all of the entity's.
   *
   * @param toCome  How many, with those that come after them.
   * @throws {MatrixFull}
   */
  append(entity: MatrixEntity, stretch: Stretch, toCome = stretch.count): void {
    for (let start = 0; start < stretch.count; ) {
      const piece = this.#pieceWithRoom(entity, toCome - start)
      start += piece.slab.write(piece, stretch, start)
    }
    this.observationCount += stretch.count
  }

  /** After changes: the order of entities and of rows, and fewer holes. */
  async settle(slice: Slice): Promise<void> {
    this.runs.clear()
    for (const slab of this.#slabs.filter(({ holes, used }) => holes > used / 2)) await this.#empty(slab, slice)
    await this.#order(slice)
    if (!this.#ranksAreRight) await slice.drive(this.#ranking())
  }

  close(): void {
    this.#isClosed = true
    this.memory.release(this.#reservedBytes)
    this.#reservedBytes = 0
  }

  #pieceWithRoom(entity: MatrixEntity, toCome: number): Piece {
    const last = entity.pieces.at(-1)
    if (last !== undefined && last.count < last.room) return last
    if (last !== undefined && last.room < MOVED_ROWS_MAX) return this.#move(entity, last, Math.max(2 * last.room, last.count + toCome))
    const count = entity.pieces.reduce((sum, piece) => sum + piece.count, 0)
    const room = Math.min(Math.max(count >> 1, toCome), this.#rows(PIECE_BYTES_MAX))
    const piece = this.#allocate(room, entity.owner)
    entity.pieces = [...entity.pieces, piece]
    return piece
  }

  #move(entity: MatrixEntity, from: Piece, room: number): Piece {
    const to = this.#allocate(room, entity.owner)
    to.slab.copy(to, from)
    from.slab.giveBack(from)
    entity.pieces = entity.pieces.map((piece) => (piece === from ? to : piece))
    return to
  }

  #allocate(room: number, owner: number): Piece {
    let slab = this.#slabs.at(-1)
    if (slab === undefined || slab.rowsLeft < room) slab = this.#addSlab(room)
    this.#expectedRows = Math.max(0, this.#expectedRows - room)
    this.#ranksAreRight = false
    return slab.take(room, owner)
  }

  /** A slab is as large as what is expected, or half of what is there. */
  #addSlab(rowsMin: number): Slab {
    const rows = this.#slabs.reduce((sum, { used }) => sum + used, 0)
    const expected = Math.min(this.#expectedRows, this.#rows(EXPECTED_SLAB_BYTES_MAX))
    const wanted = Math.max(rowsMin, expected, Math.min(Math.max(rows >> 1, this.#rows(SLAB_BYTES_MIN)), this.#rows(SLAB_BYTES_MAX)))
    const rowsMax = this.memory.hasRoom(wanted * rowBytes(this.dimension)) ? wanted : rowsMin
    this.#reserve(rowsMax * rowBytes(this.dimension))
    const slab = new Slab(rowsMax, this.dimension, this.populate)
    this.#slabs.push(slab)
    return slab
  }

  #rows(bytes: number): number {
    return Math.max(1, Math.floor(bytes / rowBytes(this.dimension)))
  }

  /** Moves all that lies in a slab, and gives it up. */
  async #empty(slab: Slab, slice: Slice): Promise<void> {
    const rowsLeft = slab.used - slab.holes
    if (!this.memory.hasRoom(rowsLeft * rowBytes(this.dimension))) return // it may keep its holes
    this.#slabs.splice(this.#slabs.indexOf(slab), 1)
    this.#expectedRows = rowsLeft
    await slice.drive(this.#moving(slab))
    this.#expectedRows = 0
    this.#release(slab.bytes)
  }

  *#moving(slab: Slab): Generator<void> {
    for (const [i, entity] of this.#byOwner.entries()) {
      if (i % ENTITIES_A_STEP === 0) yield
      if (!this.#isThere(entity)) continue
      for (const piece of entity.pieces) {
        if (piece.slab !== slab) continue
        this.#move(entity, piece, Math.max(1, piece.count))
        yield
      }
    }
  }

  async #order(slice: Slice): Promise<void> {
    if (this.#added.length === 0 && this.#removedCount === 0) return
    await slice.drive(this.#ordering())
    this.#ranksAreRight = false
  }

  *#ordering(): Generator<void> {
    const added = yield* sortedStepwise(yield* this.#withoutRemoved(this.#added), byId)
    this.#inOrder = yield* merged(yield* this.#withoutRemoved(this.#inOrder), added)
    this.#added = []
    this.#removedCount = 0
  }

  *#withoutRemoved(entities: MatrixEntity[]): Generator<void, MatrixEntity[]> {
    if (this.#removedCount === 0) return entities
    const left: MatrixEntity[] = []
    for (const [i, entity] of entities.entries()) {
      if (i % ENTITIES_A_STEP === 0) yield
      if (this.#isThere(entity)) left.push(entity)
    }
    return left
  }

  #isThere(entity: MatrixEntity): boolean {
    return this.#byKey.get(entity.key) === entity
  }

  *#ranking(): Generator<void> {
    let rank = 0
    let rankOfStep = 0
    for (const [i, { pieces }] of this.#inOrder.entries()) {
      if (i % ENTITIES_A_STEP === 0 || rank - rankOfStep > ROWS_A_STEP) {
        rankOfStep = rank
        yield
      }
      for (const piece of pieces) {
        piece.slab.rank(piece, rank)
        rank += piece.room
      }
    }
    this.#ranksAreRight = true
  }

  #reserve(bytes: number): void {
    if (this.#isClosed || !this.memory.reserve(bytes)) throw new MatrixFull()
    this.#reservedBytes += bytes
  }

  #release(bytes: number): void {
    if (this.#isClosed) return
    this.memory.release(bytes)
    this.#reservedBytes -= bytes
  }
}

function byId(a: MatrixEntity, b: MatrixEntity): number {
  return compareText(a.id, b.id)
}

/** By id, as both are. */
function* merged(entities: MatrixEntity[], added: MatrixEntity[]): Generator<void, MatrixEntity[]> {
  if (entities.length === 0 || added.length === 0) return entities.length === 0 ? added : entities
  const whole: MatrixEntity[] = []
  let next = 0
  for (const [i, entity] of entities.entries()) {
    if (i % ENTITIES_A_STEP === 0) yield
    while (next < added.length && compareText(added[next]!.id, entity.id) < 0) {
      whole.push(added[next++]!)
      if (next % ENTITIES_A_STEP === 0) yield
    }
    whole.push(entity)
  }
  for (; next < added.length; next++) whole.push(added[next]!)
  return whole
}
