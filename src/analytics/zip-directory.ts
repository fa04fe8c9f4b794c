import { Slice } from '../slice.js'
import { abortable } from './abortable.js'
import { invalid } from './model-refusal.js'

/** One file in a zip archive. Numbers are bytes from the start of the archive. */
export interface ZipEntry {
  readonly name: string
  readonly isDeflated: boolean
  readonly crc32: number
  /** As it lies in the archive. */
  readonly storedBytes: number
  /** As it was before it was deflated. */
  readonly bytes: number
  readonly headerOffset: number
  readonly dataOffset: number
}

/** Where the central directory lies. */
interface Directory {
  readonly count: number
  readonly offset: number
  readonly end: number
}

const ENTRIES_MAX = 100_000
const END = 0x06054b50
const END_BYTES = 22
const LOCATOR_64 = 0x07064b50
const LOCATOR_64_BYTES = 20
const END_64 = 0x06064b50
const END_64_BYTES = 56
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
const LOCAL = 0x04034b50
const LOCAL_BYTES = 30
const STORED = 0
const DEFLATED = 8
const FLAG_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
/** Sizes and CRC stand behind the data, and not in the local header: torch writes it so. */
const FLAG_DESCRIPTOR = 0x0008
const MASK_32 = 0xffffffff

/**
 * Reads the directory of a zip archive, and finds each entry where it says it is.
 *
 * Stricter than zip: nothing stands before the first or behind the last record, no entry shares a byte with another, none is
 * encrypted, no name comes twice. So whoever reads these bytes later, finds the same entries.
 *
 * @throws {ModelRefusal} naming what is wrong.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3.
 */
export async function readZipDirectory(archive: Buffer, signal: AbortSignal): Promise<readonly ZipEntry[]> {
  const directory = findDirectory(archive)
  const slice = new Slice()
  const entries: ZipEntry[] = []
  const names = new Set<string>()
  let at = directory.offset
  for (let i = 0; i < directory.count; i++) {
    const { entry, next } = readEntry(archive, at, directory)
    if (names.has(entry.name)) throw invalid(`The archive holds ${entry.name} twice.`)
    names.add(entry.name)
    entries.push(entry)
    at = next
    const pause = slice.pause()
    if (pause !== undefined) await abortable(pause, signal)
  }
  if (at !== directory.end) throw invalid(`The directory of the archive should end after its ${directory.count} entries; it goes on.`)
  checkOverlaps(entries)
  return entries
}

function findDirectory(archive: Buffer): Directory {
  const end = archive.length - END_BYTES
  if (end < 0 || archive.readUInt32LE(end) !== END) throw invalid(`It does not end as a zip archive does: ${notAnArchive(archive)}`)
  if (archive.readUInt16LE(end + 20) !== 0) throw invalid('The archive should end without a comment; it announces one.')
  const locator = end - LOCATOR_64_BYTES
  if (locator >= 0 && archive.readUInt32LE(locator) === LOCATOR_64) return findDirectory64(archive, locator)
  const count = archive.readUInt16LE(end + 10)
  const offset = archive.readUInt32LE(end + 16)
  return checkedDirectory(count, archive.readUInt32LE(end + 12), offset, end)
}

function findDirectory64(archive: Buffer, locator: number): Directory {
  const end = Number(archive.readBigUInt64LE(locator + 8))
  if (end !== locator - END_64_BYTES || archive.readUInt32LE(end) !== END_64) throw invalid('Its zip64 end record is not where it should be.')
  const count = Number(archive.readBigUInt64LE(end + 32))
  const size = Number(archive.readBigUInt64LE(end + 40))
  return checkedDirectory(count, size, Number(archive.readBigUInt64LE(end + 48)), end)
}

function checkedDirectory(count: number, size: number, offset: number, end: number): Directory {
  if (offset + size !== end)
    throw invalid('The directory of the archive is not where its end record says; it is damaged, or something was added to it.')
  if (count > ENTRIES_MAX) throw invalid(`The archive should have at most ${ENTRIES_MAX} entries; it has ${count}.`)
  return { count, offset, end }
}

/** What a file that is no archive looks like, for its owner. */
function notAnArchive(archive: Buffer): string {
  if (archive.length >= 4 && archive.readUInt32LE(0) === LOCAL) return 'it begins as one, so it was cut off.'
  const start = archive.toString('latin1', 0, 24)
  return /^[\x20-\x7e\s]+$/.test(start) ? `it is text that begins with ${JSON.stringify(start)}.` : 'it does not begin as one either.'
}

