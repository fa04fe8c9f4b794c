import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fileProblem, TransferError } from './transfer-error.js'

/** How much of the beginning tells one input from another. */
const HEAD_BYTES = 65_536
const CHUNK_BYTES = 262_144

/** By what an input is known again after a stop. A pipe has neither a size nor an age. */
export interface InputIdentity {
  readonly bytes: number | null
  readonly modifiedMs: number | null
  readonly headSha256: string
}

/** What is imported: a file or standard input, unpacked where it is gzip. */
export interface Input {
  /** For messages. */
  readonly name: string
  /** Undefined: standard input. */
  readonly path: string | undefined
  readonly identity: InputIdentity
  readonly isGzip: boolean
  /** Bytes read so far, before unpacking, of `identity.bytes`. */
  bytesRead(): number
  /** Ends a pipe that may have nothing more to say for a long time: who waits for it gets an error. A file is read on. */
  stopWaiting(): void
  /** Once. @throws {TransferError} */
  chunks(): AsyncIterable<Buffer>
  /** The same as text, without a byte order mark. Once. @throws {TransferError} not UTF-8. */
  texts(): AsyncIterable<string>
}

/** @param file  `-`: standard input. @throws {TransferError} */
export async function openInput(file: string, stdin: Readable): Promise<Input> {
  const isPipe = file === '-'
  const name = isPipe ? 'standard input' : file
  const facts = isPipe ? undefined : factsOf(file)
  const source = isPipe ? stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES })
  const raw = rawChunks(source, name)
  let bytes = 0
  const head: Buffer[] = []
  for (let size = 0; size < HEAD_BYTES; ) {
    const next = await raw.next()
    if (next.done === true) break
    head.push(next.value)
    size += next.value.length
  }
  const start = Buffer.concat(head)

  async function* counted(): AsyncGenerator<Buffer> {
    if (start.length > 0) {
      bytes += start.length
      yield start
    }
    for await (const chunk of raw) {
      bytes += chunk.length
      yield chunk
    }
  }
  const isPacked = isGzip(start)
  const chunks = (): AsyncIterable<Buffer> => (isPacked ? unpacked(counted(), name) : counted())
  return {
    name,
    path: isPipe ? undefined : file,
    identity: { ...(facts ?? { bytes: null, modifiedMs: null }), headSha256: sha256(start.subarray(0, HEAD_BYTES)) },
    isGzip: isPacked,
    bytesRead: () => bytes,
    stopWaiting: () => {
      if (isPipe) stdin.destroy()
    },
    chunks,
    texts: () => decoded(chunks(), name),
  }
}

function factsOf(file: string): { bytes: number; modifiedMs: number } | undefined {
  try {
    const facts = statSync(file)
    if (facts.isDirectory()) throw new TransferError(`${file} is a folder. Name a file in it.`)
    return facts.isFile() ? { bytes: facts.size, modifiedMs: facts.mtimeMs } : undefined
  } catch (error) {
    throw error instanceof TransferError ? error : fileProblem(error, file, 'read')
  }
}

async function* rawChunks(source: Readable, name: string): AsyncGenerator<Buffer, undefined> {
  try {
    for await (const chunk of source) yield Buffer.from(chunk)
  } catch (error) {
    throw fileProblem(error, name, 'read')
  }
  return undefined
}

function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

async function* unpacked(packed: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
  pipeline(Readable.from(packed), gunzip, () => undefined) // its error comes out of the loop
  try {
    for await (const chunk of gunzip) yield chunk as Buffer
  } catch (error) {
    if (error instanceof TransferError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') throw new TransferError(`${name} ends in the middle of its gzip data: it was cut off. Bring it here again.`)
    if (code?.startsWith('Z_')) throw new TransferError(`${name} is damaged gzip data: ${(error as Error).message}. Bring it here again.`)
    throw error
  }
}

async function* decoded(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      const place = `in the ${(chunk?.length ?? 0).toLocaleString('en')} bytes after byte ${bytes.toLocaleString('en')}`
      throw new TransferError(`${name} should be UTF-8 text; it is not, ${place}. Convert it first, for example: iconv -f latin1 -t utf-8.`)
    }
  }
  for await (const chunk of chunks) {
    yield decode(chunk)
    bytes += chunk.length
  }
  yield decode()
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
