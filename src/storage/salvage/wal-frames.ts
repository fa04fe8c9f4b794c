import { fstatSync, readSync } from 'node:fs'

/*
 * "WAL-mode File Format", https://sqlite.org/fileformat2.html, section 4.
 */
const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC = 0x377f0682

/** The pages that a write-ahead log holds in place of those of the file. */
export interface WalFrames {
  readonly pageBytes: number
  /** Of the database at the last commit. */
  readonly pageCount: number
  /** Where in the log the newest committed version of a page begins. */
  readonly pages: ReadonlyMap<number, number>
}

/** @returns undefined: nothing in it was committed. What follows a damaged frame is as if it were not there, as it is for SQLite. */
export function readWal(file: number): WalFrames | undefined {
  const header = Buffer.alloc(HEADER_BYTES)
  if (readSync(file, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return undefined
  const magic = header.readUInt32BE(0)
  if (magic !== MAGIC && magic !== MAGIC + 1) return undefined
  const pageBytes = header.readUInt32BE(8)
  const sums = new Checksums(magic === MAGIC)
  sums.add(header.subarray(0, 24))
  if (!sums.are(header, 24) || pageBytes < 512 || pageBytes > 65_536) return undefined

  const pages = new Map<number, number>()
  const pending = new Map<number, number>()
  let pageCount: number | undefined
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes)
  const { size } = fstatSync(file)
  for (let at = HEADER_BYTES; at + frame.length <= size; at += frame.length) {
    readSync(file, frame, 0, frame.length, at)
    sums.add(frame.subarray(0, 8))
    sums.add(frame.subarray(FRAME_HEADER_BYTES))
    if (frame.compare(header, 16, 24, 8, 16) !== 0 || !sums.are(frame, 16)) break // salts of an older log, or damage
    pending.set(frame.readUInt32BE(0), at + FRAME_HEADER_BYTES)
    const countAfterCommit = frame.readUInt32BE(4)
    if (countAfterCommit === 0) continue
    for (const [number, place] of pending) pages.set(number, place)
    pending.clear()
    pageCount = countAfterCommit
  }
  return pageCount === undefined ? undefined : { pageBytes, pageCount, pages }
}

/** The running checksum of all frames: "Checksum Algorithm", section 4.2. */
class Checksums {
  #first = 0
  #second = 0

  constructor(private readonly isLittleEndian: boolean) {}

  add(bytes: Buffer): void {
    for (let i = 0; i < bytes.length; i += 8) {
      this.#first = (this.#first + this.#word(bytes, i) + this.#second) >>> 0
      this.#second = (this.#second + this.#word(bytes, i + 4) + this.#first) >>> 0
    }
  }

  are(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second
  }

  #word(bytes: Buffer, at: number): number {
    return this.isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  }
}
