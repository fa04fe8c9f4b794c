import type { Metric } from '../distance.js'
import type { JsonObject, JsonValue } from '../json.js'
import type { Trajectory } from '../trajectory.js'

export type { Metric }

export interface CollectionSettings {
  readonly dimension: number
  readonly metric: Metric
  /** Vectors are scaled to unit length on the way in; zero vectors are refused. */
  readonly normalized: boolean
}

/** A collection as it stood when it was read. */
export interface CollectionRecord extends CollectionSettings {
  /** Of this store, never used again after a drop. */
  readonly key: number
  readonly name: string
  readonly observationCount: number
  readonly entityCount: number
}

/** An entity as it stood when it was read. */
export interface EntityRecord {
  readonly key: number
  readonly id: string
  readonly attributes: JsonObject | null
  readonly observationCount: number
  /** Epoch milliseconds; undefined while it has no observations. */
  readonly firstTimestamp: number | undefined
  readonly lastTimestamp: number | undefined
}

/** Checked and narrowed: what the vocabulary's `to...` functions made of the user's batch. */
export interface NewObservation {
  readonly entity: string
  readonly timestamp: number
  /** [D], finite. */
  readonly vector: Float32Array
  /** JSON text. */
  readonly payload: string | undefined
}

export interface InsertResult {
  readonly inserted: number
  readonly replaced: number
}

