import { randomUUID } from 'node:crypto'
import { fstatSync, readdirSync, renameSync, rmSync, type Stats, statSync } from 'node:fs'
import { ArgumentError, described, InvariantError, QueryStoppedError, StorageError } from '../../errors.js'
import { Slice } from '../../slice.js'
import { backupTarget } from '../care/backup.js'
import { loadSqlite } from '../connection/sqlite-library.js'
import { withStorageErrors } from '../connection/statement.js'
import { openStore } from '../sqlite-store.js'
import { conclude } from './conclude.js'
import { RowCopy } from './copy-rows.js'
import { type LivePages, livePages } from './live-pages.js'
import { Owners } from './owners.js'
import { type Cell, indexCells, isIndex, isInside, leafCells, typeOf } from './page-cells.js'
import { PageFile } from './page-file.js'
import type { SalvageReport } from './report.js'
import { SalvageTarget } from './salvage-target.js'
import { toCollection, toCollectionName, toEntity, toEntityName, toMoment, toSegmentBlock, toStripBlock, toTailRow } from './stored-rows.js'

export interface SalvageOptions {
  /** Ends it with `QUERY_ABORTED`; nothing is left behind. */
  readonly signal?: AbortSignal
  /** Told after every page of the damaged file. Pages are read more than once. */
  readonly onProgress?: (progress: { readonly pages: number; readonly pagesTotal: number }) => void
}

/** How many columns the rows of our tables have. */
const [ROW_COLUMNS, STRIP_COLUMNS, SEGMENT_COLUMNS] = [7, 8, 9]

/**
 * Copies out of a damaged database all that is whole into a new one, packed: every row whose checksum is right, wherever it lies, even where
 * SQLite can no longer open the file. What is damaged is left out and named. The damaged file is not touched.
 *
 * Nobody may have `from` open: it is read past SQLite.
 *
 * @throws {ArgumentError} there is a file at `to`, or this process has `from` open.
 * @throws {StorageError} `STORAGE_UNREACHABLE`, `STORAGE_NOT_A_DATABASE`: nothing of Chronode's is in it. `STORAGE_BUSY`: somebody writes to it.
 */
