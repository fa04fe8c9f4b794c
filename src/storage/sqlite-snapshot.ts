import { DatabaseClosedError, InvariantError, QueryLimitError, QueryStoppedError } from '../errors.js'
import { Slice } from '../slice.js'
import { justAfter } from '../timestamp.js'
import type { Trajectory } from '../trajectory.js'
import { corruption, placeInWords } from './care/corruption.js'
import { rowCount, type StoredCollection, type StoredEntity } from './catalog.js'
import type { Work } from './connection/transaction.js'
import { EVERYTHING, toObservation, toObservations } from './observations/observation.js'
import type { Owner as PlacedOwner } from './observations/observation-reader.js'
import type { Extent } from './observations/row-reader.js'
import { type Stretch, toTrajectory, totalCount } from './observations/stretch.js'
import type { Reader } from './reader.js'
import type { Searcher } from './search/search.js'
import type { SnapshotLimits } from './snapshot-limits.js'
import type {
  CollectionRecord,
  ContextRequest,
  EntityObservations,
  EntityRecord,
  ScanRequest,
  SearchRequest,
  SearchResult,
  Snapshot,
  Surroundings,
} from './store.js'

/** Read by one statement, and verified: some two milliseconds when the code is cold. */
const ENTITIES_A_PAGE = 200
/** Vectors read by one statement, in bytes: what takes about a millisecond. */
const PIECE_BYTES = 524_288
const PIECE_ROWS_MAX = 1000

export interface SnapshotOptions {
  readonly limits: SnapshotLimits
  readonly searcher: Searcher
  readonly walBytes: () => number
  /** Gives the reader back. */
  readonly onEnd: (snapshot: SqliteSnapshot) => void
}

/** One view through one reader. No cursor is ever open across an await, so that it can be ended between any two turns. */
export class SqliteSnapshot implements Snapshot {
  readonly #slice = new Slice()
  readonly #beganAtMs = performance.now()
  #walBytesBefore: number | undefined
  readonly #reader: Reader
  #ended: (() => Error) | undefined
  /** On the app's connection: whether its transaction was open at the first read. */
  #isInTransaction: boolean | undefined

  constructor(
    reader: Reader,
    private readonly options: SnapshotOptions,
  ) {
    this.#reader = reader
  }

