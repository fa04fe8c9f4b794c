import { justAfter } from '../../timestamp.js'
import type { Trajectory } from '../../trajectory.js'
import { corruption, placeInWords } from '../care/corruption.js'
import type { StoredCollection, StoredEntity } from '../catalog.js'
import { EVERYTHING, toObservation, toObservations } from '../observations/observation.js'
import type { Owner } from '../observations/observation-reader.js'
import { type Stretch, toTrajectory, totalCount } from '../observations/stretch.js'
import type { Reader } from '../reader.js'
import type {
  CollectionRecord,
  ContextRequest,
  EntityRecord,
  ImmediateSearchRequest,
  ImmediateSearchResult,
  ImmediateView,
  Observation,
  Surroundings,
  TimeRange,
} from '../store.js'
import type { ImmediateSearch } from './immediate-search.js'

const ENTITIES_A_PAGE = 500
const OBSERVATIONS_A_PIECE = 500

/** One view through one reader, within one turn of the event loop. */
export class ReaderView implements ImmediateView {
  /** @param assertCommitted  Refuses a collection that lacks what the app sees of it. */
  constructor(
    private readonly reader: Reader,
    private readonly searches: ImmediateSearch,
    private readonly assertCommitted: (collection: StoredCollection) => void,
  ) {}

  collections(): readonly CollectionRecord[] {
    return this.reader.catalog.collections()
  }

  collection(name: string): StoredCollection | undefined {
    const collection = this.reader.collection(name)
    if (collection !== undefined) this.assertCommitted(collection)
    return collection
  }

  findEntity(collection: CollectionRecord, id: string): StoredEntity | undefined {
    return this.reader.entity(collection, id)
  }

  *scanEntities(collection: CollectionRecord): Generator<StoredEntity> {
    let count = 0
    for (let afterId: string | undefined = ''; afterId !== undefined; ) {
      const page = this.reader.entityPage(collection, afterId, ENTITIES_A_PAGE)
      count += page.length
      yield* page
      afterId = page.length < ENTITIES_A_PAGE ? undefined : page.at(-1)!.id
    }
    if (count === collection.entityCount) return
    throw corruption(placeInWords(collection.name), `should have ${collection.entityCount} entities, and ${count} were found`)
  }

  *observations(collection: CollectionRecord, entity: EntityRecord, range: TimeRange): Generator<Observation> {
    if (entity.observationCount === 0) return
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = range
    const owner = this.#owner(collection, entity)
    let count = 0
    for (let start: number | undefined = from; start !== undefined; ) {
      const piece = this.reader.observations.oldest(owner, start, to, OBSERVATIONS_A_PIECE)
      const pieceCount = totalCount(piece)
      count += pieceCount
      for (const stretch of piece) yield* toObservations(stretch, EVERYTHING)
      start = pieceCount < OBSERVATIONS_A_PIECE ? undefined : justAfter(piece.at(-1)!.timestamps.at(-1)!)
    }
    if (coversAll(entity, from, to)) checkCount(collection, entity, entity.observationCount, count)
  }

  lastObservation(collection: CollectionRecord, entity: EntityRecord, at: number): Observation | undefined {
    const [last] = this.#newest(collection, entity, Number.NEGATIVE_INFINITY, at, 1)
    return last && toObservation(last, 0, EVERYTHING)
  }

  readContext(collection: CollectionRecord, { entity, limit, since, until }: ContextRequest): Trajectory {
    const { dimension } = collection
    return toTrajectory(this.#newest(collection, entity, since ?? Number.NEGATIVE_INFINITY, until ?? Number.POSITIVE_INFINITY, limit), dimension)
  }

  surroundings(collection: CollectionRecord, entity: EntityRecord, at: number): Surroundings {
    const owner = this.#owner(collection, entity)
    const [before] = this.reader.observations.newest(owner, Number.NEGATIVE_INFINITY, at, 1)
    const [after] = this.reader.observations.oldest(owner, justAfter(at), Number.POSITIVE_INFINITY, 1)
    return { before: before && toObservation(before, 0, EVERYTHING), after: after && toObservation(after, 0, EVERYTHING) }
  }

  search(collection: CollectionRecord, request: ImmediateSearchRequest): ImmediateSearchResult {
    return this.searches.search(this, collection as StoredCollection, request)
  }

  #newest(collection: CollectionRecord, entity: EntityRecord, from: number, to: number, limit: number): Stretch[] {
    if (entity.observationCount === 0) return []
    const stretches = this.reader.observations.newest(this.#owner(collection, entity), from, to, limit)
    if (coversAll(entity, from, to)) checkCount(collection, entity, Math.min(limit, entity.observationCount), totalCount(stretches))
    return stretches
  }

  /** Whoever names an entity has it from this view: it knows where its observations lie. */
  #owner(collection: CollectionRecord, entity: EntityRecord): Owner {
    return { collection, entity: this.reader.placeNow(collection, entity as StoredEntity) }
  }
}

function coversAll({ firstTimestamp, lastTimestamp }: EntityRecord, from: number, to: number): boolean {
  return from <= (firstTimestamp ?? from) && to >= (lastTimestamp ?? to)
}

/** Damage to SQLite's index can hide rows. */
function checkCount({ name }: CollectionRecord, { id }: EntityRecord, expected: number, found: number): void {
  if (found === expected) return
  throw corruption(placeInWords(name, id), `should have ${expected} observations, and ${found} were found`)
}
