import { statSync } from 'node:fs'
import { resolve } from 'node:path'

/** The same for every name of a file that is there. */
export function identityOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? resolve(file) : `${stats.dev}:${stats.ino}`
}
