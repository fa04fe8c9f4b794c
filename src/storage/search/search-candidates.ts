import type { Slice } from '../../slice.js'
import { compareText } from '../../text-order.js'
import { EVERYTHING, toObservation } from '../observations/observation.js'
import { part, type Stretch } from '../observations/stretch.js'
import type { SqliteSnapshot } from '../sqlite-snapshot.js'
import type { CollectionRecord, EntityRecord, SearchRequest } from '../store.js'

const ENTITIES_A_PAGE = 500

/** What is searched, and the view that it is searched in. */
export interface Search {
  readonly snapshot: SqliteSnapshot
  readonly collection: CollectionRecord
  readonly request: SearchRequest
  readonly signal: AbortSignal | undefined
  /** For what is done in memory. */
  readonly slice: Slice
}

/** Candidates of one entity: in time order, a long trajectory in several pieces. */
export interface Candidates {
  readonly entity: EntityRecord
  readonly stretch: Stretch
}

/** The entities of which observations may be candidates: by id (UTF-8 bytes), in pages. */
export async function* candidateEntities({ snapshot, collection, request, signal }: Search): AsyncGenerator<readonly EntityRecord[]> {
  const { entities, excluded, keepEntity } = request
  const pages = entities === undefined ? snapshot.scanEntities(collection) : paged(inOrder(entities))
  for await (const page of pages) {
    signal?.throwIfAborted()
    await snapshot.pause()
    yield page.filter((entity) => entity.key !== excluded && (keepEntity === undefined || keepEntity(entity)))
  }
}

/** All candidates, as they are stored: by id (UTF-8 bytes), then by time. */
export async function* candidates(search: Search): AsyncGenerator<Candidates> {
  const { snapshot, collection, request } = search
  const { choice, from, to, keepObservation } = request
  const newest = choice === 'newest' ? 1 : Number.POSITIVE_INFINITY
  for await (const page of candidateEntities(search)) {
    for (const entity of page) {
      if (isOutside(entity, request)) continue
      await snapshot.pause()
      for await (const stretches of snapshot.pieces(collection, entity, from, to, newest)) {
        search.signal?.throwIfAborted()
        for (const stretch of stretches) {
          if (keepObservation === undefined) yield { entity, stretch }
          else for (const kept of keptOf(entity, stretch, request)) yield { entity, stretch: kept }
        }
      }
    }
  }
}

/** Nothing of it lies in the range: that is known without reading. */
function isOutside({ observationCount, firstTimestamp, lastTimestamp }: EntityRecord, { from, to }: SearchRequest): boolean {
  return observationCount === 0 || (firstTimestamp !== undefined && firstTimestamp > to) || (lastTimestamp !== undefined && lastTimestamp < from)
}

/** What stays of a stretch, in as many parts as there are gaps. */
function* keptOf(entity: EntityRecord, stretch: Stretch, { keepObservation, needs = EVERYTHING }: SearchRequest): Generator<Stretch> {
  let start = 0
  for (let i = 0; i < stretch.count; i++) {
    if (keepObservation?.(entity, toObservation(stretch, i, needs))) continue
    if (i > start) yield part(stretch, start, i)
    start = i + 1
  }
  if (stretch.count > start) yield part(stretch, start, stretch.count)
}

/** Each once. */
function inOrder(entities: readonly EntityRecord[]): readonly EntityRecord[] {
  const sorted = entities.toSorted((a, b) => compareText(a.id, b.id))
  return sorted.filter(({ key }, i) => key !== sorted[i - 1]?.key)
}

function* paged(entities: readonly EntityRecord[]): Generator<readonly EntityRecord[]> {
  for (let start = 0; start < entities.length; start += ENTITIES_A_PAGE) yield entities.slice(start, start + ENTITIES_A_PAGE)
}
