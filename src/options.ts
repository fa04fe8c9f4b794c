import { ArgumentError, described } from './errors.js'
import { suggest } from './suggestion.js'

/**
 * Checks that an argument is an object with no other members than these: a misspelt bound must not pass for none.
 *
 * @throws {ArgumentError}
 */
export function checkOptions(argument: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ArgumentError(argument, `an object of ${known.join(', ')}`, described(value))
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const [meant] = suggest(name, known)
    throw new ArgumentError(argument, `an object of ${known.join(', ')}`, `one with "${name}"`, meant && `Did you mean "${meant}"?`)
  }
}
