/** What a column should hold: a number, text or bytes; in a capital, or NULL. */
type ColumnKind = 'n' | 't' | 'b' | 'N' | 'T'

/** One kind a column. */
export type RowShape = readonly ColumnKind[]

/** In a damaged row any column may hold anything, with the very bytes that its checksum expects. */
export function hasShape(row: readonly unknown[], shape: RowShape): boolean {
  for (let i = 0; i < shape.length; i++) {
    if (!isOfKind(row[i], shape[i]!)) return false
  }
  return true
}

function isOfKind(value: unknown, kind: ColumnKind): boolean {
  switch (kind) {
    case 'n':
      return typeof value === 'number'
    case 't':
      return typeof value === 'string'
    case 'b':
      return value instanceof Uint8Array
    case 'N':
      return value === null || typeof value === 'number'
    case 'T':
      return value === null || typeof value === 'string'
  }
}
