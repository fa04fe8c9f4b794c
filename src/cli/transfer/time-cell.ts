import { InvalidTimestampError, type Timestamp, toTimestamp } from '../../index.js'
import type { LocalTime } from './local-time.js'
import { BadRecord } from './transfer-error.js'

export const TIME_UNITS = ['s', 'ms', 'us', 'ns'] as const
export type TimeUnit = (typeof TIME_UNITS)[number]

/** Powers of ten that turn a unit into milliseconds: the decimal point is moved in the text, so that nothing is rounded twice. */
const SHIFT: Readonly<Record<TimeUnit, string>> = { s: 'e3', ms: '', us: 'e-3', ns: 'e-6' }
const FACTOR: Readonly<Record<TimeUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const YEAR = /^\d{4}$/
/** A date or a time of day that does not say in which zone it is. */
const LOCAL = /^(?:[+-]\d{6}|\d{4})(?:-\d{2}(?:-\d{2}([T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?)?)?$/i

export interface TimeOptions {
  /** Of numbers. Undefined: milliseconds, and four digits of text are a year. */
  readonly unit: TimeUnit | undefined
  /** Of local times. Undefined: they are refused. */
  readonly zone: LocalTime | undefined
}

/** The moment that a cell holds; undefined: the cell is empty. @throws {BadRecord} */
export function momentOf(cell: unknown, { unit, zone }: TimeOptions): Timestamp | undefined {
  if (cell === undefined || cell === null) return undefined
  if (typeof cell === 'number' || typeof cell === 'bigint') return checked(inMilliseconds(String(cell), unit ?? 'ms'))
  if (typeof cell !== 'string') return checked(cell)
  const text = cell.trim()
  if (text === '') return undefined
  if (NUMBER.test(text) && (unit !== undefined || !YEAR.test(text))) return checked(inMilliseconds(text, unit ?? 'ms'))
  const [local, timeOfDay] = (zone === undefined ? undefined : LOCAL.exec(text)) ?? []
  if (local === undefined) return checked(text)
  const wall = checked(timeOfDay === undefined ? text : `${text}Z`)
  return checked(timeOfDay === undefined ? zone!.startOfDay(wall) : zone!.momentOf(wall, text))
}

function inMilliseconds(text: string, unit: TimeUnit): number {
  return /e/i.test(text) ? Number(text) * FACTOR[unit] : Number(text + SHIFT[unit])
}

function checked(value: unknown): Timestamp {
  try {
    return toTimestamp(value)
  } catch (error) {
    if (!(error instanceof InvalidTimestampError)) throw error
    const isLocal = typeof value === 'string' && error.message.includes('time zone')
    throw new BadRecord(isLocal ? `${error.message} Or say for all of them: --time-zone Europe/Berlin.` : error.message)
  }
}
