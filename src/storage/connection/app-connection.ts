/**
 * An app's open connection: the `Database` of any better-sqlite3 from version 13 on, told by its shape, so that neither its copy nor its types
 * need be the same as ours.
 */
export interface AttachedConnection {
  /** The file as the app named it. */
  readonly name: string
  readonly open: boolean
  readonly inTransaction: boolean
  readonly memory: boolean
  readonly readonly: boolean
  prepare(sql: string): object
  transaction(work: () => void): unknown
  pragma(text: string): unknown
  exec(sql: string): unknown
  backup(path: string): Promise<unknown>
}
