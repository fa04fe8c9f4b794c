import type { OpenEntity } from './open-entity.js'

/** Beyond these, they are forgotten as a whole. */
const ENTITIES_MAX = 100_000

/** The entities that writes have met, as they stand: the next batch mostly brings the same ones. */
export class EntityMemory {
  readonly #byId = new Map<number, Map<string, OpenEntity>>()
  readonly #byKey = new Map<number, OpenEntity>()

  get(collection: number, id: string): OpenEntity | undefined {
    return this.#byId.get(collection)?.get(id)
  }

  byKey(key: number): OpenEntity | undefined {
    return this.#byKey.get(key)
  }

  add(entity: OpenEntity): OpenEntity {
    let ofCollection = this.#byId.get(entity.collection)
    if (ofCollection === undefined) {
      ofCollection = new Map()
      this.#byId.set(entity.collection, ofCollection)
    }
    ofCollection.set(entity.id, entity)
    this.#byKey.set(entity.key, entity)
    return entity
  }

  remove(collection: number, id: string, key: number): void {
    this.#byId.get(collection)?.delete(id)
    this.#byKey.delete(key)
  }

  /** Not while a batch is being written: it changes what is remembered. */
  limit(): void {
    if (this.#byKey.size > ENTITIES_MAX) this.forget()
  }

  forget(): void {
    this.#byId.clear()
    this.#byKey.clear()
  }
}