  /** To be asked for anew after every await: once the snapshot has ended, it is somebody else's. */
  get reader(): Reader {
    this.assertLive()
    if (this.#reader.isAttached) this.#assertSameTransaction()
    return this.#reader
  }

  #assertSameTransaction(): void {
    const { inTransaction } = this.#reader.database
    this.#isInTransaction ??= inTransaction
    if (!this.#isInTransaction || inTransaction) return
    this.end(transactionEnded)
    this.assertLive()
  }

  async collections(): Promise<readonly CollectionRecord[]> {
    return this.reader.catalog.collections()
  }

  async collection(name: string): Promise<StoredCollection | undefined> {
    return this.reader.collection(name)
  }

  async findEntities(collection: CollectionRecord, ids: readonly string[]): Promise<readonly (EntityRecord | undefined)[]> {
    await this.ready(collection)
    const found: (EntityRecord | undefined)[] = []
    for (const id of ids) {
      await this.pause()
      found.push(this.reader.entity(collection, id))
    }
    return found
  }

  async *scanEntities(collection: CollectionRecord): AsyncGenerator<readonly EntityRecord[]> {
    let count = 0
    await this.ready(collection)
    for (let afterId = ''; ; ) {
      await this.pause()
      const page = this.reader.entityPage(collection, afterId, ENTITIES_A_PAGE)
      count += page.length
      if (page.length < ENTITIES_A_PAGE || count > collection.entityCount) this.#checkEntityCount(collection, count)
      if (page.length > 0) yield page
      if (page.length < ENTITIES_A_PAGE) return
      afterId = page.at(-1)!.id
    }
  }

  async readContexts(collection: CollectionRecord, requests: readonly ContextRequest[]): Promise<readonly Trajectory[]> {
    this.assertLive()
    const trajectories: Trajectory[] = []
    for (const { entity, limit, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } of requests) {
      await this.pause()
      const owner = this.#owner(collection, entity)
      const stretches = isShort(owner, limit) ? this.#short(owner, since, until, limit) : await this.#long(owner, since, until, limit)
      trajectories.push(toTrajectory(stretches, collection.dimension))
    }
    return trajectories
  }

  async extentUntil(collection: CollectionRecord, entity: EntityRecord, until: number): Promise<Extent> {
    await this.pause()
    const { observationCount: count, firstTimestamp: first, lastTimestamp: last } = entity
    const owner = this.#owner(collection, entity)
    if (last === undefined || last <= until) return { count, first, last }
    if (first !== undefined && until < first) return { count: 0, first: undefined, last: undefined }
    return this.drive(this.reader.observations.extent(this.#place(owner), until))
  }

  async surroundings(collection: CollectionRecord, entity: EntityRecord, at: number, until = Number.POSITIVE_INFINITY): Promise<Surroundings> {
    await this.pause()
    const owner = this.#owner(collection, entity)
    const place = this.#place(owner)
    const [before] = this.reader.observations.newest(place, Number.NEGATIVE_INFINITY, Math.min(at, until), 1)
    const [after] = at < (entity.lastTimestamp ?? at) ? this.reader.observations.oldest(place, justAfter(at), until, 1) : []
    return { before: before && toObservation(before, 0, EVERYTHING), after: after && toObservation(after, 0, EVERYTHING) }
  }

  async *scan(collection: CollectionRecord, request: ScanRequest): AsyncGenerator<EntityObservations> {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, newest = Number.POSITIVE_INFINITY } = request
    const needs = { vectors: request.vectors ?? true, payloads: request.payloads ?? true }
    const pages = request.entities === undefined ? this.scanEntities(collection) : [request.entities]
    for await (const page of pages) {
      for (const entity of page) {
        await this.pause()
        for await (const stretches of this.pieces(collection, entity, from, to, newest)) {
          if (totalCount(stretches) > 0) yield { entity, observations: stretches.flatMap((stretch) => toObservations(stretch, needs)) }
        }
      }
    }
  }

  /** The range of one entity, or its newest `limit`, in time order, as it is stored. */
  pieces(
    collection: CollectionRecord,
    entity: EntityRecord,
    from: number,
    to: number,
    limit: number,
  ): Iterable<readonly Stretch[]> | AsyncIterable<readonly Stretch[]> {
    const owner = this.#owner(collection, entity)
    return isShort(owner, limit) ? [this.#short(owner, from, to, limit)] : this.#pieces(owner, from, to, limit)
  }

  async search(collection: CollectionRecord, request: SearchRequest, signal?: AbortSignal): Promise<SearchResult> {
    await this.ready(collection)
    return this.options.searcher.search(this, collection, request, signal)
  }

  release(): void {
    this.end(() => new InvariantError('a snapshot was read after its release'))
  }

  /** @param error  What reading it says from now on. */
  end(error: () => Error): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#reader.end()
    this.options.onEnd(this)
  }

  endIfExpired(): void {
    const { lifetimeMs, walGrowthBytes } = this.options.limits
    const walBytes = this.options.walBytes()
    this.#walBytesBefore ??= walBytes
    const advice = 'Read less at once: narrow it by entity or time, or take it in several statements.'
    if (performance.now() - this.#beganAtMs > lifetimeMs) {
      this.end(() => new QueryLimitError(`A statement may read for ${lifetimeMs / 1000} s; this one took longer. ${advice}`, lifetimeMs, undefined))
    } else if (walBytes - this.#walBytesBefore > walGrowthBytes) {
      const claim = `While this statement was reading, more than ${walGrowthBytes} bytes were written beside it.`
      this.end(() => new QueryLimitError(`${claim} ${advice}`, walGrowthBytes, undefined))
    }
  }

  /** The newest `limit` of the range, in time order, where they are no more than a piece. Small reads need no generator. */
  #short(owner: Owner, from: number, to: number, limit: number): Stretch[] {
    if (owner.entity.observationCount === 0) return []
    const { observations } = this.reader
    const place = this.#place(owner)
    const rowsMax = rowsOfPiece(owner.collection)
    const isAll = limit >= owner.entity.observationCount // forward, several blocks come by one statement
    const stretches = isAll ? observations.oldest(place, from, to, rowsMax) : observations.newest(place, from, to, Math.min(limit, rowsMax))
    this.#checkObservationCount(owner, from, to, limit, totalCount(stretches))
    return stretches
  }

  async #long(owner: Owner, from: number, to: number, limit: number): Promise<Stretch[]> {
    const stretches: Stretch[] = []
    for await (const piece of this.#pieces(owner, from, to, limit)) stretches.push(...piece)
    return stretches
  }

  /** The range of one entity, or its newest `limit`, in time order. */
  async *#pieces(owner: Owner, from: number, to: number, limit: number): AsyncGenerator<Stretch[]> {
    const rowsMax = rowsOfPiece(owner.collection)
    await this.pause()
    const start =
      limit < owner.entity.observationCount ? await this.drive(this.reader.observations.startOfNewest(this.#place(owner), from, to, limit)) : from
    let piece = this.reader.observations.oldest(this.#place(owner), start, to, rowsMax)
    for (let count = 0; ; ) {
      const pieceCount = totalCount(piece)
      count += pieceCount
      if (pieceCount < rowsMax) this.#checkObservationCount(owner, from, to, limit, count)
      if (pieceCount > 0) yield piece
      if (pieceCount < rowsMax) return
      await this.pause()
      piece = this.reader.observations.oldest(this.#place(owner), justAfter(lastTimestamp(piece)), to, rowsMax)
    }
  }

  /** Whoever names an entity has it from a snapshot: it knows where its observations lie, unless a search found it in memory. */
  #owner(collection: CollectionRecord, entity: EntityRecord): Owner {
    if ('settledStrip' in entity) return { collection, entity: entity as StoredEntity }
    const stored = this.reader.entity(collection, entity.id)
    return { collection, entity: stored?.key === entity.key ? stored : { ...entity, ...NOWHERE } }
  }

  #place({ collection, entity }: Owner): PlacedOwner {
    return { collection, entity: this.reader.placeNow(collection, entity) }
  }

  /** What a range that covers the whole entity must bring; damage to SQLite's index can hide rows. */
  #checkObservationCount({ collection, entity }: Owner, from: number, to: number, limit: number, count: number): void {
    if (from > (entity.firstTimestamp ?? from) || to < (entity.lastTimestamp ?? to)) return
    const expected = Math.min(limit, entity.observationCount)
    if (count === expected) {
      this.#checkShadowingRows({ collection, entity })
      return
    }
    const now = this.reader.entityNow(collection, entity.id)
    if (now?.key !== entity.key || now.observationCount !== entity.observationCount) return // changed by insertNow, where there is one connection
    throw corruption(placeInWords(collection.name, entity.id), `should have ${expected} observations, and ${count} were found`)
  }

  /** Where a row that stands in front of a segment is lost, an older version would show, and the count be right. */
  #checkShadowingRows(owner: Owner): void {
    const { entity } = this.#place(owner)
    if (entity.shadowedCount === 0) return
    const [expected, count] = [rowCount(entity), this.reader.observations.rows.count(entity.key)]
    if (count !== expected)
      throw corruption(placeInWords(owner.collection.name, owner.entity.id), `should have ${expected} unpacked observations, and ${count} were found`)
  }

