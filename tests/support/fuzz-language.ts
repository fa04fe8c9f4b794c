import type { Statement } from '../../src/engine/syntax/statement.js'
import { Random } from './random.ts'
import { StatementGenerator } from './random-statement.ts'
import { Scribbler } from './scribble.ts'
import { shapeOf } from './statement-shape.ts'

/** What is fuzzed: from the sources, or as it was built. */
export interface Language {
  readonly parse: (text: string) => Statement
  readonly print: (statement: Statement) => string
}

const MUTATIONS = 7
const ODD = [
  '\0',
  '\ud800',
  '\udc00',
  "'",
  '"',
  '(',
  ')',
  '[',
  ']',
  '-',
  '--',
  '/*',
  '*/',
  '$',
  '$1',
  ':',
  ':a',
  ';',
  '.',
  ',',
  '\n',
  '\r',
  '1e',
  '😀',
]
const ODD_WORDS = [
  'TO',
  'PREDICTED AT',
  'TOLERANCE 1d',
  'WITHIN',
  'NOT',
  'é',
  '2030-12-31',
  'BETWEEN',
  'FILL',
  'GROUP BY entity',
  'NULL',
  '(((((',
  '1d',
  'HAVING',
]

/** Statements of the whole grammar, each in its worst handwriting, in its canonical text, and with mistakes in it. */
export class LanguageFuzzer {
  private readonly language: Language
  private readonly random: Random
  private readonly generator: StatementGenerator
  private readonly scribbler: Scribbler
  private other = 'SELECT *'
  /** How many texts were read, how many of them were mistakes, and the most processor time that one took. */
  readonly counts = { texts: 0, refused: 0, slowestMs: 0 }

  constructor(language: Language, seed: number) {
    this.language = language
    this.random = new Random(seed)
    this.generator = new StatementGenerator(this.random)
    this.scribbler = new Scribbler(this.random)
  }

  /** One statement and its mutations: eight texts. @throws with the text, when it crashes, hangs, points outside of itself, or changes by being printed. */
  round(): void {
    const statement = this.generator.statement()
    const written = this.scribbler.write(statement)
    const printed = this.read(written)
    if (printed === undefined) throw new Error(`A statement was refused: ${JSON.stringify(written)}`)
    if (this.counts.texts % 64 === 1 && shapeOf(this.language.parse(written)) !== shapeOf(statement))
      throw new Error(`A statement was read as another one: ${JSON.stringify(written)}`)
    for (let i = 0; i < MUTATIONS; i++) {
      let text = this.mutated(written)
      while (this.random.chance(0.3)) text = this.mutated(text)
      this.read(text)
    }
    this.other = written
  }

  /** @returns the canonical text; undefined: it was refused as it should be. */
  private read(text: string): string | undefined {
    const first = this.timed(text)
    if (first.ms > LIMIT_MS) {
      const again = this.timed(text).ms // the first may have met a garbage collection
      if (again > LIMIT_MS) throw new Error(`This took ${again} ms: ${JSON.stringify(text)}`)
    }
    this.counts.texts += 1
    if (first.printed === undefined) this.counts.refused += 1
    return first.printed
  }

  private timed(text: string): { readonly printed: string | undefined; readonly ms: number } {
    const before = process.cpuUsage() // the clock would count what else the machine does
    const printed = this.printedAs(text)
    const { user, system } = process.cpuUsage(before)
    const ms = (user + system) / 1000
    if (ms < LIMIT_MS) this.counts.slowestMs = Math.max(this.counts.slowestMs, ms)
    return { printed, ms }
  }

  private printedAs(text: string): string | undefined {
    const { parse, print } = this.language
    try {
      const printed = print(parse(text))
      if (print(parse(printed)) !== printed) throw new Error(`Printed, it is another statement: ${JSON.stringify(text)}`)
      return printed
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code !== 'QUERY_SYNTAX' && code !== 'QUERY_LIMIT') throw new Error(`It crashed: ${JSON.stringify(text)}`, { cause: error })
      const problem = misplaced(text, error as Place)
      if (problem !== undefined) throw new Error(`${problem}: ${JSON.stringify(text)}`, { cause: error })
      return undefined
    }
  }

  private mutated(text: string): string {
    const { random, other } = this
    const at = random.below(text.length + 1)
    const length = random.below(12)
    switch (random.below(7)) {
      case 0:
        return text.slice(0, at) + text.slice(at + length)
      case 1:
        return text.slice(0, at) + random.pick(ODD) + text.slice(at)
      case 2:
        return text.slice(0, at) + text.slice(at, at + length).repeat(2) + text.slice(at + length)
      case 3:
        return text.slice(0, at) + other.slice(random.below(other.length))
      case 4:
        return text.slice(0, at) + String.fromCharCode(random.below(0x10000)) + text.slice(at + 1)
      case 5:
        return `${text.slice(0, at)} ${random.pick(ODD_WORDS)} ${text.slice(at)}`
      default:
        return text.slice(0, at)
    }
  }
}

/** Milliseconds of processor time that a text may take. */
const LIMIT_MS = 50

interface Place {
  readonly line: number
  readonly column: number
  readonly frame: string
}

/** What is wrong with the place of a mistake. */
function misplaced(text: string, { line, column, frame }: Place): string | undefined {
  const written = text.split(/\r\n|[\r\n]/)[line - 1]
  if (written === undefined) return `The mistake is in line ${line}, which there is not`
  if (!(column >= 1 && column <= written.length + 1)) return `The mistake is in column ${column} of ${written.length}`
  return /^ *\d+ \|/.test(frame) && frame.length < 1000 ? undefined : 'The frame is no frame'
}
