import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { invalid, ModelRefusal } from './model-refusal.js'

/** The largest file that is read into memory: 2 GiB. */
export const MODEL_FILE_BYTES_MAX = 2 ** 31
/** Read and hashed in one turn of the event loop: some 2 ms where the processor has no SHA instructions. */
const SLICE_BYTES = 512 * 1024

/** What a signature is of a path where nothing is. */
export const NO_FILE = 'no file'

export interface ModelBytes {
  readonly bytes: Buffer
  /** Of these bytes, in lower-case hexadecimal. */
  readonly sha256: string
}

/** Text that differs when another file stands at the path, or other bytes in it; `NO_FILE` when there is none. */
export async function fileSignature(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    return isMissing(error) ? NO_FILE : `unreadable: ${codeOf(error)}`
  }
}

/**
 * Reads a whole file once, in slices. It never waits for what is not a regular file: a FIFO would block for ever.
 *
 * @throws {ModelRefusal} `model_missing`, or `model_invalid` for what cannot be read as a file of 1 byte to 2 GiB.
 */
export async function readModelFile(path: string, signal: AbortSignal): Promise<ModelBytes> {
  let handle: FileHandle | undefined
  try {
    checkKind(path, await stat(path, { bigint: true }))
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) // another file may stand there by now
    const stats = await handle.stat({ bigint: true })
    checkKind(path, stats)
    return await readSlices(handle, Number(stats.size), path, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof ModelRefusal ? error : unreadable(path, error)
  } finally {
    await handle?.close()
  }
}

async function readSlices(handle: FileHandle, size: number, path: string, signal: AbortSignal): Promise<ModelBytes> {
  const bytes = Buffer.allocUnsafeSlow(size)
  const hash = createHash('sha256')
  for (let offset = 0; offset < size; ) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, offset, Math.min(SLICE_BYTES, size - offset), offset)
    if (bytesRead === 0) throw new ModelRefusal('model_invalid', `${path} became shorter while it was read. Write it elsewhere and rename it.`, true)
    hash.update(bytes.subarray(offset, offset + bytesRead))
    offset += bytesRead
  }
  return { bytes, sha256: hash.digest('hex') }
}

function checkKind(path: string, stats: BigIntStats): void {
  if (!stats.isFile()) throw invalid(`${path} should be a TorchScript file; it is ${kindOf(stats)}.`)
  if (stats.size === 0n) throw invalid(`${path} should be a TorchScript file; it is empty.`)
  if (stats.size > MODEL_FILE_BYTES_MAX) throw invalid(`${path} should have at most ${MODEL_FILE_BYTES_MAX} bytes; it has ${stats.size}.`)
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

function unreadable(path: string, error: unknown): ModelRefusal {
  if (isMissing(error)) return new ModelRefusal('model_missing', `There is no file ${path}.`)
  return new ModelRefusal('model_invalid', `${path} cannot be read (${codeOf(error)}).`, true)
}

/** ENOTDIR: a part of the path is a file, so nothing can be there. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
