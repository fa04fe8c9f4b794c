import { accessSync, constants } from 'node:fs'

/** Whether this user may do that with a file or folder. @param mode  Of `constants`: `R_OK`, `W_OK`, or both. */
export function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

export function isWritable(path: string): boolean {
  return isAllowed(path, constants.W_OK)
}
