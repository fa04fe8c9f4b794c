import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { readWal } from './wal-frames.js'

/*
 * Where these numbers come from: "Database File Format", https://sqlite.org/fileformat2.html, sections 1.3 and 1.6.
 */
const MAGIC = 'SQLite format 3\0'
const PAGE_SIZE_AT = 16
const FREELIST_AT = 32
export const HEADER_BYTES = 100
const PAGE_BYTES_MIN = 512
const PAGE_BYTES_MAX = 65_536
/** The lock that SQLite takes lies here, and no page that covers it is used. */
const LOCK_BYTE_AT = 2 ** 30
/** How much is looked at to tell how large pages are. */
const PROBED_BYTES = 2 ** 22

export const LEAF_OF_TABLE = 13
export const INSIDE_OF_TABLE = 5
export const LEAF_OF_INDEX = 10
export const INSIDE_OF_INDEX = 2

/** The pages of a SQLite file as its last commit left them, log included, however damaged they are. SQLite itself is not asked. */
export class PageFile implements Disposable {
  readonly pageBytes: number
  /** Pages are counted from 1. */
  readonly pageCount: number
  /** Whether page 1 begins as it should: then what it says of free pages is worth something. */
  readonly hasHeader: boolean
  readonly #file: number
  readonly #log: number | undefined
  /** Where in the log the newest version of a page lies. */
  readonly #inLog: ReadonlyMap<number, number>

  constructor(path: string) {
    this.#file = openSync(path, 'r')
    const size = statSync(path).size
    const hasLog = statSync(`${path}-wal`, { throwIfNoEntry: false })?.isFile() === true
    this.#log = hasLog ? openSync(`${path}-wal`, 'r') : undefined
    const log = this.#log === undefined ? undefined : readWal(this.#log)
    this.pageBytes = log?.pageBytes ?? this.#probe(size)
    this.#inLog = log?.pages ?? new Map()
    this.pageCount = log?.pageCount ?? Math.ceil(size / this.pageBytes)
    this.hasHeader = this.page(1).toString('latin1', 0, MAGIC.length) === MAGIC
  }

  /** A copy of one page; what the file does not reach to is zeros. */
  page(number: number): Buffer {
    const page = Buffer.alloc(this.pageBytes)
    const at = this.#inLog.get(number)
    if (at !== undefined) readSync(this.#log!, page, 0, this.pageBytes, at)
    else readSync(this.#file, page, 0, this.pageBytes, (number - 1) * this.pageBytes)
    return page
  }

  has(number: number): boolean {
    return number >= 1 && number <= this.pageCount && number !== Math.floor(LOCK_BYTE_AT / this.pageBytes) + 1
  }

  /** What page 1 says: the first page of the list of free pages, and how many there are. */
  get freelist(): { readonly first: number; readonly count: number } {
    const header = this.page(1)
    return { first: header.readUInt32BE(FREELIST_AT), count: header.readUInt32BE(FREELIST_AT + 4) }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
    if (this.#log !== undefined) closeSync(this.#log)
  }

  /** The size of pages: that of the header where pages bear it out, else the one by which most places look like pages. */
  #probe(size: number): number {
    const header = Buffer.alloc(HEADER_BYTES)
    readSync(this.#file, header, 0, HEADER_BYTES, 0)
    const said = header.readUInt16BE(PAGE_SIZE_AT) === 1 ? PAGE_BYTES_MAX : header.readUInt16BE(PAGE_SIZE_AT)
    const sizes: number[] = []
    for (let bytes = PAGE_BYTES_MIN; bytes <= PAGE_BYTES_MAX; bytes *= 2) sizes.push(bytes)
    const fits = new Map(sizes.map((bytes) => [bytes, this.#fitOf(bytes, size)]))
    const best = sizes.reduce((a, b) => (fits.get(b)! > fits.get(a)! ? b : a))
    return (fits.get(said) ?? -1) >= fits.get(best)! / 2 ? said : best
  }

  /** Twice the right size finds half of the pages, half of it finds them among as many that are none: both are worth half. */
  #fitOf(bytes: number, size: number): number {
    const count = Math.floor(Math.min(size, PROBED_BYTES) / bytes)
    const start = Buffer.alloc(8)
    let found = 0
    for (let number = 2; number <= count; number++) {
      readSync(this.#file, start, 0, 8, (number - 1) * bytes)
      const content = start.readUInt16BE(5) || PAGE_BYTES_MAX
      if ((start[0] === LEAF_OF_TABLE || start[0] === LEAF_OF_INDEX) && content <= bytes && 8 + 2 * start.readUInt16BE(3) <= content) found++
    }
    return count === 0 ? 0 : found ** 2 / count
  }
}
