import { Slice } from '../slice.js'
import type { EntityRecord, Observation, ScanRequest, Snapshot } from '../storage/index.js'
import { compareText } from '../text-order.js'
import type { BoundRange, BoundSelect } from './bound.js'
import { spanStart } from './context-window.js'
import { entityPages } from './entity-pages.js'
import type { Batch, Context } from './running.js'
import type { SelectedRow } from './select-scope.js'
import { openSnapshot } from './stop.js'

/** How many named entities are looked up at a time. */
const PAGE_ENTITIES = 512

/** Reads the observations of a SELECT by entity id, then by time. */
export async function* scanRows(query: BoundSelect, rowsWanted: number, { store, stop }: Context): AsyncGenerator<Batch> {
  const snapshot = await openSnapshot(store, stop)
  const slice = new Slice()
  let rows = 0
  try {
    for await (const { entity, observations } of observationsOf(snapshot, query)) {
      stop.check()
      rows += observations.length
      yield observations.map((observation): SelectedRow => ({ entity, observation }))
      if (rows >= rowsWanted) return
      await slice.pause()
    }
  } finally {
    snapshot.release()
  }
}

interface Piece {
  readonly entity: EntityRecord
  readonly observations: readonly Observation[]
}

async function* observationsOf(snapshot: Snapshot, query: BoundSelect): AsyncGenerator<Piece> {
  const { collection, entities, range } = query
  const request = { ...requestOf(range), ...query.reads }
  const isPerEntity = range.last !== undefined && 'interval' in range.last
  if (entities.kind === 'each' && !isPerEntity) return yield* snapshot.scan(collection, request)
  for await (const page of entityPages(snapshot, { collection, entities: inOrder(entities) }, PAGE_ENTITIES)) {
    const found = page.flatMap(({ entity }) => (entity === undefined ? [] : [entity]))
    if (!isPerEntity) yield* snapshot.scan(collection, { ...request, entities: found })
    else for (const entity of found) yield* scanBack(snapshot, query, entity, request)
  }
}

function requestOf({ from, to, last }: BoundRange): ScanRequest {
  return { from, to, newest: last !== undefined && 'count' in last ? last.count : undefined }
}

/** Ids in the order in which SELECT answers, each once. */
function inOrder(entities: BoundSelect['entities']): BoundSelect['entities'] {
  if (entities.kind === 'each' || entities.ids.length === 1) return entities
  return { ...entities, ids: [...new Set(entities.ids)].sort(compareText) }
}

/** `LAST 7d`: back from the last observation of that entity within the range. */
async function* scanBack(snapshot: Snapshot, { collection, range }: BoundSelect, entity: EntityRecord, request: ScanRequest): AsyncGenerator<Piece> {
  const { last, from } = range
  if (last === undefined || 'count' in last || entity.lastTimestamp === undefined) return
  const end = range.to === undefined ? entity.lastTimestamp : (await snapshot.extentUntil(collection, entity, range.to)).last
  if (end === undefined) return
  const start = spanStart(end, last.interval)
  yield* snapshot.scan(collection, { ...request, entities: [entity], from: Math.max(start, from ?? start) })
}
