import type { JsonObject, JsonValue } from '../json.js'

/**
 * A JSON merge patch applied: what the patch names is replaced, null removes, objects are merged.
 *
 * Source: RFC 7386, section 2. Members are only ever own properties, `__proto__` too.
 */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch
  const members = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, mergePatch(members.get(name), value))
  }
  return Object.fromEntries(members)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
