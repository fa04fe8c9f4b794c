import { readFileSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { ConfigError, type ConfigIssue } from './errors.js'

const BYTES_MAX = 1_048_576
/** Names of database files. Reading one that this process has open would release SQLite's locks on it. */
const DATABASE_EXTENSIONS: ReadonlySet<string> = new Set(['.db', '.db3', '.sqlite', '.sqlite3'])

/**
 * The tables of a TOML file.
 *
 * @param path  Absolute.
 * @throws {ConfigError} with one issue: no such file, not a file, not UTF-8, or not TOML (then with line and column).
 */
export function readTomlFile(path: string): object {
  const refuse = (expected: string, received: string, cause?: unknown): never => fail(path, { path: '', expected, received }, cause)
  if (DATABASE_EXTENSIONS.has(extname(path).toLowerCase())) {
    return refuse('a TOML file', 'the name of a database; to open one without a file of settings, write openDatabase({ storage: { path } })')
  }
  const text = readText(path, refuse)
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const { line, column } = error
    const problem = error.message
      .slice(error.message.indexOf(':') + 1)
      .split('\n')[0]!
      .trim()
    return fail(path, { path: '', expected: 'TOML', received: `${problem}\n\n${error.codeblock.trimEnd()}`, line, column }, error)
  }
}

function readText(path: string, refuse: (expected: string, received: string, cause?: unknown) => never): string {
  let bytes: Buffer
  try {
    const status = statSync(path)
    if (!status.isFile()) return refuse('a TOML file', status.isDirectory() ? 'a directory' : 'something that is not a regular file')
    if (status.size > BYTES_MAX) return refuse(`a TOML file of at most ${BYTES_MAX} bytes`, `${status.size} bytes`)
    bytes = readFileSync(path)
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (error.code === 'ENOENT') return refuse('a TOML file', 'no such file; create it with a [storage] table that has a path', error)
    return refuse('a readable TOML file', error.code, error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refuse('text in UTF-8', 'bytes that are not UTF-8', error)
  }
}

function fail(path: string, issue: ConfigIssue, cause: unknown): never {
  throw new ConfigError(path, [issue], cause === undefined ? undefined : { cause })
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}
