import { type BatchPlace, described, InvalidAttributesError } from './errors.js'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/** The longest JSON text that a payload or the attributes of an entity may have, in UTF-16 units. */
export const JSON_TEXT_MAX = 1_048_576
const DEPTH_MAX = 64

/**
 * JSON text of a payload (any JSON value) or of attributes (an object), exactly as given.
 *
 * What JSON would drop or change silently is refused: undefined, functions, NaN, BigInt, Dates, class instances, lone surrogates.
 *
 * @throws {InvalidAttributesError} naming the path inside the value.
 */
export function toJsonText(value: unknown, what: 'payload' | 'attributes', place?: BatchPlace): string {
  const fail = (path: string, expected: string, received: string): never => {
    throw new InvalidAttributesError(`${path} should be ${expected}; it is ${received}.`, expected, received, place)
  }
  if (what === 'attributes' && !isPlainObject(value)) fail(what, 'a plain object', described(value))
  check(value, what, 0, new Set(), fail)
  const text = JSON.stringify(value)
  if (text.length > JSON_TEXT_MAX) fail(what, `at most ${JSON_TEXT_MAX} characters of JSON`, `${text.length} characters`)
  return text
}

function check(
  value: unknown,
  path: string,
  depth: number,
  ancestors: Set<object>,
  fail: (path: string, expected: string, received: string) => never,
): void {
  if (depth > DEPTH_MAX) fail(path, `nested at most ${DEPTH_MAX} deep`, 'deeper')
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'string') {
    if (!value.isWellFormed()) fail(path, 'well-formed Unicode text', 'text with a lone surrogate')
    return
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) fail(path, 'a finite number', String(value))
    return
  }
  if (!Array.isArray(value) && !isPlainObject(value)) fail(path, 'a value that JSON holds', described(value))
  if (hasToJson(value)) fail(path, 'a value that JSON holds', 'an object with a method toJSON')
  if (Object.getOwnPropertySymbols(value).length > 0) fail(path, 'a value that JSON holds', 'an object with a symbol as a name')
  if (ancestors.has(value)) fail(path, 'a tree', 'an object that contains itself')
  ancestors.add(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) check(value[i], `${path}[${i}]`, depth + 1, ancestors, fail)
  } else {
    for (const [name, member] of Object.entries(value)) {
      if (!name.isWellFormed()) fail(path, 'names of well-formed Unicode text', 'a name with a lone surrogate')
      check(member, `${path}.${name}`, depth + 1, ancestors, fail)
    }
  }
  ancestors.delete(value)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** JSON would write what the method returns instead. */
function hasToJson(value: object): boolean {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}
