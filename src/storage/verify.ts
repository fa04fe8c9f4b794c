import { QueryStoppedError, StorageError } from '../errors.js'
import { formatTimestamp } from '../timestamp.js'
import {
  COLLECTION_COLUMNS,
  type CollectionRow,
  collectionFields,
  ENTITY_COLUMNS,
  type EntityRow,
  entityFields,
  isIntactCollection,
  isIntactEntity,
} from './catalog.js'
import { type CollectionFields, type EntityFields, ObservationChecksum, ownerChecksum, removedEntityChecksum } from './checksum.js'
import type { Connection } from './connection.js'
import { checkIntegrity } from './integrity-check.js'
import { type Extent, isIntact, type ObservationRow } from './observation-reader.js'
import { hasShape, type RowShape } from './row-shape.js'
import { rowsOfPiece, type SqliteSnapshot } from './sqlite-snapshot.js'
import { Statement } from './statement.js'
import type { VerifyOptions, VerifyProblem, VerifyReport } from './store.js'

const ROWS_A_PAGE = 500
/** A damaged file may be damaged everywhere: the first ones tell enough. */
const PROBLEMS_MAX = 1000

const MISMATCH = 'does not match its checksum'

type RemovedRow = [key: number, collection: number, entity: number, id: string, generation: number, removedAt: number, checksum: number]
const REMOVED_SHAPE: RowShape = ['n', 'n', 'n', 't', 'n', 'n', 'n']
type OwnedRow = [key: number, entity: number, id: string | null, collection: number | null, ...row: ObservationRow]

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

class Verification {
  readonly problems: VerifyProblem[] = []
  checked = 0
  readonly #collections = new Map<number, CollectionFields & { entitiesFound: number; observationsFound: number }>()

  constructor(
    private readonly snapshot: SqliteSnapshot,
    private readonly options: VerifyOptions,
  ) {}

  async rows(): Promise<void> {
    await this.#guarded('collections', () => this.#checkCollections())
    await this.#guarded('entities', () => this.#checkEntities())
    await this.#guarded('observations', () => this.#checkObservations())
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
      this.#collections.set(fields.key, { ...fields, entitiesFound: 0, observationsFound: 0 })
      this.checked++
      if (!isIntactCollection(row)) this.report(fields.name, undefined, `its own row ${MISMATCH}`)
    }
  }

  async #checkEntities(): Promise<void> {
    const page = this.#statement<[number, number], EntityRow>(
      `SELECT ${ENTITY_COLUMNS} FROM chronode_entity NOT INDEXED WHERE key > ? ORDER BY key LIMIT ?`,
    )
    for await (const row of this.#paged((after) => page.all(after, ROWS_A_PAGE), ROWS_A_PAGE)) {
      const entity = entityFields(row)
      const collection = this.#collections.get(entity.collection)
      this.checked++
      if (!isIntactEntity(row)) this.report(collection?.name, entity.id, `its own row ${MISMATCH}`)
      const extent = await this.#extent(entity.key)
      this.#compareExtent(entity, extent)
      if (collection === undefined) continue // SQLite's foreign_key_check tells of it
      collection.entitiesFound++
      collection.observationsFound += extent.count
    }
    for (const { name, entityCount, entitiesFound, observationCount, observationsFound } of this.#collections.values()) {
      if (entityCount !== entitiesFound) this.report(name, undefined, `says that it has ${entityCount} entities; there are ${entitiesFound}`)
      if (observationCount !== observationsFound)
        this.report(name, undefined, `says that it has ${observationCount} observations; there are ${observationsFound}`)
    }
  }

  async #extent(entityKey: number): Promise<Extent> {
    const work = this.snapshot.reader.observations.extent(entityKey, Number.POSITIVE_INFINITY)
    for (;;) {
      this.snapshot.assertLive()
      const { done, value } = work.next()
      if (done === true) return value
      await this.#pause()
    }
  }

  #compareExtent(entity: EntityFields, { count, first, last }: Extent): void {
    const collection = this.#collections.get(entity.collection)?.name
    if (entity.observationCount !== count)
      this.report(collection, entity.id, `says that it has ${entity.observationCount} observations; there are ${count}`)
    if (entity.firstTimestamp !== (first ?? null) || entity.lastTimestamp !== (last ?? null)) {
      const [says, is] = [spanInWords(entity.firstTimestamp, entity.lastTimestamp), spanInWords(first ?? null, last ?? null)]
      this.report(collection, entity.id, `says that its observations are ${says}; they are ${is}`)
    }
  }

  async #checkObservations(): Promise<void> {
    const dimension = Math.max(1, ...[...this.#collections.values()].map((collection) => collection.dimension))
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
      if (id === null || collection === null) continue
      const name = this.#collections.get(collection)?.name
      if (!isIntact(row, ownerChecksum(collection, id), checksum)) this.report(name, id, `the observation at ${momentInWords(row[0])} ${MISMATCH}`)
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
        this.report(this.#collections.get(collection)?.name, id, `its entry in the log of removed entities ${MISMATCH}`)
    }
  }

  /** The rows of all pages, by key. */
  async *#paged<Row extends [key: number, ...unknown[]]>(read: (after: number) => Row[], limit: number): AsyncGenerator<Row> {
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      await this.#pause()
      this.snapshot.assertLive()
      const rows = read(after)
      yield* rows
      if (rows.length < limit) return
      after = rows.at(-1)![0]
    }
  }
}

function momentInWords(timestamp: number): string {
  return Math.abs(timestamp) <= 8.64e15 ? formatTimestamp(timestamp) : String(timestamp)
}

function spanInWords(first: number | null, last: number | null): string {
  return first === null || last === null ? 'none' : `from ${momentInWords(first)} to ${momentInWords(last)}`
}
