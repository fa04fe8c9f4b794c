// npm packages, exactly as a lockfile names them.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environmentOf, npmCommand, run } from './command.mjs'

/** `npm ci` in a folder with a lockfile of its own, npm itself under this Node. */
export function installPackages(folder) {
  const npm = [
    npmCommand(),
    'ci',
    '--prefix',
    folder,
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  run(process.execPath, npm, { cwd: folder, env: environmentOf(process.execPath) })
}

/** What npm has noted of its last complete install, against the lockfile. */
export function packagesAreCurrent(folder) {
  const note = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(note)) return false
  const installed = packagesOf(note)
  const wanted = packagesOf(join(folder, 'package-lock.json'))
  for (const [path, entry] of wanted) {
    const found = installed.get(path)
    if (found === undefined ? !mayBeAbsent(entry) : found.version !== entry.version || found.integrity !== entry.integrity) return false
    if (found !== undefined && !existsSync(join(folder, path))) return false
  }
  return [...installed.keys()].every((path) => wanted.has(path))
}

function packagesOf(lockfile) {
  return new Map(Object.entries(JSON.parse(readFileSync(lockfile, 'utf8')).packages).filter(([path]) => path !== ''))
}

/** Only what is optional, and not because it is made for just this platform. */
function mayBeAbsent(entry) {
  const optional = entry.optional || entry.devOptional || entry.peer
  const listed = (list, value) => list === undefined || [list].flat().includes(value)
  const forThisPlatform = entry.os !== undefined && listed(entry.os, process.platform) && listed(entry.cpu, process.arch)
  return Boolean(optional) && !(forThisPlatform && entry.libc === undefined)
}
