import { pipeline, Readable } from 'node:stream'
import type { RecordBatch } from 'apache-arrow'
import type { ExportRow } from './export-rows.js'
import { peerPackage } from './peer-package.js'

type Arrow = typeof import('apache-arrow')

/** An Arrow IPC stream: vectors as lists of D float32, times as float64 milliseconds, payload and attributes as JSON text. */
export async function* arrowBytes(pages: AsyncIterable<readonly ExportRow[]>, dimension: number): AsyncGenerator<Uint8Array> {
  const arrow = await peerPackage(['apache-arrow'], 'Arrow', () => import('apache-arrow'))
  const schema = schemaOf(arrow, dimension)
  async function* batches(): AsyncGenerator<RecordBatch> {
    let isEmpty = true
    for await (const page of pages) {
      if (page.length === 0) continue
      isEmpty = false
      yield batchOf(arrow, schema, page, dimension)
    }
    if (isEmpty) yield batchOf(arrow, schema, [], dimension)
  }
  const through = arrow.RecordBatchStreamWriter.throughNode({ autoDestroy: true }) // never ahead of its reader
  pipeline(Readable.from(batches()), through, () => undefined) // its error comes out of the loop
  for await (const bytes of through) yield bytes as Uint8Array
}

function schemaOf({ Schema, Field, Utf8, Float64, Float32, FixedSizeList }: Arrow, dimension: number): InstanceType<Arrow['Schema']> {
  return new Schema([
    new Field('entity', new Utf8(), false),
    new Field('timestamp', new Float64(), true),
    new Field('vector', new FixedSizeList(dimension, new Field('item', new Float32(), false)), true),
    new Field('payload', new Utf8(), true),
    new Field('attributes', new Utf8(), true),
  ])
}

function batchOf(arrow: Arrow, schema: InstanceType<Arrow['Schema']>, rows: readonly ExportRow[], dimension: number): RecordBatch {
  const { makeData, vectorFromArray, Struct, Utf8, Float64, Float32, FixedSizeList, Field, RecordBatch } = arrow
  const numbers = new Float32Array(rows.length * dimension)
  const isThere = new Uint8Array(Math.ceil(rows.length / 8))
  let nullCount = 0
  rows.forEach(({ vector }, i) => {
    if (vector === undefined) nullCount++
    else {
      numbers.set(vector, i * dimension)
      isThere[i >> 3]! |= 1 << (i & 7)
    }
  })
  const child = makeData({ type: new Float32(), data: numbers })
  const type = new FixedSizeList(dimension, new Field('item', new Float32(), false))
  const vectors = makeData({ type, length: rows.length, nullCount, nullBitmap: isThere, child })
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))
  const texts = (values: readonly (string | null)[]) => vectorFromArray(values, new Utf8()).data[0] ?? makeData({ type: new Utf8() })
  const times =
    vectorFromArray(
      rows.map(({ timestamp }) => timestamp ?? null),
      new Float64(),
    ).data[0] ?? makeData({ type: new Float64() })
  const children = [
    texts(rows.map(({ entity }) => entity)),
    times,
    vectors,
    texts(rows.map(({ payload }) => json(payload))),
    texts(rows.map(({ attributes }) => json(attributes))),
  ]
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows.length, children }))
}
