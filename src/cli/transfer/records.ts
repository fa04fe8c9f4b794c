import { closest, distance } from 'fastest-levenshtein'

/** A column that is asked for. */
export interface WantedColumn {
  readonly name: string
  /** It was named by an option, or nothing works without it. */
  readonly isRequired: boolean
}

/** One record of an input. */
export interface InputRecord {
  /** Of a text its line, of a table its row; from 1. */
  readonly line: number
  /** In the order of the columns that were asked for; undefined: it has none. */
  readonly cells: readonly unknown[]
  /** Why it cannot be read; then it has no cells. */
  readonly problem?: string
  /** As it stands, for who mends it. */
  readonly source?: unknown
}

/** The records of an input, in pages, so that reading costs no turn of the event loop a record. */
export interface Records {
  /** JSON inside a cell is text of its own. */
  readonly hasTextCells: boolean
  /** Once. Those that are skipped are not looked at, but they count. @throws {TransferError} */
  pages(skip: number): AsyncIterable<readonly InputRecord[]>
}

/** No record is longer: a quote that is never closed would take the rest of the file. In UTF-16 units. */
export const RECORD_LENGTH_MAX = 64 * 1024 * 1024

const NAMES_SHOWN = 8

/** @param whose  The file, or nothing where the line is told elsewhere. */
export function missingColumn(name: string, known: readonly string[], whose: string): string {
  const shown = known.length > NAMES_SHOWN ? [...known.slice(0, NAMES_SHOWN - 1), `… ${known.at(-1)}`] : known
  const near = known.length === 0 ? '' : closest(name, [...known])
  const isNear = near !== '' && distance(name.toLowerCase(), near.toLowerCase()) <= Math.max(1, name.length * 0.4)
  const list = known.length === 0 ? 'none' : shown.join(', ')
  return `There is no column "${name}"${whose}; there is ${list}.${isNear ? ` Did you mean "${near}"?` : ''}`
}
