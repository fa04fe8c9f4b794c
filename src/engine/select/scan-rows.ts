import { Slice } from '../../slice.js'
import { sortedStepwise } from '../../stepwise-sort.js'
import type { EntityRecord, Observation, ScanRequest, Snapshot } from '../../storage/index.js'
import { compareText } from '../../text-order.js'
import type { BoundRange, BoundSelect } from '../bind/bound.js'
import type { SelectedRow } from '../bind/select-scope.js'
import { spanStart } from '../context-window.js'
import { entityPages } from '../entity-pages.js'
import type { Batch, Context } from '../running.js'
import { openSnapshot, type Stop } from '../stop.js'
import { ALWAYS, intersection, isNever } from '../time-bounds.js'

/** How many named entities are looked up at a time. */
const PAGE_ENTITIES = 512

/** Reads the observations of a SELECT by entity id, then by time. */
export async function* scanRows(query: BoundSelect, rowsWanted: number, { store, stop }: Context): AsyncGenerator<Batch> {
  const snapshot = await openSnapshot(store, stop)
  const slice = new Slice()
  let rows = 0
  try {
    for await (const { entity, observations } of observationsOf(snapshot, query, stop)) {
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

/** Observations of one entity, in time order. */
export interface Piece {
  readonly entity: EntityRecord
  readonly observations: readonly Observation[]
}

async function* observationsOf(snapshot: Snapshot, query: BoundSelect, stop: Stop): AsyncGenerator<Piece> {
  const { collection, entities, range, where } = query
  const request = requestOf(query)
  if (request !== undefined && entities.kind === 'each' && where.ofEntity === undefined && !countsBack(range))
    return yield* snapshot.scan(collection, request)
  for await (const page of selectedEntities(snapshot, query, PAGE_ENTITIES, stop)) yield* scanEntities(snapshot, query, page)
}

/** The entities of a SELECT by id, those that WHERE drops as a whole left out. */
export async function* selectedEntities(
  snapshot: Snapshot,
  query: BoundSelect,
  pageSize: number,
  stop: Stop,
): AsyncGenerator<readonly EntityRecord[]> {
  const { collection, entities, where } = query
  const addressed = { collection, entities: await inOrder(entities), where: where.ofEntity }
  for await (const page of entityPages(snapshot, addressed, pageSize, stop))
    yield page.flatMap(({ entity }) => (entity === undefined ? [] : [entity]))
}

/** The observations of these entities, in their order. */
export async function* scanEntities(snapshot: Snapshot, query: BoundSelect, entities: readonly EntityRecord[]): AsyncGenerator<Piece> {
  const request = requestOf(query)
  if (request === undefined) return
  if (!countsBack(query.range)) return yield* snapshot.scan(query.collection, { ...request, entities })
  for (const entity of entities) yield* scanBack(snapshot, query, entity, request)
}

function countsBack({ last }: BoundRange): boolean {
  return last !== undefined && 'interval' in last
}

/** @returns undefined: nothing is wanted. */
function requestOf({ range: { from, to, last }, window, reads }: BoundSelect): ScanRequest | undefined {
  const wanted = intersection(window, { from: from ?? ALWAYS.from, to: to ?? ALWAYS.to })
  if (isNever(wanted)) return undefined
  return {
    from: finite(wanted.from),
    to: finite(wanted.to),
    newest: last !== undefined && 'count' in last ? last.count : undefined,
    vectors: reads.vectors,
    payloads: reads.payloads,
  }
}

function finite(bound: number): number | undefined {
  return Number.isFinite(bound) ? bound : undefined
}

/** Ids in the order in which SELECT answers, each once. */
async function inOrder(entities: BoundSelect['entities']): Promise<BoundSelect['entities']> {
  if (entities.kind === 'each' || entities.ids.length === 1) return entities
  const sorted = await new Slice().drive(sortedStepwise([...entities.ids], compareText))
  return { ...entities, ids: sorted.filter((id, i) => id !== sorted[i - 1]) }
}

/** `LAST 7d`: back from the last observation of that entity within the range. */
async function* scanBack(snapshot: Snapshot, { collection, range }: BoundSelect, entity: EntityRecord, request: ScanRequest): AsyncGenerator<Piece> {
  const { last } = range
  if (last === undefined || 'count' in last || entity.lastTimestamp === undefined) return
  const end = range.to === undefined ? entity.lastTimestamp : (await snapshot.extentUntil(collection, entity, range.to)).last
  if (end === undefined) return
  const from = Math.max(spanStart(end, last.interval), request.from ?? ALWAYS.from)
  if (from <= (request.to ?? end)) yield* snapshot.scan(collection, { ...request, entities: [entity], from })
}

/** Hands out the pieces of one entity after another, of which some may have none. */
export class PieceReader {
  private ahead: Piece | undefined

  constructor(private readonly pieces: AsyncGenerator<Piece>) {}

  /** @returns undefined: there is no further piece of this entity. */
  async next(entity: EntityRecord): Promise<Piece | undefined> {
    if (this.ahead === undefined) {
      const { value, done } = await this.pieces.next()
      if (done === true) return undefined
      this.ahead = value
    }
    const piece = this.ahead
    if (piece.entity.key !== entity.key) return undefined
    this.ahead = undefined
    return piece
  }

  async close(): Promise<void> {
    await this.pieces.return(undefined)
  }
}
