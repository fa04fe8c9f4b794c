import * as zlib from 'node:zlib'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Compressors } from 'hyparquet'
import type { Input } from './input.js'
import { peerPackage } from './peer-package.js'
import { type InputRecord, missingColumn, type Records, type WantedColumn } from './records.js'
import { TransferError } from './transfer-error.js'

/** Rows that are held at a time. A group of rows, which the writer of the file chose, is unpacked anew for each. */
const PAGE_ROWS = 20_000

/** What Node unpacks; hyparquet itself knows Snappy. Zstandard came with Node 22.15. */
const DECOMPRESSORS: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ...('zstdDecompressSync' in zlib ? { ZSTD: (input: Uint8Array) => zlib.zstdDecompressSync(input) } : {}),
}

/** Moments have units of their own; and a text may begin with U+FEFF, which a decoder takes off unless it is told not to. */
const PARSERS = {
  timestampFromMilliseconds: (millis: bigint) => ({ epochMilliseconds: Number(millis) }),
  timestampFromMicroseconds: (micros: bigint) => ({ epochMilliseconds: Number(micros) / 1e3 }),
  timestampFromNanoseconds: (nanos: bigint) => ({ epochMilliseconds: Number(nanos) / 1e6 }),
  stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
}

/** Opens Parquet, which is read from its end: no pipe, and no gzip around it. */
export async function openParquet({ path, name, isGzip }: Input, wanted: readonly WantedColumn[]): Promise<Records> {
  if (path === undefined || isGzip)
    throw new TransferError(`Parquet is read from its end: ${name} should be a file that is not packed. Unpack it to a file first.`)
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } = await peerPackage(
    ['hyparquet'],
    'Parquet',
    () => import('hyparquet'),
  )
  const readable = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw new TransferError(`${name} cannot be read as Parquet: ${(error as Error).message}.`)
    }
  }
  const file = await readable(() => asyncBufferFromFile(path))
  const metadata = await readable(() => parquetMetadataAsync(file))
  const names = parquetSchema(metadata).children.map(({ element }) => element.name)
  for (const column of wanted)
    if (column.isRequired && !names.includes(column.name)) throw new TransferError(missingColumn(column.name, names, ` in ${name}`))
  const columns = wanted.map((column) => column.name).filter((column) => names.includes(column))
  const rowsTotal = Number(metadata.num_rows)
  return {
    hasTextCells: true,
    async *pages(skip) {
      for (const [start, end] of stretches(metadata.row_groups.map(({ num_rows }) => Number(num_rows)))) {
        if (end <= skip) continue
        const rowStart = Math.max(start, skip)
        const options = { file, metadata, columns, rowStart, rowEnd: Math.min(end, rowsTotal), compressors: DECOMPRESSORS, parsers: PARSERS }
        const rows = await readable(() => parquetReadObjects(options))
        yield rows.map((row, i): InputRecord => ({ line: rowStart + i + 1, cells: wanted.map((column) => row[column.name]) }))
      }
    },
  }
}

/** Pieces of the groups of rows, none across two of them. */
function* stretches(groups: readonly number[]): Generator<readonly [start: number, end: number]> {
  let groupStart = 0
  for (const rows of groups) {
    for (let start = groupStart; start < groupStart + rows; start += PAGE_ROWS) yield [start, Math.min(start + PAGE_ROWS, groupStart + rows)]
    groupStart += rows
  }
}
