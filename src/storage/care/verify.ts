import { QueryStoppedError, StorageError } from '../../errors.js'
import { formatTimestamp } from '../../timestamp.js'
import {
  COLLECTION_COLUMNS,
  type CollectionRow,
  collectionFields,
  ENTITY_COLUMNS,
  type EntityRow,
  entityFields,
  isIntactCollection,
  isIntactEntity,
  placeOf,
  rowCount,
  type StoredCollection,
} from '../catalog.js'
import type { Connection } from '../connection/connection.js'
import { Statement } from '../connection/statement.js'
import { type CollectionFields, type EntityFields, ObservationChecksum, ownerChecksum, removedEntityChecksum } from '../observations/checksum.js'
import { greatest, isIntact, least, type ObservationRow } from '../observations/row-reader.js'
import { hasShape, type RowShape } from '../observations/row-shape.js'
import { SEGMENT_COLUMNS, type SegmentRow, segmentDamage, toSegment } from '../observations/segment-reader.js'
import type { Strip } from '../observations/strip.js'
import { STRIP_COLUMNS, type StripColumns, toStrip } from '../observations/strip-directory.js'
import { rowsOfPiece, type SqliteSnapshot } from '../sqlite-snapshot.js'
import type { VerifyOptions, VerifyProblem, VerifyReport } from '../store.js'
import { corruption, damageInWords } from './corruption.js'
import { checkIntegrity } from './integrity-check.js'

const ROWS_A_PAGE = 500
/** A megabyte or two. */
const SEGMENTS_A_PAGE = 16
/** A damaged file may be damaged everywhere: the first ones tell enough. */
const PROBLEMS_MAX = 1000

const MISMATCH = 'does not match its checksum'

type RemovedRow = [key: number, collection: number, entity: number, id: string, generation: number, removedAt: number, checksum: number]
const REMOVED_SHAPE: RowShape = ['n', 'n', 'n', 't', 'n', 'n', 'n']
type OwnedSegmentRow = [...SegmentRow, entity: number, id: unknown, collection: unknown]
const SEGMENT_COLUMN_COUNT = SEGMENT_COLUMNS.split(', ').length
const STRIP_COLUMN_COUNT = STRIP_COLUMNS.split(', ').length
type OwnedRow = [key: number, entity: number, id: unknown, collection: unknown, ...row: ObservationRow]

/**
 * Computes every checksum again, counts everything again, and asks SQLite for its own checks. Damage never ends it early.
 *
 * @throws {QueryStoppedError} `QUERY_ABORTED`: the signal said so.
 */
export async function verifyAll(snapshot: SqliteSnapshot, connection: Connection, options: VerifyOptions): Promise<VerifyReport> {
  const verification = new Verification(snapshot, options)
  await verification.rows()
  for (const what of await checkIntegrity(snapshot.reader.database, connection, options.signal)) verification.report(undefined, undefined, what)
  const { problems, checked } = verification
  return { ok: problems.length === 0, checked, problems }
}

/** A collection while its parts are checked. Of one whose own row is damaged nothing is known that they could be checked by. */
interface CheckedCollection extends CollectionFields {
  readonly isIntact: boolean
  entitiesFound: number
  observationsFound: number
  /** Its strips and the rows of its entities say how many there are. */
  canCount: boolean
  /** Why its strips cannot be read one after another, unless a damaged one is named. */
  stripProblem: string | undefined
}

class Verification {
  readonly problems: VerifyProblem[] = []
  checked = 0
  readonly #collections = new Map<number, CheckedCollection>()

  constructor(
    private readonly snapshot: SqliteSnapshot,
    private readonly options: VerifyOptions,
  ) {}

  async rows(): Promise<void> {
    await this.#guarded('collections', () => this.#checkCollections())
    await this.#guarded('entities', () => this.#checkEntities())
    await this.#guarded('observations', () => this.#checkObservations())
    await this.#guarded('segments', () => this.#checkSegments())
    await this.#guarded('strips', () => this.#checkStrips())
    await this.#guarded('the log of removed entities', () => this.#checkRemovedEntities())
  }

