import type { Slice } from '../../slice.js'
import type { StoredCollection, StoredEntity } from '../catalog.js'
import type { Stretch } from '../observations/stretch.js'
import type { Strip } from '../observations/strip.js'
import type { SqliteSnapshot } from '../sqlite-snapshot.js'
import type { Matrix, MatrixEntity } from './matrix.js'
import type { WriteLog } from './write-log.js'

/** What a matrix is brought up to. */
export interface View {
  readonly snapshot: SqliteSnapshot
  readonly collection: StoredCollection
  readonly signal: AbortSignal | undefined
  /** Of the whole search: what follows another part in the same turn goes on with its time. */
  readonly slice: Slice
}

/**
 * Fills an empty matrix. Half done after an error.
 *
 * @throws {MatrixFull}
 */
export async function fill(matrix: Matrix, view: View): Promise<void> {
  const { snapshot, collection, signal, slice } = view
  const turn = () => (snapshot.reader.isAttached ? undefined : slice.turn())
  await turn() // what came before may have been the first of everything
  matrix.expect(collection.observationCount)
  await turn() // V8 collects garbage when much memory is taken
  for await (const page of snapshot.scanEntities(collection)) {
    for (const entity of page) {
      signal?.throwIfAborted()
      await addEntity(matrix, view, entity as StoredEntity)
    }
  }
  matrix.expect(0)
  await matrix.settle(view.slice)
  matrix.generation = collection.generation
}

/**
 * Brings a matrix from an older generation of the collection to this one: adds what newer strips hold, and reads again what was touched otherwise. Half
 * done after an error.
 *
 * @param writeLog  What it does not know is found in the tables: entities whose rows were written.
 * @throws {MatrixFull}
 */
export async function follow(matrix: Matrix, view: View, writeLog: WriteLog): Promise<void> {
  const { snapshot, collection, signal } = view
  const { generation } = matrix
  for (const key of snapshot.reader.changes.removedSince(collection.key, generation)) matrix.remove(key)
  const touched = writeLog.between(collection.key, generation, collection.generation) ?? new Map(await writtenSince(view, generation))
  for (const [key, from] of touched) {
    const pause = snapshot.pause()
    if (pause !== undefined) await pause
    const entity = matrix.entity(key)
    if (entity !== undefined) matrix.truncate(entity, from)
  }
  for (const strip of snapshot.reader.stripsSince(collection, generation)) {
    await addStrip(matrix, view, strip, touched)
  }
  for (const [key, from] of touched) {
    signal?.throwIfAborted()
    await snapshot.pause()
    const stored = snapshot.reader.entityOfKeyNow(collection, key)
    if (stored === undefined) continue // removed after it was touched
    const entity = matrix.entity(key)
    if (entity === undefined) {
      await addEntity(matrix, view, stored)
      continue
    }
    matrix.describe(entity, stored.attributes)
    if (from < Number.POSITIVE_INFINITY) await appendFrom(matrix, view, entity, stored, from)
  }
  await matrix.settle(view.slice)
  matrix.generation = collection.generation
}

async function writtenSince({ snapshot, collection }: View, generation: number): Promise<Iterable<readonly [number, number]>> {
  const keys = await snapshot.drive(snapshot.reader.changes.entitiesSince(collection.key, generation))
  return keys.map((key) => [key, Number.NEGATIVE_INFINITY] as const)
}

async function addEntity(matrix: Matrix, view: View, stored: StoredEntity): Promise<void> {
  const entity = matrix.add(stored.key, stored.id)
  matrix.describe(entity, stored.attributes)
  if (stored.observationCount > 0) await appendFrom(matrix, view, entity, stored, Number.NEGATIVE_INFINITY)
}

async function appendFrom(matrix: Matrix, { snapshot, collection }: View, entity: MatrixEntity, stored: StoredEntity, from: number): Promise<void> {
  let left = from === Number.NEGATIVE_INFINITY ? stored.observationCount : 0
  const append = (stretches: readonly Stretch[]) => {
    for (const stretch of stretches) {
      matrix.append(entity, stretch, Math.max(left, stretch.count))
      left -= stretch.count
    }
  }
  const pause = snapshot.pause()
  if (pause !== undefined) await pause
  const pieces = snapshot.pieces(collection, stored, from, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  if (Symbol.asyncIterator in pieces) for await (const stretches of pieces) append(stretches)
  else for (const stretches of pieces) append(stretches) // most entities are short: a million of them should not wait for themselves
}

/** @param touched  From when on an entity is to be read again: entities that are new are added to it. */
async function addStrip(matrix: Matrix, { snapshot, collection }: View, strip: Strip, touched: Map<number, number>): Promise<void> {
  for (let i = 0; i < strip.count; i++) {
    const pause = snapshot.pause()
    if (pause !== undefined) await pause
    const key = strip.entityKeys[i]!
    const entity = matrix.entity(key)
    if (entity === undefined) touched.set(key, Number.NEGATIVE_INFINITY)
    else if (strip.timestamps[i]! < (touched.get(key) ?? Number.POSITIVE_INFINITY))
      matrix.append(entity, snapshot.reader.observations.ofStrip(collection, entity.id, strip, i))
  }
}
