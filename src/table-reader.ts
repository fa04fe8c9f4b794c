import { resolve } from 'node:path'
import { formatByteSize, parseByteSize } from './byte-size.js'
import { type ConfigIssue, described } from './errors.js'
import { suggest } from './suggestion.js'

export interface Range {
  readonly min: number
  readonly max: number
}

/** Keys that would reach an object's prototype where tables are merged carelessly. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads the keys of one table. What is wrong is added to `issues`, and read as if it had not been said,
 * so that a whole file complains at once.
 */
export class TableReader {
  private readonly asked = new Set<string>()

  /**
   * @param table  What TOML or the app gave; only own keys are seen, and an undefined value is an absent key.
   * @param name  Dotted key path; empty: the root.
   * @param folder  What relative paths are relative to.
   */
  constructor(
    private readonly table: object,
    private readonly name: string,
    private readonly folder: string,
    private readonly issues: ConfigIssue[],
  ) {}

  boolean(key: string): boolean | undefined {
    return this.read(key, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined))
  }

  integer(key: string, { min, max }: Range): number | undefined {
    return this.read(key, `a whole number from ${min} to ${max}`, (value) =>
      Number.isInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : undefined,
    )
  }

  /** Bytes, from text with a unit or a plain number. */
  bytes(key: string, min: number): number | undefined {
    return this.read(key, `a size of at least ${formatByteSize(min)}, such as "1 GiB"`, (value) => {
      const bytes = parseByteSize(value)
      return bytes !== undefined && bytes >= min ? bytes : undefined
    })
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const expected = choices.map((choice) => `"${choice}"`).join(' or ')
    return this.read(key, expected, (value) => choices.find((choice) => choice === value), {
      hint: (value) => (typeof value === 'string' ? suggest(value, choices)[0] : undefined),
    })
  }

  /** Text that is neither empty nor broken. */
  text(key: string, expected: string, pattern = /[^\s]/): string | undefined {
    return this.read(key, expected, (value) => (isSoundText(value) && pattern.test(value) ? value : undefined))
  }

  /** An absolute path. @param asIs  A value that is not a path and stays what it is. */
  path(key: string, asIs?: string): string | undefined {
    const path = this.text(key, 'a path')
    return path === undefined || path === asIs ? path : resolve(this.folder, path)
  }

  /** The table under `key`; an empty one when it is absent or wrong. */
  child(key: string): TableReader {
    const table = this.read(key, 'a table', (value) => (isTable(value) ? value : undefined)) ?? {}
    return new TableReader(table, this.pathOf(key), this.folder, this.issues)
  }

  /** The tables of this table, by name, when its keys are names and not settings. */
  children(checkedName: (name: string) => string | undefined): Map<string, TableReader> {
    const tables = new Map<string, TableReader>()
    for (const name of this.keys()) {
      if (FORBIDDEN_KEYS.has(name)) continue
      const problem = checkedName(name)
      if (problem !== undefined) this.issues.push({ path: this.pathOf(name), expected: problem, received: described(name) })
      tables.set(name, this.child(name))
    }
    this.rejectUnknownKeys()
    return tables
  }

  says(key: string): boolean {
    return Object.hasOwn(this.table, key) && this.valueOf(key) !== undefined
  }

  /** Adds an issue about `key` that no method here can see. */
  complain(key: string, expected: string, received: string): void {
    this.issues.push({ path: this.pathOf(key), expected, received })
  }

  /**
   * Every key that nobody has asked for is an issue: a misspelt one must not pass for its default.
   *
   * @param others  Tables, already read, where such a key may have been meant to stand.
   */
  rejectUnknownKeys(others: readonly TableReader[] = []): void {
    for (const key of this.keys()) {
      if (this.asked.has(key)) continue
      if (FORBIDDEN_KEYS.has(key)) {
        this.complain(key, 'no such key', 'a name that JavaScript gives to every object')
        continue
      }
      const suggestion = others.find((other) => other.asked.has(key))?.pathOf(key) ?? suggest(key, [...this.asked])[0]
      this.issues.push({
        path: this.pathOf(key),
        expected: this.asked.size === 0 ? 'no key here' : `one of ${[...this.asked].join(', ')}`,
        received: 'an unknown key',
        ...(suggestion === undefined ? {} : { suggestion }),
      })
    }
  }

  private keys(): string[] {
    return Object.keys(this.table).filter((key) => this.valueOf(key) !== undefined)
  }

  private valueOf(key: string): unknown {
    return (this.table as Record<string, unknown>)[key]
  }

  private pathOf(key: string): string {
    const quoted = /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
    return this.name === '' ? quoted : `${this.name}.${quoted}`
  }

  private read<Value>(
    key: string,
    expected: string,
    accept: (value: unknown) => Value | undefined,
    { hint }: { hint?: (value: unknown) => string | undefined } = {},
  ): Value | undefined {
    this.asked.add(key)
    if (!this.says(key)) return undefined
    const value = this.valueOf(key)
    const accepted = accept(value)
    if (accepted !== undefined) return accepted
    const suggestion = hint?.(value)
    this.issues.push({ path: this.pathOf(key), expected, received: described(value), ...(suggestion === undefined ? {} : { suggestion }) })
    return undefined
  }
}

function isSoundText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date) && !ArrayBuffer.isView(value)
}
