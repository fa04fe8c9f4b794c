import { InvalidVectorError } from '../errors.js'
import { toVector } from '../vector.js'

/** A vector as SQL has it, a BLOB of float32 (little-endian) or JSON text of a list of numbers; or what is wrong with it. */
export function toFloats(value: unknown): { readonly vector: Float32Array } | { readonly problem: string } {
  if (Buffer.isBuffer(value) && value.length % 4 !== 0) return { problem: `Its ${value.length} bytes are no whole number of float32.` }
  const numbers = Buffer.isBuffer(value) ? fromBlob(value) : typeof value === 'string' ? fromJson(value) : undefined
  if (numbers === undefined) return { problem: 'It is neither.' }
  try {
    return { vector: toVector(numbers, { collection: '', dimension: numbers.length }) }
  } catch (error) {
    if (error instanceof InvalidVectorError) return { problem: error.message }
    throw error
  }
}

function fromBlob(blob: Buffer): Float32Array {
  const floats = new Float32Array(blob.length / 4)
  new Uint8Array(floats.buffer).set(blob)
  return floats
}

function fromJson(text: string): unknown[] | undefined {
  try {
    const numbers: unknown = JSON.parse(text)
    return Array.isArray(numbers) ? numbers : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
