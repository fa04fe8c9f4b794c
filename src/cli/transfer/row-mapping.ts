import type { JsonObject, JsonValue, ObservationInput } from '../../index.js'
import type { ColumnNames, JsonPlaces } from './column-names.js'
import type { InputRecord, Records } from './records.js'
import { momentOf, type TimeOptions } from './time-cell.js'
import { BadRecord } from './transfer-error.js'

/** What one record says. */
export interface Row {
  readonly record: InputRecord
  readonly entity: string
  /** Undefined: the record speaks of the entity alone. */
  readonly observation: ObservationInput | undefined
  /** Undefined: says nothing of them. null: the entity has none. */
  readonly attributes: JsonObject | null | undefined
}

/** Takes records for rows. What is wrong with one is said with its column. */
export class RowMapping {
  constructor(
    private readonly columns: ColumnNames,
    private readonly times: TimeOptions,
    private readonly dimension: number,
    private readonly records: Pick<Records, 'hasTextCells'>,
  ) {}

  /** @throws {BadRecord} */
  rowOf(record: InputRecord): Row {
    if (record.problem !== undefined) throw new BadRecord(record.problem)
    const { cells } = record
    const entity = this.entity(cells[0])
    const attributes = this.attributes(cells)
    const timestamp = this.within(1, () => momentOf(cells[1], this.times))
    const vector = this.vector(cells)
    if (timestamp === undefined && vector === undefined && this.mayLackObservation(cells))
      return { record, entity, observation: undefined, attributes }
    if (timestamp === undefined) throw new BadRecord(`Column "${this.name(1)}" should hold a time; it is empty.`)
    if (vector === undefined) throw new BadRecord(`Column "${this.name(this.columns.vector.from)}" should hold a vector; it is empty.`)
    const payload = this.json(this.columns.payload, cells)
    return { record, entity, observation: payload === undefined ? { entity, timestamp, vector } : { entity, timestamp, vector, payload }, attributes }
  }

  private entity(cell: unknown): string {
    if (typeof cell === 'string' && cell !== '') return cell
    if (typeof cell === 'bigint' || Number.isSafeInteger(cell)) return String(cell)
    throw new BadRecord(`Column "${this.name(0)}" should hold the id of an entity; it ${met(cell)}.`)
  }

  /** Only where there is a place for attributes: elsewhere such a line is a mistake. */
  private mayLackObservation(cells: readonly unknown[]): boolean {
    const { from, to } = this.columns.attributes
    return cells.slice(from, to).some((cell) => cell !== undefined)
  }

  private attributes(cells: readonly unknown[]): JsonObject | null | undefined {
    const value = this.json(this.columns.attributes, cells)
    if (value === undefined || value === null) return value
    if (typeof value === 'object' && !Array.isArray(value)) return value as JsonObject
    throw new BadRecord(`Column "${this.name(this.columns.attributes.from)}" should hold a JSON object; it holds another JSON value.`)
  }

  private json({ from, to, fields }: JsonPlaces, cells: readonly unknown[]): JsonValue | undefined {
    if (fields === undefined) return this.jsonValue(from, cells[from])
    const members = fields.map((name, i) => [name, plain(cells[from + i])] as const).filter(([, cell]) => cell !== undefined && cell !== '')
    return from < to && members.length > 0 ? (Object.fromEntries(members) as JsonObject) : undefined
  }

  private jsonValue(place: number, cell: unknown): JsonValue | undefined {
    if (!this.records.hasTextCells || (typeof cell !== 'string' && cell !== null)) return plain(cell) as JsonValue | undefined
    if (cell === null || cell.trim() === '') return undefined
    const value = parsed(cell)
    if (value !== undefined) return value as JsonValue
    const name = this.name(place)
    throw new BadRecord(`Column "${name}" should hold JSON; it ${met(cell)}. To keep it as text, name it in braces: {${name}}.`)
  }

  private vector(cells: readonly unknown[]): ObservationInput['vector'] | undefined {
    const { from, to } = this.columns.vector
    if (this.columns.isList) return this.list(from, cells[from])
    if (to - from !== this.dimension) throw new BadRecord(this.lengthProblem(to - from))
    if (isBlank(cells[from]) && cells.slice(from, to).every(isBlank)) return undefined
    const vector = new Array<number>(to - from)
    for (let i = 0; i < vector.length; i++) vector[i] = this.number(from + i, cells[from + i])
    return vector
  }

  private number(place: number, cell: unknown): number {
    const value = typeof cell === 'string' ? numberOf(cell) : typeof cell === 'bigint' ? Number(cell) : cell
    if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return value
    const expected = typeof value === 'number' && Number.isFinite(value) ? 'a number within the range of float32' : 'a finite number'
    throw new BadRecord(`Column "${this.name(place)}" should hold ${expected}; it ${met(cell)}.`)
  }

  private list(place: number, cell: unknown): ObservationInput['vector'] | undefined {
    if (isBlank(cell)) return undefined
    const value = typeof cell === 'string' ? parsed(cell) : cell
    const list = typeof value === 'number' ? [value] : value // a vector of one number
    if (!Array.isArray(list) && !(list instanceof Float32Array))
      throw new BadRecord(`Column "${this.name(place)}" should hold a list of numbers such as [0.5, 1]; it ${met(cell)}.`)
    if (list.length !== this.dimension) throw new BadRecord(this.lengthProblem(list.length))
    for (let i = 0; i < list.length; i++) {
      const number: unknown = list[i]
      if (typeof number === 'number' && Number.isFinite(Math.fround(number))) continue
      const expected = typeof number === 'number' && Number.isFinite(number) ? 'numbers within the range of float32' : 'finite numbers'
      throw new BadRecord(`Column "${this.name(place)}" should hold ${expected}; number ${i} ${met(number)}.`)
    }
    return list
  }

  private lengthProblem(length: number): string {
    return `A vector of this collection should have ${this.dimension} numbers; this one has ${length}.`
  }

  private name(place: number): string {
    return this.columns.wanted[place]!.name
  }

  private within<T>(place: number, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof BadRecord) throw new BadRecord(`Column "${this.name(place)}": ${error.message}`)
      throw error
    }
  }
}

function isBlank(cell: unknown): boolean {
  return cell === undefined || cell === null || cell === ''
}

/** Undefined: it is none. JavaScript would take '' for 0 and '0x10' for 16. */
function numberOf(text: string): number | undefined {
  const second = text.charCodeAt(1) | 32
  if (text.trim() === '' || second === 120 || second === 98 || second === 111) return undefined // 0x, 0b, 0o
  return Number(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What the tables of other programs hold beyond JSON. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof Date) return value.toISOString()
  return value
}

const SHOWN_MAX = 60

function met(cell: unknown): string {
  if (isBlank(cell)) return 'is empty'
  const text = typeof cell === 'string' ? JSON.stringify(cell) : typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
  return `holds ${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text}`
}
