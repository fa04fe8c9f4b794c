import type { Input } from './input.js'
import { type InputRecord, missingColumn, RECORD_LENGTH_MAX, type Records, type WantedColumn } from './records.js'
import { TransferError } from './transfer-error.js'

/** Opens JSON lines: an object a line; blank lines do not count. */
export function openJsonl(input: Input, wanted: readonly WantedColumn[]): Records {
  return {
    hasTextCells: false,
    async *pages(skip) {
      let left = skip
      let line = 0
      let rest = ''
      const recordsOf = (lines: readonly string[]): InputRecord[] => {
        const records: InputRecord[] = []
        for (const text of lines) {
          line++
          if (text.trim() === '') continue
          if (left > 0) left--
          else records.push(recordOf(text, line, wanted))
        }
        return records
      }
      for await (const text of input.texts()) {
        const lines = (rest + text).split('\n') // not by readline, which takes U+2028 inside of a text for the end of a line
        rest = lines.pop()!
        if (rest.length > RECORD_LENGTH_MAX)
          throw new TransferError(`${input.name}:${line + 1}: A line should have at most ${RECORD_LENGTH_MAX} characters.`)
        yield recordsOf(lines)
      }
      yield recordsOf([rest])
    },
  }
}

function recordOf(text: string, line: number, wanted: readonly WantedColumn[]): InputRecord {
  const bad = (problem: string): InputRecord => ({ line, cells: [], problem, source: text })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return bad(`A line should be a JSON object; it is no JSON: ${error.message}.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('A line should be a JSON object; it is another JSON value.')
  const fields = value as Readonly<Record<string, unknown>>
  const missing = wanted.find(({ name, isRequired }) => isRequired && !Object.hasOwn(fields, name))
  if (missing !== undefined) return bad(missingColumn(missing.name, Object.keys(fields), ''))
  return { line, cells: wanted.map(({ name }) => (Object.hasOwn(fields, name) ? fields[name] : undefined)), source: text }
}
