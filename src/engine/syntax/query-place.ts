import { type QueryPlace, QuerySyntaxError } from '../../errors.js'
import type { Span } from './statement.js'

/** UTF-16 units of a line that a frame shows; a longer one is cut on either side of the mistake. */
const FRAME_WIDTH_MAX = 120
const EXCERPT_LENGTH_MAX = 40

/** The place of what a typed request says in members of its own: no text has it. */
export const NOWHERE: Span = { start: -1, end: -1 }

/** Says where a span stands: line and column from 1 (columns in UTF-16 units), and a frame of the text with carets below the span. */
export function placeOf(text: string, { start, end }: Span, suggestions: readonly string[] = []): QueryPlace {
  const offset = Math.max(0, Math.min(start, text.length))
  const lines = linesAround(text, offset)
  const { number, from, to } = lines.at
  const first = Math.min(offset, to)
  const last = Math.max(first + 1, Math.min(end, to))
  const cut = windowOf(text, from, to, first)
  const gutter = String(lines.after?.number ?? number).length
  const row = (line: Line, window = windowOf(text, line.from, line.to, line.from)): string =>
    `${String(line.number).padStart(gutter)} | ${window.before}${shown(text.slice(window.from, window.to))}${window.after}`
  const indent = cut.before.replace(/./g, ' ') + blank(text.slice(cut.from, Math.min(first, cut.to)))
  const carets = '^'.repeat(Math.max(1, columns(text.slice(first, Math.min(last, cut.to)))))
  const frame = [
    ...(lines.before === undefined ? [] : [row(lines.before)]),
    row(lines.at, cut),
    `${' '.repeat(gutter)} | ${indent}${carets}`,
    ...(lines.after === undefined ? [] : [row(lines.after)]),
  ]
  return { line: number, column: first - from + 1, frame: frame.map((line) => line.trimEnd()).join('\n'), suggestions }
}

/** A mistake in the grammar; the suggestions are what could stand there instead. */
export function syntaxError(text: string, span: Span, message: string, suggestions: readonly string[] = []): QuerySyntaxError {
  return new QuerySyntaxError(message, placeOf(text, span, suggestions))
}

/** ` Did you mean A or B?`, or nothing. */
export function didYouMean(suggestions: readonly string[]): string {
  return suggestions.length === 0 ? '' : ` Did you mean ${listed(suggestions, 'or')}?`
}

/** `A, B or C` */
export function listed(names: readonly string[], conjunction: 'and' | 'or'): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`
}

/** A piece of the text as it is quoted inside of a message. */
export function excerpt(written: string): string {
  const kept = written.length <= EXCERPT_LENGTH_MAX ? written : `${written.slice(0, EXCERPT_LENGTH_MAX - 3)}...`
  return shown(kept.replace(/\s+/g, ' '))
}

/** A line without its terminator; `number` from 1. */
interface Line {
  readonly number: number
  readonly from: number
  readonly to: number
}

function linesAround(text: string, offset: number): { readonly before: Line | undefined; readonly at: Line; readonly after: Line | undefined } {
  let before: Line | undefined
  let at = lineFrom(text, 0, 1)
  while (at.to < offset && at.to < text.length) {
    const next = lineFrom(text, afterTerminator(text, at.to), at.number + 1)
    if (next.from > offset) break // between \r and \n
    before = at
    at = next
  }
  const after = at.to < text.length ? lineFrom(text, afterTerminator(text, at.to), at.number + 1) : undefined
  return { before, at, after: after === undefined || after.from === text.length ? undefined : after }
}

function lineFrom(text: string, from: number, number: number): Line {
  let to = from
  while (to < text.length && text.charCodeAt(to) !== 10 && text.charCodeAt(to) !== 13) to++
  return { number, from, to }
}

function afterTerminator(text: string, at: number): number {
  return text.charCodeAt(at) === 13 && text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1
}

interface Window {
  readonly from: number
  readonly to: number
  readonly before: string
  readonly after: string
}

/** The part of a line that a frame shows, with an ellipsis where something was cut. */
function windowOf(text: string, lineFrom: number, lineTo: number, focus: number): Window {
  let from = lineTo - lineFrom <= FRAME_WIDTH_MAX ? lineFrom : Math.max(lineFrom, Math.min(focus - FRAME_WIDTH_MAX / 2, lineTo - FRAME_WIDTH_MAX))
  let to = Math.min(lineTo, from + FRAME_WIDTH_MAX)
  if (from > lineFrom && isLowSurrogate(text, from)) from--
  if (to < lineTo && isLowSurrogate(text, to)) to++
  return { from, to, before: from > lineFrom ? '…' : '', after: to < lineTo ? '…' : '' }
}

function isLowSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00
}

// Control characters, line separators and marks that turn the writing direction would garble a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const GARBLING = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

function shown(text: string): string {
  return text.toWellFormed().replace(GARBLING, '\ufffd')
}

/** As wide as the text, tabs kept, so that carets stand below what they mean. */
function blank(text: string): string {
  return text.toWellFormed().replace(/[^\t]/gu, ' ')
}

function columns(text: string): number {
  return blank(text).length
}
