import { readFileSync } from 'node:fs'

/** How many files with a SQLite inside this process has loaded, besides Node's own. */
export function copiesOfSqlite() {
  const loaded = new Set(readFileSync('/proc/self/maps', 'utf8').match(/\/\S+\.(?:node|so[.\d]*)$/gm))
  return [...loaded].filter((file) => readFileSync(file).includes('SQLite format 3')).length
}

export function say(line) {
  process.stdout.write(`${line}\n`)
}

export const quiet = { warn: () => undefined }
