import { UsageError } from '../terminal.js'
import type { WantedColumn } from './records.js'

/** Where the parts of an observation stand, as the options say it. */
export interface ColumnOptions {
  readonly entity?: string
  readonly time?: string
  readonly vector?: string
  readonly payload?: string
  readonly attributes?: string
}

/** A run of places among the columns that are asked for. */
export interface Places {
  readonly from: number
  readonly to: number
}

/** A JSON value of one column, or an object gathered from several; `fields`: their names in it. */
export interface JsonPlaces extends Places {
  readonly fields: readonly string[] | undefined
}

/** The columns to ask a reader for, and which part stands where among them. Entity and time are the first two. */
export interface ColumnNames {
  readonly wanted: readonly WantedColumn[]
  readonly vector: Places
  /** One column holds the whole list. */
  readonly isList: boolean
  readonly payload: JsonPlaces
  readonly attributes: JsonPlaces
}

/** The columns that export writes are found without a word. */
const DEFAULTS = { entity: 'entity', time: 'timestamp', vector: 'vector', payload: 'payload', attributes: 'attributes' } as const

/** @throws {UsageError} */
export function columnNames(options: ColumnOptions): ColumnNames {
  const wanted: WantedColumn[] = []
  const want = (names: readonly string[], isRequired: boolean): Places => {
    const from = wanted.length
    for (const name of names) wanted.push({ name, isRequired })
    return { from, to: wanted.length }
  }
  want([options.entity ?? DEFAULTS.entity], true)
  want([options.time ?? DEFAULTS.time], true)
  const vectors = listed(options.vector ?? DEFAULTS.vector, '--vector')
  const vector = want(vectors, true)
  const json = (option: 'payload' | 'attributes'): JsonPlaces => {
    const given = options[option]
    const { names, isObject } = gathered(given ?? DEFAULTS[option], `--${option}`)
    return { ...want(names, given !== undefined), fields: isObject ? names : undefined }
  }
  return { wanted, vector, isList: vectors.length === 1, payload: json('payload'), attributes: json('attributes') }
}

/** `note`: the column is the value. `a,b` or `{a}`: an object of these columns. */
function gathered(text: string, option: string): { names: readonly string[]; isObject: boolean } {
  const isObject = text.startsWith('{') && text.endsWith('}')
  const names = listed(isObject ? text.slice(1, -1) : text, option)
  return { names, isObject: isObject || names.length > 1 }
}

const COLUMNS_MAX = 65_536
const RANGE = /^(.*?)(\d+)\.\.(.*?)(\d+)$/

/** `a,b` and `v0..v127`, or both. */
function listed(text: string, option: string): string[] {
  const names = text.split(',').flatMap((part) => expanded(part, option))
  if (names.includes('')) throw new UsageError(`${option} should name columns, such as vector, x,y,z or v0..v127; it is ${JSON.stringify(text)}.`)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new UsageError(`${option} names the column "${twice}" twice.`)
  return names
}

function expanded(part: string, option: string): string[] {
  const [, prefix, first, prefixAgain, last] = RANGE.exec(part) ?? []
  if (prefix === undefined || (prefixAgain !== '' && prefixAgain !== prefix)) return [part]
  const [from, count] = [Number(first), Number(last) - Number(first) + 1]
  if (count < 1 || count > COLUMNS_MAX)
    throw new UsageError(`${option} should name at most ${COLUMNS_MAX} columns in rising order; ${part} does not.`)
  const digits = first!.startsWith('0') ? first!.length : 0 // v000..v127
  return Array.from({ length: count }, (_, i) => `${prefix}${String(from + i).padStart(digits, '0')}`)
}
