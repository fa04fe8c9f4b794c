import { Slice } from '../slice.js'
import type { CollectionRecord, EntityRecord, Snapshot } from '../storage/index.js'
import type { BoundCondition, BoundEntities } from './bind/bound.js'
import type { Stop } from './stop.js'

/** An entity that a statement names, there or not. */
export interface NamedEntity {
  readonly id: string
  readonly entity: EntityRecord | undefined
}

/** Which entities a statement is about. */
interface Addressed {
  readonly collection: CollectionRecord
  readonly entities: BoundEntities
  readonly where?: BoundCondition | undefined
}

/** How many ids are looked through for a "did you mean". */
const SUGGESTED_FROM_MAX = 5000

/** The entities of a statement in its order, at most `pageSize` at a time; WHERE drops those that it does not hold for, be it all of them. */
export async function* entityPages(snapshot: Snapshot, query: Addressed, pageSize: number, stop: Stop): AsyncGenerator<readonly NamedEntity[]> {
  const { collection, entities, where } = query
  if (entities.kind === 'each') {
    const slice = new Slice()
    for await (const records of snapshot.scanEntities(collection)) {
      stop.check()
      const kept: NamedEntity[] = []
      for (const entity of records) {
        if (isKept(entity, where)) kept.push({ id: entity.id, entity })
        const pause = slice.pause() // a long list is hashed while it is looked into
        if (pause !== undefined) await pause
      }
      for (let i = 0; i < kept.length; i += pageSize) yield kept.slice(i, i + pageSize)
    }
    return
  }
  const { ids } = entities
  for (let i = 0; i < ids.length; i += pageSize) {
    stop.check()
    yield await namedEntities(snapshot, query, ids.slice(i, i + pageSize))
  }
}

/** Looks ids up; WHERE drops those that are there and that it does not hold for. */
export async function namedEntities(
  snapshot: Snapshot,
  { collection, entities, where }: Addressed,
  ids: readonly string[],
): Promise<readonly NamedEntity[]> {
  const found = await snapshot.findEntities(collection, ids)
  const isError = entities.kind === 'ids' && entities.missing !== undefined && found[0] === undefined
  if (isError) throw entities.missing!(await someEntityIds(snapshot, collection))
  const named = ids.map((id, k) => ({ id, entity: found[k] }))
  return where === undefined ? named : named.filter(({ entity }) => entity === undefined || isKept(entity, where))
}

function isKept(entity: EntityRecord, where: BoundCondition | undefined): boolean {
  return where === undefined || where.evaluate({ entity } as never) === true
}

/** @returns the first ids of a collection, for messages. */
export async function someEntityIds(snapshot: Snapshot, collection: CollectionRecord): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const records of snapshot.scanEntities(collection)) {
    for (const { id } of records) ids.push(id)
    if (ids.length >= SUGGESTED_FROM_MAX) break
  }
  return ids
}
