import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceImport {
  /** As it is written: `./errors.js`, `kysely`, `node:fs`. */
  readonly specifier: string
  /** Gone once compiled: `import type` and `export type`, but not `import { type A }`, which still loads the module. */
  readonly isTypeOnly: boolean
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string
  /** Without comments. */
  readonly code: string
  readonly lineCount: number
  readonly imports: readonly SourceImport[]
}

/** Every TypeScript file under a folder of the repository. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .sort()
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8')
      const code = withoutComments(text)
      return { path, code, lineCount: text.trimEnd().split('\n').length, imports: importsOf(code) }
    })
}

const STRING_OR_COMMENT = /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g

export function withoutComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (_, string: string | undefined) => string ?? ' ')
}

const FROM = /\b(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?)\s*\bfrom\s*['"]([^'"]+)['"]/g
const BARE = /^[ \t]*import\s*['"]([^'"]+)['"]/gm // a statement: texts speak of imports, too
const CALLED = /(\btypeof\s+)?\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g

/** All forms: static, re-exported, for its effects alone, dynamic, `require`. */
export function importsOf(code: string): SourceImport[] {
  return [
    ...[...code.matchAll(FROM)].map(([, type, specifier]) => ({ specifier: specifier!, isTypeOnly: type !== undefined })),
    ...[...code.matchAll(BARE)].map(([, specifier]) => ({ specifier: specifier!, isTypeOnly: false })),
    ...[...code.matchAll(CALLED)].map(([, type, specifier]) => ({ specifier: specifier!, isTypeOnly: type !== undefined })),
  ]
}

/** The file that a relative specifier means; undefined for packages. */
export function importedFile(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}
