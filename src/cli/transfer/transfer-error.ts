/** A file that cannot be read or written, or a line of it that cannot be stored: exit code 1. */
export class TransferError extends Error {}

/** A line that cannot be stored, where the import does not put such lines aside. */
export class BadLine extends TransferError {}

/** One record that cannot be stored, for a reason that stands in it. Its place is told by who knows it. */
export class BadRecord extends Error {}

/** What the operating system says about a file, in words that name the file. */
export function fileProblem(error: unknown, file: string, act: 'read' | 'written'): TransferError {
  const { code, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') throw error
  if (code === 'ENOENT') return new TransferError(act === 'read' ? `There is no file ${file}.` : `The folder of ${file} is not there. Make it first.`)
  if (code === 'EISDIR') return new TransferError(`${file} is a folder. Name a file in it.`)
  if (code === 'EACCES' || code === 'EPERM') return new TransferError(`${file} may not be ${act} by this user.`)
  if (code === 'ENOSPC') return new TransferError(`There is no room on the disk for ${file}.`)
  return new TransferError(`${file} cannot be ${act}: ${message}`)
}
