import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import { Slice } from '../slice.js'
import { abortable } from './abortable.js'
import { invalid } from './model-refusal.js'
import { readZipDirectory, type ZipEntry } from './zip-directory.js'

/** How much code a model may inflate to, all entries together. */
export const CODE_BYTES_MAX = 16 * 1024 * 1024
/** Checked in one turn of the event loop. */
const SLICE_BYTES = 1024 * 1024
const CARD = 'extra/chronode.json'
const inflate = promisify(inflateRaw)

/**
 * Checks that the bytes are a whole TorchScript archive, before libtorch sees them: it checks no CRC, and inflates whatever it finds.
 *
 * Tensor data lies in it stored; code may be deflated, up to 16 MiB of it, which the directory must say before anything is inflated.
 *
 * @returns the bytes of the model card, when there is one.
 * @throws {ModelRefusal} `model_invalid`, naming what is wrong.
 */
export async function checkArchive(archive: Buffer, signal: AbortSignal): Promise<Buffer | undefined> {
  const slice = new Slice()
  const entries = await readZipDirectory(archive, signal)
  const folder = checkTorchScript(entries)
  checkDeflated(entries, `${folder}code/`)
  for (const entry of entries) {
    signal.throwIfAborted()
    const bytes = entryBytes(archive, entry)
    const sum = entry.isDeflated ? await inflatedCrc32(bytes, entry) : await slicedCrc32(bytes, slice, signal)
    if (sum !== entry.crc32) throw invalid(`The entry ${entry.name} is damaged: its CRC-32 is not the one that was written with it.`)
  }
  const card = entries.find(({ name }) => name === folder + CARD)
  return card && entryBytes(archive, card)
}

/** @returns the folder that all entries lie in, with its slash. */
function checkTorchScript(entries: readonly ZipEntry[]): string {
  const folder = /^[^/]+\//.exec(entries[0]?.name ?? '')?.[0] ?? ''
  const has = (test: (rest: string) => boolean): boolean => entries.some(({ name }) => name.startsWith(folder) && test(name.slice(folder.length)))
  const hasCode = has((rest) => rest.startsWith('code/'))
  if (folder !== '' && hasCode && has((rest) => rest === 'data.pkl') && has((rest) => rest === 'constants.pkl')) return folder
  if (has((rest) => rest === 'data.pkl')) {
    throw invalid('It holds tensors without code, as torch.save() writes them. Write it with torch.jit.script(model).save(path).')
  }
  throw invalid(
    'It is a zip archive, and no TorchScript: code, data.pkl and constants.pkl are missing. Write it with torch.jit.script(model).save(path).',
  )
}

function checkDeflated(entries: readonly ZipEntry[], codeFolder: string): void {
  let total = 0
  for (const { name, isDeflated, bytes } of entries) {
    if (!isDeflated) continue
    if (!name.startsWith(codeFolder)) throw invalid(`The entry ${name} is compressed; only code may be.`)
    total += bytes
  }
  if (total > CODE_BYTES_MAX) throw invalid(`The code of the model should inflate to at most ${CODE_BYTES_MAX} bytes; it would take ${total}.`)
}

async function slicedCrc32(bytes: Buffer, slice: Slice, signal: AbortSignal): Promise<number> {
  let sum = 0
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    sum = crc32(bytes.subarray(at, at + SLICE_BYTES), sum)
    const pause = slice.pause()
    if (pause !== undefined) await abortable(pause, signal)
  }
  return sum
}

async function inflatedCrc32(deflated: Buffer, { name, bytes }: ZipEntry): Promise<number> {
  let inflated: Buffer
  try {
    inflated = await inflate(deflated, { maxOutputLength: Math.max(bytes, 1) })
  } catch (error) {
    throw invalid(`The entry ${name} does not inflate to its ${bytes} bytes (${error instanceof Error ? error.message : String(error)}).`)
  }
  if (inflated.length !== bytes) throw invalid(`The entry ${name} should inflate to ${bytes} bytes; it gives ${inflated.length}.`)
  return crc32(inflated)
}

function entryBytes(archive: Buffer, { dataOffset, storedBytes }: ZipEntry): Buffer {
  return archive.subarray(dataOffset, dataOffset + storedBytes)
}
