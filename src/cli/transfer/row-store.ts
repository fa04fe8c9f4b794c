import { type Collection, DimensionError, InputError } from '../../index.js'
import type { Row } from './row-mapping.js'

/** What became of rows. */
export interface Stored {
  readonly inserted: number
  readonly replaced: number
  /** Entities whose attributes were set. */
  readonly attributes: number
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
    const attributes = await this.setAttributes(rows)
    if (this.emptied !== undefined) this.collection = await this.emptied()
    return { inserted, replaced, attributes }
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
  private async setAttributes(rows: readonly Row[]): Promise<number> {
    const given = new Map<string, Row>()
    for (const row of rows) if (row.attributes !== undefined || row.observation === undefined) given.set(row.entity, row)
    let count = 0
    for (const row of given.values()) {
      const text = JSON.stringify(row.attributes ?? null)
      if (this.attributesOf.get(row.entity) === text) continue
      await this.set(row)
      count++
      if (this.attributesOf.size >= REMEMBERED_MAX) this.attributesOf.clear()
      this.attributesOf.set(row.entity, text)
    }
    return count
  }

  private async set(row: Row): Promise<void> {
    const { entity, attributes, observation } = row
    try {
      await this.collection.setAttributes(entity, attributes ?? null, { create: observation === undefined })
    } catch (error) {
      if (error instanceof InputError) throw new RefusedRow(row, error.message)
      throw error
    }
  }
}
