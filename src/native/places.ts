import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VERSION } from './version.js'

export type AddonName = 'chronode_kernels' | 'chronode_torch'

/** What a build leaves beside each addon, so that it can be named without being loaded. */
export interface BuildInfo {
  readonly interface: number
  readonly platform: string
  readonly arch: string
  /** libtorch's version and main library; of chronode_torch only. */
  readonly torch?: string
  readonly library?: string
}

export interface FoundAddon {
  /** The `.node` file. */
  readonly path: string
  /** Undefined: nothing, or nothing that can be read, lies beside it. */
  readonly info: BuildInfo | undefined
}

/**
 * The folders that may hold the addons, the first one that does wins.
 *
 * `CHRONODE_NATIVE` names the only one; `off` means none. A clone's own build comes first: it is of the sources beside it, and a
 * build of the same version in the user's cache would hide it. A package has no such folder.
 */
export function nativeFolders(variable: string | undefined): readonly string[] {
  if (variable === 'off') return []
  if (variable !== undefined && variable !== '') return [variable]
  const root = packageRoot()
  const own = root === undefined ? [] : [join(root, 'build', 'native')]
  return [...own, ...platformPackages(root), ...cacheFolders()]
}

export function findAddon(name: AddonName, folders: readonly string[]): FoundAddon | undefined {
  for (const folder of folders) {
    const path = join(folder, `${name}.node`)
    if (existsSync(path)) return { path, info: readInfo(join(folder, `${name}.json`)) }
  }
  return undefined
}

function readInfo(path: string): BuildInfo | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as BuildInfo
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code !== undefined) return undefined
    throw error
  }
}

/** The folder of our own package.json; undefined inside a bundle. */
export function packageRoot(): string | undefined {
  if (import.meta.url === undefined || !import.meta.url.startsWith('file:')) return undefined
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    if (existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { name?: string }).name === 'chronode') return folder
  }
  return undefined
}

/** A clone builds for itself; tsconfig.build.json is in no package. */
export function isRepository(root: string): boolean {
  return existsSync(join(root, 'tsconfig.build.json'))
}

/** Packages with ready-made addons, installed beside ours. */
function platformPackages(root: string | undefined): readonly string[] {
  if (root === undefined) return []
  const name = join('node_modules', '@chronode', `native-${process.platform}-${process.arch}`)
  return [join(root, name), join(root, '..', '..', name)]
}

/** What `chronode native build` left for this user: one folder a libtorch, the newest first. */
function cacheFolders(): readonly string[] {
  const folder = versionCache()
  if (!existsSync(folder)) return []
  const changed = (path: string) => statSync(path).mtimeMs
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort((a, b) => changed(b) - changed(a))
}

/** What holds the folders that `chronode native build` makes for this version on this platform. */
export function versionCache(): string {
  return join(userCache(), 'chronode', `${VERSION}-${process.platform}-${process.arch}`)
}

function userCache(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32') return process.env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local')
  const named = process.env['XDG_CACHE_HOME'] ?? ''
  return isAbsolute(named) ? named : join(homedir(), '.cache') // as its specification says: code must not come from the working directory
}
