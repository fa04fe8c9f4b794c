import { formatTimestamp } from '../index.js'

/** How many numbers of a vector a table shows. */
const VECTOR_NUMBERS_MAX = 4
const SIGNIFICANT_DIGITS = 4
const TEXT_LENGTH_MAX = 200

/** One value of a row as a table shows it. `undefined`: NULL. */
export function cellOf(column: string, value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  if (value instanceof Float32Array) return vectorText(value)
  if (typeof value === 'number') return isMoment(column) ? momentText(value) : String(value)
  if (typeof value === 'string') return shortened(visible(value))
  if (typeof value === 'object') return shortened(visible(JSON.stringify(value)))
  return String(value)
}

/** Columns of the language whose numbers are moments. */
function isMoment(column: string): boolean {
  return column === 'timestamp' || column === 'recorded_at' || column.endsWith('_timestamp')
}

/** ISO text that the query language reads back as the same moment: `2030-12-31`, `2030-12-31T08:00:00Z`, fractions where there are any. */
export function momentText(timestamp: number): string {
  const text = formatTimestamp(timestamp)
  if (text.endsWith('T00:00:00.000Z')) return text.slice(0, -'T00:00:00.000Z'.length)
  return text.endsWith('.000Z') ? text.replace('.000Z', 'Z') : text
}

/** `[0.1, -0.25, 3]`, or the first numbers and how many there are: `[0.1, -0.25, 3, 1e-7, … 32]`. */
export function vectorText(vector: Float32Array): string {
  const numbers = Array.from(vector.subarray(0, VECTOR_NUMBERS_MAX), (value) => String(Number(value.toPrecision(SIGNIFICANT_DIGITS))))
  if (vector.length > VECTOR_NUMBERS_MAX) numbers.push(`… ${vector.length}`)
  return `[${numbers.join(', ')}]`
}

// What a terminal would obey, and what would break a line of the table.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Text of the data with control characters written out: stored text must not steer the reader's terminal. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function shortened(text: string): string {
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX - 1)}…` : text
}
