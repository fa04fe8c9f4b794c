import type { Snapshot } from '../storage/index.js'
import type { Context } from './running.js'

/** A store whose snapshots are all this one: what runs inside of a statement sees what the statement sees, and ends nothing. */
export function sharing(snapshot: Snapshot, { store }: Context): Pick<Context, 'store'> {
  return handing(keptOpen(snapshot), store)
}

/** The same for the last part of a statement, which lets the snapshot go as soon as it has read what it needs. */
export function handing(snapshot: Snapshot, store: Context['store']): Pick<Context, 'store'> {
  return { store: { collections: () => store.collections(), snapshot: async () => snapshot } }
}

function keptOpen(snapshot: Snapshot): Snapshot {
  return {
    collections: () => snapshot.collections(),
    collection: (name) => snapshot.collection(name),
    findEntities: (collection, ids) => snapshot.findEntities(collection, ids),
    scanEntities: (collection) => snapshot.scanEntities(collection),
    readContexts: (collection, requests) => snapshot.readContexts(collection, requests),
    extentUntil: (collection, entity, until) => snapshot.extentUntil(collection, entity, until),
    surroundings: (collection, entity, at, until) => snapshot.surroundings(collection, entity, at, until),
    scan: (collection, request) => snapshot.scan(collection, request),
    search: (collection, request, signal) => snapshot.search(collection, request, signal),
    release: () => undefined,
  }
}
