export type { AttachedConnection } from './app-connection.js'
export { openStore, type StoreOptions } from './sqlite-store.js'
export type * from './store.js'