  report(collection: string | undefined, entity: string | undefined, what: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ collection, entity, what })
  }

  /** What SQLite cannot read at all ends this part, not the others. */
  async #guarded(what: string, check: () => Promise<void>): Promise<void> {
    try {
      await check()
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'STORAGE_CORRUPT') throw error
      this.report(undefined, undefined, `the check of ${what} could not go on: ${error.message}`)
    }
  }

  /** Before each read: a turn for others when it is due, and a look whether to go on. */
  async #pause(): Promise<void> {
    await this.snapshot.pause()
    const { signal, onProgress } = this.options
    if (signal?.aborted === true) throw new QueryStoppedError('QUERY_ABORTED', 'verify() was aborted.', { cause: signal.reason })
    onProgress?.({ checked: this.checked })
  }

  #statement<Parameters extends unknown[], Row>(sql: string): Statement<Parameters, Row> {
    return new Statement(this.snapshot.reader.database, sql)
  }

  async #checkCollections(): Promise<void> {
    const rows = this.#statement<[], CollectionRow>(`SELECT ${COLLECTION_COLUMNS} FROM chronode_collection NOT INDEXED ORDER BY key`).all()
    for (const row of rows) {
      const fields = collectionFields(row)
      const isIntact = isIntactCollection(row)
      this.#collections.set(fields.key, { ...fields, isIntact, entitiesFound: 0, observationsFound: 0, canCount: isIntact, stripProblem: undefined })
      this.checked++
      if (!isIntact) this.report(inWords(fields.name), undefined, `its own row ${MISMATCH}`)
    }
  }

  async #checkEntities(): Promise<void> {
    const page = this.#statement<[number, number], EntityRow>(
      `SELECT ${ENTITY_COLUMNS} FROM chronode_entity NOT INDEXED WHERE key > ? ORDER BY key LIMIT ?`,
    )
    await this.#readStrips()
    for await (const row of this.#paged((after) => page.all(after, ROWS_A_PAGE), ROWS_A_PAGE)) {
      const entity = entityFields(row)
      const collection = this.#collections.get(entity.collection)
      const isIntact = isIntactEntity(row)
      this.checked++
      if (!isIntact) this.report(inWords(collection?.name), inWords(entity.id), `its own row ${MISMATCH}`)
      if (collection === undefined) continue // SQLite's foreign_key_check tells of it
      collection.entitiesFound++
      collection.canCount &&= isIntact
      if (!isIntact || !collection.isIntact) continue
      collection.observationsFound += entity.observationCount + this.#recentCount(collection, entity)
      await this.#checkPlace(collection, entity)
    }
    for (const { name, isIntact, entityCount, entitiesFound, observationCount, observationsFound, canCount } of this.#collections.values()) {
      if (isIntact && entityCount !== entitiesFound)
        this.report(name, undefined, `says that it has ${entityCount} entities; there are ${entitiesFound}`)
      if (canCount && observationCount !== observationsFound)
        this.report(name, undefined, `says that it has ${observationCount} observations; its entities have ${observationsFound}`)
    }
  }

  /** Before entities are counted: in slices. */
  async #readStrips(): Promise<void> {
    for (const collection of this.#collections.values()) {
      if (!collection.isIntact) continue
      try {
        await this.snapshot.ready(collection as StoredCollection)
      } catch (error) {
        this.#noteStripProblem(collection, error)
      }
    }
  }

  #recentCount(collection: CheckedCollection, entity: EntityFields): number {
    if (!collection.canCount) return 0
    try {
      return this.snapshot.reader.recentCount(collection as StoredCollection, entity)
    } catch (error) {
      this.#noteStripProblem(collection, error)
      return 0
    }
  }

  #noteStripProblem(collection: CheckedCollection, error: unknown): void {
    collection.stripProblem = corruptionInWords(error, collection.name)
    collection.canCount = false
  }

  /** Whether rows and segments are where the entity says, and as many. */
  async #checkPlace(collection: CollectionFields, entity: EntityFields): Promise<void> {
    try {
      const owner = { collection: collection as StoredCollection, entity: placeOf(entity) }
      const { rows, packed, shadowed } = await this.#drive(this.snapshot.reader.observations.counted(owner, Number.POSITIVE_INFINITY))
      const says = [rowCount(owner.entity), entity.packedCount, entity.shadowedCount]
      const is = [rows.count, packed.count, shadowed]
      const counts = ([inRows, inSegments, inBoth]: number[]) => `${inRows} rows, ${inSegments} observations in segments and ${inBoth} in both`
      if (says.join() !== is.join()) this.report(collection.name, entity.id, `says that it has ${counts(says)}; there are ${counts(is)}`)
      const ends = spanInWords(least(rows.first, packed.first), greatest(rows.last, packed.last))
      const saysEnds = spanInWords(entity.firstTimestamp, entity.lastTimestamp)
      if (ends !== saysEnds) this.report(collection.name, entity.id, `says that its observations are ${saysEnds}; they are ${ends}`)
    } catch (error) {
      this.report(collection.name, entity.id, corruptionInWords(error, collection.name))
    }
  }

  async #drive<T>(work: Generator<void, T>): Promise<T> {
    for (;;) {
      this.snapshot.assertLive()
      const { done, value } = work.next()
      if (done === true) return value
      await this.#pause()
    }
  }

  /** Every block, whether an entity says that it is there or not; and that those of an entity lie one after another. */
  async #checkSegments(): Promise<void> {
    const page = this.#statement<[number, number], OwnedSegmentRow>(
      `SELECT ${SEGMENT_COLUMNS.split(', ')
        .map((column) => `s.${column}`)
        .join(', ')}, s.entity, e.id, e.collection
       FROM chronode_segment s NOT INDEXED LEFT JOIN chronode_entity e ON e.key = s.entity WHERE s.key > ? ORDER BY s.key LIMIT ?`,
    )
    const overlapping = this.#statement<[number, number, number, number], number>(
      'SELECT count(*) FROM chronode_segment WHERE entity = ? AND key <> ? AND first_timestamp <= ? AND first_timestamp >= ?',
    )
    for await (const row of this.#paged((after) => page.all(after, SEGMENTS_A_PAGE), SEGMENTS_A_PAGE)) {
      const [key, first, last] = row
      const [entity, id, collectionKey] = row.splice(SEGMENT_COLUMN_COUNT) as [number, unknown, unknown]
      const collection = this.#intact(collectionKey)
      if (typeof id !== 'string' || collection === undefined) continue // where its owner is damaged, that is told
      const segment = toSegment(row as unknown as SegmentRow, collection.dimension, ownerChecksum(collection.key, id))
      const what = `the segment from ${momentInWords(first)} to ${momentInWords(last)}`
      this.checked += segment?.observations.count ?? 1
      if (segment === undefined) this.report(collection.name, id, `${what} ${segmentDamage(row as unknown as SegmentRow)}`)
      else if (overlapping.get(entity, key, last, first) !== 0) this.report(collection.name, id, `${what} overlaps another one`)
    }
  }

  /** Every observation of every strip; of entities that are gone nothing is left to check them by. */
  async #checkStrips(): Promise<void> {
    const page = this.#statement<[number, number], [...StripColumns, unknown, unknown]>(
      `SELECT ${STRIP_COLUMNS}, collection, data FROM chronode_strip NOT INDEXED WHERE key > ? ORDER BY key LIMIT ?`,
    )
    const idOf = this.#statement<[number], unknown>('SELECT id FROM chronode_entity WHERE key = ?')
    for await (const row of this.#paged((after) => page.all(after, SEGMENTS_A_PAGE), SEGMENTS_A_PAGE)) {
      const [collectionKey, data] = row.splice(STRIP_COLUMN_COUNT) as [unknown, unknown]
      const collection = this.#intact(collectionKey)
      if (collection === undefined) continue
      const strip = toStrip(collection.key, row as unknown as StripColumns)
      if (strip !== undefined && data instanceof Uint8Array) this.#checkStrip(collection, strip, data, idOf)
      else {
        this.report(collection.name, undefined, `a strip of its newest observations ${MISMATCH}`)
        collection.stripProblem = undefined
      }
    }
    for (const { name, stripProblem } of this.#collections.values()) if (stripProblem !== undefined) this.report(name, undefined, stripProblem)
  }

  #checkStrip(collection: CollectionFields, strip: Strip, data: Uint8Array, idOf: Statement<[number], unknown>): void {
    const vectorBytes = collection.dimension * 4
    const checksum = new ObservationChecksum(collection.dimension)
    for (let i = 0; i < strip.count; i++) {
      const id = idOf.get(strip.entityKeys[i]!)
      if (typeof id !== 'string') continue
      this.checked++
      const vector = data.subarray(i * vectorBytes, (i + 1) * vectorBytes)
      const start = strip.payloadStart(i, vectorBytes)
      const payload = strip.hasPayload(i) ? Buffer.from(data.subarray(start, start + strip.payloadBytes[i]!)).toString() : null
      const isWhole = vector.length === vectorBytes
      if (!isWhole || checksum.of(ownerChecksum(collection.key, id), strip.timestamps[i]!, strip.recordedAt, vector, payload) !== strip.checksums[i])
        this.report(collection.name, id, `the observation at ${momentInWords(strip.timestamps[i]!)} ${MISMATCH}`)
    }
  }

  async #checkObservations(): Promise<void> {
    const intact = [...this.#collections.values()].filter((collection) => collection.isIntact)
    const dimension = Math.max(1, ...intact.map((collection) => collection.dimension))
    const limit = rowsOfPiece({ dimension })
    const page = this.#statement<[number, number], OwnedRow>(
      `SELECT o.key, o.entity, e.id, e.collection, o.timestamp, o.recorded_at, o.vector, o.payload, o.checksum
       FROM chronode_observation o NOT INDEXED LEFT JOIN chronode_entity e ON e.key = o.entity WHERE o.key > ? ORDER BY o.key LIMIT ?`,
    )
    const checksums = new Map<number, ObservationChecksum>()
    for await (const [, , id, collection, ...row] of this.#paged((after) => page.all(after, limit), limit)) {
      const bytes = row[2] instanceof Uint8Array ? row[2].length : 0
      const checksum = checksums.get(bytes) ?? new ObservationChecksum(bytes / 4)
      checksums.set(bytes, checksum)
      this.checked++
      if (typeof id !== 'string' || typeof collection !== 'number') continue
      const name = this.#collections.get(collection)?.name
      if (!isIntact(row, ownerChecksum(collection, id), checksum))
        this.report(inWords(name), id, `the observation at ${momentInWords(row[0])} ${MISMATCH}`)
    }
  }

  async #checkRemovedEntities(): Promise<void> {
    const page = this.#statement<[number, number], RemovedRow>(
      'SELECT key, collection, entity, id, generation, removed_at, checksum FROM chronode_removed_entity NOT INDEXED WHERE key > ? ORDER BY key LIMIT ?',
    )
    for await (const row of this.#paged((after) => page.all(after, ROWS_A_PAGE), ROWS_A_PAGE)) {
      const [, collection, entity, id, generation, removedAt, checksum] = row
      this.checked++
      if (!hasShape(row, REMOVED_SHAPE) || removedEntityChecksum(collection, entity, id, generation, removedAt) !== checksum)
        this.report(inWords(this.#collections.get(collection)?.name), inWords(id), `its entry in the log of removed entities ${MISMATCH}`)
    }
  }

  #intact(collection: unknown): CheckedCollection | undefined {
    const known = this.#collections.get(collection as number)
    return known?.isIntact === true ? known : undefined
  }

  /** The rows of all pages, by key. */
  async *#paged<Row extends [key: number, ...unknown[]]>(read: (after: number) => Row[], limit: number): AsyncGenerator<Row> {
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      await this.#pause()
      this.snapshot.assertLive()
      const rows = read(after)
      yield* rows
      if (rows.length < limit) return
      const last = rows.at(-1)![0]
      if (last <= after) throw corruption('A table', `has its row ${last} behind row ${after}`) // it would be read without end
      after = last
    }
  }
}

/** @throws what is no damage. */
function corruptionInWords(error: unknown, collection: string): string {
  if (!(error instanceof StorageError) || error.code !== 'STORAGE_CORRUPT') throw error
  return damageInWords(error, collection)
}

/** A name or an id. In a damaged row it may be anything. */
function inWords(name: unknown): string | undefined {
  return name === undefined || name === null ? undefined : String(name)
}

function momentInWords(timestamp: unknown): string {
  return typeof timestamp === 'number' && Math.abs(timestamp) <= 8.64e15 ? formatTimestamp(timestamp) : String(timestamp)
}

function spanInWords(first: number | null | undefined, last: number | null | undefined): string {
  return typeof first !== 'number' || typeof last !== 'number' ? 'none' : `from ${momentInWords(first)} to ${momentInWords(last)}`
}
