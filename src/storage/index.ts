export type { AttachedConnection } from './attached-connection.js'
export { openStore, type StoreOptions } from './sqlite-store.js'
export type * from './store.js'
