import { type FileHandle, open } from 'node:fs/promises'
import type { RecordBatch, RecordBatchReader, Utf8, Vector } from 'apache-arrow'
import type { Input } from './input.js'
import { peerPackage } from './peer-package.js'
import { type InputRecord, missingColumn, type Records, type WantedColumn } from './records.js'
import { TransferError } from './transfer-error.js'

type Arrow = typeof import('apache-arrow')

/** Opens Arrow IPC, a stream or a file (Feather version 2), with buffers that are not compressed. */
export async function openArrow(input: Input, wanted: readonly WantedColumn[]): Promise<Records> {
  const arrow = await peerPackage(['apache-arrow'], 'Arrow', () => import('apache-arrow'))
  const file = input.path === undefined || input.isGzip ? undefined : await open(input.path)
  try {
    return await recordsOfFile(arrow, input, file, wanted)
  } catch (error) {
    await file?.close() // Node warns of one that is never closed
    throw error
  }
}

/** @param file  A file of Arrow tells at its end where its batches are; undefined: a pipe, which is held whole. */
async function recordsOfFile(arrow: Arrow, input: Input, file: FileHandle | undefined, wanted: readonly WantedColumn[]): Promise<Records> {
  const readable = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof TransferError) throw error
      const advice = 'It should be a whole file, of Arrow IPC without compression (of pandas: to_feather(path, compression="uncompressed")).'
      throw new TransferError(`${input.name} cannot be read as Arrow: ${(error as Error).message.replace(/\.$/, '')}. ${advice}`)
    }
  }
  const reader = await readable(async () => {
    const unopened = await (file === undefined ? arrow.RecordBatchReader.from(input.chunks()) : arrow.RecordBatchReader.from(file))
    return (unopened as RecordBatchReader).open()
  })
  const names = reader.schema?.fields.map(({ name }) => name) ?? []
  if (names.length === 0) throw new TransferError(`${input.name} is empty, or no Arrow: it has no schema.`)
  for (const { name, isRequired } of wanted)
    if (isRequired && !names.includes(name)) throw new TransferError(missingColumn(name, names, ` in ${input.name}`))
  return {
    hasTextCells: true,
    async *pages(skip) {
      let line = 0
      const batches = reader[Symbol.asyncIterator]()
      try {
        for (;;) {
          const next = await readable(async () => await batches.next())
          if (next.done === true) return
          const batch: RecordBatch = next.value
          const from = Math.min(batch.numRows, Math.max(0, skip - line))
          yield recordsOf(arrow, batch, wanted, from, line)
          line += batch.numRows
        }
      } finally {
        await file?.close()
      }
    },
  }
}

function recordsOf(arrow: Arrow, batch: RecordBatch, wanted: readonly WantedColumn[], from: number, before: number): InputRecord[] {
  const columns = wanted.map(({ name }) => cellsOf(arrow, batch.getChild(name)))
  return Array.from({ length: batch.numRows - from }, (_, i) => {
    const cells = columns.map((cell) => cell?.(from + i))
    return { line: before + from + i + 1, cells }
  })
}

function cellsOf(arrow: Arrow, column: Vector | null): ((row: number) => unknown) | undefined {
  if (column === null) return undefined
  if (arrow.DataType.isTimestamp(column.type) || arrow.DataType.isDate(column.type)) return (row) => momentOf(column.get(row) as number | null)
  if (arrow.DataType.isFixedSizeList(column.type) || arrow.DataType.isList(column.type)) return (row) => listOf(column.get(row) as Vector | null)
  if (arrow.DataType.isStruct(column.type)) return (row) => (column.get(row) as { toJSON(): unknown } | null)?.toJSON() ?? null
  if (arrow.DataType.isUtf8(column.type)) return textsOf(column as Vector<Utf8>)
  return (row) => column.get(row) as unknown
}

/** Arrow's own decoder takes U+FEFF off the beginning of each text. */
function textsOf(column: Vector<Utf8>): (row: number) => string | null {
  const { values, valueOffsets } = column.data[0]!
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return (row) => (column.isValid(row) ? bytes.toString('utf8', valueOffsets[row], valueOffsets[row + 1]) : null)
}

/** The moments of Arrow have units of their own, which it has turned into milliseconds. */
function momentOf(epochMilliseconds: number | null): unknown {
  return epochMilliseconds === null ? null : { epochMilliseconds }
}

function listOf(list: Vector | null): unknown {
  if (list === null) return null
  if (list.nullCount > 0) return [...list]
  const numbers: unknown = list.toArray()
  return numbers instanceof Float32Array || Array.isArray(numbers) ? numbers : Array.from(numbers as Iterable<unknown>)
}
