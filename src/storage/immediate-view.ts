import type { Trajectory } from '../trajectory.js'
import type { StoredCollection, StoredEntity } from './catalog.js'
import { corruption, placeInWords } from './corruption.js'
import type { ImmediateSearch } from './immediate-search.js'
import { EVERYTHING, toObservation, toObservations } from './observation.js'
import { justAfter, type Owner } from './observation-reader.js'
import type { Reader } from './reader.js'
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
} from './store.js'
import { toTrajectory, totalCount } from './stretch.js'

const ENTITIES_A_PAGE = 500

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

  observations(collection: CollectionRecord, entity: EntityRecord, range: TimeRange & { readonly newest?: number }): readonly Observation[] {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY, newest = entity.observationCount } = range
    const stretches = this.#newest(collection, entity, from, to, newest)
    return stretches.flatMap((stretch) => toObservations(stretch, EVERYTHING))
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

  #newest(collection: CollectionRecord, entity: EntityRecord, from: number, to: number, limit: number) {
    if (entity.observationCount === 0) return []
    const wanted = Math.min(limit, entity.observationCount)
    const stretches = this.reader.observations.newest(this.#owner(collection, entity), from, to, wanted)
    const isWhole = from <= (entity.firstTimestamp ?? from) && to >= (entity.lastTimestamp ?? to)
    const count = totalCount(stretches)
    if (!isWhole || count === wanted) return stretches
    throw corruption(placeInWords(collection.name, entity.id), `should have ${wanted} observations, and ${count} were found`)
  }

  /** Whoever names an entity has it from this view: it knows where its observations lie. */
  #owner(collection: CollectionRecord, entity: EntityRecord): Owner {
    return { collection, entity: this.reader.placeNow(collection, entity as StoredEntity) }
  }
}