export async function salvageDatabase(from: string, to: string, options: SalvageOptions = {}): Promise<SalvageReport> {
  if (typeof from !== 'string') throw new ArgumentError('from', 'the path of a file', described(from))
  assertClosedHere(statusOf(from), from)
  const before = stateOf(from)
  const target = backupTarget(to, from, {})
  const unfinished = `${target}.${randomUUID().slice(0, 8)}.unfinished`
  using file = new PageFile(from)
  try {
    const report = await new Salvage(file, options).into(unfinished, from)
    if (stateOf(from) !== before) throw written(from)
    backupTarget(to, from, {})
    renameSync(unfinished, target)
    return report
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${unfinished}${suffix}`, { force: true })
  }
}

class Salvage {
  readonly #owners = new Owners()
  readonly #slice = new Slice()
  readonly #pagesByColumns = new Map<number, number[]>()
  readonly #indexPages: number[] = []
  #pagesDone = 0
  /** Every page is looked at for who is there, and those that have something for them once more. */
  #pagesTotal = 0

  constructor(
    private readonly file: PageFile,
    private readonly options: SalvageOptions,
  ) {}

  async into(path: string, from: string): Promise<SalvageReport> {
    const live = await livePages(this.file, () => this.#pause())
    this.#pagesTotal = 2 * this.file.pageCount
    await this.#findOwners(live)
    this.#pagesTotal = this.file.pageCount + this.#pagesToCopy().length
    const { collections, collectionHints, entities } = this.#owners
    const { signal } = this.options
    if (collections.size + collectionHints.size + entities.size === 0) throw nothingOfOurs(from)
    const store = {
      memoryLimitBytes: 2 ** 24,
      busyTimeoutMs: 0,
      migrate: 'auto',
      durability: 'normal',
      readonly: false,
      warn: () => undefined,
    } as const
    await (await openStore({ path, ...store })).close()
    const report = await this.#copyInto(path, live)
    const made = await openStore({ path, ...store })
    try {
      await made.compact(signal === undefined ? {} : { signal })
      const { ok, problems } = await made.verify()
      if (!ok) throw new InvariantError(`a salvaged database is whole: ${problems[0]?.what}`)
    } finally {
      await made.close()
    }
    return report
  }

  async #copyInto(path: string, live: LivePages): Promise<SalvageReport> {
    const Sqlite = await loadSqlite()
    const database = new Sqlite(path, { timeout: 0 })
    try {
      const target = withStorageErrors(path, () => new SalvageTarget(database))
      const copy = await this.#copyRows(live, target)
      return conclude({ owners: this.#owners, target, copy, doubt: live.doubt })
    } finally {
      database.close()
    }
  }

  /** Who is there: collections and entities, and, for those whose row is damaged, the names that indexes know. */
  async #findOwners(live: LivePages): Promise<void> {
    for await (const [number, page] of this.#pages(live)) {
      const type = typeOf(number, page)
      if (isIndex(type)) this.#findNames(number, page)
      else if (!isInside(type)) this.#findRows(number, page, live)
    }
  }

  #findRows(number: number, page: Buffer, live: LivePages): void {
    for (const cell of leafCells(this.file, number, page)) {
      if (!live.isLive(number, cell.rowid)) continue
      this.#noteTable(cell.columnCount, number)
      if (cell.columnCount < 9) continue
      const entity = toEntity(cell)
      const collection = toCollection(cell)
      if (entity !== undefined) this.#owners.addEntity(entity)
      else if (collection !== undefined) this.#owners.addCollection(collection)
    }
  }

  /** Which pages may hold rows of which table, going by how many columns those have. */
  #noteTable(columnCount: number, number: number): void {
    const numbers = this.#pagesByColumns.get(columnCount) ?? []
    this.#pagesByColumns.set(columnCount, numbers)
    if (numbers.at(-1) !== number) numbers.push(number)
  }

  #findNames(number: number, page: Buffer): void {
    this.#indexPages.push(number)
    for (const cell of indexCells(this.file, number, page)) {
      if (cell.columnCount > 3) continue
      const values = cell.values()
      const [entity, collection] = [toEntityName(values), toCollectionName(values)]
      if (entity !== undefined) this.#owners.addEntityName(entity.key, entity.collection, entity.id)
      else if (collection !== undefined) this.#owners.addCollectionName(collection.key, collection.name)
    }
  }

  async #copyRows(live: LivePages, target: SalvageTarget): Promise<RowCopy> {
    const copy = new RowCopy(this.#owners, target)
    await this.#eachRow(live, SEGMENT_COLUMNS, toSegmentBlock, (block) => copy.segment(block))
    await this.#eachRow(live, ROW_COLUMNS, toTailRow, (row) => copy.row(row))
    for await (const [number, page] of this.#pages(live, this.#indexPages)) {
      for (const cell of indexCells(this.file, number, page)) {
        const moment = cell.columnCount === 3 ? toMoment(cell.values()) : undefined
        if (moment !== undefined) copy.indexed(moment)
      }
    }
    await this.#eachRow(live, STRIP_COLUMNS, toStripBlock, (block) => copy.strip(block))
    return copy
  }

  #pagesToCopy(): number[] {
    const ofRows = [SEGMENT_COLUMNS, ROW_COLUMNS, STRIP_COLUMNS].flatMap((columns) => this.#pagesByColumns.get(columns) ?? [])
    return [...ofRows, ...this.#indexPages]
  }

  async #eachRow<Row>(live: LivePages, columnCount: number, read: (cell: Cell) => Row | undefined, copy: (row: Row) => void): Promise<void> {
    for await (const [number, page] of this.#pages(live, this.#pagesByColumns.get(columnCount) ?? [])) {
      for (const cell of leafCells(this.file, number, page)) {
        const row = live.isLive(number, cell.rowid) ? read(cell) : undefined
        if (row !== undefined) copy(row)
      }
    }
  }

  /** The pages that are in use, one after another. */
  async *#pages(live: LivePages, numbers: Iterable<number> = this.#allPages()): AsyncGenerator<[number: number, page: Buffer]> {
    for (const number of numbers) {
      this.options.onProgress?.({ pages: ++this.#pagesDone, pagesTotal: this.#pagesTotal })
      await this.#pause()
      if (this.file.has(number) && !live.isFree(number)) yield [number, this.file.page(number)]
    }
  }

  *#allPages(): Generator<number> {
    for (let number = 1; number <= this.file.pageCount; number++) yield number
  }

  #pause(): Promise<void> | undefined {
    const { signal } = this.options
    if (signal?.aborted === true) throw new QueryStoppedError('QUERY_ABORTED', 'The salvage was aborted.', { cause: signal.reason })
    return this.#slice.pause()
  }
}

/** Of the file and its log, to see whether somebody writes. */
function stateOf(path: string): string {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  return [statusOf(path), log].map((one) => `${one?.size} ${one?.mtimeMs}`).join(', ')
}

function statusOf(path: string): Stats {
  try {
    const stats = statSync(path)
    if (stats.isFile()) return stats
  } catch (cause) {
    throw new StorageError('STORAGE_UNREACHABLE', `The database ${path} cannot be read. Check the path and its permissions.`, { cause })
  }
  throw new StorageError('STORAGE_NOT_A_DATABASE', `${path} is no regular file.`)
}

/** Closing a file that SQLite has open in this process would drop its locks. Where the system does not tell what is open, it passes. */
function assertClosedHere({ dev, ino }: Stats, path: string): void {
  const isOpen = openFiles().some((file) => {
    try {
      const stats = fstatSync(file)
      return stats.dev === dev && stats.ino === ino
    } catch {
      return false // the folder of open files was open itself while it was listed
    }
  })
  if (isOpen) throw new ArgumentError('from', 'a database that this process has closed', `${path}, which it has open`)
}

function openFiles(): number[] {
  try {
    return readdirSync('/dev/fd').map(Number)
  } catch {
    return []
  }
}

function nothingOfOurs(path: string): StorageError {
  return new StorageError('STORAGE_NOT_A_DATABASE', `Nothing that Chronode has written can be made out in ${path}. Restore it from a backup.`)
}

function written(path: string): StorageError {
  return new StorageError('STORAGE_BUSY', `${path} was written while it was read. Close it wherever it is open, and try again.`)
}
