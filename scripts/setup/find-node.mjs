// Which Node runs this project. Works on any Node that can read it: nothing newer than Node 14.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const OWN_NODE_FOLDER = join(ROOT, 'tools', 'node')

/** better-sqlite3 is built on Node-API 10, which came with 22.14 and 23.6; below it the first database ends the process. */
export const RUNNING_NODE_IS_FIT = Number(process.versions.napi) >= 10

/** The Node that setup has installed for this platform, or undefined. */
export function ownNode() {
  const modules = join(OWN_NODE_FOLDER, 'node_modules')
  if (!existsSync(modules)) return undefined
  return readdirSync(modules)
    .filter((name) => name.endsWith(`${process.platform}-${process.arch}`))
    .map((name) => join(modules, name, 'bin', 'node'))
    .find((path) => existsSync(path))
}

/** @returns {{ node: string, flags: string[] } | undefined} The flags let it run TypeScript files; undefined: setup must install one first. */
export function findNode() {
  if (RUNNING_NODE_IS_FIT) return { node: process.execPath, flags: typeStrippingFlags(process.version, process.features.typescript) }
  const node = ownNode()
  if (node === undefined) return undefined
  const probe = spawnSync(node, ['-p', 'process.version + " " + process.features.typescript'], { encoding: 'utf8' })
  if (probe.status !== 0) return undefined
  const [version, stripping] = probe.stdout.trim().split(' ')
  return { node, flags: typeStrippingFlags(version, stripping === 'strip') }
}

/** Before 22.18 Node strips types only when told to; before 24.3 it warns of it. */
function typeStrippingFlags(version, strips) {
  const flags = strips ? [] : ['--experimental-strip-types']
  return /^v(22|23|24\.[0-2])\./.test(version) ? [...flags, '--disable-warning=ExperimentalWarning'] : flags
}
