import type { ImportState } from './import-state.js'
import type { Progress } from './progress.js'
import type { InputRecord, Records } from './records.js'
import type { RejectsFile } from './rejects-file.js'
import type { Row, RowMapping } from './row-mapping.js'
import { RefusedRow, type RowStore, type Stored } from './row-store.js'
import { BadLine, BadRecord, TransferError } from './transfer-error.js'

export type ImportCounts = Pick<ImportState, 'records' | 'inserted' | 'replaced' | 'attributes' | 'rejected'>

export const NOTHING_YET: ImportCounts = { records: 0, inserted: 0, replaced: 0, attributes: 0, rejected: 0 }

const NOTHING_STORED: Stored = { inserted: 0, replaced: 0, attributes: 0 }

export interface ImportParts {
  /** Of the input, for messages. */
  readonly name: string
  readonly records: Records
  readonly mapping: RowMapping
  readonly store: RowStore
  /** Undefined: the first bad record ends the import. */
  readonly rejects: RejectsFile | undefined
  readonly batchSize: number
  readonly progress: Progress
  /** Stops it after a batch. */
  readonly signal: AbortSignal
  /** Told after each batch that is stored. */
  acknowledge(counts: ImportCounts): void
}

/** Brings records into a collection, batch by batch, and never reads faster than it writes. */
export class RowImport {
  /** Of what is stored. */
  counts: ImportCounts
  /** Records of the batch that is being filled, good and bad. */
  private pending = 0
  private readonly batch: Row[] = []
  private readonly bad: { record: InputRecord; reason: string }[] = []
  private readonly start: number

  /** @param counts  Where an earlier run has stopped. */
  constructor(
    private readonly parts: ImportParts,
    counts: ImportCounts = NOTHING_YET,
  ) {
    this.counts = counts
    this.start = counts.records
  }

  /** @returns whether it came to the end; false: its signal stopped it after a batch. @throws {TransferError} */
  async run(): Promise<boolean> {
    try {
      return await this.readAll()
    } catch (error) {
      if (this.parts.signal.aborted && error instanceof TransferError) return false // it was reading a pipe
      throw error
    }
  }

  private async readAll(): Promise<boolean> {
    const { records, batchSize, signal } = this.parts
    for await (const page of records.pages(this.start)) {
      for (const record of page) {
        this.take(record)
        if (this.pending < batchSize) continue
        await this.flush()
        if (signal.aborted) return false
      }
    }
    await this.flush()
    return true
  }

  private take(record: InputRecord): void {
    this.pending++
    try {
      this.batch.push(this.parts.mapping.rowOf(record))
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error
      this.reject(record, error.message)
    }
  }

  private reject(record: InputRecord, reason: string): void {
    const { name, rejects } = this.parts
    if (rejects === undefined) throw new BadLine(`${name}:${record.line}: ${reason}`)
    this.bad.push({ record, reason })
  }

  private async flush(): Promise<void> {
    if (this.pending === 0) return
    const stored = await this.stored(this.batch)
    const { rejects, progress } = this.parts
    for (const { record, reason } of this.bad.sort((a, b) => a.record.line - b.record.line)) rejects!.add(record, reason)
    this.counts = {
      records: this.counts.records + this.pending,
      inserted: this.counts.inserted + stored.inserted,
      replaced: this.counts.replaced + stored.replaced,
      attributes: this.counts.attributes + stored.attributes,
      rejected: this.counts.rejected + this.bad.length,
    }
    this.batch.length = 0
    this.bad.length = 0
    this.pending = 0
    this.parts.acknowledge(this.counts)
    progress.tell(this.counts.records - this.start)
  }

  /** A batch with a row that the collection refuses is put in row by row, so that all the others get there. */
  private async stored(rows: readonly Row[]): Promise<Stored> {
    const { store } = this.parts
    try {
      return await store.put(rows)
    } catch (error) {
      if (!(error instanceof RefusedRow)) throw error
      if (rows.length > 1 && this.parts.rejects !== undefined) return this.storedOneByOne(rows)
      this.reject(error.row.record, error.message)
      return NOTHING_STORED
    }
  }

  private async storedOneByOne(rows: readonly Row[]): Promise<Stored> {
    let sum = NOTHING_STORED
    for (const row of rows) {
      const { inserted, replaced, attributes } = await this.stored([row])
      sum = {
        inserted: sum.inserted + inserted,
        replaced: sum.replaced + replaced,
        attributes: sum.attributes + attributes,
      }
    }
    return sum
  }
}
