import { type Collection, DimensionError, InputError, NotFoundError } from '../../index.js'
import type { Row } from './row-mapping.js'

/** What became of rows. */
export interface Stored {
  readonly inserted: number
  readonly replaced: number
  /** Entities whose attributes were set. */
  readonly attributes: number
  /** Entities without any observation: a collection has no way to take in one. */
  readonly leftOut: number
}

/** A row that the collection refuses, for a reason that only it knows: a zero vector, an id that is too long. */
export class RefusedRow extends Error {
  constructor(
    readonly row: Row,
    message: string,
  ) {
    super(message)
  }
}

/** How many entities' attributes are remembered, so that a table that repeats them on each line does not write them each time. */
const REMEMBERED_MAX = 10_000

/** Puts rows into a collection: observations batch by batch, then the attributes that came with them. */
export class RowStore {
  private readonly attributesOf = new Map<string, string>()

  constructor(
    private collection: Collection,
    /** Of a dry run, which keeps nothing: a new, empty collection. */
    private readonly emptied?: () => Promise<Collection>,
  ) {}

  /** @throws {RefusedRow} no observation of the batch was written. */
  async put(rows: readonly Row[]): Promise<Stored> {
    const withObservation = rows.filter(({ observation }) => observation !== undefined)
    const { inserted, replaced } = await this.insert(withObservation)
    const { attributes, leftOut } = await this.setAttributes(rows)
    if (this.emptied !== undefined) this.collection = await this.emptied()
    return { inserted, replaced, attributes, leftOut }
  }

  private async insert(rows: readonly Row[]): Promise<{ inserted: number; replaced: number }> {
    if (rows.length === 0) return { inserted: 0, replaced: 0 }
    try {
      return await this.collection.insert(rows.map(({ observation }) => observation!))
    } catch (error) {
      if (!(error instanceof InputError || error instanceof DimensionError) || error.index === undefined) throw error
      throw new RefusedRow(rows[error.index]!, `Expected ${error.expected}; met ${error.received} (${error.code}).`)
    }
  }

  /** Of several rows of an entity the last one counts. */
  private async setAttributes(rows: readonly Row[]): Promise<Pick<Stored, 'attributes' | 'leftOut'>> {
    const given = new Map<string, Row>()
    for (const row of rows) if (row.attributes !== undefined || row.observation === undefined) given.set(row.entity, row)
    let [attributes, leftOut] = [0, 0]
    for (const row of given.values()) {
      const text = JSON.stringify(row.attributes ?? null)
      if (this.attributesOf.get(row.entity) === text) continue
      if (await this.set(row)) attributes++
      else leftOut++
      if (this.attributesOf.size >= REMEMBERED_MAX) this.attributesOf.clear()
      this.attributesOf.set(row.entity, text)
    }
    return { attributes, leftOut }
  }

  /** @returns false: the entity is not there. */
  private async set(row: Row): Promise<boolean> {
    try {
      await this.collection.setAttributes(row.entity, row.attributes ?? null)
      return true
    } catch (error) {
      if (error instanceof InputError) throw new RefusedRow(row, error.message)
      if (error instanceof NotFoundError) return false
      throw error
    }
  }
}
