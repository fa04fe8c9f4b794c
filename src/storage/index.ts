export { openStore, type StoreOptions } from './sqlite-store.js'
export type * from './store.js'
