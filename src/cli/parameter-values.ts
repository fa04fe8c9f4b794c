import type { ParameterValues } from '../index.js'
import { UsageError } from './terminal.js'

/** `:name=value`, as against a value that stands for `$1`, `$2`, ... by its place. */
const NAMED = /^:([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s

/** The values of `--param` and `--json-param`, in the order in which they were given. */
export class ParameterList {
  private readonly placed: unknown[] = []
  private readonly named = new Map<string, unknown>()

  /** `--param`: the text itself, never taken for a number. */
  addText(given: string): void {
    const [, name, text] = NAMED.exec(given) ?? []
    this.add(name, text ?? given)
  }

  /** `--json-param`: numbers, lists, vectors, null. @throws {UsageError} not JSON. */
  addJson(given: string): void {
    const [, name, text] = NAMED.exec(given) ?? []
    this.add(name, parsedJson(text ?? given))
  }

  /** @returns undefined: none were given. @throws {UsageError} both kinds were. */
  values(): ParameterValues | undefined {
    const { placed, named } = this
    if (placed.length > 0 && named.size > 0) throw new UsageError('A statement takes its parameters by place ($1) or by name (:name), not both.')
    if (named.size > 0) return Object.fromEntries(named)
    return placed.length > 0 ? placed : undefined
  }

  private add(name: string | undefined, value: unknown): void {
    if (name === undefined) this.placed.push(value)
    else if (this.named.has(name)) throw new UsageError(`Parameter :${name} was given twice.`)
    else this.named.set(name, value)
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new UsageError(`--json-param should be JSON, such as 10, true, null, '["climate", "oil"]' or '[0.1, 0.2]'; it is ${text}.`)
  }
}
