import { Slice } from '../slice.js'
import type { StoredCollection, StoredEntity } from './catalog.js'
import type { Matrix } from './matrix.js'
import type { SqliteSnapshot } from './sqlite-snapshot.js'
import type { Strip } from './strip.js'

/** What a matrix is brought up to. */
export interface View {
  readonly snapshot: SqliteSnapshot
  readonly collection: StoredCollection
  readonly signal: AbortSignal | undefined
}

/**
 * Fills an empty matrix. Half done after an error.
 *
 * @throws {MatrixFull}
 */
export async function fill(matrix: Matrix, view: View): Promise<void> {
  const { snapshot, collection, signal } = view
  matrix.expect(collection.observationCount)
  for await (const page of snapshot.scanEntities(collection)) {
    for (const entity of page) {
      signal?.throwIfAborted()
      await addEntity(matrix, view, entity as StoredEntity)
    }
  }
  matrix.expect(0)
  await matrix.settle(new Slice())
  matrix.generation = collection.generation
}

/**
 * Brings a matrix from an older generation of the collection to this one: entities whose rows were written are read again, and what strips hold of
 * the others is added. Half done after an error.
 *
 * @throws {MatrixFull}
 */
export async function follow(matrix: Matrix, view: View): Promise<void> {
  const { snapshot, collection, signal } = view
  const { changes } = snapshot.reader
  for (const key of changes.removedSince(collection.key, matrix.generation)) matrix.remove(key)
  const changed = await snapshot.drive(changes.entitiesSince(collection.key, matrix.generation))
  const strips = snapshot.reader.stripsSince(collection, matrix.generation)
  for (const [key, id] of changed) {
    signal?.throwIfAborted()
    await snapshot.pause()
    matrix.remove(key)
    const entity = snapshot.reader.entityNow(collection, id)
    if (entity !== undefined) await addEntity(matrix, view, entity)
  }
  const read = new Set(changed.map(([key]) => key))
  for (const strip of strips) {
    await snapshot.pause()
    addStrip(matrix, view, strip, read)
  }
  await matrix.settle(new Slice())
  matrix.generation = collection.generation
}

async function addEntity(matrix: Matrix, { snapshot, collection }: View, stored: StoredEntity): Promise<void> {
  const entity = matrix.add(stored.key, stored.id)
  let left = stored.observationCount
  if (left === 0) return
  await snapshot.pause()
  for await (const stretches of snapshot.pieces(collection, stored, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)) {
    for (const stretch of stretches) {
      matrix.append(entity, stretch, Math.max(left, stretch.count))
      left -= stretch.count
    }
  }
}

/** @param read  Keys of entities that hold all of it already. */
function addStrip(matrix: Matrix, { snapshot, collection }: View, strip: Strip, read: ReadonlySet<number>): void {
  const { observations } = snapshot.reader
  for (let i = 0; i < strip.count; i++) {
    const key = strip.entityKeys[i]!
    const entity = read.has(key) ? undefined : matrix.entity(key)
    if (entity !== undefined) matrix.append(entity, observations.ofStrip(collection, entity.id, strip, i))
  }
}
