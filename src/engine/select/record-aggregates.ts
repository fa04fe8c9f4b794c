import type { EntityRecord, Snapshot } from '../../storage/index.js'
import type { GroupRow } from '../bind/group-scope.js'
import { type GroupedSelect, isOfCollection } from '../bind/known-aggregates.js'
import type { BoundAggregate } from '../expression/aggregates.js'
import type { Batch, Context } from '../running.js'
import { openSnapshot, type Stop } from '../stop.js'
import { selectedEntities } from './scan-rows.js'

const PAGE_ENTITIES = 512

/** What is known of several entities. */
const OF_BOTH: Readonly<Record<NonNullable<BoundAggregate['known']>, (a: number, b: number) => number>> = {
  observationCount: (a, b) => a + b,
  firstTimestamp: Math.min,
  lastTimestamp: Math.max,
}

/** Takes aggregates of records: the same rows as of the observations themselves. */
export async function* recordAggregates(query: GroupedSelect, { store, stop }: Context): AsyncGenerator<Batch> {
  const snapshot = await openSnapshot(store, stop)
  try {
    if (isOfCollection(query)) yield [await ofCollection(query, snapshot)]
    else if (query.grouping.byEntity) yield* ofEach(query, snapshot, stop)
    else yield [await ofAll(query, snapshot, stop)]
  } finally {
    snapshot.release()
  }
}

/** As this snapshot has it, which may be newer than what the statement was bound to. */
async function ofCollection({ collection, grouping }: GroupedSelect, snapshot: Snapshot): Promise<GroupRow> {
  const record = await snapshot.collection(collection.name)
  const count = record?.key === collection.key ? record.observationCount : 0
  return { entity: undefined, timestamp: undefined, results: grouping.aggregates.map(() => count) }
}

async function* ofEach(query: GroupedSelect, snapshot: Snapshot, stop: Stop): AsyncGenerator<Batch> {
  const { aggregates } = query.grouping
  for await (const page of selectedEntities(snapshot, query, PAGE_ENTITIES, stop)) {
    const rows = page.filter(hasObservations).map((entity): GroupRow => ({ entity, timestamp: undefined, results: resultsOf(entity, aggregates) }))
    if (rows.length > 0) yield rows
  }
}

async function ofAll(query: GroupedSelect, snapshot: Snapshot, stop: Stop): Promise<GroupRow> {
  const { aggregates } = query.grouping
  let results: readonly (number | null)[] = aggregates.map(({ known }) => (known === 'observationCount' ? 0 : null))
  for await (const page of selectedEntities(snapshot, query, PAGE_ENTITIES, stop)) {
    for (const entity of page.filter(hasObservations)) {
      const of = resultsOf(entity, aggregates)
      results = results.map((result, i) => (result === null ? of[i]! : OF_BOTH[aggregates[i]!.known!](result, of[i]!)))
    }
  }
  return { entity: undefined, timestamp: undefined, results }
}

function hasObservations({ observationCount }: EntityRecord): boolean {
  return observationCount > 0
}

/** Of an entity that has observations. */
function resultsOf(entity: EntityRecord, aggregates: readonly BoundAggregate[]): readonly number[] {
  return aggregates.map(({ known }) => entity[known!]!)
}
