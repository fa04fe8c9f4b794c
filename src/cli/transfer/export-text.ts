import { formatTimestamp, toTimestamp } from '../../index.js'
import type { ExportRow } from './export-rows.js'

export const TIME_STYLES = ['iso', 'ms'] as const
export type TimeStyle = (typeof TIME_STYLES)[number]

export interface TextSettings {
  readonly dimension: number
  readonly times: TimeStyle
  /** Each number of the vector in a column of its own: v0, v1, ... */
  readonly hasVectorColumns: boolean
  readonly delimiter: string
}

type RowPages = AsyncIterable<readonly ExportRow[]>

/** An object a line. One of an entity without observations has no time and no vector. */
export async function* jsonlText(pages: RowPages, { times }: TextSettings): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((row) => `${jsonText(row, times)}\n`).join('')
}

function jsonText({ entity, timestamp, vector, payload, attributes }: ExportRow, times: TimeStyle): string {
  const time = timestamp === undefined ? 'null' : timeJson(timestamp, times)
  const tail =
    (payload === undefined ? '' : `,"payload":${JSON.stringify(payload)}`) +
    (attributes === undefined ? '' : `,"attributes":${JSON.stringify(attributes)}`)
  const isBare = timestamp === undefined && attributes === undefined
  return `{"entity":${JSON.stringify(entity)},"timestamp":${time},"vector":${vectorText(vector) || 'null'}${tail}${isBare ? ',"attributes":null' : ''}}`
}

function timeJson(timestamp: number, times: TimeStyle): string {
  const text = timeText(timestamp, times)
  return times === 'ms' || !text.endsWith('Z') ? text : `"${text}"`
}

/** A header and a row a line, quoted where it must be. */
export async function* csvText(pages: RowPages, { dimension, times, hasVectorColumns, delimiter }: TextSettings): AsyncGenerator<string> {
  const { default: papaparse } = await import('papaparse')
  const names = hasVectorColumns ? Array.from({ length: dimension }, (_, i) => `v${i}`) : ['vector']
  const blank = new Array<string>(names.length).fill('')
  const cells = ({ entity, timestamp, vector, payload, attributes }: ExportRow): string[] => [
    entity,
    timestamp === undefined ? '' : timeText(timestamp, times),
    ...(vector === undefined ? blank : hasVectorColumns ? Array.from(vector, numberText) : [vectorText(vector)]),
    payload === undefined ? '' : JSON.stringify(payload),
    attributes === undefined ? '' : JSON.stringify(attributes),
  ]
  const text = (rows: readonly (readonly string[])[]): string => `${papaparse.unparse(rows, { delimiter, newline: '\n' })}\n`
  yield text([['entity', 'timestamp', ...names, 'payload', 'attributes']])
  for await (const page of pages) if (page.length > 0) yield text(page.map(cells))
}

/** ISO text where it says the very moment, else milliseconds, which then have a fraction: no reader takes them for a year. */
function timeText(timestamp: number, times: TimeStyle): string {
  if (times === 'ms') return String(timestamp)
  const text = formatTimestamp(timestamp)
  return toTimestamp(text) === timestamp ? text : String(timestamp)
}

function vectorText(vector: Float32Array | undefined): string {
  return vector === undefined ? '' : `[${Array.from(vector, numberText).join(',')}]`
}

/** Nine digits tell every float32 from its neighbours. */
const DIGITS = 9
/** Six places behind the point are what most tables hold. */
const ROUND = 1e6
/** Beyond it that arithmetic is not exact. */
const ROUNDED_MAX = 1e9

/** Few digits that a reader narrows to the very same float32. In half the time of printing it as a double, and half as long. */
export function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0'
  const rounded = Math.round(value * ROUND) / ROUND
  return Math.abs(value) < ROUNDED_MAX && Math.fround(rounded) === value ? String(rounded) : value.toPrecision(DIGITS)
}
