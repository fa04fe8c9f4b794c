import { HEADER_BYTES, INSIDE_OF_INDEX, INSIDE_OF_TABLE, LEAF_OF_INDEX, type PageFile } from './page-file.js'

/*
 * "B-tree Pages" and "Record Format", https://sqlite.org/fileformat2.html, sections 1.6 and 2.1.
 */

export type StoredValue = null | number | string | Buffer

/** One row of a leaf, or one entry of an index (then without a rowid). */
export interface Cell {
  readonly rowid: number
  /** How many columns it says that it has. */
  readonly columnCount: number
  /** @returns its columns as far as they can be read: the rest of them is missing. What a column refers to may be damaged. */
  values(): StoredValue[]
}

/** Where a subtree of a table begins, and the largest rowid below it. */
export interface Child {
  readonly page: number
  readonly rowidMax: number
}

const COLUMNS_MAX = 64

/** The rows of a leaf of a table, those of them that can be made out. */
export function* leafCells(file: PageFile, number: number, page: Buffer): Generator<Cell> {
  for (const at of cellPlaces(number, page, 8)) {
    const cell = readCell(file, page, at, true)
    if (cell !== undefined) yield cell
  }
}

/** The entries of a page of an index. */
export function* indexCells(file: PageFile, number: number, page: Buffer): Generator<Cell> {
  const isLeaf = typeOf(number, page) === LEAF_OF_INDEX
  for (const at of cellPlaces(number, page, isLeaf ? 8 : 12)) {
    const cell = readCell(file, page, isLeaf ? at : at + 4, false)
    if (cell !== undefined) yield cell
  }
}

/** What an inner page of a table refers to, in its order. */
export function childrenOf(number: number, page: Buffer): Child[] {
  const children: Child[] = []
  for (const at of cellPlaces(number, page, 12)) {
    const key = readVarint(page, at + 4)
    if (key !== undefined) children.push({ page: page.readUInt32BE(at), rowidMax: key.value })
  }
  return [...children, { page: page.readUInt32BE(startOf(number) + 8), rowidMax: Number.POSITIVE_INFINITY }]
}

export function typeOf(number: number, page: Buffer): number {
  return page[startOf(number)]!
}

export function isIndex(type: number): boolean {
  return type === LEAF_OF_INDEX || type === INSIDE_OF_INDEX
}

export function isInside(type: number): boolean {
  return type === INSIDE_OF_TABLE || type === INSIDE_OF_INDEX
}

/** Page 1 has the header of the file before its own. */
function startOf(number: number): number {
  return number === 1 ? HEADER_BYTES : 0
}

function* cellPlaces(number: number, page: Buffer, headerBytes: number): Generator<number> {
  const start = startOf(number)
  const first = start + headerBytes
  const count = page.readUInt16BE(start + 3)
  if (first + 2 * count > page.length) return // damaged: no such number of cells fits
  for (let i = 0; i < count; i++) {
    const at = page.readUInt16BE(first + 2 * i)
    if (at >= first + 2 * count && at < page.length - 4) yield at
  }
}

function readCell(file: PageFile, page: Buffer, at: number, isTable: boolean): Cell | undefined {
  const payload = readVarint(page, at)
  const rowid = isTable && payload !== undefined ? readVarint(page, payload.end) : { value: 0, end: payload?.end ?? 0 }
  if (payload === undefined || rowid === undefined || payload.value < 2) return undefined
  const local = localBytes(payload.value, page.length, isTable)
  if (rowid.end + local > page.length) return undefined
  const start = page.subarray(rowid.end, rowid.end + local)
  const header = readVarint(start, 0)
  if (header === undefined || header.value > start.length) return undefined
  const types = serialTypes(start, header.end, header.value)
  if (types === undefined) return undefined
  const next = local < payload.value && rowid.end + local + 4 <= page.length ? page.readUInt32BE(rowid.end + local) : 0
  return {
    rowid: rowid.value,
    columnCount: types.length,
    values: () => decode(types, header.value, local < payload.value ? withOverflow(file, start, next, payload.value) : start),
  }
}

/** How much of a payload lies on the page itself: section 1.6, "Cell Payload Overflow Pages". Nothing of a page is reserved: nobody does. */
function localBytes(payload: number, pageBytes: number, isTable: boolean): number {
  const max = isTable ? pageBytes - 35 : Math.floor(((pageBytes - 12) * 64) / 255) - 23
  if (payload <= max) return payload
  const min = Math.floor(((pageBytes - 12) * 32) / 255) - 23
  const wanted = min + ((payload - min) % (pageBytes - 4))
  return wanted <= max ? wanted : min
}

/** @returns less than `bytes` where the chain of pages breaks. */
function withOverflow(file: PageFile, start: Buffer, first: number, bytes: number): Buffer {
  const parts: Uint8Array[] = [start]
  const seen = new Set<number>()
  let left = bytes - start.length
  for (let next = first; left > 0 && file.has(next) && !seen.has(next); ) {
    seen.add(next)
    const page = file.page(next)
    const part = page.subarray(4, 4 + Math.min(left, page.length - 4))
    parts.push(part)
    left -= part.length
    next = page.readUInt32BE(0)
  }
  return Buffer.concat(parts)
}

function serialTypes(record: Buffer, from: number, end: number): number[] | undefined {
  const types: number[] = []
  for (let at = from; at < end; ) {
    const type = readVarint(record, at)
    if (type === undefined || type.end > end || types.length === COLUMNS_MAX) return undefined
    types.push(type.value)
    at = type.end
  }
  return types
}

/** Bytes of the numbers by their serial type. */
const NUMBER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0]

function decode(types: readonly number[], from: number, record: Buffer): StoredValue[] {
  const values: StoredValue[] = []
  let at = from
  for (const type of types) {
    const bytes = type < 10 ? NUMBER_BYTES[type]! : Math.floor((type - 12) / 2)
    const part = record.subarray(at, at + bytes)
    if (type === 10 || type === 11) return values
    if (part.length < bytes && !(type >= 12 && type % 2 === 0)) return values // of a blob, what there is
    values.push(storedValue(type, part))
    at += bytes
  }
  return values
}

function storedValue(type: number, bytes: Buffer): StoredValue {
  if (type === 0) return null
  if (type === 8 || type === 9) return type - 8
  if (type === 7) return bytes.readDoubleBE(0)
  if (type === 6) return Number(bytes.readBigInt64BE(0))
  if (type < 6) return bytes.readIntBE(0, bytes.length)
  return type % 2 === 0 ? bytes : bytes.toString()
}

/** Section 1.6: big-endian, seven bits a byte, all eight of the ninth. Beyond 2^53 there are no rowids here: undefined. */
function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i]
    if (byte === undefined) return undefined
    value = value * 128 + (byte & 127)
    if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? { value, end: at + i + 1 } : undefined
  }
  return undefined
}
