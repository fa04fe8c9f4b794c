import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { InputIdentity } from './input.js'
import { fileProblem, TransferError } from './transfer-error.js'

const FORMAT = 1

/** How far an import has come. What is counted is in the database. */
export interface ImportState {
  readonly format: typeof FORMAT
  readonly input: InputIdentity
  /** Where it goes and how it is read: another way would not fit to what is stored. */
  readonly reading: Readonly<Record<string, unknown>>
  readonly records: number
  readonly inserted: number
  readonly replaced: number
  readonly attributes: number
  readonly rejected: number
  /** Length of the file of rejects; what stands after it belongs to a batch that was not acknowledged. */
  readonly rejectsBytes: number
}

/** Whether a text begins as such a file does, of whichever version. */
export function isState(beginning: string): boolean {
  return /^\{\s*"format":\s*\d+,\s*"input":/.test(beginning)
}

/** A small file beside the input that outlives a stop, and goes when the import is done. */
export class StateFile {
  constructor(readonly path: string) {}

  /**
   * What was there when the import stopped; undefined: nothing, it begins at the start.
   *
   * @throws {TransferError} it tells of another input, or of another way to read it.
   */
  read(input: InputIdentity, reading: ImportState['reading'], name: string): ImportState | undefined {
    const state = this.stored()
    if (state === undefined) return undefined
    const again = 'Import it from the start, without --resume: what is stored already is replaced by the same.'
    if (!isSame(state.input, input)) throw new TransferError(`${name} has changed since the import that ${this.path} tells of. ${again}`)
    const changed = Object.keys({ ...state.reading, ...reading }).filter((key) => !isSame(state.reading[key], reading[key]))
    if (changed.length > 0)
      throw new TransferError(`${this.path} tells of an import with another ${changed.join(', ')}. Give the same as then. ${again}`)
    return state
  }

  /** Whole or not at all: a stop may come at any moment. @throws {TransferError} */
  write(state: Omit<ImportState, 'format'>): void {
    const draft = `${this.path}.new`
    try {
      writeFileSync(draft, `${JSON.stringify({ format: FORMAT, ...state }, null, 2)}\n`)
      renameSync(draft, this.path)
    } catch (error) {
      throw fileProblem(error, this.path, 'written')
    }
  }

  remove(): void {
    rmSync(this.path, { force: true })
  }

  private stored(): ImportState | undefined {
    let text: string
    try {
      text = readFileSync(this.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw fileProblem(error, this.path, 'read')
    }
    const problem = new TransferError(`${this.path} is no state of an import of this version. Import from the start, without --resume.`)
    try {
      const state = JSON.parse(text) as ImportState | null
      if (state?.format !== FORMAT || !Number.isSafeInteger(state.records)) throw problem
      return state
    } catch (error) {
      throw error instanceof SyntaxError ? problem : error
    }
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
