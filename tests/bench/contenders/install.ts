import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { installPackages, packagesAreCurrent } from '../../../scripts/setup/packages.mjs'

const FOLDER = fileURLToPath(new URL('../peers/', import.meta.url))

/** Brings the peers, as their own lockfile names them, at their first use. @throws {SetupError} no registry is within reach. */
export function installPeers(): void {
  if (!packagesAreCurrent(FOLDER)) installPackages(FOLDER)
}

/** A package of the peers' own folder; its types are named by the caller, because nothing of it is there before. */
export async function importPeer<Exports>(name: string): Promise<Exports> {
  const path = createRequire(join(FOLDER, 'package.json')).resolve(name)
  return (await import(pathToFileURL(path).href)) as Exports
}
