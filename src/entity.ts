import { ArgumentError, type BatchPlace, described, InvalidEntityError } from './errors.js'

/** UTF-8 bytes. */
export const ENTITY_ID_BYTES_MAX = 512
/** UTF-8 bytes. */
export const COLLECTION_NAME_BYTES_MAX = 128

const EXPECTED_ID = `text of 1 to ${ENTITY_ID_BYTES_MAX} UTF-8 bytes without NUL and without lone surrogates`
const EXPECTED_NAME = `text of 1 to ${COLLECTION_NAME_BYTES_MAX} UTF-8 bytes without NUL and without lone surrogates`

/** @throws {InvalidEntityError} Ids outside these limits would collide as keys, or be cut. */
export function toEntityId(input: unknown, place?: BatchPlace): string {
  if (isKeyText(input, ENTITY_ID_BYTES_MAX)) return input
  const received = describedKey(input)
  throw new InvalidEntityError(`An entity id should be ${EXPECTED_ID}; it is ${received}.`, EXPECTED_ID, received, place)
}

/** @throws {ArgumentError} */
export function toCollectionName(input: unknown): string {
  if (isKeyText(input, COLLECTION_NAME_BYTES_MAX)) return input
  throw new ArgumentError('name', EXPECTED_NAME, describedKey(input))
}

function isKeyText(input: unknown, bytesMax: number): input is string {
  if (typeof input !== 'string' || input.length === 0 || input.length > bytesMax) return false
  if (input.includes('\0') || !input.isWellFormed()) return false
  return input.length * 3 <= bytesMax || Buffer.byteLength(input) <= bytesMax
}

function describedKey(input: unknown): string {
  if (typeof input !== 'string') return described(input)
  if (input === '') return 'empty'
  if (!input.isWellFormed()) return 'text with a lone surrogate'
  if (input.includes('\0')) return 'text with a NUL'
  return `text of ${Buffer.byteLength(input)} bytes`
}
