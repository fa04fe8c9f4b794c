import type { Batch } from '../observations.ts'

type Opaque = object

interface ArrowColumn {
  readonly data: readonly { readonly offset: number; readonly length: number; readonly children: readonly { readonly values: Float32Array }[] }[]
  toArray(): Float64Array
}

export interface ArrowTable {
  readonly numRows: number
  getChild(name: string): ArrowColumn | null
}

/** What is used of `apache-arrow`, whose own types are only there once the peers are installed. */
export interface Arrow {
  readonly Utf8: new () => Opaque
  readonly Float32: new () => Opaque
  readonly FixedSizeList: new (length: number, field: Opaque) => Opaque
  readonly Field: new (name: string, type: Opaque) => Opaque
  readonly Vector: new (data: readonly Opaque[]) => Opaque
  readonly Table: new (columns: Readonly<Record<string, Opaque>>) => ArrowTable
  makeData(parts: object): Opaque
  makeVector(values: Float64Array): Opaque
  vectorFromArray(values: readonly string[], type: Opaque): Opaque
}

/** Entities, timestamps and vectors as columns, the vectors in one piece. */
export function tableOf(arrow: Arrow, batch: Batch, dimension: number): ArrowTable {
  const data = new Float32Array(batch.length * dimension)
  batch.forEach(({ vector }, i) => {
    data.set(vector, i * dimension)
  })
  const child = arrow.makeData({ type: new arrow.Float32(), length: data.length, nullCount: 0, data })
  const type = new arrow.FixedSizeList(dimension, new arrow.Field('item', new arrow.Float32()))
  return new arrow.Table({
    entity: arrow.vectorFromArray(
      batch.map(({ entity }) => entity),
      new arrow.Utf8(),
    ),
    timestamp: arrow.makeVector(Float64Array.from(batch, ({ timestamp }) => timestamp as number)),
    vector: new arrow.Vector([arrow.makeData({ type, length: batch.length, nullCount: 0, child })]),
  })
}

/** [T, D], sorted by the column `timestamp` where it is not yet. */
export function vectorsOf(table: ArrowTable, dimension: number): Float32Array {
  const vectors = new Float32Array(table.numRows * dimension)
  let end = 0
  for (const { offset, length, children } of table.getChild('vector')!.data) {
    const values = children[0]!.values.subarray(offset * dimension, (offset + length) * dimension)
    vectors.set(values, end)
    end += values.length
  }
  const timestamps = table.getChild('timestamp')!.toArray()
  if (timestamps.every((timestamp, i) => i === 0 || timestamps[i - 1]! <= timestamp)) return vectors
  const order = Array.from(timestamps.keys()).sort((a, b) => timestamps[a]! - timestamps[b]!)
  const sorted = new Float32Array(vectors.length)
  order.forEach((from, to) => {
    sorted.set(vectors.subarray(from * dimension, (from + 1) * dimension), to * dimension)
  })
  return sorted
}