/** Ends included; absent: open. Epoch milliseconds. */
export interface TimeRange {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export interface Observation {
  readonly timestamp: number
  /** Epoch milliseconds: when this version was written. */
  readonly recordedAt: number
  /** [D] */
  readonly vector: Float32Array
  readonly payload: JsonValue | undefined
}

/** What to read of one entity: the newest `limit` observations at or before `until`, none before `since`. */
export interface ContextRequest {
  readonly entity: EntityRecord
  readonly limit: number
  readonly until?: number | undefined
  readonly since?: number | undefined
}

/** What surrounds one moment: the last observation at or before it, the first after it; at or before `until` both. */
export interface Surroundings {
  readonly before: Observation | undefined
  readonly after: Observation | undefined
}

/** What a scan of observations is to bring. An entity list keeps the scan to it; `newest` counts per entity, after the range. */
export interface ScanRequest extends TimeRange {
  readonly entities?: readonly EntityRecord[] | undefined
  readonly newest?: number | undefined
  /** What is not asked for is not decoded. Default: both. */
  readonly vectors?: boolean
  readonly payloads?: boolean
}

/** Observations of one entity, in time order. A long trajectory comes in several pieces. */
export interface EntityObservations {
  readonly entity: EntityRecord
  readonly observations: readonly Observation[]
}

/** Which stored vectors a search looks at, and what it brings of them. */
export interface SearchRequest {
  /** [D] */
  readonly query: Float32Array
  readonly k: number
  /** `newest`: each entity's last observation at or before `to`, unless it is before `from`. `all`: every observation from `from` to `to`. */
  readonly choice: 'newest' | 'all'
  /** Ends included; -Infinity and Infinity leave them open. */
  readonly from: number
  readonly to: number
  /** Keeps the search to these. */
  readonly entities?: readonly EntityRecord[] | undefined
  /** The key of an entity that is no candidate. */
  readonly excluded?: number | undefined
  /** Keeps the search to entities of which it is true, before anything else is looked at. */
  readonly keepEntity?: ((entity: EntityRecord) => boolean) | undefined
  /**
   * The same of observations, each with what `needs` names (default: both). With `newest` it is asked of each entity's last one: where that is
   * not kept, the entity has none.
   */
  readonly keepObservation?: ((entity: EntityRecord, observation: Observation) => boolean) | undefined
  readonly needs?: { readonly vectors: boolean; readonly payloads: boolean } | undefined
  /** What is farther away does not count. */
  readonly within?: number | undefined
  /** At most so many observations of one entity. */
  readonly perEntity?: number | undefined
  /** Whether hits bring their vectors, where these are in memory. */
  readonly vectors?: boolean | undefined
  /** Ranks by `alpha * distance + (1 - alpha) * |reference - timestamp| / the largest of these among the candidates`. Undefined `reference`: the newest candidate. */
  readonly recency?: { readonly alpha: number; readonly reference: number | undefined } | undefined
}

export interface SearchHit {
  /** As this snapshot has it. */
  readonly entity: EntityRecord
  readonly timestamp: number
  readonly distance: number
  /** What it was ranked by: the distance, unless there is a `recency`. */
  readonly score: number
  /** [D], where the request says so and the search was resident: memory of its own. */
  readonly vector?: Float32Array | undefined
}

export interface SearchResult {
  /** The nearest first; of two at the same distance the one whose entity id comes first (UTF-8 bytes), then the older. */
  readonly hits: readonly SearchHit[]
  /** How many vectors were looked at, near or far. */
  readonly candidates: number
  /** The newest of them; undefined: there was none. */
  readonly newestTimestamp: number | undefined
  /** `avx512`, ..., `wasm` */
  readonly kernel: string
  /** 0: on the event loop. */
  readonly threads: number
  /** From the matrix in memory, or read for this search. */
  readonly access: 'resident' | 'streamed'
}

/**
 * One unchanging view of the data, for one statement.
 *
 * Every method works in slices of a few milliseconds; every row's checksum is verified as it is read.
 * @throws {StorageError} `STORAGE_CORRUPT` naming what is damaged.
 */
export interface Snapshot {
  collections(): Promise<readonly CollectionRecord[]>
  collection(name: string): Promise<CollectionRecord | undefined>
  /** One answer an id, in its order; undefined: no such entity. */
  findEntities(collection: CollectionRecord, ids: readonly string[]): Promise<readonly (EntityRecord | undefined)[]>
  /** All entities by id (UTF-8 bytes), in pages. */
  scanEntities(collection: CollectionRecord): AsyncIterable<readonly EntityRecord[]>
  /** One trajectory a request, in its order; T = 0 when nothing is left. */
  readContexts(collection: CollectionRecord, requests: readonly ContextRequest[]): Promise<readonly Trajectory[]>
  /** The count, first and last timestamp of an entity at or before `until`. */
  extentUntil(
    collection: CollectionRecord,
    entity: EntityRecord,
    until: number,
  ): Promise<{ count: number; first: number | undefined; last: number | undefined }>
  surroundings(collection: CollectionRecord, entity: EntityRecord, at: number, until: number | undefined): Promise<Surroundings>
  /** By entity id (UTF-8 bytes) or in the order of `entities`, then by time. */
  scan(collection: CollectionRecord, request: ScanRequest): AsyncIterable<EntityObservations>
  /**
   * The nearest neighbours among stored vectors, exactly.
   *
   * @param signal  Aborted: it rejects with its reason.
   */
  search(collection: CollectionRecord, request: SearchRequest, signal?: AbortSignal): Promise<SearchResult>
  /** Ends the view. Twice is fine. */
  release(): void
}

/** Whose last observation at or before `at` is nearest. */
export interface ImmediateSearchRequest {
  /** [D] */
  readonly query: Float32Array
  readonly k: number
  /** Infinity: now. */
  readonly at: number
}

export interface ImmediateSearchResult {
  /** The nearest first; of two at the same distance the one whose entity id comes first (UTF-8 bytes). */
  readonly hits: readonly { readonly entity: string; readonly timestamp: number; readonly distance: number; readonly vector: Float32Array }[]
  /** Of all candidates; undefined: there was none. */
  readonly newestTimestamp: number | undefined
}

/**
 * One unchanging view for who cannot wait: all of it within one turn of the event loop, in which nothing else runs. As verified as a `Snapshot`.
 */
export interface ImmediateView {
  collections(): readonly CollectionRecord[]
  /** @throws {StorageError} `STORAGE_BUSY`: the app's open transaction has written to it, which this view does not see. */
  collection(name: string): CollectionRecord | undefined
  findEntity(collection: CollectionRecord, id: string): EntityRecord | undefined
  /** All entities by id (UTF-8 bytes). */
  scanEntities(collection: CollectionRecord): Iterable<EntityRecord>
  /** Of the range, in time order. */
  observations(collection: CollectionRecord, entity: EntityRecord, range: TimeRange): Iterable<Observation>
  /** The last one at or before `at`; Infinity: of all. */
  lastObservation(collection: CollectionRecord, entity: EntityRecord, at: number): Observation | undefined
  readContext(collection: CollectionRecord, request: ContextRequest): Trajectory
  surroundings(collection: CollectionRecord, entity: EntityRecord, at: number): Surroundings
  search(collection: CollectionRecord, request: ImmediateSearchRequest): ImmediateSearchResult
}

export interface VerifyProblem {
  readonly collection: string | undefined
  readonly entity: string | undefined
  readonly what: string
}

export interface VerifyOptions {
  /** Ends it with `QUERY_ABORTED`. */
  readonly signal?: AbortSignal
  /** Told after every page. */
  readonly onProgress?: (progress: { readonly checked: number }) => void
}

export interface BackupOptions {
  /** Replaces a file that is there. Default false. */
  readonly overwrite?: boolean
  /** Ends it with `QUERY_ABORTED`; nothing is left behind. */
  readonly signal?: AbortSignal
  /** Told as often as others have a turn. */
  readonly onProgress?: (progress: { readonly pages: number; readonly pagesTotal: number }) => void
}

export interface VerifyReport {
  readonly ok: boolean
  /** Rows whose checksum was computed again. */
  readonly checked: number
  readonly problems: readonly VerifyProblem[]
}

export interface CompactProgress {
  readonly collection: string
  /** Of this collection, so far. */
  readonly entities: number
  readonly entitiesTotal: number
}

export interface CompactOptions {
  readonly onProgress?: (progress: CompactProgress) => void
  readonly signal?: AbortSignal
}

export interface CompactReport {
  /** How many observations went from the tail into segments. */
  readonly packed: number
  /** Of the file; in memory, of what stands for it. */
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** A write that waits for other processes' locks asynchronously, at most `busy_timeout_ms`. */
export interface Store {
  /** Brings the tables to the newest schema, where `migrate = "manual"` left that to the app. Until then all else is `STORAGE_MIGRATION_NEEDED`. */
  migrate(): Promise<void>
  /** @throws {CollectionExistsError} with other settings. The same settings: returns it. */
  createCollection(name: string, settings: CollectionSettings): Promise<CollectionRecord>
  dropCollection(collection: CollectionRecord): Promise<void>
  /** From memory while nobody has written, else one small read. */
  collection(name: string): CollectionRecord | undefined
  collections(): readonly CollectionRecord[]