  #checkEntityCount(collection: CollectionRecord, count: number): void {
    if (count === collection.entityCount) return
    const now = this.reader.catalog.collectionByKey(collection.key)
    if (now?.entityCount !== collection.entityCount) return
    throw corruption(placeInWords(collection.name), `should have ${collection.entityCount} entities, and ${count} were found`)
  }

  /** Before the first read of an entity: what would take long in one turn, in slices. */
  ready(collection: CollectionRecord): Promise<void> | undefined {
    return this.reader.isReady(collection) ? undefined : this.drive(this.reader.makeReady(collection))
  }

  /** To its end, in slices. */
  async drive<T>(work: Work<T>): Promise<T> {
    for (;;) {
      this.assertLive()
      const { done, value } = work.next()
      if (done === true) return value
      await this.pause()
    }
  }

  /** Lets the host's own work run when this slice is used up; not on the app's connection, which that work would use. */
  pause(): Promise<void> | undefined {
    if (this.#reader.isAttached) return undefined
    const turn = this.#slice.pause()
    return turn === undefined ? undefined : this.#afterTurn(turn)
  }

  async #afterTurn(turn: Promise<void>): Promise<void> {
    await turn
    this.endIfExpired()
    this.assertLive()
  }

  /** @throws why it has ended. */
  assertLive(): void {
    if (this.#ended !== undefined) throw this.#ended()
  }
}

/** What reading an ended snapshot of a closed database says. */
export function closed(): Error {
  return new DatabaseClosedError()
}

function transactionEnded(): Error {
  const message = 'The transaction of the app that this statement was reading in has ended. Await the statement before COMMIT or ROLLBACK.'
  return new QueryStoppedError('QUERY_ABORTED', message)
}

/** How many observations one statement reads. */
export function rowsOfPiece({ dimension }: Pick<CollectionRecord, 'dimension'>): number {
  return Math.max(1, Math.min(PIECE_ROWS_MAX, Math.floor(PIECE_BYTES / (dimension * 4))))
}

function isShort({ collection, entity }: Owner, limit: number): boolean {
  return Math.min(limit, entity.observationCount) <= rowsOfPiece(collection)
}

function lastTimestamp(stretches: readonly Stretch[]): number {
  return stretches.at(-1)!.timestamps.at(-1)!
}

/** Of an entity that was removed by now, where there is no view of its own. */
const NOWHERE = { settledCount: 0, settledFirst: undefined, settledLast: undefined, packedCount: 0, shadowedCount: 0, settledStrip: 0 }

interface Owner {
  readonly collection: CollectionRecord
  readonly entity: StoredEntity
}
