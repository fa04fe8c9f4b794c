import { visible } from '../cell.js'
import { UsageError } from '../terminal.js'
import { identityOf } from './file-identity.js'

/**
 * An import empties its file of rejects and removes its state in the end: neither may be what it reads.
 *
 * @param files  What each is to the import; `-` is no file. @throws {UsageError} two of them are one.
 */
export function assertDistinctFiles(files: Readonly<Record<string, string | undefined>>): void {
  const known = new Map<string, string>()
  for (const [what, file] of Object.entries(files)) {
    if (file === undefined || file === '-') continue
    const other = known.get(identityOf(file))
    if (other !== undefined) throw new UsageError(`${visible(file)} is ${other}, and cannot be ${what}, too. Name another file.`)
    known.set(identityOf(file), what)
  }
}