function readEntry(archive: Buffer, at: number, directory: Directory): { entry: ZipEntry; next: number } {
  const broken = (): never => {
    throw invalid(`The directory of the archive is damaged at byte ${at}.`)
  }
  if (at + ENTRY_BYTES > directory.end || archive.readUInt32LE(at) !== ENTRY) broken()
  const nameEnd = at + ENTRY_BYTES + archive.readUInt16LE(at + 28)
  const extraEnd = nameEnd + archive.readUInt16LE(at + 30)
  const next = extraEnd + archive.readUInt16LE(at + 32)
  if (next > directory.end) broken()
  const name = archive.toString('utf8', at + ENTRY_BYTES, nameEnd)
  const flags = archive.readUInt16LE(at + 8)
  const method = archive.readUInt16LE(at + 10)
  if ((flags & FLAG_ENCRYPTED) !== 0) throw invalid(`The entry ${name} is encrypted.`)
  if (method !== STORED && method !== DEFLATED) throw invalid(`The entry ${name} should be stored or deflated; its method is ${method}.`)
  const large = new Zip64Extra(archive.subarray(nameEnd, extraEnd), name)
  const bytes = large.instead(archive.readUInt32LE(at + 24))
  const storedBytes = large.instead(archive.readUInt32LE(at + 20))
  const headerOffset = large.instead(archive.readUInt32LE(at + 42))
  const crc32 = archive.readUInt32LE(at + 16)
  if (method === STORED && storedBytes !== bytes) throw invalid(`The entry ${name} is stored, with two different sizes.`)
  const found = { name, isDeflated: method === DEFLATED, crc32, storedBytes, bytes, headerOffset }
  return { entry: { ...found, dataOffset: dataOffsetOf(archive, found, flags, directory) }, next }
}

/** Reads the local header, which must agree with the directory: libtorch trusts it for where the data begins. */
function dataOffsetOf(archive: Buffer, entry: Omit<ZipEntry, 'dataOffset'>, flags: number, directory: Directory): number {
  const { name, headerOffset: at, storedBytes, bytes, crc32, isDeflated } = entry
  const damaged = invalid(`The entry ${name} is not where the directory of the archive says.`)
  if (at + LOCAL_BYTES > directory.offset || archive.readUInt32LE(at) !== LOCAL) throw damaged
  const nameEnd = at + LOCAL_BYTES + archive.readUInt16LE(at + 26)
  const extraEnd = nameEnd + archive.readUInt16LE(at + 28)
  if (extraEnd + storedBytes > directory.offset) throw damaged
  if (archive.toString('utf8', at + LOCAL_BYTES, nameEnd) !== name) throw damaged
  const differs =
    archive.readUInt16LE(at + 6) !== flags ||
    archive.readUInt16LE(at + 8) !== (isDeflated ? DEFLATED : STORED) ||
    ((flags & FLAG_DESCRIPTOR) === 0 && archive.readUInt32LE(at + 14) !== crc32)
  if (differs) throw invalid(`The header of the entry ${name} differs from the directory of the archive.`)
  if ((flags & FLAG_DESCRIPTOR) === 0) {
    const large = new Zip64Extra(archive.subarray(nameEnd, extraEnd), name)
    const localBytes = large.instead(archive.readUInt32LE(at + 22))
    const localStored = large.instead(archive.readUInt32LE(at + 18))
    if (localBytes !== bytes || localStored !== storedBytes) throw invalid(`The header of the entry ${name} gives another size than the directory.`)
  }
  return extraEnd
}

/** The 64-bit numbers of an entry: in the extra field, in order, for those that do not fit into 32 bits. */
class Zip64Extra {
  readonly #extra: Buffer
  readonly #name: string
  #at: number | undefined
  #end = 0

  constructor(extra: Buffer, name: string) {
    this.#extra = extra
    this.#name = name
    for (let at = 0; at + 4 <= extra.length; ) {
      const end = at + 4 + extra.readUInt16LE(at + 2)
      if (extra.readUInt16LE(at) === 1 && end <= extra.length) {
        this.#at = at + 4
        this.#end = end
        return
      }
      at = end
    }
  }

  /** @param value  As the 32-bit field says; all ones: look here. */
  instead(value: number): number {
    if (value !== MASK_32) return value
    if (this.#at === undefined || this.#at + 8 > this.#end) throw invalid(`The entry ${this.#name} lacks its zip64 sizes.`)
    const large = this.#extra.readBigUInt64LE(this.#at)
    this.#at += 8
    return Number(large)
  }
}

/** Entries that share bytes are how a small archive unfolds into a large one. */
function checkOverlaps(entries: readonly ZipEntry[]): void {
  let end = 0
  for (const { name, headerOffset, dataOffset, storedBytes } of entries.toSorted((a, b) => a.headerOffset - b.headerOffset)) {
    if (headerOffset < end) throw invalid(`The entry ${name} shares bytes with the one before it.`)
    end = dataOffset + storedBytes
  }
}
