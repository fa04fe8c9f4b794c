import { type CollectionFields, type EntityFields, ObservationChecksum, ownerChecksum } from '../observations/checksum.js'
import type { Found, TailRow } from './stored-rows.js'

/** Who may have written a row: what its checksum begins with. */
export interface Owner {
  readonly collection: number
  readonly id: string
  /** `ownerChecksum` */
  readonly checksum: number
}

/** More names than these of one key are not tried: each try is one more chance for a damaged row to pass. */
const NAMES_TRIED_MAX = 4

/**
 * The collections and entities that were found, and the names under which rows are tried whose entity is damaged.
 *
 * A row belongs to the name that its checksum fits: so observations are saved although the row of their entity is gone.
 */
export class Owners {
  readonly collections = new Map<number, CollectionFields>()
  readonly entities = new Map<number, EntityFields>()
  /** Rows of collections that are damaged, and names that indexes know. */
  readonly collectionHints = new Map<number, Partial<CollectionFields>>()
  readonly #owners = new Map<number, Owner>()
  readonly #names = new Map<number, Owner[]>()
  /** Of collections: as their row says, else as their first whole vector is. */
  readonly #dimensions = new Map<number, number>()
  readonly #checksums = new Map<number, ObservationChecksum>()

  addCollection({ fields, isIntact }: Found<CollectionFields>): void {
    if (isIntact) {
      this.collections.set(fields.key, fields)
      this.#dimensions.set(fields.key, fields.dimension)
    } else this.collectionHints.set(fields.key, { ...fields, ...this.#nameOf(fields.key) })
  }

  addCollectionName(key: number, name: string): void {
    this.collectionHints.set(key, { ...this.collectionHints.get(key), name })
  }

  #nameOf(key: number): { name?: string } {
    const name = this.collectionHints.get(key)?.name
    return name === undefined ? {} : { name }
  }

  addEntity({ fields, isIntact }: Found<EntityFields>): void {
    const { key, collection, id } = fields
    if (isIntact) {
      this.entities.set(key, fields)
      this.#owners.set(key, ownerOf(collection, id))
    } else this.addEntityName(key, collection, id)
  }

  addEntityName(key: number, collection: number, id: string): void {
    const names = this.#names.get(key) ?? []
    this.#names.set(key, names)
    if (names.length < NAMES_TRIED_MAX && !names.some((name) => name.collection === collection && name.id === id)) names.push(ownerOf(collection, id))
  }

  dimensionOf(collection: number): number | undefined {
    return this.#dimensions.get(collection)
  }

  /** Those whose row is whole, or to whom whole observations belong. */
  get known(): ReadonlyMap<number, Owner> {
    return this.#owners
  }

  /** @param isIts  Whether a checksum fits that owner. @returns undefined: it is nobody's, or damaged. */
  ownerOf(entity: number, isIts: (owner: Owner) => boolean): Owner | undefined {
    const known = this.#owners.get(entity)
    if (known !== undefined) return isIts(known) ? known : undefined
    const found = this.#names.get(entity)?.find(isIts)
    if (found !== undefined) this.#owners.set(entity, found) // its other rows need no more tries
    return found
  }

  /** Whose row it is, when it is whole. */
  ownerOfRow({ entity, timestamp, recordedAt, vector, payload, checksum }: TailRow): Owner | undefined {
    const dimension = vector.length / 4
    if (!Number.isInteger(dimension) || dimension === 0) return undefined
    return this.ownerOf(entity, (owner) => {
      if (!this.#isDimensionOf(owner.collection, dimension)) return false
      if (this.#checksumFor(dimension).of(owner.checksum, timestamp, recordedAt, vector, payload) !== checksum) return false
      this.#dimensions.set(owner.collection, dimension)
      return true
    })
  }

  /** Of an observation of one's own, to be stored. */
  checksumOf(owner: Owner, timestamp: number, recordedAt: number, vector: Uint8Array, payload: string | null): number {
    this.#dimensions.set(owner.collection, vector.length / 4)
    return this.#checksumFor(vector.length / 4).of(owner.checksum, timestamp, recordedAt, vector, payload)
  }

  #isDimensionOf(collection: number, dimension: number): boolean {
    return (this.#dimensions.get(collection) ?? dimension) === dimension
  }

  #checksumFor(dimension: number): ObservationChecksum {
    const made = this.#checksums.get(dimension) ?? new ObservationChecksum(dimension)
    this.#checksums.set(dimension, made)
    return made
  }
}

function ownerOf(collection: number, id: string): Owner {
  return { collection, id, checksum: ownerChecksum(collection, id) }
}
