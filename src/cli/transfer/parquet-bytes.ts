import type { SchemaElement } from 'hyparquet'
import type { ExportRow } from './export-rows.js'
import { peerPackage } from './peer-package.js'

/** A list column as other programs write it, and the rest as plain columns; JSON is marked as such. */
const SCHEMA: readonly SchemaElement[] = [
  { name: 'root', num_children: 5 },
  { name: 'entity', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'timestamp', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  { name: 'vector', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
  { name: 'payload', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'attributes', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
]
/** A group of rows is held whole, here and by who reads it. */
const GROUP_ROWS = 5_000

/** Parquet with Snappy: times as float64 milliseconds, vectors as lists of float32, payload and attributes as JSON text. */
export async function* parquetBytes(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await peerPackage(['hyparquet-writer', 'hyparquet'], 'Parquet', () => import('hyparquet-writer'))
  const writer = new ByteWriter()
  const parquet = new ParquetWriter({ writer, schema: [...SCHEMA] })
  /** The writer knows by `offset` how much it has written, and by `index` how much of it is still here. */
  const taken = (): Uint8Array => {
    const bytes = new Uint8Array(writer.buffer, 0, writer.index).slice()
    writer.index = 0
    return bytes
  }
  for await (const rows of groups(pages)) {
    await parquet.write({ columnData: columnsOf(rows), rowGroupSize: GROUP_ROWS })
    yield taken()
  }
  await parquet.finish()
  yield taken()
}

async function* groups(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<readonly ExportRow[]> {
  let group: ExportRow[] = []
  for await (const page of pages) {
    for (const row of page) {
      group.push(row)
      if (group.length < GROUP_ROWS) continue
      yield group
      group = []
    }
  }
  if (group.length > 0) yield group
}

function columnsOf(rows: readonly ExportRow[]): { name: string; data: unknown[] }[] {
  const json = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))
  return [
    { name: 'entity', data: rows.map(({ entity }) => entity) },
    { name: 'timestamp', data: rows.map(({ timestamp }) => timestamp) },
    { name: 'vector', data: rows.map(({ vector }) => (vector === undefined ? undefined : Array.from(vector))) },
    { name: 'payload', data: rows.map(({ payload }) => json(payload)) },
    { name: 'attributes', data: rows.map(({ attributes }) => json(attributes)) },
  ]
}
