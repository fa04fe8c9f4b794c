import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { visible } from '../cell.js'
import { UsageError } from '../terminal.js'
import { isState } from './import-state.js'
import { isRejects } from './rejects-file.js'

/** What tells a file of rejects, and a state, from other files. */
const BEGINNING_BYTES = 4096

interface ReplacedFiles {
  /** Where the state of this import will be. */
  readonly state: string | undefined
  readonly rejects: string | undefined
  /** It goes on with an earlier run, which has left both: what is read of the state says whether it fits. */
  readonly isResumed: boolean
}

/**
 * An import writes its file of rejects and its state anew: what stands there must be of its own kind, and lines that still are to be mended are only
 * replaced where that is asked for.
 *
 * @throws {UsageError} it is something else.
 */
export function assertReplaceable({ state, rejects, isResumed }: ReplacedFiles): void {
  const [stateBefore, rejectsBefore] = [state, rejects].map((file) => (file === undefined ? '' : beginningOf(file)))
  if (!isResumed && stateBefore !== '' && !isState(stateBefore!)) throw refused(state!, 'is no state of an import, which would be written over it')
  if (rejectsBefore === '') return
  if (!isRejects(rejectsBefore!)) throw refused(rejects!, 'holds no rejected lines, which would be written over it')
  if (!isResumed) throw refused(rejects!, 'holds the lines that an earlier import has rejected')
}

/** Empty: there is no such file, nothing in it, or it is a device. What cannot be read is told by who writes it. */
function beginningOf(file: string): string {
  try {
    if (!statSync(file).isFile()) return ''
    const descriptor = openSync(file, 'r')
    try {
      const bytes = Buffer.alloc(BEGINNING_BYTES)
      return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, BEGINNING_BYTES, 0))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return ''
    throw error
  }
}

function refused(file: string, what: string): UsageError {
  return new UsageError(`${visible(file)} ${what}. Name another file, or replace it with --overwrite.`)
}