  /**
   * One atomic upsert on (entity, timestamp). A key twice in the batch: the last wins.
   *
   * @param batch  Its vectors are written over once the write has ended: who keeps one copies it.
   */
  insert(collection: CollectionRecord, batch: readonly NewObservation[]): Promise<InsertResult>
  /**
   * The same in one turn, in a savepoint of the app's transaction where one is open. Waiting for another process's lock
   * blocks. It waits for no snapshot: in `:memory:`, where all share one connection, open snapshots see what it writes.
   */
  insertNow(collection: CollectionRecord, batch: readonly NewObservation[]): InsertResult
  /** @param attributes  JSON text of an object, or null to clear them. @throws {NotFoundError} no such entity. */
  setAttributes(collection: CollectionRecord, entity: string, attributes: string | null, options: { merge: boolean; create?: boolean }): Promise<void>
  /** @returns the number of observations removed; the entity stays. */
  deleteRange(collection: CollectionRecord, entity: string, range: TimeRange): Promise<number>
  /** @returns false: there was no such entity. */
  removeEntity(collection: CollectionRecord, entity: string): Promise<boolean>

  snapshot(): Promise<Snapshot>
  /**
   * Reads in the middle of a statement of an app, when nothing can be awaited.
   *
   * @param caller  The connection that this statement runs on: it cannot be read on meanwhile, and its uncommitted rows are not seen.
   * @param work  Ends with this call.
   * @throws {ArgumentError} that connection is the only one there can be.
   */
  readNow<T>(caller: object, work: (view: ImmediateView) => T): T
  verify(options?: VerifyOptions): Promise<VerifyReport>
  /**
   * Copies the whole database as it is now to a file of its own, while others read and write. Uncommitted rows are not in it.
   *
   * @throws {ArgumentError} there is a file, and `overwrite` was not asked for.
   */
  backup(path: string, options?: BackupOptions): Promise<void>
  /** Packs all observations and shrinks the file. Others read and write meanwhile, but for the last step, during which writes wait. */
  compact(options?: CompactOptions): Promise<CompactReport>
  /** Ends open snapshots. Twice is fine. */
  close(): Promise<void>
}
